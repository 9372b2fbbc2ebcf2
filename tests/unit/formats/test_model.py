"""What is taken from files of others has limits, and what is left out is counted."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from git_gage.formats import jsonl, model, opened, ro_crate, tables
from git_gage.formats.model import BrokenError, ForeignRun, Metrics, OwnRun, Unread, Written
from git_gage.formats.written import copy_parts, new_folder
from tests.support import write_files


def test_points_beyond_what_a_record_holds() -> None:
    metrics = Metrics()
    metrics.add("", 0, 1.0)
    metrics.add("loss", 1 << 63, 1.0)
    metrics.end_with("x" * 300, 1.0)
    assert (metrics.left_out, metrics.summaries()) == (3, {})
    for step in range(3000):
        metrics.add("loss", step, float(step), 100.0 + step)
    metrics.end_with("loss", 7.0)
    metrics.end_with("best", math.nan)
    found = metrics.summaries()
    assert (found["loss"]["count"], found["loss"]["last"]) == (3001, 7.0)
    assert found["best"]["last"] == "nan"
    ((name, series),) = metrics.series(100.0)
    assert (name, series.times_s[:2], series.count) == ("loss", [0.0, 1.0], 3000)
    assert (metrics.first_s, metrics.last_s) == (100.0, 3099.0)
    with patch.object(model, "MAX_NAMES", 1):
        metrics.add("other", 0, 1.0)
        metrics.end_with("one more", 1.0)
    assert metrics.left_out == 5


def test_settings_that_no_record_holds() -> None:
    told: list[str] = []
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(12):
        inner["a"] = {}
        inner = inner["a"]
    inner["b"] = 1
    given = {1: 2, "bytes": b"x", "": 1, "long": "x" * 70_000, "deep": deep, "empty": {}}
    found = model.read_settings(given, told)
    assert set(found) == {"1", "empty", "deep" + 8 * ".a"}
    assert told == ["3 values too long, too many or of no plain type"]
    assert model.read_scalars({"list": [1, 2], "ok": True}, told) == {"list": "[1, 2]", "ok": True}
    typed = model.read_typed({"a": "1e-3", "b": "[1]", "c": "{x", "d": "None"}, told)
    assert {name: value.text for name, value in typed.items()} == {
        "a": "1e-3",
        "b": "[1]",
        "c": "{x",
        "d": "null",
    }
    assert model.as_number(10**400) is None
    assert model.native(typed["b"]) == "[1]"


def test_files_that_cannot_be_carried(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x": "1", "A/x": "2", "con": "3", "b": "4", "skip/me": "5"})
    os.symlink("b", tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    told: list[str] = []
    parts = opened.list_parts(tmp_path, told, skip=frozenset([b"skip"]))
    assert [part.path for part in parts] == [b"A/x", b"b"]
    assert sorted(told) == [
        "1 special file",
        "1 symbolic link",
        "2 files with a name not every system takes",
    ]
    with patch.object(opened, "MAX_FILES", 1):
        opened.list_parts(tmp_path, told)
    assert told[-1] == "4 files beyond the first 1"
    assert opened.list_parts(tmp_path / "nowhere", told) == []
    assert told[-1] == "1 folder not readable"
    assert opened.newest_change(tmp_path) > 0


def test_files_with_limits(tmp_path: Path) -> None:
    write_files(tmp_path, {"x": "12345", "bad.json": "[" * 100_000})
    with pytest.raises(BrokenError, match="'x' is larger than 0 MiB"):
        opened.read_bytes(tmp_path / "x", 4)
    with pytest.raises(BrokenError, match=r"'bad\.json' is not JSON"):
        opened.read_object(tmp_path / "bad.json", "json")
    with pytest.raises(BrokenError, match="cannot be read: is a directory"):
        opened.read_bytes(tmp_path)


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def fail() -> None:
        with new_folder(tmp_path / "x") as folder:
            (folder / "half").touch()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []
    written = Written()
    copy_parts([model.RunPart(b"../x", tmp_path / "y")], tmp_path, written)
    assert written.left_out == 1


def line(**changes: Any) -> str:
    run = {
        "git-gage": 1,
        "id": "01j",
        "operation": "train",
        "status": "completed",
        "started": "2026-01-02T03:04:05.000Z",
        "ended": None,
        **changes,
    }
    return json.dumps(run) + "\n"


OPEN = "it has not ended: its 'status' is not completed, error or terminated"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{\n", "it is not JSON"),
        ("[]\n", "it is no run of a form that is known here"),
        (line(id=None), "it has no 'id'"),
        (line(started="now"), "its 'started' is no time, such as 2026-11-30T08:00:00Z"),
        (
            line(started="0001-01-01T00:00:00.000Z"),
            "its 'started' is no time, such as 2026-11-30T08:00:00Z",
        ),
        (line(status="running"), OPEN),
        (line(series={"x": {}}), "the values of metric 'x' are not as we write them"),
        (line(series={"x": 1}), "the values of metric 'x' are not as we write them"),
    ],
)
def test_lines_that_are_no_runs(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(text + line())
    first, second = jsonl.read_runs(path)
    assert first == Unread(f"{path}:1", reason)
    assert isinstance(second, ForeignRun)


def test_lines_with_less_than_all(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    clipped = {"count": 9, "steps": [1], "values": [1], "times": [None]}
    comments = [
        *(1, {"text": 1}, {"text": "hm"}, {"text": 1, "author": {"name": "Bob"}}),
        *({"text": "ok", "author": 1}, {"text": "no", "author": {"email": "bob@example.com"}}),
    ]
    path.write_text(
        line(
            series={"x": clipped},
            metrics={"x": 1, "best": 2, "odd": []},
            comments=comments,
            duration_s=float("inf"),
            exit_code=1 << 60,
            environment={"cpus": 1 << 60, "gpus": ["A100"]},
            source={"dirty": True, "commit": "--upload-pack=x"},
            config={"lr": 1, "": 2},
        )
    )
    (run,) = jsonl.read_runs(path)
    assert isinstance(run, ForeignRun)
    assert run.left_out == [
        "values of metric 'x' between those that were kept",
        "metric 'odd', which is no number",
    ]
    assert (run.exit_code, run.environment["cpus"], run.source["commit"]) == (None, None, None)
    assert set(run.metrics.summaries()) == {"x", "best"}
    said = ["hm", "ok", "bob@example.com: no"]
    assert (run.comments, run.took_s, list(run.config)) == (said, None, ["lr"])
    with patch.object(jsonl, "_MAX_LINE", 10):
        assert list(jsonl.read_runs(path)) == [Unread(f"{path}:1", "the line is too long")]


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    assert not jsonl.is_here(tmp_path)
    (tmp_path / "x").write_text("{}")
    assert not jsonl.is_here(tmp_path / "x")
    with patch.object(jsonl, "open_regular", side_effect=PermissionError):
        assert not jsonl.is_here(tmp_path / "x")


def test_columns_of_one_type() -> None:
    for name, column, expected in (
        ("config.a", [1, None], ([1, None], "int64")),
        ("config.a", [1, 0.5, None], ([1.0, 0.5, None], "double")),
        ("config.a", [1 << 70], ([float(1 << 70)], "double")),
        ("config.a", [1, "x", [2]], (["1", "x", "[2]"], "string")),
        ("exit_code", [None], ([None], "int64")),
        ("duration_s", [None], ([None], "double")),
        ("config.lr", [0.5, "-inf"], ([0.5, float("-inf")], "double")),
        ("config.lr", [0.5, "nano"], (["0.5", "nano"], "string")),
        ("label", [None], ([None], "string")),
        ("metric.a", ["inf", None], ([math.inf, None], "double")),
    ):
        assert tables._as_column(name, list(column)) == expected


def test_a_crate_of_what_is_hardly_known(tmp_path: Path) -> None:
    source = {"commit": None, "remote": None, "digest": None}
    document: dict[str, Any] = {
        "id": "01jdabcdef" + "0" * 20,
        "name": "old-fox",
        "operation": "train",
        "label": None,
        "started": "2026-01-02T03:04:05.000Z",
        "ended": None,
        "status": "terminated",
        "tags": [],
        "comments": [],
        "config": {"list": [1]},
        "metrics": {},
        "attributes": {},
        "author": None,
        "source": source,
        "command": {"argv": ["a", "b c"], "shell": False},
        "reason": None,
    }
    named = {**document, "author": {"name": "Ana"}}
    parts = [model.RunPart(b"a:b", tmp_path / "x")]
    runs = [OwnRun(document, {}, None, parts), OwnRun(named, {}, None, ())]
    written = ro_crate.write_runs(iter(runs), tmp_path / "crate")
    assert (written.count, written.left_out) == (2, 1)
    graph = json.loads((tmp_path / "crate" / "ro-crate-metadata.json").read_text())["@graph"]
    (first, _) = (each for each in graph if each["@type"] == "CreateAction")
    assert first["description"] == "a 'b c'"
    assert "agent" not in first
    (person,) = (each for each in graph if each["@type"] == "Person")
    assert person["name"] == "Ana"
    (value,) = (each for each in graph if each["@type"] == "PropertyValue")
    assert value["value"] == "[1]"
