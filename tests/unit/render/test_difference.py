"""How two runs differ, as lines in the manner of a patch."""

from __future__ import annotations

from io import StringIO
from typing import Any

from git_gage.render.difference import Colors, Section, format_rows, format_sections, rows_body
from git_gage.render.screen import Screen
from git_gage.runs.comparison import compare_runs
from tests.unit.render.made_up import make_run


def lines(one: dict[str, Any], two: dict[str, Any], part: str) -> list[str]:
    runs = [make_run(1, **one), make_run(1, **two)]
    rows = [row for row in compare_runs(runs).rows if row.part == part]
    return format_rows(rows, Colors()).splitlines()


def test_values_are_lines_of_a_patch() -> None:
    one, two = {"config": {"lr": 0.1, "net": "a b"}}, {"config": {"lr": 0.2, "deep": None}}
    assert lines(one, two, "config") == ["-lr = 0.1", "+lr = 0.2", "-net = a b", "+deep = null"]
    assert lines(one, one, "config") == []
    assert lines({"config": {"a\n": "\x1b"}}, {"config": {}}, "config") == [r"-a\n = \x1b"]


def test_inputs_and_commands() -> None:
    data = {"name": "data", "path": "d", "type": "file", "run": None, "digest": "c" * 64}
    made = {**data, "run": "r" * 30}
    assert lines({"inputs": [data]}, {"inputs": [made]}, "inputs") == [
        f"-data = {'c' * 64}",
        f"+data = run {'r' * 30}",
    ]
    command = {**make_run(1)["command"], "argv": ["make", "it so"]}
    assert lines({"config": {}}, {"config": {}, "command": command}, "command") == [
        "-command = python3 train.py --lr 0.01",
        "+command = make 'it so'",
    ]


def test_what_is_not_here() -> None:
    without = {"environment__packages": None}
    assert lines({}, without, "environment") == ["packages: not here: git gage fetch"]
    assert lines({}, without, "packages") == []
    rows = compare_runs([make_run(1), make_run(1, **without, label="x")]).rows
    assert rows_body(rows) == [{"part": "run", "name": "label", "values": [None, "x"]}]


def test_sections_have_titles_where_there_are_more() -> None:
    screen = Screen(StringIO())
    found = [Section("source", b"", here=False), Section("config", b"-a\n"), Section("output", b"")]
    assert format_sections(found, Colors(), screen, titles=True) == (
        b"source\nnot here: git gage fetch\n\nconfig\n-a\n"
    )
    assert format_sections(found[1:2], Colors(), screen, titles=False) == b"-a\n"
    colored = format_sections(found[1:2], Colors(meta="\x1b[1m"), screen, titles=True)
    assert colored == b"\x1b[1mconfig\x1b[m\n-a\n"
