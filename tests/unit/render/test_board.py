"""A board's rows and how they are shown, whatever its runs have recorded."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from git_gage.gagefile.boards import RUN_ATTRS, Board, Choice, Column
from git_gage.render.board import board_body, format_board, format_csv, format_html, format_markdown
from git_gage.render.board_rows import Rows, aggregate, board_rows, number_of
from git_gage.render.columns import FIELDS
from git_gage.render.screen import Screen
from tests.unit.render.made_up import make_run


def runs(*metrics: Any, **changes: Any) -> list[dict[str, Any]]:
    return [
        make_run(number, metrics={"a": value}, **changes) for number, value in enumerate(metrics, 1)
    ]


def rows(board: Board, documents: list[dict[str, Any]], field: str = "metric:a") -> list[Any]:
    return [row.get(field) for row in board_rows(board, documents).rows]


def screen(width: int = 80) -> Screen:
    return Screen(io.TextIOWrapper(io.BytesIO(), "utf-8"), width)


def shown(board: Board, documents: list[dict[str, Any]], width: int = 80) -> list[str]:
    return format_board(board, board_rows(board, documents), screen(width)).splitlines()


def column(field: str, **more: Any) -> Column:
    return Column(field, more={key.replace("_", "-"): value for key, value in more.items()})


def test_every_run_has_what_boards_can_name() -> None:
    board = Board(columns=tuple(Column(f"run:{name}") for name in RUN_ATTRS))
    (row,) = board_rows(board, [make_run(1)]).rows
    assert len(row) == len(RUN_ATTRS)
    assert set(FIELDS) <= set(RUN_ATTRS)
    assert row["run:op_ns"] == "digits"
    assert row["run:stopped"] == row["run:ended"] == "2026-11-22T11:14:02.000Z"
    assert shown(board, [make_run(1)], 2000)[0].startswith("id ")


def test_without_columns_it_has_those_of_its_runs() -> None:
    found = board_rows(Board(), [make_run(1, attributes={"z": 1}), make_run(2, metrics={"m": 1})])
    assert [each.field for each in found.columns] == [
        *("run:name", "run:operation", "run:started", "run:status", "run:label"),
        *("config:batch", "config:lr", "attribute:z", "metric:acc", "metric:loss", "metric:m"),
    ]


@pytest.mark.parametrize(
    ("how", "order"),
    [
        ("asc", [-1, 0, "inf", "a", "b", None, "nan"]),
        ("desc", ["inf", 0, -1, "b", "a", None, "nan"]),
    ],
)
def test_sorted_by_a_column(how: str, order: list[Any]) -> None:
    board = Board(columns=(column("metric:a", sort=how),))
    assert rows(board, runs("a", 0, None, "inf", "b", -1, "nan")) == order


def test_the_first_column_is_sorted_by_first_and_equals_stay_newest_first() -> None:
    board = Board(columns=(column("run:status", sort="desc"), column("metric:a", sort="asc")))
    made = [
        make_run(1, metrics={"a": 2}),
        make_run(2, metrics={"a": 1}, status="error"),
        make_run(3, metrics={"a": 2}),
    ]
    assert rows(board, made, "run:id") == [made[1]["id"], made[0]["id"], made[2]["id"]]


def test_one_run_of_each_group() -> None:
    made = [
        make_run(number, metrics={"a": value}, config=config)
        for number, (value, config) in enumerate(
            [
                *((1, {"m": "x"}), (3, {"m": "x"}), ("nan", {"m": "x"}), (2, {"m": 1})),
                *((None, {"m": True}), ("text", {}), ("nan", {})),
            ],
            1,
        )
    ]
    for greatest, wanted in ((True, [2, 3, "text"]), (False, [2, 1, "text"])):
        board = Board(choice=Choice("config:m", "metric:a", greatest))
        assert rows(board, made) == wanted
    numbers_first = Board(choice=Choice("run:operation", "metric:a", True))
    assert rows(numbers_first, runs("text", 1, "more")) == [1]
    newest = Board(
        choice=Choice("run:operation", "run:status", True), columns=(Column("metric:a"),)
    )
    assert rows(newest, made) == [1]


def test_a_score_is_the_average_of_what_there_is() -> None:
    board = Board(columns=(Column("score:1", (("metric:a", 2.0), ("config:b", 1.0)), {}),))
    pairs = [
        (1, 4),
        (None, 4),
        (1, "x"),
        (None, None),
        ("inf", "-inf"),
        (10**400, 1),
        (True, False),
    ]
    made = [make_run(1, metrics={"a": a}, config={"b": b}) for a, b in pairs]
    assert rows(board, made, "score:1") == [2, 4, 1, None, "nan", "inf", pytest.approx(2 / 3)]
    nothing = Board(columns=(Column("score:1", (("metric:a", 0.0),), {}),))
    assert rows(nothing, runs(1), "score:1") == [None]
    assert number_of(-(10**400)) == float("-inf")


@pytest.mark.parametrize(
    ("how", "value"),
    [("sum", 6), ("avg", 3), ("min", 2), ("max", "x"), ("count", 3), ("first", None),
     ("first-val", 4), ("last", "x"), ("last-val", "x"), (False, None)],
)  # fmt: skip
def test_what_is_shown_of_many_rows(how: Any, value: Any) -> None:
    given = [{"metric:a": each} for each in (None, 4, 2, "x")]
    assert aggregate(column("metric:a", agg=how), given) == value


def test_of_no_numbers_nothing_is_shown() -> None:
    for how in ("sum", "avg", "min"):
        assert aggregate(column("metric:a", agg=how), [{"metric:a": None}]) is None
    for how in ("sum", "avg"):
        assert aggregate(column("metric:a", agg=how), [{"metric:a": "x"}]) is None


def test_the_table_has_title_groups_and_sums() -> None:
    board = Board(
        title="Best\x1b[31m",
        description="Of all",
        group_column={"label": "KIND"},
        columns=(
            column("run:status", row_group=True),
            column("metric:a", agg="sum", label="SUM"),
            column("run:label", pinned="left"),
            column("config:lr", hide=True),
        ),
    )
    made = [*runs(1, 2.5), make_run(3, metrics={"a": 4}, status="error", label="bad")]
    assert shown(board, made) == [
        "Best\\x1b[31m",
        "Of all",
        "",
        "KIND           label  SUM",
        "completed (2)         3.5",
        "                      1",
        "                      2.5",
        "error (1)             4",
        "               bad    4",
    ]
    flat = Board(columns=(column("metric:a", agg="max", pinned="right"), column("run:status")))
    assert shown(flat, made) == [
        "group    status       a",
        "         completed  1",
        "         completed  2.5",
        "         error      4",
        "all (3)             4",
    ]


def test_a_count_is_a_count_of_whatever_it_is() -> None:
    fields = ("run:started", "run:id", "metric:a")
    board = Board(columns=tuple(column(field, agg="count", type="percent") for field in fields))
    assert shown(board, runs(1, None))[-1].split() == ["all", "(2)", "2", "2", "1"]


def test_all_columns_can_be_hidden() -> None:
    assert shown(Board(title="T", columns=(column("metric:a", hide=True),)), runs(1)) == ["T", ""]


def test_the_table_fits_the_screen() -> None:
    board = Board(
        columns=(Column("run:id"), Column("run:started"), column("run:label", pinned="right"))
    )
    made = [make_run(1, label="a label that is long enough to be cut somewhere")]
    wide = shown(board, made, 80)
    assert wide[0].split() == ["id", "started", "label"]
    narrow = shown(board, made, 24)
    assert [line.rstrip() for line in narrow] == [
        "id       label",
        f"{made[0]['id'][10:17]}  a label that i…",
        "no room for started: --…",
    ]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("percent", 0.123, "12.3%"),
        ("percent", "nan", "nan"),
        ("percent", "abc", "abc"),
        ("duration", 90, "1m 30s"),
        ("bytes", 2048, "2.0 KiB"),
        ("date", 0, "1970-01-01"),
        ("datetime", 60, "1970-01-01 00:01"),
        ("date", 1e300, "1e+300"),
        ("date", "2026-11-22T10:00:00Z", "2026-11-22"),
        ("datetime", "2026-11-22T10:00:00+01:00", "2026-11-22 09:00"),
        ("date", "0001-01-01T00:00+14:00", "0001-01-01T00:00+14:00"),
        ("date", "soon", "soon"),
        ("currency", 1.23456, "1.235"),
        (None, [1, "a"], '[1, "a"]'),
        (None, ["a", "b"], "a, b"),
        (None, True, "1"),
        (None, 1.23456, "1.235"),
    ],
)
def test_values_are_shown_as_their_column_says(kind: str | None, value: Any, text: str) -> None:
    board = Board(columns=(column("attribute:x", **({"type": kind} if kind else {})),))
    assert shown(board, [make_run(1, attributes={"x": value})])[1] == text


def test_settings_and_times_are_whole() -> None:
    board = Board(columns=(Column("config:x"), Column("run:started"), Column("run:tags")))
    made = make_run(1, config={"x": 0.123456}, tags=["a", "b"], started="2026-11-22T11:58:00.000Z")
    assert shown(board, [made])[1] == "0.123456  2026-11-22 11:58  a, b"


def test_csv_has_all_columns_and_no_formulas() -> None:
    board = Board(
        columns=(
            column("run:label", hide=True),
            column("metric:a", label="A,B"),
            Column("score:1", (("metric:a", 1.0),), {}),
        )
    )
    text = "".join(format_csv(board_rows(board, runs(0.1, label="=1+1"))))
    assert text == 'run:label,"A,B",score:1\n\'=1+1,0.1,0.1\n'


def test_json_has_the_keys_of_gage() -> None:
    board = Board(
        title="T",
        group_column={"label": "G"},
        columns=(
            column("metric:a", row_group=True, hide=True),
            Column("score:1", (("config:b", 1.0),), {"score": {"average": ["config:b"]}}),
        ),
    )
    found = board_rows(board, [make_run(1, metrics={"a": 1}, config={"b": 3, "c": 1})])
    assert board_body(board, found) == {
        "title": "T",
        "groupColumn": {"label": "G"},
        "colDefs": [
            {"field": "metric:a", "rowGroup": True, "hide": True},
            {"field": "score:1", "score": {"average": ["config:b"]}},
        ],
        "rowData": [{"config:b": 3, "metric:a": 1, "run:id": make_run(1)["id"], "score:1": 3.0}],
    }
    chosen = Board(columns=(Column("metric:a"),), choice=Choice("run:name", "run:started", True))
    body = board_body(chosen, board_rows(chosen, runs(1)))
    assert body == {
        "colDefs": [{"field": "metric:a"}],
        "rowData": [{"metric:a": 1, "run:id": make_run(1)["id"]}],
    }
    assert json.dumps(body)


def test_markdown_is_no_markup() -> None:
    board = Board(columns=(column("run:label", label="a|b"), Column("metric:a")))
    text = "".join(format_markdown(board, board_rows(board, runs(1, label="[x](y)|\n<b>"))))
    assert text == "| a\\|b | a |\n| --- | --: |\n| \\[x\\](y)\\|\\\\n\\<b\\> | 1 |\n"


def test_the_page_has_links_and_no_markup() -> None:
    links = [{"href": "https://example.com/a"}, {"href": "javascript:alert(1)", "type": "paper"}]
    board = Board(
        title="<T>",
        description="<D>",
        columns=(
            column("run:label", links=links, description="<about>"),
            column("metric:a", agg="sum"),
        ),
    )
    text = format_html(board, board_rows(board, runs(1, 2, label="<script>")))
    assert "<script" not in text
    assert "<h1>&lt;T&gt;</h1>" in text
    assert '<span title="&lt;about&gt;">label</span>' in text
    assert (
        '<a href="https://example.com/a" rel="noopener noreferrer">https://example.com/a</a>'
        in text
    )
    assert "javascript" not in text
    assert "<strong>all (2)</strong>" in text
    assert "<h1>Board</h1>" in format_html(Board(), board_rows(Board(), runs(1)))


def test_no_rows_are_no_fault() -> None:
    board = Board(columns=(Column("metric:a"),))
    assert shown(board, []) == ["a"]
    assert board_rows(board, []) == Rows(board.columns, [], [])
