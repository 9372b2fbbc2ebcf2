"""The short list, as Gage has it."""

from __future__ import annotations

import io

import pytest

from git_gage.render.screen import Screen, text_width
from git_gage.render.short_list import format_short
from tests.unit.render.made_up import make_run, make_runs


def screen(width: int = 80) -> Screen:
    return Screen(io.StringIO(), width=width)


def test_four_runs_and_what_is_left_out() -> None:
    assert format_short(make_runs(), (), "38 older runs: git gage list --all -s", screen(60)) == (
        "| # | operation       | status    | label                  |\n"
        "|---|-----------------|-----------|------------------------|\n"
        "| 1 | digits:train.py | running   | wider net              |\n"
        "| 2 | digits:train.py | completed | baseline               |\n"
        "| 3 | digits:train.py | error 1   |                        |\n"
        "| 4 | digits:train.py | lost?     | from Ana \\x1b[31m wit… |\n"
        "38 older runs: git gage list --all -s\n"
    )


def test_rows_of_ones_own_and_bars_in_what_was_said() -> None:
    run = make_run(1, label="a | b", project={"id": None, "namespace": None, "path": None})
    lines = format_short([run], [12], "", screen()).splitlines()
    assert lines[2] == "| 12 | train.py  | completed | a \\| b |"


def test_without_runs_there_is_a_head() -> None:
    assert format_short([], (), "", screen()).splitlines() == [
        "| # | operation | status | label |",
        "|---|-----------|--------|-------|",
    ]


@pytest.mark.parametrize("width", [20, 40])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for line in format_short(make_runs(), (), "older", screen(width)).splitlines():
        assert text_width(line) <= width
