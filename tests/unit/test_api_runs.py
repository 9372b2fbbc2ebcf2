"""What a notebook reads of runs, and the tables that it makes of them."""

from __future__ import annotations

import importlib
import json
import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from git_gage import api
from tests.support import gage_inside as gage

# The Python that runs programs has no git-gage.
WITH_MODULE = {"PYTHONPATH": str(Path(api.__file__).parents[1])}
LOGGING = """\
from git_gage import api
lr = 0.1
top = 1.0
print(api.run_id(), dict(sorted(api.config().items())))
api.attr("data", "v1")
for step in range(10):
    api.log({"loss": step * lr}, step=step)
api.log({"val/acc": float("nan"), "big": 2**60, "huge": 10**99})
api.attr("data", "v2")
api.attr("ready", True)
"""
COMMIT = "2bf3b2f5a4f0d5f7c1b1a7e9d3c8f6a2b4e0d1c9"


def row(number: int, **parts: Any) -> dict[str, Any]:
    """What of a run object goes into a table."""
    return {
        "id": f"01m82dqzdvv88q3k3xsamprm2c31x{number}",
        "name": "silent-birch",
        "operation": "train.py",
        "status": "completed",
        "started": "2026-11-22T10:12:13.123Z",
        "ended": "2026-11-22T10:12:14.000Z",
        "duration_s": 0.877,
        "label": None,
        "source": {"commit": COMMIT, "branch": "main"},
        "config": {},
        "metrics": {},
        "attributes": {},
        **parts,
    }


ROWS = [
    row(
        1,
        config={"lr": 0.1, "seed": 1, "net": "cnn", "layers": [1, 2], "mixed": 1, "top": "inf"},
        metrics={"loss": 0.5, "acc": "nan", "n": 3},
        attributes={"grade": "A", "ok": True},
    ),
    row(
        2,
        ended=None,
        duration_s=None,
        status="running",
        config={"lr": 1, "seed": 2, "net": "größe", "layers": "nan", "mixed": "b", "top": 1},
        metrics={"loss": "-inf", "n": 2**70},
        attributes={"ok": None},
    ),
    row(3, config={"mixed": True, "deep": {"a": None}}, attributes={"ok": False}),
]
STARTED, ENDED = (
    datetime(2026, 11, 22, 10, 12, 13, 123_000, UTC),
    datetime(2026, 11, 22, 10, 12, 14, tzinfo=UTC),
)
COLUMNS = {
    "id": [each["id"] for each in ROWS],
    "name": ["silent-birch"] * 3,
    "operation": ["train.py"] * 3,
    "status": ["completed", "running", "completed"],
    "started": [STARTED] * 3,
    "ended": [ENDED, None, ENDED],
    "duration_s": [0.877, None, 0.877],
    "label": [None] * 3,
    "commit": [COMMIT] * 3,
    "config.deep": [None, None, '{"a": null}'],
    "config.layers": ["[1, 2]", "nan", None],
    "config.lr": [0.1, 1.0, None],
    "config.mixed": ["1", "b", "true"],
    "config.net": ["cnn", "größe", None],
    "config.seed": [1, 2, None],
    "config.top": [math.inf, 1.0, None],
    "metric.acc": [math.nan, None, None],
    "metric.loss": [0.5, -math.inf, None],
    "metric.n": [3.0, 2.0**70, None],
    "attr.grade": ["A", None, None],
    "attr.ok": [True, None, False],
}


def known(values: list[Any]) -> list[Any]:
    """With one word for what is not there; NaN equals nothing, not even itself."""
    return [None if value is None or value != value else value for value in values]


def test_columns_are_of_one_type_each() -> None:
    columns = api._columns(ROWS)
    assert list(columns) == list(COLUMNS)
    assert {name: repr(values) for name, values in columns.items()} == {
        name: repr(values) for name, values in COLUMNS.items()
    }
    assert api._columns([])["id"] == []


def test_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = api.to_pandas(ROWS)
    assert list(frame.columns) == list(COLUMNS)
    assert str(frame["started"].dtype).endswith("UTC]")
    for name in ("config.lr", "config.seed", "metric.loss", "duration_s"):
        assert str(frame[name].dtype) == "float64"
    for name, values in COLUMNS.items():
        found = [None if value is pandas.NaT else value for value in frame[name].tolist()]
        assert known(found) == known(values)


def test_a_table_of_polars() -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    frame = api.to_polars(ROWS)
    assert str(frame.schema["started"]).startswith("Datetime")
    assert str(frame.schema["config.seed"]) == "Int64"
    found = frame.to_dict(as_series=False)
    assert {name: repr(values) for name, values in found.items()} == {
        name: repr(values).replace("datetime.timezone.utc", "zoneinfo.ZoneInfo(key='UTC')")
        for name, values in COLUMNS.items()
    }


