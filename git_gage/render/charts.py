"""Charts as SVG that stands alone: in a page, or as a file beside a text.

The same values make the same bytes. Lines differ in dashes and colour, so that no one needs to
tell colours apart; the palettes are those of Okabe and Ito, with 3:1 or more to their paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.render.amounts import count_text, metric_text
from git_gage.render.html import Html, element, markup
from git_gage.render.scales import LARGEST, Scale, linear_scale, log_scale

if TYPE_CHECKING:
    from git_gage.metrics.series import Series

MAX_CHARTS = 24
"""Of a thousand metrics nobody looks at a chart each."""
WIDTH, _HEIGHT = 480, 280
_RIGHT, _TOP, _BOTTOM = 14, 34, 40
_ROW = 18
_LONGEST = 54
# Three powers of ten, of which a linear axis would show the last alone.
_SPREAD = 1000

_LIGHT = ("#0072b2", "#d55e00", "#008a64", "#b0417f", "#8f6a00", "#1f1f1f")
_DARK = ("#56b4e9", "#ff8f4a", "#2cc79a", "#e79ac4", "#f0e442", "#f2f2f2")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "14 4")
PAPER, DARK_PAPER = "#ffffff", "#0d1117"


def _colours(names: Sequence[str]) -> str:
    return "".join(f"--c{place}:{name};" for place, name in enumerate(names))


_STYLE = (
    f".gage-chart{{{_colours(_LIGHT)}--ink:#1f2328;--grid:#d8dee4;--axis:#59636e;--bg:{PAPER};"
    "font:14px system-ui,sans-serif}"
    f"@media (prefers-color-scheme:dark){{.gage-chart{{{_colours(_DARK)}--ink:#e6edf3;"
    f"--grid:#2f363e;--axis:#9198a1;--bg:{DARK_PAPER}}}}}"
    ".gage-chart text{fill:var(--ink)}.gage-chart .tick{fill:var(--axis);font-size:13px}"
    ".gage-chart .grid{stroke:var(--grid)}.gage-chart .line{fill:none;stroke-width:2}"
)


class _Line(NamedTuple):
    """A series as it is drawn: stretches without a gap, and where it left the chart."""

    name: str
    stretches: list[list[tuple[float, float]]]
    above: list[float]
    below: list[float]


def line_chart(
    title: str,
    series: Mapping[str, Series],
    *,
    x_title: str = "step",
    log_y: bool | None = None,
) -> Html:
    """Values by step, a line for each series by its name.

    nan is a gap; infinite values are a triangle at the edge. log_y: None draws powers of ten where
    all values are positive and far apart; values that are not positive are a gap there.
    """
    values = [value for each in series.values() for value in each.values if _is_finite(value)]
    steps = [step for each in series.values() for step in each.steps]
    if log_y is None:
        log_y = bool(values) and min(values) > 0 and max(values) >= _SPREAD * min(values)
    if log_y:
        values = [value for value in values if value > 0]
    down = _HEIGHT - _BOTTOM
    y = (log_scale if log_y else linear_scale)(values, down, _TOP)
    left = 14 + round(7.5 * max(len(label) for _, label in y.ticks))
    x = linear_scale(map(_bound, steps), left, WIDTH - _RIGHT, whole=True)
    lines = [_draw(name, each, x, y, log_y=log_y) for name, each in series.items()]
    inner = [_axes(x, y, left, x_title), *(_line(line, place) for place, line in enumerate(lines))]
    if not values:
        inner.append(_text("no values", WIDTH / 2, (down + _TOP) / 2, text_anchor="middle"))
    height = _HEIGHT + _ROW * len(lines) if lines else _HEIGHT
    inner += [_legend(line.name, place) for place, line in enumerate(lines)]
    about = "; ".join(f"{name}: {_about(each)}" for name, each in series.items())
    return _chart(title, about, inner, height)


def bar_chart(title: str, values: Mapping[str, float]) -> Html:
    """One number for each name, as bars from zero; infinite ones and nan are told in words."""
    finite = [value for value in values.values() if _is_finite(value)]
    scale = linear_scale([0.0, *finite], 198, WIDTH - 74)
    bars = [_bar(each, scale, place) for place, each in enumerate(values.items())]
    bottom = _TOP + 22 * len(values)
    zero = scale.place(0)
    axis = element("path", class_="grid", d=f"M{_n(zero)} {_TOP - 4}V{bottom}")
    about = "; ".join(f"{name}: {metric_text(value)}" for name, value in values.items())
    return _chart(title, about, [*bars, axis], bottom + 12)


# -- parts ---------------------------------------------------------------------------------------


def _chart(title: str, about: str, inner: Sequence[str], height: int) -> Html:
    heading = _text(_cut(title, 52), 10, 20, font_weight="600")
    paper = element("rect", width="100%", height="100%", style="fill:var(--bg)")
    return element(
        "svg",
        *(element("title", title), element("desc", about)),
        *(element("style", Html(_STYLE)), paper, heading, *inner),
        xmlns="http://www.w3.org/2000/svg",
        class_="gage-chart",
        viewBox=f"0 0 {WIDTH} {height}",
        width=str(WIDTH),
        height=str(height),
        role="img",
        aria_label=title,
    )


def _axes(x: Scale, y: Scale, left: int, x_title: str) -> Html:
    down = _HEIGHT - _BOTTOM
    parts = []
    for value, label in y.ticks:
        at = y.place(value)
        parts += [
            element("path", class_="grid", d=f"M{left} {_n(at)}H{WIDTH - _RIGHT}"),
            _tick(label, left - 6, at + 4, "end"),
        ]
    for value, label in x.ticks:
        at = x.place(value)
        parts += [
            element("path", class_="grid", d=f"M{_n(at)} {down}v4"),
            _tick(label, at, down + 17, "middle"),
        ]
    middle = (left + WIDTH - _RIGHT) / 2
    parts.append(_tick(x_title, middle, down + 33, "middle"))
    return element("g", *parts)


def _line(line: _Line, place: int) -> Html:
    parts = []
    for points in line.stretches:
        if len(points) == 1:
            ((x, y),) = points
            parts.append(_dot(x, y, place))
        else:
            first, *others = (f"{_n(x)} {_n(y)}" for x, y in points)
            parts.append(_stroke(f"M{first}L{' '.join(others)}", place))
    parts += [_triangle(x, _TOP, 8, place) for x in line.above]
    parts += [_triangle(x, _HEIGHT - _BOTTOM, -8, place) for x in line.below]
    return element("g", element("title", line.name), *parts)


def _legend(name: str, place: int) -> Html:
    at = _HEIGHT + 4 + _ROW * place
    text = _text(_cut(name, _LONGEST), 54, at + 4)
    return element("g", element("title", name), _stroke(f"M14 {at}h32", place), text)


def _bar(value: tuple[str, float], scale: Scale, place: int) -> Html:
    name, number = value
    at = _TOP + 22 * place
    label = _tick(_cut(name, 28), 190, at + 13, "end")
    end = scale.place(number) if _is_finite(number) else scale.place(0)
    start, end = sorted((scale.place(0), end))
    bar = element(
        "rect",
        x=_n(start),
        y=str(at),
        width=_n(end - start),
        height="16",
        style="fill:var(--c0)",
    )
    return element(
        "g", element("title", name), label, bar, _tick(metric_text(number), end + 5, at + 13)
    )


def _stroke(path: str, place: int) -> Html:
    dash = _DASHES[place % len(_DASHES)]
    style = f"stroke:var(--c{place % len(_LIGHT)})" + (f";stroke-dasharray:{dash}" if dash else "")
    return element("path", class_="line", style=style, d=path)


def _dot(x: float, y: float, place: int) -> Html:
    return element("circle", cx=_n(x), cy=_n(y), r="3", style=_fill(place))


def _triangle(x: float, y: float, height: int, place: int) -> Html:
    return element("path", style=_fill(place), d=f"M{_n(x)} {y}l5 {height}h-10z")


def _fill(place: int) -> str:
    return f"fill:var(--c{place % len(_LIGHT)})"


def _tick(text: str, x: float, y: float, anchor: str = "start") -> Html:
    return _text(text, x, y, class_="tick", text_anchor=anchor)


def _text(text: str, x: float, y: float, **attributes: str) -> Html:
    return element("text", markup(text), x=_n(x), y=_n(y), **attributes)


# -- points --------------------------------------------------------------------------------------


def _draw(name: str, series: Series, x: Scale, y: Scale, *, log_y: bool) -> _Line:
    line = _Line(name, [], [], [])
    gap = True
    for step, value in zip(series.steps, series.values, strict=True):
        at = x.place(_bound(step))
        if _is_finite(value) and not (log_y and value <= 0):
            if gap:
                line.stretches.append([])
            line.stretches[-1].append((at, y.place(value)))
            gap = False
            continue
        gap = True
        if value == value and not _is_finite(value):
            (line.above if value > 0 else line.below).append(at)
    line.stretches[:] = [list(_thin(points)) for points in line.stretches]
    line.above[:], line.below[:] = _apart(line.above), _apart(line.below)
    return line


def _thin(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Of the points in one column of pixels no more than the first, highest, lowest and last."""
    start = 0
    for place in range(1, len(points) + 1):
        if place < len(points) and int(points[place][0]) == int(points[start][0]):
            continue
        column = range(start, place)
        kept = {start, place - 1}
        kept.add(min(column, key=lambda each: points[each][1]))
        kept.add(max(column, key=lambda each: points[each][1]))
        yield from (points[each] for each in sorted(kept))
        start = place


def _apart(places: Sequence[float]) -> list[float]:
    """One of each column of pixels."""
    return list({int(place): place for place in places}.values())


def _about(series: Series) -> str:
    finite = [value for value in series.values if _is_finite(value)]
    points = count_text(series.count, "point")
    if not finite:
        return points
    low, high = metric_text(min(finite)), metric_text(max(finite))
    return f"{points}, {low} to {high}, last {metric_text(series.values[-1])}"


def _is_finite(value: float) -> bool:
    return abs(value) <= LARGEST


def _bound(step: int) -> float:
    """Any whole number as one that can be drawn."""
    return float(max(-(2**63), min(step, 2**63)))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _n(number: float) -> str:
    """A place on the paper, to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")
