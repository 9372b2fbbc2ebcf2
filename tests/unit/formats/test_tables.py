"""Tables of runs as spreadsheets and people leave them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from git_gage.formats import found
from git_gage.formats.model import ForeignRun, Unread
from git_gage.formats.tables import is_csv, is_parquet, read_csv, read_parquet
from tests.unit.formats.test_folders import only

HEAD = "id,operation,status,started,ended,label,tags,config.lr,config.name,metric.loss,attr.ok"
ROW = (
    "7,train,completed,2026-11-30T00:17:19.779Z,2026-11-30T00:17:20.048Z,"
    "'=1+2,\"a,b\",0.1,'quoted,nan,true"
)


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding=encoding)
    return path


def test_a_table_that_a_spreadsheet_has_saved(tmp_path: Path) -> None:
    ours = only(read_csv(write(tmp_path / "a.csv", HEAD, ROW)))
    assert (ours.label, ours.tags, round(ours.took_s or 0, 3)) == ("=1+2", ["a", "b"], 0.269)
    assert {name: value.text for name, value in ours.config.items()} == {
        "lr": "0.1",
        "name": "'quoted",
    }
    assert ours.config["lr"].type == "float"
    assert ours.attributes == {"ok": True}
    assert ours.metrics.summaries()["loss"]["last"] == "nan"
    other = ROW.replace(",", ";").replace('"a;b"', "a,b")
    for path in (
        write(tmp_path / "bom.csv", HEAD, ROW, encoding="utf-8-sig"),
        write(tmp_path / "semicolons.csv", HEAD.replace(",", ";"), other),
        write(tmp_path / "windows.csv", f"{HEAD}\r", f"{ROW}\r"),
        write(tmp_path / "more.csv", f"{HEAD},note", f"{ROW},x,and more"),
    ):
        assert is_csv(path)
        run = only(read_csv(path))
        assert (run.id, run.label, run.tags, run.config) == ("7", "=1+2", ["a", "b"], ours.config)


def test_numbers_with_a_comma(tmp_path: Path) -> None:
    """Where cells are told apart by semicolons, a comma is the point of numbers."""
    head = "id;operation;status;started;duration_s;config.lr;config.v;metric.acc;metric.odd"
    row = "7;train;Completed;2026-11-30 00:17:19;0,5;0,25;1,2,3;9,3e-1;many"
    run = only(read_csv(write(tmp_path / "a.csv", head, row)))
    assert (run.status, run.took_s, run.started) == ("completed", 0.5, 1795997839.0)
    assert [run.config[name].text for name in ("lr", "v")] == ["0.25", "1,2,3"]
    assert run.metrics.summaries()["acc"]["last"] == 0.93
    assert run.left_out == ["metric 'odd', which is no number"]


def test_a_table_that_is_none_of_runs(tmp_path: Path) -> None:
    columns = "its first line has not the columns id, operation, status and started"
    for name, content in (
        ("other.csv", b"a,b\n1,2\n"),
        ("empty.csv", b""),
        ("quote.csv", b'"id,operation,status,started'),
        ("latin.csv", "id,operation,status,started,gr\xf6\xdfe\n".encode("latin-1")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert not is_csv(path), name
        assert list(read_csv(path)) == [Unread(str(path), columns)], name
        assert found.find_forms(path, NotImplemented) == [], name
    for is_here in (is_csv, is_parquet):
        assert not is_here(tmp_path / "not there")


def test_rows_that_are_damaged_are_told_and_the_others_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        *(HEAD, ROW.replace("completed", "running"), ROW.replace("2026", "26"), ROW, "8,train"),
    )
    rows = list(read_csv(path))
    assert [each.reason for each in rows if isinstance(each, Unread)] == [
        "it has not ended: its 'status' is not completed, error or terminated",
        "its 'started' is no time, such as 2026-11-30T08:00:00Z",
        "it has no 'started'",
    ]
    assert [each.path for each in rows] == [f"{path}:{number}" for number in (2, 3, 4, 5)]
    path.write_bytes(path.read_bytes() + b"9,tr\xe4in\n")
    assert [each.reason for each in read_csv(path) if isinstance(each, Unread)][-1:] == [
        "it is not text in UTF-8"
    ]
    assert isinstance(list(read_csv(write(path, HEAD, ROW, 'x,"y" z')))[-1], Unread)


def test_parquet_of_others(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": [1]}), path)
    columns_text = "it has not the columns id, operation, status and started"
    assert list(read_parquet(path)) == [Unread(str(path), columns_text)]
    began = [datetime(2026, 11, 30, 8, tzinfo=UTC), None]
    columns = {"id": [1, 2], "operation": ["a", "b"], "status": ["error"] * 2}
    parquet.write_table(pa.table({**columns, "started": began, "config.x": [b"raw", None]}), path)
    first, second = read_parquet(path)
    assert isinstance(first, ForeignRun)
    assert (first.id, first.started) == ("1", 1796025600.0)
    assert first.config["x"].text == "b'raw'"
    assert second == Unread(f"{path}:2", "it has no 'started'")
    path.write_bytes(path.read_bytes()[:-20])
    (cut,) = read_parquet(path)
    assert isinstance(cut, Unread)
