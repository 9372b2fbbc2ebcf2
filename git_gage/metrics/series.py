"""The values of one metric by step, in memory that does not grow with their number.

Source: docs/format.md, "Series".
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from git_gage.errors import IntegrityError

# So many points of a metric are kept as they are, and of all metrics of a run together.
MAX_POINTS, MAX_TOTAL = 10_000, 2_000_000
# What is read of a metric, and of all of a run: more than anybody has who writes so many points.
MAX_LINE, MAX_BYTES = 4 << 20, 128 << 20
_EXACT_INT = 1 << 53
_NUMBERS = frozenset({int, float})
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

# Its number among all points, step, value, time.
_Point = tuple[int, int, float, float]


class Series(NamedTuple):
    """The points of a metric, by step.

    Shape: three lists of one length. steps: int, ascending, the same one can be there more than
    once; values: float64, nan and infinite ones too; times_s: seconds since the run started, nan
    where nobody said.
    count: how many points there were. Where these are more than the lists have, the lists hold the
    first and last one, and the lowest and highest of each stretch between them.
    """

    steps: list[int]
    values: list[float]
    times_s: list[float]
    count: int  # type: ignore[assignment]  # in place of the method of tuples


class SeriesSampler:
    """Takes in points as they come; once there are too many it keeps two of each stretch of them.

    Memory: 32 bytes a point that is kept.
    """

    def __init__(self) -> None:
        self.count = 0
        self._stretch = 1  # as many points, of which two are kept; of one, that one
        self._kept = _Columns()
        self._low: _Point | None = None  # of the last stretch, which is not full yet
        self._high: _Point | None = None
        self._first: _Point | None = None
        self._last: _Point | None = None

    def extend(
        self, steps: Sequence[int], values: Sequence[float], times_s: Sequence[float]
    ) -> None:
        """More points, at least one; a time may be nan."""
        start, self.count = self.count, self.count + len(steps)
        points = (range(start, self.count), steps, values, times_s)
        self._last = (self.count - 1, steps[-1], values[-1], times_s[-1])
        if self._stretch == 1:
            self._kept.extend(points)
            return
        at = 0
        while at < len(steps):
            end = min(len(steps), at + self._stretch - (start + at) % self._stretch)
            for number in _find_extremes(values, at, end):
                self._note((start + number, steps[number], values[number], times_s[number]))
            if (start + end) % self._stretch == 0:
                self._end_stretch()
            at = end

    def fit(self, limit: int) -> None:
        """Keep at most `limit` points, and those of the stretch that is not full."""
        while len(self._kept) > limit:
            if self._first is None:
                (self._first,) = self._kept.points(0, 1)
            self._merge()

    def series(self) -> Series:
        """The points that are kept, by step."""
        others = (self._low, self._high, self._first, self._last)
        points = {point[0]: point for point in self._kept.points()}
        points.update({point[0]: point for point in others if point is not None})
        ordered = sorted(points.values(), key=lambda point: (point[1], point[0]))
        return Series(
            [step for _, step, _, _ in ordered],
            [value for _, _, value, _ in ordered],
            [time_s for _, _, _, time_s in ordered],
            self.count,
        )

    def _note(self, point: _Point) -> None:
        low, high, value = self._low, self._high, point[2]
        # Whatever is a number takes the place of nan, which is the lowest and highest till then.
        if low is None or high is None or low[2] != low[2]:
            self._low = self._high = point
        elif value < low[2]:
            self._low = point
        elif value > high[2]:
            self._high = point

    def _end_stretch(self) -> None:
        """Always two points, also if they are the same one: so stretches can be counted."""
        assert self._low is not None
        assert self._high is not None
        pair = (min(self._low, self._high), max(self._low, self._high))
        self._kept.extend(tuple(zip(*pair, strict=True)))
        self._low = self._high = None

    def _merge(self) -> None:
        """Make stretches of twice as many points; out of single points, of four."""
        left = [point for point in (self._low, self._high) if point is not None]
        old, self._kept = self._kept, _Columns()
        self._low = self._high = None
        self._stretch = 4 if self._stretch == 1 else 2 * self._stretch
        for number, point in enumerate(old.points(), 1):
            self._note(point)
            if number % 4 == 0:
                self._end_stretch()
        for point in left:
            self._note(point)


class _Columns:
    def __init__(self) -> None:
        self._columns: list[array[Any]] = [array(code) for code in "qqdd"]

    def __len__(self) -> int:
        return len(self._columns[0])

    def extend(self, columns: Sequence[Iterable[float]]) -> None:
        for column, more in zip(self._columns, columns, strict=True):
            column.extend(more)

    def points(self, start: int = 0, stop: int | None = None) -> Iterator[_Point]:
        return zip(*(column[start:stop] for column in self._columns), strict=True)


def _find_extremes(values: Sequence[float], start: int, end: int) -> Iterable[int]:
    """Where the lowest and the highest of a few values are; all places where nan is among them."""
    few = values[start:end]
    if math.isnan(sum(few)):
        return range(start, end)
    return (start + few.index(min(few)), start + few.index(max(few)))


# -- as bytes -----------------------------------------------------------------------------------


def format_series(series: Iterable[tuple[str, Series]]) -> Iterator[str]:
    """A line for each metric, with its line end; ASCII."""
    for name, points in series:
        line = {"name": name, "count": points.count, **series_body(points)}
        yield json.dumps(line, separators=(",", ":")) + "\n"


def series_body(series: Series) -> dict[str, list[Any]]:
    """Steps, values and times (null where nobody said) as JSON has them."""
    return {
        "steps": series.steps,
        "values": [_spell(value) for value in series.values],
        "times": [None if time_s != time_s else round(time_s, 3) for time_s in series.times_s],
    }


def parse_series(lines: Iterable[bytes], names: frozenset[str] | None = None) -> dict[str, Series]:
    """The series of these names, or all, of the lines of a file.

    Raises: IntegrityError if a line is not what docs/format.md promises.
    """
    found = {}
    for line in lines:
        if len(line) > MAX_LINE:
            _refuse("length of a line")
        try:
            body = json.loads(line)
        except (ValueError, RecursionError):
            _refuse("a line")
        if type(body) is not dict or type(body.get("name")) is not str:
            _refuse("name")
        if names is None or body["name"] in names:
            found[body["name"]] = _read(body)
    return found


def _spell(value: float) -> float | int | str:
    if not math.isfinite(value):
        return str(value)
    whole = int(value) if abs(value) < _EXACT_INT else value
    return whole if whole == value and (whole or math.copysign(1, value) > 0) else value


def _read(body: Mapping[str, Any]) -> Series:
    steps, values, times = (body.get(key) for key in ("steps", "values", "times"))
    if not (type(steps) is list and type(values) is list and type(times) is list):
        _refuse("steps, values, times")
    if not len(steps) == len(values) == len(times) <= 3 * MAX_POINTS:
        _refuse("number of points")
    if set(map(type, steps)) - {int} or any(map(int.__gt__, steps, steps[1:])):
        _refuse("steps")
    if type(body.get("count")) is not int or body["count"] < len(steps):
        _refuse("count")
    times_s = [math.nan if time_s is None else _number(time_s) for time_s in times]
    return Series(steps, [_number(value) for value in values], times_s, body["count"])


def _number(value: Any) -> float:
    if type(value) in _NUMBERS and (type(value) is float or abs(value) < 2**1023):
        return float(value)
    found = _WORDS.get(value) if type(value) is str else None
    return _refuse("values") if found is None else found


def _refuse(where: str) -> NoReturn:
    raise IntegrityError(f"read series: '{where}' is not what the format says")
