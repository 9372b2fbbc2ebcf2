"""Charts are sound SVG whatever they show, and can be told apart without colour."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import pytest

from git_gage.metrics.series import Series
from git_gage.render import charts
from git_gage.render.charts import bar_chart, line_chart
from git_gage.render.scales import linear_scale, log_scale

NS = "{http://www.w3.org/2000/svg}"


def made(*values: float, steps: list[int] | None = None) -> Series:
    steps = list(range(len(values))) if steps is None else steps
    return Series(steps, list(values), [math.nan] * len(values), len(values))


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def lines(svg: str) -> list[str]:
    """The paths of lines, without those of the legend."""
    found = [each.attrib for each in read(svg).iter(f"{NS}path") if each.get("class") == "line"]
    return [each["d"] for each in found if not each["d"].startswith("M14 ")]


def ticks(svg: str) -> list[str]:
    found = [each for each in read(svg).iter(f"{NS}text") if each.get("class") == "tick"]
    return [each.text or "" for each in found]


def beside(svg: str) -> list[str]:
    """What stands at the axis of values."""
    found = [each for each in read(svg).iter(f"{NS}text") if each.get("text-anchor") == "end"]
    return [each.text or "" for each in found]


def test_a_line_has_round_numbers_beside_it() -> None:
    shown = ticks(line_chart("acc", {"one": made(0.1, 0.5, 0.93)}))
    assert shown == ["0.2", "0.4", "0.6", "0.8", "0", "1", "2", "step"]


def test_the_same_values_make_the_same_bytes() -> None:
    assert line_chart("a", {"b": made(1, 2)}) == line_chart("a", {"b": made(1, 2)})


def test_nan_is_a_gap_and_a_single_point_is_seen() -> None:
    svg = line_chart("a", {"b": made(1, 2, math.nan, 3, math.nan, 4, 5)})
    assert len(lines(svg)) == 2
    assert len(list(read(svg).iter(f"{NS}circle"))) == 1


def test_infinite_values_are_at_the_edge() -> None:
    svg = line_chart("a", {"b": made(1, math.inf, 2, -math.inf, 3)})
    marks = [
        each.attrib["d"]
        for each in read(svg).iter(f"{NS}path")
        if each.attrib["d"].endswith("h-10z")
    ]
    assert [mark.split("l5 ")[1] for mark in marks] == ["8h-10z", "-8h-10z"]


def test_values_that_are_far_apart_are_by_powers_of_ten() -> None:
    assert beside(line_chart("a", {"b": made(1, 1e4)})) == ["1", "10", "100", "1000", "10000"]
    assert beside(line_chart("a", {"b": made(1e-9, 1)})) == ["1e-9", "1e-7", "1e-5", "0.001", "0.1"]
    assert "2000" in ticks(line_chart("a", {"b": made(1, 1e4)}, log_y=False))


def test_what_has_no_logarithm_is_a_gap() -> None:
    assert len(lines(line_chart("a", {"b": made(1, 2, 0, 3, 4)}, log_y=True))) == 2
    assert "no values" in line_chart("a", {"b": made(0, -1)}, log_y=True)


@pytest.mark.parametrize("value", [0, 0.93, -5, 1e9, 5e-324, 1e300, 7])
def test_one_value_alone_has_room_around_it(value: float) -> None:
    svg = line_chart("a", {"b": made(value, value)})
    assert "nan" not in svg
    assert "inf" not in svg
    assert len(set(beside(svg))) == len(beside(svg)) > 2


def test_what_is_too_large_to_draw_is_at_the_edge() -> None:
    assert "h-10z" in line_chart("a", {"b": made(1.7e308, 1)})


@pytest.mark.parametrize(
    "values", [(1e9, 1e9 + 1), (-1e300, 1e300), (0, 1e-9), (1e-290, 2e-290), (1e15, 1e15 + 2)]
)
def test_numbers_beside_it_differ(values: tuple[float, float]) -> None:
    shown = beside(line_chart("a", {"b": made(*values)}, log_y=False))
    assert len(set(shown)) == len(shown) > 2


def test_scales_without_values_are_scales() -> None:
    for scale in (linear_scale([], 0, 100), log_scale([], 0, 100)):
        assert len(scale.ticks) > 1


def test_steps_can_be_any_whole_number() -> None:
    svg = line_chart("a", {"b": made(1, 2, steps=[-(10**400), 10**400])})
    (line,) = lines(svg)
    assert line.endswith(f"L{charts.WIDTH - 14} 41.6")


def test_many_points_take_no_more_than_the_paper_has_room_for() -> None:
    values = [math.sin(each / 7) for each in range(30_000)]
    svg = line_chart("a", {"b": made(*values)})
    assert len(svg) < 40_000
    heights = [float(each) for each in re.findall(r" ([\d.]+)[ \"]", lines(svg)[0] + " ")]
    assert min(heights) < 45
    assert max(heights) > 230


def test_lines_can_be_told_apart_without_colour() -> None:
    svg = line_chart("a", {str(each): made(1, 2) for each in range(30)})
    styles = [
        each.attrib["style"] for each in read(svg).iter(f"{NS}path") if "style" in each.attrib
    ]
    assert len(set(styles)) == 30
    dashes = [style.partition("dasharray:")[2] for style in styles[::2][:5]]
    assert len(set(dashes)) == 5


def test_nothing_that_was_recorded_is_markup() -> None:
    name = '<script>x</script>&\x1b[31m\ufffe\udcff"'
    svg = line_chart(name, {name: made(1)}, x_title=name) + ""
    assert "<script" not in svg
    assert read(svg).get("aria-label") == '<script>x</script>&\\x1b[31m\ufffd\\xff"'


def test_it_says_in_words_what_it_shows() -> None:
    root = read(line_chart("a", {"b": made(1, 3, 2), "c": made(math.nan)}))
    found = [each.text for each in root if each.tag in (f"{NS}title", f"{NS}desc")]
    assert found == ["a", "b: 3 points, 1 to 3, last 2; c: 1 point"]


def test_long_names_are_cut_and_whole_in_the_title() -> None:
    name = "n" * 100
    svg = line_chart("a", {name: made(1)})
    assert f"<title>{name}</title>" in svg
    assert f">{'n' * 53}…</text>" in svg


def test_bars_begin_at_zero() -> None:
    root = read(bar_chart("acc", {"a": 0.5, "b": -0.25, "c": math.nan, "d": math.inf}))
    bars = [each.attrib for each in root.iter(f"{NS}rect") if "x" in each.attrib]
    zero = float(bars[0]["x"])
    assert float(bars[1]["x"]) + float(bars[1]["width"]) == pytest.approx(zero, abs=0.11)
    assert [float(bar["width"]) for bar in bars[2:]] == [0, 0]
    assert ticks(bar_chart("acc", {"a": 0.5, "c": math.nan})) == ["a", "0.5", "c", "nan"]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize(
    ("colours", "paper"), [(charts._LIGHT, charts.PAPER), (charts._DARK, charts.DARK_PAPER)]
)
def test_lines_are_seen_on_their_paper(colours: tuple[str, ...], paper: str) -> None:
    for colour in colours:
        low, high = sorted((luminance(colour), luminance(paper)))
        assert (high + 0.05) / (low + 0.05) >= 3, colour