def test_a_table_of_arrow() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = api.to_arrow(ROWS)
    assert str(table.schema.field("started").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("config.seed").type) == "int64"
    assert {name: known(values) for name, values in table.to_pydict().items()} == {
        name: known(values) for name, values in COLUMNS.items()
    }


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_not_installed_is_named(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, library, raising=False)
    to_table = getattr(api, f"to_{library.removeprefix('py')}")
    with pytest.raises(ImportError) as caught:
        to_table([])
    told = f"{library} is not installed here (python -m pip install {library})"
    assert str(caught.value) == told


def test_a_library_that_is_broken_says_so_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pandas.py").write_text("import its_missing_part\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(ImportError, match="its_missing_part"):
        api.to_pandas([])


def test_runs_are_what_list_says(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert api.runs(repo=repo) == []
    for lr in ("0.5", "0.25"):
        assert gage(repo, "run", "-q", "train.py", f"lr={lr}").code == 0
    newest, first = api.runs(repo=repo)
    told = json.loads(gage(repo, "list", "--json").out)
    assert [newest, first] == told
    assert newest["config"]["lr"] == 0.25
    assert [run["id"] for run in api.runs("lr = 0.5", repo=str(repo))] == [first["id"]]
    monkeypatch.chdir(repo)
    (repo / "click.py").write_text("raise SystemExit('this is not click')\n")
    assert api.runs("lr > 1") == []
    table = api._columns(api.runs())
    assert table["metric.loss"] == [0.125, 0.25]
    assert table["commit"] == [newest["source"]["commit"]] * 2
    assert capsys.readouterr() == ("", "")


def test_a_program_in_a_run_reads_runs_with_the_module_alone(repo: Path) -> None:
    program = "from git_gage import api\nprint(len(api.runs()), api.runs('lr > 1'))\n"
    (repo / "look.py").write_text(program)
    assert gage(repo, "run", "-q", "look.py", env=WITH_MODULE) == (0, "1 []\n", "")


def test_what_a_run_logs_is_read_back(repo: Path) -> None:
    (repo / "train.py").write_text(LOGGING)
    ran = gage(repo, "run", "-q", "train.py", "lr=0.5", "top=inf", env=WITH_MODULE)
    assert ran.code == 0, ran.err
    (run,) = api.runs("data = v2", repo=repo)
    assert ran.out == f"{run['id']} {{'lr': 0.5, 'top': 'inf'}}\n"
    assert run["metrics"] == {"loss": 4.5, "val/acc": "nan", "big": str(2**60), "huge": 1e99}
    assert run["summaries"]["loss"]["count"] == 10
    assert run["summaries"]["loss"]["last_step"] == 9
    assert run["attributes"] == {"data": "v2", "ready": True}
    table = api._columns([run])
    assert table["metric.big"] == [2**60]
    assert repr(table["metric.val/acc"]) == "[nan]"


def test_where_click_is_not_installed_git_gage_is_asked(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.runs(repo=repo)  # what it imports is there from now on
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "click")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert api.runs(repo=repo) == []


def test_a_series_is_read_back(repo: Path) -> None:
    (repo / "train.py").write_text(LOGGING)
    assert gage(repo, "run", "-q", "train.py", "lr=0.5", env=WITH_MODULE).code == 0
    (run,) = api.runs(repo=repo)
    points = api.series(run, "loss", repo=repo)
    assert [(step, value) for step, value, _ in points] == [(n, n / 2) for n in range(10)]
    times = [time_s for _, _, time_s in points]
    assert all(time_s is not None and 0 <= time_s < 60 for time_s in times)
    assert api.series(run["id"], "loss", repo=repo) == points
    ((step, value, _),) = api.series("@", "val/acc", repo=repo)
    assert step == 0
    assert math.isnan(value)
    assert [value for _, value, _ in api.series(run, "big", repo=repo)] == [2**60]
    with pytest.raises(api.GageError, match="no metric 'los'"):
        api.series(run, "los", repo=repo)


def test_what_git_gage_refuses_is_an_exception(repo: Path, tmp_path: Path) -> None:
    with pytest.raises(api.GageError) as caught:
        api.runs("lr >", repo=repo)
    said = gage(repo, "list", "--where=lr >")
    hint = caught.value.hint
    assert said.err == f"fatal: {caught.value.message}\nhint: {hint}\n"
    assert str(caught.value) == caught.value.message
    assert caught.value.__notes__ == [f"hint: {hint}"]
    with pytest.raises(api.GageError, match="not a git repository"):
        api.runs(repo=tmp_path)


def test_an_end_without_a_word_is_an_exception_too(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(api.GageError, match=r"^git-gage ended with exit code 1$") as caught:
        api.runs(repo=repo)
    assert caught.value.hint is None


def test_warnings_are_told(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = repo / ".git" / "gage" / "journal"
    journal.mkdir(parents=True)
    head = json.dumps({"host": "node1", "journal": 1, "pid": 1})
    (journal / "1795342333123-1-abcdef.jsonl").write_text(f'{head}\n{{"v":2}}\n')
    assert api.runs(repo=repo) == []
    assert capsys.readouterr() == ("", "warning: 1 record needs a newer git-gage\n")
