"""Run folders of Guild, Gage and MLflow that are not as they should be: told, the rest is read."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from git_gage.formats import found, gage, guild, mlflow, tensorboard
from git_gage.formats.model import BrokenError, ForeignRun, Metrics, OwnRun, Unread, Written
from git_gage.metrics.series import Series
from tests.foreign import lay_out
from tests.support import write_files

GUILD = "22487fc74c04429b842ca4c4b334f5ab"


@pytest.fixture
def guild_run(tmp_path: Path) -> Path:
    return lay_out("guild", tmp_path) / GUILD


@pytest.fixture
def gage_run(tmp_path: Path) -> Path:
    """The metadata of a run of Gage's."""
    folder = lay_out("gage-dir", tmp_path)
    return next(
        path.parent for path in folder.glob("*.meta/summary.json") if "0.5" in path.read_text()
    )


@pytest.fixture
def mlflow_run(tmp_path: Path) -> Path:
    return next(lay_out("mlruns", tmp_path).glob("*/f5e357bcb1984e6a9a7bc297a3a66a07"))


def only(runs: Any) -> ForeignRun:
    (run,) = runs
    assert isinstance(run, ForeignRun), run
    return run


def why(runs: Any) -> str:
    (run,) = runs
    assert isinstance(run, Unread), run
    return run.reason


# -- Guild -------------------------------------------------------------------------------------


