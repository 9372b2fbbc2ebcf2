"""The values of one metric in five numbers, whatever their number."""

from __future__ import annotations

import math

from git_gage.config.values import json_number


class MetricSummary:
    """Last, least, greatest and mean value of a metric, and how many there were.

    min, max and mean are those of the finite values, nan while there are none; last may be nan or
    infinite, and every value counts.
    """

    __slots__ = ("_finite", "count", "last", "max", "mean", "min")

    def __init__(self) -> None:
        self.last: float = math.nan
        self.min: float = math.nan
        self.max: float = math.nan
        self.mean: float = math.nan
        self.count = 0
        self._finite = 0

    def add(self, value: float) -> None:
        """Count one more value; an int must be in the range of a float."""
        self.last = value
        self.count += 1
        if not math.isfinite(value):
            return
        self._finite += 1
        if self._finite == 1:
            self.min = self.max = value
            self.mean = float(value)
            return
        self.min = min(self.min, value)
        self.max = max(self.max, value)
        # Two quotients, as the difference of two large values may overflow; rounding stays inside.
        mean = self.mean + (value / self._finite - self.mean / self._finite)
        self.mean = float(min(max(mean, self.min), self.max))

    def end_with(self, value: float) -> None:
        """Make this the final value: one more, unless it is what came last."""
        both_nan = math.isnan(value) and math.isnan(self.last)
        if self.count == 0 or not (value == self.last or both_nan):
            self.add(value)

    def to_json(self) -> dict[str, int | float | str]:
        """As `run.end` has it; docs/format.md, "Text and paths", has nan, inf and large ints."""
        return {
            "last": json_number(self.last),
            "min": json_number(self.min),
            "max": json_number(self.max),
            "mean": json_number(self.mean),
            "count": self.count,
        }
