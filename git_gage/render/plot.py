"""Values over steps in a terminal: a sparkline, and a plot with axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.render.amounts import count_text
from git_gage.render.scales import LARGEST, Scale, linear_scale
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", "_.-=*#"
# Told apart by their form; colour only helps.
_MARKERS, _PLAIN_MARKERS = "●■▲◆○□△◇abcdefgh", "*o+x#@%&abcdefgh"
_COLORS = ("cyan", "yellow", "green", "magenta", "red", "blue")
MAX_LINES = len(_MARKERS)
_MARKER_EVERY = 16
# A cell of braille has two columns of four dots.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_LEAST_WIDTH = 10


def sparkline(values: Sequence[float], width: int, *, ascii: bool) -> str:
    """Values from the lowest to the highest bar, in at most `width` characters; nan is a gap.

    Where there are more values each bar is the mean of a stretch of them.
    """
    means = list(_means(values, width)) if len(values) > width else values
    finite = [value for value in means if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    bars = _PLAIN_BARS if ascii else _BARS
    return "".join(_bar(value, low, high, bars) for value in means)


def _means(values: Sequence[float], width: int) -> Iterator[float]:
    for number in range(width):
        stretch = values[number * len(values) // width : (number + 1) * len(values) // width]
        known = [value for value in stretch if value == value]
        yield sum(value / len(known) for value in known) if known else math.nan


def _bar(value: float, low: float, high: float, bars: str) -> str:
    if value != value:
        return " "
    if math.isinf(value):
        return bars[-1 if value > 0 else 0]
    if low == high:
        return bars[len(bars) // 2 - 1]
    return bars[min(int(_share(value, low, high) * len(bars)), len(bars) - 1)]


# -- a plot -------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One line of a plot: as many x as y; where y is not finite the line has a gap."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]


def plot_lines(lines: Sequence[Line], screen: Screen, height: int, title: str) -> str:
    """Lines in one plot of `height` rows, with axes and a legend, no wider than the screen.

    Of at most `MAX_LINES` lines. The legend says how many values are not finite.
    """
    points = [_finite(line) for line in lines]
    known = [value for each in points for _, value in each if value == value]
    up = linear_scale(known, 1, 0)
    across = linear_scale((x for each in points for x, _ in each), 0, 1, whole=True)
    if not known:
        up = up._replace(ticks=[])
    margin = max((len(text) for _, text in up.ticks), default=0)
    width = max(screen.width - margin - 2, _LEAST_WIDTH)
    canvas = _Canvas(width, height, screen)
    for each in points:
        canvas.draw([(across.place(x), up.place(y)) for x, y in each])
    canvas.mark()
    rows = [
        screen.paint(screen.cut(clean(title), screen.width), "bold"),
        *_side(list(canvas.rows()), up, margin, screen),
        *_below(across, margin, width, screen),
        *_legend(lines, points, screen),
    ]
    return "".join(f"{row}\n" for row in rows)


def _finite(line: Line) -> list[tuple[float, float]]:
    """Points to draw; a gap is nan."""
    pairs = zip(line.xs, line.ys, strict=True)
    return [(x, y if abs(y) <= LARGEST else math.nan) for x, y in pairs]


def _side(rows: Sequence[str], scale: Scale, margin: int, screen: Screen) -> Iterator[str]:
    """Rows of the canvas with the axis to their left."""
    line, tick = screen.sign("│", "|"), screen.sign("┤", "+")
    at: dict[int, str] = {}
    for value, text in scale.ticks:  # from the bottom up
        place = _cell(scale.place(value), len(rows))
        if not at or min(at) - place > 1:
            at[place] = text
    for number, row in enumerate(rows):
        yield f"{at.get(number, ''):>{margin}} {tick if number in at else line}{row}"


def _below(scale: Scale, margin: int, width: int, screen: Screen) -> Iterator[str]:
    """The axis below the canvas, and as many of its labels as there is room for."""
    marks, texts = [screen.sign("─", "-")] * width, ""
    for value, text in scale.ticks:
        place = _cell(scale.place(value), width)
        start = min(max(place - len(text) // 2, 0), max(width - len(text), 0))
        if start >= len(texts) + bool(texts):
            marks[place] = screen.sign("┬", "+")
            texts += " " * (start - len(texts)) + text
    yield f"{'':>{margin}} {screen.sign('└', '+')}{''.join(marks)}"
    yield f"{'':>{margin}}  {texts}"


def _legend(
    lines: Sequence[Line], points: Sequence[Sequence[tuple[float, float]]], screen: Screen
) -> Iterator[str]:
    """A line each: its marker, its name, and how many values a plot cannot show."""
    markers = screen.sign(_MARKERS, _PLAIN_MARKERS)
    for number, (line, each) in enumerate(zip(lines, points, strict=True)):
        missing = sum(y != y for _, y in each)
        remark = f" ({count_text(missing, 'value')} not finite)" if missing else ""
        text = screen.cut(f"{clean(line.name)}{remark}", screen.width - 2)
        yield f"{screen.paint(markers[number], _color(number))} {text}"


class _Canvas:
    """Cells of dots; each has the colour of the line that was drawn there last."""

    def __init__(self, width: int, height: int, screen: Screen) -> None:
        self._width, self._height = width, height
        self._screen = screen
        self._dots: dict[tuple[int, int], int] = {}
        self._owners: dict[tuple[int, int], int] = {}
        self._markers: dict[tuple[int, int], int] = {}
        self._paths: list[dict[int, tuple[int, int]]] = []  # a cell a column, for each line

    def draw(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw the next line through points, each two shares of the canvas; nan is a gap."""
        self._paths.append({})
        before: tuple[int, int] | None = None
        for x, y in points:
            dot = None if y != y else (_cell(x, 2 * self._width), _cell(y, 4 * self._height))
            if dot is not None and dot != before:
                for place in _between(before or dot, dot):
                    self._set(*place)
            before = dot

    def mark(self) -> None:
        """Put the marker of each line on it, in columns of its own and at its end."""
        for number, path in enumerate(self._paths):
            shift = number * _MARKER_EVERY // len(self._paths)
            columns = [column for column in path if column % _MARKER_EVERY == shift]
            for column in [*columns, *([max(path)] if path else ())]:
                self._markers[path[column]] = number

    def rows(self) -> Iterator[str]:
        for row in range(self._height):
            cells = [self._cell(column, row) for column in range(self._width)]
            while cells and cells[-1] == " ":
                cells.pop()
            yield "".join(cells)

    def _set(self, x: int, y: int) -> None:
        cell = (x // 2, y // 4)
        self._dots[cell] = self._dots.get(cell, 0) | _DOTS[x % 2][y % 4]
        self._owners[cell] = len(self._paths) - 1
        self._paths[-1][cell[0]] = cell

    def _cell(self, column: int, row: int) -> str:
        cell, screen = (column, row), self._screen
        if cell not in self._owners:
            return " "
        number = self._markers.get(cell, self._owners[cell])
        dots = chr(0x2800 + self._dots[cell])
        sign = _MARKERS[number] if cell in self._markers else dots
        return screen.paint(screen.sign(sign, _PLAIN_MARKERS[number]), _color(number))


def _between(one: tuple[int, int], other: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Dots of a straight line from one to another."""
    (x, y), (to_x, to_y) = one, other
    longest = max(abs(to_x - x), abs(to_y - y), 1)
    for number in range(longest + 1):
        part = number / longest
        yield round(x + (to_x - x) * part), round(y + (to_y - y) * part)


def _cell(share: float, count: int) -> int:
    """Which of `count` cells a share of them all ends in."""
    return round(share * (count - 1))


def _color(number: int) -> str:
    return _COLORS[number % len(_COLORS)]


def _share(value: float, low: float, high: float) -> float:
    """Where a value is between two others, 0 to 1."""
    if math.isinf(high - low):
        return (value / 2 - low / 2) / (high / 2 - low / 2)
    return (value - low) / (high - low)