def test_guild_keeps_runs_in_its_home_or_the_project(guild_run: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    guild_run.parent.rename(home / "runs")
    assert len(list(guild.read_runs(home))) == 3
    (tmp_path / "project").mkdir()
    home.rename(tmp_path / "project" / ".guild")
    assert len(list(guild.read_runs(tmp_path / "project"))) == 3
    assert not guild.is_here(tmp_path)


def test_attributes_of_guild_that_are_damaged(guild_run: Path) -> None:
    attrs = guild_run / ".guild" / "attrs"
    write_files(
        attrs,
        {
            "flags": "[1",
            "platform": "1",
            "comments": "[1, {body: 2}, {body: alone}]",
            "vcs_commit": "svn:1",
            "tags": "x",
            "deps": "{data: [x]}",
            "pip_freeze": "[-e ., click==8]",
            "exit_status": "-15",
            "random_seed": "[1]",
        },
    )
    run = only(guild.read_runs(guild_run))
    assert (run.config, run.comments, run.source, run.tags) == ({}, ["alone"], {}, [])
    assert (run.status, run.exit_code) == ("terminated", None)
    assert run.packages == {"click": "8"}
    assert run.left_out[0] == "what it depends on, as such: these are files like others now"
    assert run.left_out[1].startswith("attribute 'flags': ")
    (attrs / "exit_status").unlink()
    (attrs / "stopped").unlink()
    unfinished = only(guild.read_runs(guild_run))
    assert (unfinished.ended, unfinished.took_s) == (None, None)
    (attrs / "started").unlink()
    assert why(guild.read_runs(guild_run)) == "it has no time of its start"


@pytest.mark.parametrize("text", ["'", "a b c", "script:x '' '' ''"])
def test_a_run_of_guild_that_does_not_say_of_what(text: str, guild_run: Path) -> None:
    (guild_run / ".guild" / "opref").write_text(text)
    assert why(guild.read_runs(guild_run)) == "'opref' is not as Guild writes it"


def test_a_model_and_metrics_of_folders(guild_run: Path, tmp_path: Path) -> None:
    (guild_run / ".guild" / "opref").write_text("package:p 1.0 model train")
    events = next(lay_out("tb", tmp_path).glob("train/*"))
    (guild_run / "logs").mkdir()
    (guild_run / "logs" / events.name).write_bytes(events.read_bytes())
    run = only(guild.read_runs(guild_run))
    assert run.operation == "model:train"
    assert set(run.metrics.summaries()) == {"loss", "logs#loss"}


# -- Gage --------------------------------------------------------------------------------------


def test_where_runs_of_gage_are(gage_run: Path, tmp_path: Path) -> None:
    run_dir = gage_run.with_name(gage_run.name.removesuffix(".meta"))
    assert only(gage.read_runs(run_dir)).id == run_dir.name
    assert only(gage.read_runs(gage_run)).id == run_dir.name
    (tmp_path / "project" / ".gage").mkdir(parents=True)
    gage_run.parent.rename(tmp_path / "project" / ".gage" / "runs")
    assert len(list(gage.read_runs(tmp_path / "project"))) == 3
    assert not gage.is_here(tmp_path)


def test_metadata_of_gage_that_is_damaged(gage_run: Path) -> None:
    write_files(
        gage_run,
        {
            "config.json": "{",
            "summary.json": json.dumps({"metrics": {"bad": "x"}, "attributes": 1}),
            "proc/cmd.json": '["python", 1]',
            "proc/exit": "-9",
            "opref": "2 digits train 1.0 b",
            "output/20_runtime": "installed\n",
            "log/patched": "+" * 70_000,
        },
    )
    run = only(gage.read_runs(gage_run))
    assert (run.argv, run.shell, run.config) == (["python"], False, {})
    assert (run.status, run.exit_code) == ("terminated", None)
    assert run.attributes["version"] == "1.0 b"
    assert run.left_out == [
        "metric 'bad', which is no number",
        "what the settings changed in its files",
        "what other phases printed: 20_runtime",
        "'config.json' is not JSON",
    ]
    (gage_run / "proc" / "exit").unlink()
    assert only(gage.read_runs(gage_run)).ended is None
    (gage_run / "proc" / "cmd.json").write_text("1")
    assert only(gage.read_runs(gage_run)).argv == []


@pytest.mark.parametrize("text", ["1 digits", "2 digits", "2 digits ", "1  train", "1 a b 1.0"])
def test_a_run_of_gage_that_does_not_say_of_what(text: str, gage_run: Path) -> None:
    (gage_run / "opref").write_text(text)
    assert why(gage.read_runs(gage_run)) == "'opref' is not as Gage writes it"


def test_a_run_of_another_gage(gage_run: Path) -> None:
    (gage_run / "opref").write_text("3 digits train")
    assert why(gage.read_runs(gage_run)) == "'opref' is of schema '3', and only 1 and 2 are known"
    (gage_run / "opref").unlink()
    assert why(gage.read_runs(gage_run)) == "it has no readable 'opref'"


def test_what_people_said_in_gage(gage_run: Path) -> None:
    user = gage_run.with_name(gage_run.name.replace(".meta", ".user"))
    write_files(
        user,
        {
            "1.json": "{",
            "2.json": "[]",
            "3.json": json.dumps({"set": {"kind": "big", "gone": 1, "comment:1": 5}}),
            "4.json": json.dumps({"set": {"comment:2": {"msg": "hm"}}, "delete": ["gone", 1]}),
            "5.json": json.dumps({"set": 1, "delete": 1}),
        },
    )
    run = only(gage.read_runs(gage_run))
    assert (run.label, run.attributes["kind"]) == ("first", "big")
    assert "gone" not in run.attributes
    assert run.comments == ["ana: as it was", "hm"]
    assert run.left_out == ["'1.json' of what was said of it, which is damaged"]


def test_runs_of_gage_without_their_files(gage_run: Path) -> None:
    run_dir = gage_run.with_name(gage_run.name.removesuffix(".meta"))
    run_dir.rename(run_dir.with_name("elsewhere"))
    run = only(gage.read_runs(gage_run))
    assert run.left_out == ["its files, which are not there"]
    deleted = gage_run.rename(gage_run.with_name(f"{gage_run.name}.deleted"))
    reasons = [each.reason for each in gage.read_runs(deleted.parent) if isinstance(each, Unread)]
    assert "it is deleted" in reasons


def test_archives_of_gage_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "abc.meta.zip"
    path.write_bytes(b"PK")
    assert why(gage.read_runs(tmp_path)).startswith("'abc.meta.zip' cannot be read: ")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("opref", "2 a b" + " " * (17 << 20))
    assert why(gage.read_runs(tmp_path)) == "'opref' is larger than 16 MiB"
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    # A way to compress that nobody knows.
    path.write_bytes(data[: at + 10] + b"\x63\x00" + data[at + 12 :])
    assert "compression method is not supported" in why(gage.read_runs(tmp_path))


# -- MLflow ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "'meta.yaml' holds no names and values"),
        ("run_id: 1", "'meta.yaml' has no 'start_time'"),
        ("name: x", "'meta.yaml' has no 'run_id'"),
        ("run_id: abc", "'meta.yaml' has no 'start_time'"),
        ("run_id: abc\nstart_time: 1\nstatus: 9", "'meta.yaml' has a 'status' that is none: 9"),
        ("run_id: 'a\n", "'meta.yaml': "),
    ],
)
def test_what_mlflow_does_not_write(text: str, reason: str, mlflow_run: Path) -> None:
    (mlflow_run / "meta.yaml").write_text(text)
    reasons = [
        each.reason for each in mlflow.read_runs(mlflow_run.parent) if isinstance(each, Unread)
    ]
    assert any(each.startswith(reason) for each in reasons)


