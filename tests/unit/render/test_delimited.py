"""Lists for programs: what comes out is what a run holds, and nothing a program obeys."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from git_gage.errors import RequestError
from git_gage.render.columns import FIELDS, plain_text, read_field, spread
from git_gage.render.delimited import (
    CSV_COLUMNS,
    MARKDOWN_COLUMNS,
    PORCELAIN_COLUMNS,
    format_csv,
    format_markdown,
    format_own,
    format_porcelain,
    layout_names,
)
from git_gage.render.machine import format_lines
from tests.unit.render.made_up import make_run, make_runs


def read_csv(runs: list[dict[str, Any]], *columns: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(format_csv(runs, columns)), newline="")))


def test_csv_has_all_that_is_known() -> None:
    runs = make_runs()
    columns = spread(CSV_COLUMNS, lambda: runs)
    head, *rows = read_csv(runs, *columns)
    assert head == columns
    assert [name for name in head if "." in name] == [
        *("config.batch", "config.lr", "metric.acc", "metric.loss")
    ]
    assert [row[0] for row in rows] == [run["id"] for run in runs]
    assert float(rows[0][head.index("metric.acc")]) == runs[0]["metrics"]["acc"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=cmd|"x"', "-x,y"])
def test_text_is_no_formula(text: str) -> None:
    run = make_run(1, label=text, operation=text, config={text: text}, tags=[text])
    columns = ("label", "operation", f"config.{text}", "tags")
    head, row = read_csv([run], *columns)
    assert row == [f"'{text}"] * 4
    assert head[0] == "label"


def test_numbers_are_numbers_below_zero_too() -> None:
    run = make_run(1, metrics={"gain": -0.5, "low": "-inf"}, config={"n": -3, "list": [1, -2]})
    assert read_csv([run], "gain", "low", "n", "list")[1] == ["-0.5", "-inf", "-3", "[1, -2]"]


def test_what_stands_between_quotes_in_csv() -> None:
    run = make_run(1, label='a "b", c\nd\x1b[0m')
    assert read_csv([run], "label")[1] == ['a "b", c\\nd\\x1b[0m']


def test_markdown_is_text() -> None:
    run = make_run(1, label="a|b *c* <img> `d` [e](f)\n", metrics={"acc_1": 0.5})
    lines = "".join(format_markdown([run], ["label", "metric.acc_1", "branch"])).splitlines()
    assert lines[0] == r"| label | metric.acc\_1 | branch |"
    assert lines[1] == "| --- | --- | --- |"
    assert lines[2] == r"| a\|b \*c\* \<img\> \`d\` \[e\](f)\\n | 0.5 | main |"
    assert spread(MARKDOWN_COLUMNS, lambda: [run])[4:7] == [
        *("config.batch", "config.lr", "metric.acc_1")
    ]


def test_porcelain_has_columns_that_stay() -> None:
    assert (
        *("id", "name", "operation", "status", "exit_code", "started", "duration_s"),
        *("commit", "label"),
    ) == PORCELAIN_COLUMNS
    run = make_run(1, label="a\tb\nc", exit_code=None)
    (line,) = format_porcelain([run], PORCELAIN_COLUMNS, "\0")
    assert line.endswith("\0")
    cells = line[:-1].split("\t")
    assert len(cells) == len(PORCELAIN_COLUMNS)
    assert cells[4] == ""
    assert cells[-1] == r"a\tb\nc"


def test_lines_of_ones_own() -> None:
    run = make_run(1, metrics={"val loss": 0.5, "acc": 1})
    layout = r"{name}\t{ metric.val loss }\\ {{x}} {nothing}|{acc}\n"
    assert layout_names(layout) == ["name", " metric.val loss ", "nothing", "acc"]
    assert list(format_own([run], layout, "\0")) == ["kind-heron\t0.5\\ {x} |1\n\0"]


@pytest.mark.parametrize("layout", ["{", "a}", "{}", "{a{b}}}"])
def test_a_brace_alone(layout: str) -> None:
    with pytest.raises(RequestError, match="has a brace that does not hold a name"):
        layout_names(layout)


def test_names_mean_what_they_mean_in_filters() -> None:
    run = make_run(1, metrics={"a": 1}, config={"a": 2, "b": 3}, attributes={"b": 4, "c": None})
    names = ["a", "config.a", "b", "attr.b", "c", "metric.b", "author", "email", "took"]
    values = [1, 2, 3, 4, None, None, "Ana", "ana@example.com", 842.0]
    assert [read_field(run, name) for name in names] == values
    assert read_field(make_run(1, author=None), "author") is None
    assert all(plain_text(read_field(run, name)) is not None for name in FIELDS)


def test_names_without_parts_are_not_spread() -> None:
    def never() -> list[dict[str, Any]]:
        raise AssertionError

    assert spread(["run", "lr"], never) == ["run", "lr"]


def test_json_lines_are_ascii() -> None:
    assert list(format_lines(['{"a":"\u00e9"}', "{}"], "\0")) == ['{"a": "\\u00e9"}\0', "{}\0"]
