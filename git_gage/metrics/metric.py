"""One metric of a run as it grows: its summary and its series."""

from __future__ import annotations

import math
from collections.abc import Sequence

from git_gage.metrics.series import SeriesSampler
from git_gage.metrics.summary import MetricSummary


class Metric:
    """Values of a metric as they come; a step that nobody gives is the next one."""

    __slots__ = ("sampler", "summary")

    def __init__(self) -> None:
        self.summary = MetricSummary()
        self.sampler = SeriesSampler()

    def extend(
        self, values: Sequence[float], steps: Sequence[int | None], times_s: Sequence[float]
    ) -> None:
        """Take in points, in the order they were logged."""
        known = self._number(steps)
        self.summary.extend(values, known)
        self.sampler.extend(known, values, times_s)

    def end_with(self, value: float) -> None:
        """Make this the final value: one more, unless it is what came last."""
        (step,) = self._number([None])
        if self.summary.end_with(value, step):
            self.sampler.extend([step], [value], [math.nan])

    def _number(self, steps: Sequence[int | None]) -> list[int]:
        last = self.summary.last_step
        numbered = []
        for step in steps:
            last = step if step is not None else 0 if last is None else last + 1
            numbered.append(last)
        return numbered