def test_runs_of_mlflow_in_other_ways(mlflow_run: Path) -> None:
    meta = (mlflow_run / "meta.yaml").read_text().replace("run_id", "run_uuid")
    where = "s3://ana:pw@bucket/x"
    lines = [line for line in meta.splitlines() if not line.startswith("artifact_uri")]
    (mlflow_run / "meta.yaml").write_text("\n".join([*lines, f"artifact_uri: {where}"]))
    write_files(
        mlflow_run,
        {
            "metrics/loss": "1 0.5\nx\n1 nan 0\n\n",
            "tags/mlflow.source.git.commit": "HEAD",
            "tags/git-gage.tags": "{",
            "tags/git-gage.comments": "1",
            "inputs/x/meta.yaml": "",
            "params/list": "[1",
            "params/many": "x" * 70_000,
        },
    )
    os.remove(mlflow_run / "tags" / "mlflow.source.name")
    os.symlink("/etc/hostname", mlflow_run / "params" / "host")
    run = only(mlflow.read_runs(mlflow_run))
    assert run.operation == "digits"
    assert run.source == {}
    assert (run.config["list"].text, "host" in run.config) == ("[1", False)
    assert run.left_out == [
        "2 values of metrics without a number",
        "1 value too long, too many or of no plain type",
        "artifacts at s3://bucket/x",
        "datasets that it used",
    ]
    (mlflow_run.parent / "meta.yaml").write_text("name: 1\n")
    assert "experiment" not in only(mlflow.read_runs(mlflow_run)).attributes
    (mlflow_run / "tags" / "bad").write_bytes(b"\xff")
    assert why(mlflow.read_runs(mlflow_run)) == "'bad' is not text in UTF-8"


def test_a_run_in_mlflow_that_was_ours_by_an_odd_id(mlflow_run: Path) -> None:
    write_files(mlflow_run, {"tags/git-gage.run": "ILOU"})
    run = only(mlflow.read_runs(mlflow_run))
    assert (run.tool, run.id, run.label) == ("git-gage", "ILOU", "bold-ant-1")


def test_links_are_not_followed(mlflow_run: Path, tmp_path: Path) -> None:
    meta = mlflow_run / "meta.yaml"
    meta.rename(tmp_path / "meta.yaml")
    meta.symlink_to(tmp_path / "meta.yaml")
    assert why(mlflow.read_runs(mlflow_run)) == "'meta.yaml' cannot be read: it is a symbolic link"


def test_a_store_without_runs(tmp_path: Path) -> None:
    assert not mlflow.is_here(tmp_path / "nowhere")
    write_files(tmp_path, {"mlruns/0/meta.yaml": "name: Default\n", "mlruns/models/x": ""})
    assert mlflow.is_here(tmp_path)
    assert list(mlflow.read_runs(tmp_path)) == []


def own_run(**changes: Any) -> OwnRun:
    document = {
        "id": "01jdabcdef" + "0" * 20,
        "name": "old-fox",
        "operation": "train",
        "label": None,
        "started": "2026-01-02T03:04:05.000Z",
        "ended": None,
        "status": "running",
        "tags": [],
        "comments": [],
        "attributes": {},
        "config": {},
        "metrics": {},
        "summaries": {},
        "author": None,
        "source": {"commit": None, "branch": None, "remote": None},
        **changes,
    }
    return OwnRun(document, {"loss": Series([1], [0.5], [1.0], 9)}, None, ())


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    run = own_run(config={"a": 1, "a/b": 2, "..": 3, "c:d": None})
    written = mlflow.write_runs(iter([run]), tmp_path)
    assert written == Written(count=1, renamed=1, left_out=2, clipped=1)
    params = {path.name: path.read_text() for path in tmp_path.glob("*/*/params/*")}
    assert params == {"a": "1", "c_d": "null"}


def test_a_run_without_a_step_or_an_end(tmp_path: Path) -> None:
    summaries = {"best": {"last_step": None}, "odd": {"last_step": 1}}
    settings = {"on": True, "name": "x", "lr": 0.1}
    run = own_run(
        config=settings, metrics={"best": 0.5, "odd": "9007199254740993"}, summaries=summaries
    )
    assert dict(run.points()).keys() == {"loss", "best"}
    assert tensorboard.write_runs(iter([run]), tmp_path).count == 1
    read = only(tensorboard.read_runs(tmp_path))
    assert read.metrics.summaries()["best"]["last"] == 0.5


# -- which tool --------------------------------------------------------------------------------


def test_event_files_that_cannot_be_read(tmp_path: Path) -> None:
    folder = lay_out("tb", tmp_path)
    for path in folder.glob("train/*"):
        path.write_bytes(path.read_bytes()[:-3])
    told = {each.operation: each.left_out for each in tensorboard.read_runs(folder)}  # type: ignore[union-attr]
    assert told["train"][0].endswith("left out its last record, which is not whole")
    assert told["eval"] == []
    gone = [Path("/nowhere/events.out.tfevents.1")]
    with pytest.raises(BrokenError, match="cannot be read: no such file"):
        tensorboard.read_events(gone, Metrics(), [])


def test_a_folder_with_a_name_of_its_own(tmp_path: Path) -> None:
    folder = lay_out("tb", tmp_path)
    (folder / "a").mkdir()
    (folder / "train").rename(folder / "a" / "train")
    labels = {each.operation: each.label for each in tensorboard.read_runs(folder)}  # type: ignore[union-attr]
    assert labels == {"train": "a/train", "eval": None}
    assert only(tensorboard.read_runs(folder / "eval")).operation == "eval"


def test_runs_of_wandb_with_tensorboard_in_them(tmp_path: Path) -> None:
    project = lay_out("wandb", tmp_path).parent
    lay_out("tb", project)
    assert found.find_forms(project, lambda _: pytest.fail("no repository is asked")) == ["wandb"]
