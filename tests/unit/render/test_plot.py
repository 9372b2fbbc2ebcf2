"""Sparklines and plots in a terminal."""

from __future__ import annotations

import math
import re
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from git_gage.render.plot import MAX_LINES, Line, plot_lines, sparkline
from git_gage.render.screen import Screen, text_width

numbers = st.floats(allow_nan=True, allow_infinity=True)


def plot(*lines: Line, width: int = 60, height: int = 6, unicode: bool = True) -> list[str]:
    screen = Screen(StringIO(), width, unicode=unicode)
    return plot_lines(lines, screen, height, "loss by step").splitlines()


def test_a_sparkline_goes_from_low_to_high() -> None:
    assert sparkline(range(8), 8, ascii=False) == "▁▂▃▄▅▆▇█"
    assert sparkline(range(6), 8, ascii=True) == "_.-=*#"
    assert sparkline([1, math.nan, 2], 8, ascii=False) == "▁ █"
    assert sparkline([3, 3], 8, ascii=False) == "▄▄"
    assert sparkline([-math.inf, 1, 2, math.inf], 8, ascii=True) == "__##"
    assert sparkline([-1.7e308, 0, 1.7e308], 8, ascii=False) == "▁▅█"
    assert sparkline([], 8, ascii=False) == ""


def test_a_long_sparkline_has_the_means_of_stretches() -> None:
    assert sparkline([0, 2, 1, 3, *[math.nan] * 2, 9, 9], 4, ascii=False) == "▁▂ █"
    assert sparkline([-1e308, 1e308, 1e308, 1e308], 2, ascii=True) == "_#"


@given(st.lists(numbers, max_size=40), st.integers(1, 12), st.booleans())
def test_a_sparkline_is_never_too_wide(values: list[float], width: int, ascii: bool) -> None:
    line = sparkline(values, width, ascii=ascii)
    assert len(line) == min(width, len(values))
    assert line.isascii() or not ascii


def test_a_plot_in_braille() -> None:
    falling = Line("fox", range(101), [(100 - step) / 100 for step in range(101)])
    assert plot(falling, Line("yak", [0, 100], [0, 0.5]), width=40, height=4) == [
        "loss by step",
        "    │●⠒⠢⠤⠤⣀⣀⡀",
        "0.6 ┤       ⠈⠉⠉⠒⠒⠢⠤⠤⣀●⡀",
        "    │              ⢀⣀⣀⣉⣉⣉⡲⠶⠦⠤■⣤⣒⡒⠒⠒⠒⠒⠉⠉■",
        "  0 ┤⠤⠤⠤⠒⠒⠒⠒⠒■⠉⠉⠉⠉⠉⠁            ⠈⠉⠉⠒⠒●⠤●",
        "    └┬──────┬──────┬─────┬──────┬──────┬",
        "     0     20     40    60     80    100",
        "● fox",
        "■ yak",
    ]


def test_a_plot_in_ascii() -> None:
    lines = Line("fox", [0, 10], [1, 0]), Line("yak", [0, 10], [0, 0])
    assert plot(*lines, width=30, height=4, unicode=False) == [
        "loss by step",
        "    |*****",
        "0.6 +     ********",
        "    |            ********",
        "  0 +ooooooooooooooooooooooooo",
        "    ++----+----+---+----+----+",
        "     0    2    4   6    8   10",
        "* fox",
        "o yak",
    ]


def test_a_plot_of_little() -> None:
    one = plot(Line("fox", [5], [3.0]), width=30, height=3)
    assert one == [
        "loss by step",
        "3.2 ┤",
        "    │            ●",
        "2.8 ┤",
        "    └────────────┬────────────",
        "                 5",
        "● fox",
    ]
    none = plot(Line("fox", [0, 1], [math.nan, math.inf]), Line("yak", [], []), width=30, height=1)
    assert none == [
        "loss by step",
        " │",
        " └┬──────────────────────────┬",
        "  0                          1",
        "● fox (2 values not finite)",
        "■ yak",
    ]


def test_what_is_too_large_is_not_drawn() -> None:
    rows = plot(Line("fox", [0, 1, 2], [-1.7e308, 0, 1.7e308]), width=30, height=3)
    assert rows[-1] == "● fox (2 values not finite)"


def test_equal_lines_are_both_seen() -> None:
    rows = plot(*(Line(name, [0, 1], [0, 1]) for name in ("fox", "yak")))[1:-4]
    assert {"●", "■"} <= set("".join(rows))


def test_a_gap_is_not_drawn_over() -> None:
    rows = plot(Line("fox", [0, 1, 2, 3], [1, math.nan, 1, 1]), width=43, height=1)
    assert rows[1] == f"0.90 ┤●{' ' * 23}⠠⠤⠤⠤⠤⠤⠤⠤●⠤⠤⠤●"


def test_colours_come_with_markers() -> None:
    screen = Screen(StringIO(), 40, color=True)
    many = [Line(f"run {number}", [0, 1], [number, number]) for number in range(MAX_LINES)]
    legend = plot_lines(many, screen, 20, "loss").splitlines()[-MAX_LINES:]
    markers = [re.sub(r"\x1b\[[0-9;]*m", "", line)[0] for line in legend]
    assert len(set(markers)) == MAX_LINES
    assert legend[0].startswith("\x1b[36m●\x1b[0m run 0")


def test_recorded_text_orders_nothing() -> None:
    screen = Screen(StringIO(), 40)
    text = plot_lines([Line("a\x1b[31m", [0], [1])], screen, 3, "b\x07")
    assert text.startswith("b\\x07\n")
    assert text.endswith("● a\\x1b[31m\n")


@given(
    st.lists(st.lists(st.tuples(st.integers(-(2**60), 2**60), numbers)), min_size=1, max_size=3),
    st.integers(20, 90),
    st.integers(1, 12),
    st.booleans(),
)
def test_a_plot_fits(
    lines: list[list[tuple[int, float]]], width: int, height: int, unicode: bool
) -> None:
    made = [Line("x", [x for x, _ in line], [y for _, y in line]) for line in lines]
    rows = plot(*made, width=width, height=height, unicode=unicode)
    assert len(rows) == height + 3 + len(lines)
    assert max(map(text_width, rows)) <= max(width, 40)
    assert unicode or "".join(rows).isascii()
