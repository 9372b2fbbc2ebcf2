"""Board files: what is wrong in them and where, where they are found, and what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from git_gage.cli.check import explain_filter
from git_gage.errors import ConfigError
from git_gage.gagefile.boards import (
    RUN_ATTRS,
    Board,
    Choice,
    check_board,
    draft_board,
    find_board,
    is_board,
    load_board,
    named_boards,
)
from git_gage.gagefile.grammar import BOARD
from git_gage.gagefile.patterns import Explain
from tests.support import write_files
from tests.unit.gagefile.test_schema import iter_properties

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads(BOARD.schema_bytes())
EXPLAIN = Explain(filter=explain_filter)
A_VALUE = "must be 'run:', 'metric:', 'attribute:' or 'config:' and a name"
A_PAIR = "must be a value and how much it counts"
ONE_OF_FIVE = "must have one of 'field', 'run-attr', 'metric', 'attribute' and 'config'"
ONE_OF_SIX = "must have one of 'field', 'run-attr', 'metric', 'attribute', 'config' and 'score'"


def told(folder: Path, document: Any) -> list[str]:
    """What is said of a board in JSON."""
    path = folder / "board.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    faults = check_board(path, "board.json", EXPLAIN)
    return [re.sub(r"^board.json:1:\d+: ", "", fault.text()) for fault in faults]


def columns(*found: Any) -> dict[str, Any]:
    return {"columns": found}


def average(*parts: Any) -> dict[str, Any]:
    return columns({"score": {"average": parts}})


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ([], ["a board must be a table, not a list"]),
        ({"titel": "x"}, ["unknown key 'titel' (did you mean 'title'?)"]),
        (columns({"metrc": "x"}), ["unknown key 'metrc' in 'columns.0' (did you mean 'metric'?)"]),
        (columns({}), [f"'columns.0' {ONE_OF_SIX}"]),
        (columns({"metric": "a", "config": "a"}), [f"'columns.0' {ONE_OF_SIX}"]),
        (columns("x"), [f"'columns.0' {A_VALUE}"]),
        (columns("run-attr:"), [f"'columns.0' {A_VALUE}"]),
        (columns({"field": "x:y"}), [f"'columns.0.field' {A_VALUE}"]),
        (columns(5), ["'columns.0' must be a text or a table, not an integer"]),
        (columns("run:op_nss"), ["no run has a 'op_nss' (did you mean 'op_ns'?)"]),
        (columns({"run-attr": "xyz"}), ["no run has a 'xyz'"]),
        (columns({"field": "run:xyz"}), ["no run has a 'xyz'"]),
        (average(), ["'columns.0.score.average' must not be empty"]),
        (average(["metric:a"]), [f"'columns.0.score.average.0' {A_PAIR}"]),
        (
            average(["metric:a", "b"]),
            ["'columns.0.score.average.0.1' must be a number, not a text"],
        ),
        (average(["metric:a", 1, 2]), [f"'columns.0.score.average.0' {A_PAIR}"]),
        (average("run:xyz", ["run:abc", 2]), ["no run has a 'xyz'", "no run has a 'abc'"]),
        (
            average(["metric:a", float("inf")]),
            ["'columns.0.score.average.0.1' must be a finite number"],
        ),
        (
            columns({"metric": "a", "agg": True}),
            ["'columns.0.agg' cannot be true (known: false, sum, min, max, count, avg)"],
        ),
        (
            columns({"metric": "a", "sort": "down"}),
            ["'columns.0.sort' cannot be 'down' (known: asc, desc)"],
        ),
        (
            columns({"metric": "a", "links": [{"type": "web"}]}),
            [
                "'columns.0.links.0' needs 'href'",
                "'columns.0.links.0.type' cannot be 'web' (did you mean 'website'?)",
            ],
        ),
        ({"run-select": 5}, ["'run-select' must be a text or a table, not an integer"]),
        ({"run-select": "a >"}, ["'run-select': the filter ends where something should follow"]),
        (
            {"run-select": {"where": "a >"}},
            ["'run-select.where': the filter ends where something should follow"],
        ),
        (
            {"run-select": {"status": "complete"}},
            ["'run-select.status' cannot be 'complete' (did you mean 'completed'?)"],
        ),
        (
            {"group-select": {}},
            [
                "'group-select' must have one of 'min' and 'max'",
                "'group-select' needs 'group-by'",
            ],
        ),
        (
            {"group-select": {"group-by": "metric:a", "min": {}}},
            [f"'group-select.min' {ONE_OF_FIVE}"],
        ),
        ({"group-select": {"group-by": "run:xyz", "max": "metric:a"}}, ["no run has a 'xyz'"]),
        ({"title": "\0"}, ["'title' holds a NUL character"]),
    ],
)
def test_each_fault_is_told(tmp_path: Path, document: Any, faults: list[str]) -> None:
    assert told(tmp_path, document) == faults


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("board.toml", '[[columns]]\nmetrc = "a"\n[[columns]]\n', [(2, 1, 6), (3, 1, 12)]),
        ("board.yaml", "columns:\n- metrc: a\n- {}\n", [(2, 3, 8), (3, 3, 5)]),
        ("board.json", '{"columns": [\n{"metrc": "a"},\n{}]}', [(2, 2, 9), (3, 1, 3)]),
    ],
)
def test_faults_have_places(
    tmp_path: Path, name: str, text: str, places: list[tuple[int, int, int]]
) -> None:
    write_files(tmp_path, {name: text})
    assert [fault[1:4] for fault in check_board(tmp_path / name, name, EXPLAIN)] == places


def test_what_gage_takes_is_taken(tmp_path: Path) -> None:
    column = {
        "field": "run-attr:name",
        "label": "Name",
        "description": "Who",
        "type": "currency",
        "hide": False,
        "filter": "text",
        "flag-filter-label": "F",
        "filter-select-all": True,
        "filter-search": False,
        "agg": False,
        "pinned": "left",
        "row-group": True,
        "links": [{"href": "https://example.com", "label": "More", "type": "paper"}],
    }
    board = {
        "id": "a",
        "name": "b",
        "title": "c",
        "description": "d",
        "run-select": {"operation": "op", "status": ["completed", "error"]},
        "group-select": {"group-by": {"attribute": "x"}, "min": {"run-attr": "started"}},
        "group-column": {"label": "Group", "pinned": "left"},
        "columns": [column, {"metric": "a", "filter": True, "agg": "first-val"}, "run:op_ns"],
    }
    assert told(tmp_path, board) == []
    loaded = load_board(tmp_path / "board.json", "board.json")
    assert loaded.operations == ("op",)
    assert loaded.statuses == ("completed", "error")
    assert loaded.choice == Choice("attribute:x", "run:started", False)
    assert [each.field for each in loaded.columns] == ["run:name", "metric:a", "run:op_ns"]


def test_scores_have_numbers(tmp_path: Path) -> None:
    parts = ["run-attr:duration_s", ["metric:a", 2]]
    score = {"score": {"average": parts}}
    assert told(tmp_path, columns(score, {**score, "label": "S"})) == []
    first, second = load_board(tmp_path / "board.json", "board.json").columns
    assert first.score == second.score == (("run:duration_s", 1.0), ("metric:a", 2.0))
    assert (first.field, first.label) == ("score:1", "score")
    assert (second.field, second.label) == ("score:2", "S")


def test_empty_files_are_boards(tmp_path: Path) -> None:
    for name, text in (("board.toml", ""), ("board.yaml", ""), ("board.json", "{}")):
        write_files(tmp_path, {name: text})
        assert load_board(tmp_path / name, name) == Board(shown=name)


def test_a_broken_board_is_refused_with_its_first_fault(tmp_path: Path) -> None:
    write_files(tmp_path, {"board.toml": "titel = 1\ncolumns = 5\n", "best.toml": "a = 1\n"})
    with pytest.raises(
        ConfigError, match=r"board.toml:1:1: unknown key 'titel' .* \(and 1 more\)"
    ) as error:
        load_board(tmp_path / "board.toml", "board.toml")
    assert error.value.hint == "git gage check board.toml"
    with pytest.raises(ConfigError) as error:
        load_board(tmp_path / "best.toml", "best.toml", cache_dir=tmp_path / "cache")
    assert error.value.hint == "git gage check --board best.toml"
    with pytest.raises(ConfigError, match="no board: its name must end in"):
        load_board(tmp_path / "board.txt", "board.txt")
    with pytest.raises(ConfigError, match=r"cannot read 'none.toml': no such file"):
        load_board(tmp_path / "none.toml", "none.toml")


def test_the_nearest_board_is_found(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"board.toml": "", "board.json": "{}", "a/b/x": "", "a/.gage/board.yml": ""}
    )
    assert find_board(tmp_path / "a" / "b", tmp_path) == tmp_path / "a" / ".gage" / "board.yml"
    assert find_board(tmp_path, tmp_path) == tmp_path / "board.json"
    assert find_board(tmp_path / "a" / "b", tmp_path / "a" / "b") is None
    assert find_board(tmp_path / "a" / "b", None) is None


def test_boards_have_names(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "board.toml": 'name = "main"\nid = "x1"\n',
            "board-best.json": "{",
            "board-best.txt": "",
            "boards/slow.yaml": "[]",
            "a/board-best.toml": "",
            "other.toml": 'name = "other"\n',
        },
    )
    found = {
        name: str(path.relative_to(tmp_path))
        for name, path in named_boards(tmp_path / "a", tmp_path).items()
    }
    assert found == {
        **dict.fromkeys(["best", "board-best"], "a/board-best.toml"),
        **dict.fromkeys(["board", "main", "x1"], "board.toml"),
        "slow": "boards/slow.yaml",
    }
    assert [
        is_board(tmp_path / name) for name in ("board.x", "board-a.x", "boards/b.x", "gage.x")
    ] == [
        *(True, True, True),
        False,
    ]


def test_a_draft_is_a_board(tmp_path: Path) -> None:
    fields = ["run:name", 'metric:a "quoted" \\ \x7f é']
    (tmp_path / "board.toml").write_text(draft_board(fields), encoding="utf-8")
    assert [each.field for each in load_board(tmp_path / "board.toml", "b").columns] == fields


def test_the_schema_is_published_and_complete() -> None:
    assert (DOCS / "board.schema.json").read_bytes() == BOARD.schema_bytes()
    page = (DOCS / "boards.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`([^`\n]+)`", page))
    for key, schema in iter_properties(SCHEMA):
        assert key in names, key
        described = schema if "description" in schema else SCHEMA["$defs"][schema["$ref"][8:]]
        assert described["description"].endswith("."), key
    assert set(RUN_ATTRS) <= names


@pytest.mark.filterwarnings("ignore:Please use rfc3986:DeprecationWarning")
def test_the_schema_is_valid_itself() -> None:
    from jschon import JSONSchema, create_catalog

    create_catalog("2020-12")
    assert JSONSchema(SCHEMA).validate().valid
