"""The values of one metric in a few numbers, whatever their number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from git_gage.config.values import json_number


class MetricSummary:
    """Last, least, greatest and mean value of a metric, at which steps, and how many there were.

    min, max and mean are those of the finite values, nan while there are none; last may be nan or
    infinite, and every value counts. Steps are None where there was none.
    """

    __slots__ = (
        *("_finite", "count", "last", "last_step", "max", "max_step"),
        *("mean", "min", "min_step"),
    )

    def __init__(self) -> None:
        self.last: float = math.nan
        self.min: float = math.nan
        self.max: float = math.nan
        self.mean: float = math.nan
        self.last_step: int | None = None
        self.min_step: int | None = None
        self.max_step: int | None = None
        self.count = 0
        self._finite = 0

    def add(self, value: float, step: int | None = None) -> None:
        """Count one more value; an int must be in the range of a float."""
        self.last, self.last_step = value, step
        self.count += 1
        if not math.isfinite(value):
            return
        self._finite += 1
        self._widen(value, step)
        mean = float(value) if self._finite == 1 else self.mean
        # Two quotients, as the difference of two large values may overflow.
        self._move_mean(mean + (value / self._finite - mean / self._finite))

    def extend(self, values: Sequence[float], steps: Sequence[int]) -> None:
        """Count values that came one after the other."""
        if not values or not math.isfinite(sum(map(abs, values))):
            for value, step in zip(values, steps, strict=True):
                self.add(value, step)
            return
        self.count += len(values)
        self._finite += len(values)
        for value in (min(values), max(values)):
            self._widen(value, steps[values.index(value)])
        share = len(values) / self._finite
        mean = math.fsum(values) / len(values)
        before = mean if share == 1 else self.mean
        self._move_mean(before + (mean * share - before * share))
        self.last, self.last_step = values[-1], steps[-1]

    def end_with(self, value: float, step: int | None = None) -> bool:
        """Make this the final value; whether it is one more, and not what came last."""
        both_nan = math.isnan(value) and math.isnan(self.last)
        if self.count > 0 and (value == self.last or both_nan):
            return False
        self.add(value, step)
        return True

    def to_json(self) -> dict[str, int | float | str]:
        """As `run.end` has it; docs/format.md, "Text and paths", has nan, inf and large ints."""
        steps = {
            "last_step": self.last_step,
            "min_step": self.min_step,
            "max_step": self.max_step,
        }
        return {
            "last": json_number(self.last),
            "min": json_number(self.min),
            "max": json_number(self.max),
            "mean": json_number(self.mean),
            "count": self.count,
            **{name: step for name, step in steps.items() if step is not None},
        }

    def _widen(self, value: float, step: int | None) -> None:
        # The first value is neither: comparing with nan says no.
        if not value >= self.min:
            self.min, self.min_step = value, step
        if not value <= self.max:
            self.max, self.max_step = value, step

    def _move_mean(self, mean: float) -> None:
        """Rounding does not lead out of the values."""
        self.mean = float(min(max(mean, self.min), self.max))
