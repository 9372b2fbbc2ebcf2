"""`git gage import`: what other tools recorded is here, once, and says where it comes from."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bench.events import make_bytes, make_event, make_record, make_scalar
from git_gage.formats import tensorboard
from git_gage.formats.written import copy_file
from git_gage.records import short_id
from git_gage.runs import importing
from git_gage.trust.errors import SigningError
from tests.foreign import DVC_BUNDLE, lay_out
from tests.support import gage, gage_inside, git, make_repo, ways, write_files

MLFLOW_RUN = "f5e357bcb1984e6a9a7bc297a3a66a07"


def documents(repo: Path) -> dict[str, dict[str, Any]]:
    """All runs, by their label, else by what they were called before."""
    done = gage_inside(repo, "list", "--all", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    return {each["label"] or each["imported"]["id"]: each for each in found}


def bring(repo: Path, *words: str | Path) -> str:
    done = gage_inside(repo, "import", *map(str, words))
    assert done.code == 0, done.err
    return done.out


def series(repo: Path, run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gage_inside(repo, "series", run, "--json").out)
    return found


def test_a_store_of_mlflow_is_imported_once(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    done = gage_inside(repo, "import", str(store))
    assert done.out.startswith("Imported 3 runs\nNever carried from mlflow: registered models,")
    assert done.err.startswith("warning: not imported: '")
    assert "it is deleted" in done.err
    assert bring(repo, store) == "Imported 0 runs, 3 were here\n"
    found = documents(repo)
    first = found["bold-ant-1"]
    assert first["config"] == {"layers": [1, 2], "lr": 0.1, "name": "ünï"}
    assert first["metrics"] == {"loss": 0.3333333333333333, "val/acc": 0.5}
    assert first["summaries"]["loss"]["min_step"] == 2
    assert (first["status"], first["exit_code"]) == ("completed", None)
    assert first["started"] == "2026-11-28T21:56:21.566Z"
    assert (first["ended"], first["duration_s"]) == ("2026-11-28T21:56:21.621Z", 0.055)
    assert first["attributes"]["team"] == "vision"
    assert first["attributes"]["experiment"] == "digits"
    assert [each["text"] for each in first["comments"]] == ["A first try,\nwith two lines."]
    assert first["source"]["commit"] == "6cd15837eb0aed8c985d66029fb80b4c5837e5f2"
    assert first["source"]["remote"] == "https://example.com/digits.git"
    assert (first["source"]["snapshot"], first["source"]["digest"]) == (None, None)
    assert first["author"]["name"] == "Ana"
    imported = first["imported"]
    assert (imported["tool"], imported["id"]) == ("mlflow", MLFLOW_RUN)
    assert (imported["user"], imported["left_out"]) == ("ana", [])
    assert first["generated"] == {"files": 1, "bytes": 6}
    points = series(repo, first["id"])
    assert points["loss"]["values"] == [1, 0.5, 0.3333333333333333]
    assert points["loss"]["times"] == [0.013, 0.014, 0.014]
    assert points["val/acc"]["values"] == ["nan", 0.5]
    assert found["failing"]["status"] == "error"
    assert found["failing"]["config"] == {"lr": 0.001}
    assert found["child"]["metrics"] == {"loss": "inf"}
    copied = repo / ".git" / "gage" / "runs" / first["id"] / "notes" / "hello.txt"
    assert copied.read_text() == "hello\n"
    assert not list((repo / ".git" / "gage" / "state").iterdir())


def test_a_page_says_what_is_known_and_what_is_not(repo: Path, tmp_path: Path) -> None:
    bring(repo, lay_out("wandb", tmp_path))
    run = documents(repo)["bold-ant-1"]["id"]
    page = gage_inside(repo, "show", run).out
    assert "imported     from wandb 20261128_215623-1cmo9il1\n" in page
    assert "not carried  1 symbolic link\n             1 alert\n" in page
    assert "source       6cd1583, as wandb says\n" in page
    assert "output       3 lines, 24 bytes" in page
    assert "as wandb says" in gage_inside(repo, "report", run).out
    checks = json.loads(gage_inside(repo, "check", run, "--json").out)
    told = {each["name"]: (each["verdict"], each["text"]) for each in checks["checks"]}
    assert told["source"] == ("not here", "another tool ran it, and has not kept its files")
    assert told["repeat"] == ("not here", "another tool ran it")
    assert told["output"][0] == "ok"
    refused = gage_inside(repo, "restart", run)
    assert refused.code == 128
    assert "was recorded by another tool: what it did cannot be done again" in refused.err
    assert "hint: see what is known of it with 'git gage show" in refused.err


def test_runs_of_wandb(repo: Path, tmp_path: Path) -> None:
    out = bring(repo, lay_out("wandb", tmp_path).parent)
    assert "Not carried, of 1 run: 1 artifact logged\n" in out
    found = documents(repo)
    first = found["bold-ant-1"]
    assert first["operation"] == "run.py"
    assert first["command"]["argv"] == ["/srv/digits/run.py", "lr=0.1"]
    assert first["config"] == {"lr": 0.1, "layers": [1, 2], "opt.name": "adam", "opt.beta": 0.9}
    assert first["metrics"] == {"best": 0.5, "loss": "nan", "val.acc": 0.6666666666666666}
    assert first["tags"] == ["baseline", "gpu"]
    assert first["attributes"] == {"group": "g1", "note": "a text"}
    assert first["environment"]["host"] == "lab"
    assert first["environment"]["python"] == "3.11.7"
    assert len(first["environment"]["packages"]) == 3
    assert series(repo, first["id"])["loss"]["steps"] == [0, 1, 2, 10]
    assert gage_inside(repo, "output", first["id"]).out == "epoch 0\nepoch 1\nepoch 2\n"
    failing = found["failing"]
    assert (failing["status"], failing["exit_code"]) == ("error", 1)
    assert failing["duration_s"] == 0.148


def test_runs_of_guild(repo: Path, tmp_path: Path) -> None:
    done = gage_inside(repo, "import", str(lay_out("guild", tmp_path)))
    assert done.out.startswith("Imported 2 runs\n")
    assert "f215a4ce2956448b91bdb9879b5443b1': it has not started\n" in done.err
    found = documents(repo)
    first = found["first"]
    assert (first["operation"], first["exit_code"]) == ("train.py", 0)
    assert first["config"] == {"lr": 0.2}
    assert first["summaries"]["loss"]["count"] == 3
    assert (first["tags"], first["comments"][0]["text"]) == (["base"], "ana: as it was")
    assert first["source"]["dirty"] is False
    assert first["environment"]["cpus"] == 2
    assert first["environment"]["packages"]["absl-py"] == "2.5.1"
    assert gage_inside(repo, "output", first["id"]).out.startswith("step: 0\nloss: 0.2\n")
    files = json.loads(gage_inside(repo, "show", first["id"], "--files", "--json").out)["files"]
    assert [each["path"] for each in files] == ["model.txt", "train.py"]
    failing = found["96dd045098894f0ab7e53daaab28d632"]
    assert (failing["status"], failing["exit_code"]) == ("error", 1)


@pytest.mark.parametrize("form", ["gage-zip", "gage-dir", "gage-0.1.2"])
def test_runs_of_gage(form: str, repo: Path, tmp_path: Path) -> None:
    done = gage_inside(repo, "import", str(lay_out(form, tmp_path)))
    assert done.out.startswith("Imported 2 runs\n")
    assert "it has not started" in done.err
    first = documents(repo)["first"]
    assert first["operation"] == "train"
    assert (first["command"]["argv"], first["command"]["shell"]) == (["python train.py"], True)
    assert first["config"] == {"lr": 0.3}
    assert first["metrics"] == {"acc": 0.9, "loss": 0.5}
    assert first["attributes"]["kind"] == "small"
    assert [each["text"] for each in first["comments"]] == ["ana: as it was"]
    assert first["generated"]["files"] == 4
    record = json.loads(gage_inside(repo, "show", first["id"], "--history", "--json").out)
    begin = next(each for each in record["history"] if each["kind"] == "run.begin")
    body = json.loads(gage_inside(repo, "record", begin["record"], "--json").out)["body"]
    assert "-lr = 0.1\n+lr = 0.3\n" in body["config_diff"]


def test_a_folder_of_tensorboard(repo: Path, tmp_path: Path) -> None:
    bring(repo, lay_out("tb", tmp_path))
    found = {each["operation"]: each for each in documents(repo).values()}
    assert found["train"]["summaries"]["loss"]["count"] == 3
    assert found["train"]["status"] == "terminated"
    assert found["train"]["reason"] == "TensorBoard does not say how it ended"
    assert found["eval"]["metrics"] == {"acc": 0.5}
    assert found["eval"]["started"] == "2025-11-24T16:00:00.000Z"


EVENTS = "events.out.tfevents.1795903002.lab"
BEGAN = 1795903002.25


def log(folder: Path, began_s: float, *losses: float, name: str = EVENTS) -> Path:
    """Event files as tensorboardX names them, which says no more than the second and the host."""
    folder.mkdir(parents=True, exist_ok=True)
    first = b"\x09" + struct.pack("<d", began_s) + make_bytes(3, b"brain.Event:2")
    events = [
        make_event(make_scalar("loss", loss), step=step, time_s=began_s + step + 0.001)
        for step, loss in enumerate(losses)
    ]
    (folder / name).write_bytes(b"".join(map(make_record, [first, *events])))
    return folder


def test_runs_of_tensorboard_that_began_in_the_same_second(repo: Path, tmp_path: Path) -> None:
    for number, run in enumerate(("a", "b")):
        log(tmp_path / "tb" / run, BEGAN + number / 1e6, 0.5)
    assert bring(repo, "-n", tmp_path / "tb").startswith("Would import 2 runs\n")
    body = json.loads(bring(repo, tmp_path / "tb", "--json"))
    assert (len(body["imported"]), body["here"], body["not_imported"]) == (2, [], [])
    # They go on: more lines, and one more file.
    log(tmp_path / "tb" / "a", BEGAN, 0.5, 0.25)
    log(tmp_path / "tb" / "b", BEGAN + 60, 0.1, name="events.out.tfevents.1795903062.lab")
    assert bring(repo, tmp_path / "tb") == "Imported 0 runs, 2 were here\n"
    # A colleague keeps a copy of one elsewhere.
    shutil.copytree(tmp_path / "tb" / "b", tmp_path / "mine" / "best")
    assert bring(repo, tmp_path / "mine") == "Imported 0 runs, 1 was here\n"


def test_a_file_without_scalars_does_not_tell_a_run_of_tensorboard(
    repo: Path, tmp_path: Path
) -> None:
    folder = log(tmp_path / "tb" / "a", BEGAN, 0.5)
    log(folder, BEGAN - 1, name="events.out.tfevents.1795903001.lab.profile-empty")
    log(tmp_path / "tb" / "none", BEGAN)
    timeless = make_record(make_event(make_scalar("loss", 0.5)))
    (log(tmp_path / "tb" / "never", BEGAN) / EVENTS).write_bytes(timeless)
    done = gage_inside(repo, "import", str(tmp_path / "tb"))
    assert done.out.startswith("Imported 1 run\n")
    assert "tb/never': its event files have no scalars with a time\n" in done.err
    assert "tb/none': its event files have no scalars with a time\n" in done.err
    (folder / "events.out.tfevents.1795903001.lab.profile-empty").unlink()
    assert bring(repo, folder) == "Imported 0 runs, 1 was here\n"


def test_a_run_of_tensorboard_that_an_earlier_version_imported(repo: Path, tmp_path: Path) -> None:
    log(tmp_path / "tb" / "a", BEGAN, 0.5)
    with patch.object(tensorboard, "_identify", lambda paths: paths[0].name):
        bring(repo, tmp_path / "tb")
    # That version took these for the first one, and left them out.
    log(tmp_path / "tb" / "b", BEGAN + 1e-6, 0.5)
    log(tmp_path / "tb" / "c", BEGAN + 0.125, 0.5)
    assert bring(repo, tmp_path / "tb").startswith("Imported 2 runs, 1 was here\n")
    assert bring(repo, tmp_path / "tb") == "Imported 0 runs, 3 were here\n"


def test_a_run_that_lies_there_twice_is_imported_once(repo: Path, tmp_path: Path) -> None:
    first = log(tmp_path / "tb" / "a", BEGAN, 0.5)
    shutil.copytree(first, tmp_path / "tb" / "copy")
    done = gage_inside(repo, "import", str(tmp_path / "tb"), str(first))
    assert done.out.startswith("Imported 1 run\nNever carried")
    told = f"not imported: '{tmp_path}/tb/copy': it is the same run as '{first}'\n"
    assert done.err == f"warning: {told}"
    assert bring(repo, tmp_path / "tb") == "Imported 0 runs, 1 was here\n"


@pytest.mark.parametrize("deed", ways("archive", "rm"))
@pytest.mark.parametrize("form", ["mlruns", "tb", "guild", "jsonl"])
def test_what_was_put_away_is_not_imported_again(
    form: str, deed: str, repo: Path, tmp_path: Path
) -> None:
    """Ana tidies up, and imports what her other tool has recorded since."""
    store = tmp_path / "runs.jsonl" if form == "jsonl" else lay_out(form, tmp_path)
    if form == "jsonl":
        other = make_repo(tmp_path / "other")
        assert gage_inside(other, "run", "-q", "train.py").code == 0
        assert gage_inside(other, "export", "@", "--format", "jsonl", "-o", str(store)).code == 0
    found = json.loads(bring(repo, store, "--json"))
    assert found["put_away"] == []
    count = len(found["imported"])
    first = found["imported"][0]
    assert gage_inside(repo, deed, first, "-y").code == 0
    again = gage_inside(repo, "import", str(store))
    were = "1 was" if count == 1 else f"{count} were"
    assert again.out == f"Imported 0 runs, {were} here (1 run put away)\n"
    assert f"hint: list again what was put away: git gage restore {short_id(first)}\n" in again.err
    assert json.loads(bring(repo, store, "--json"))["put_away"] == [first]


def test_times_that_no_calendar_has(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    meta = next(store.glob(f"*/{MLFLOW_RUN}/meta.yaml"))
    meta.write_text(
        meta.read_text().replace("end_time: 1795902981621", "end_time: 999999999999999")
    )
    folder = log(tmp_path / "tb" / "a", 5e11, 0.5)
    for path in (meta.parent, folder):
        done = gage_inside(repo, "import", str(path))
        assert (done.code, done.out) == (1, "Imported 0 runs\n")
        assert done.err == f"warning: not imported: '{path}': it has a time after the year 9999\n"


def test_experiments_of_dvc_are_read_by_git_alone(repo: Path, tmp_path: Path) -> None:
    git(repo, "fetch", "-q", str(DVC_BUNDLE), "refs/exps/*:refs/exps/*")
    mirror = tmp_path / "mirror.git"
    git(tmp_path, "clone", "-q", "--mirror", str(repo), str(mirror))
    assert bring(repo, "-n", mirror).startswith("Would import 2 runs\n")
    assert "Not carried, of 2 runs: 1 output in DVC's cache: model.txt\n" in bring(repo, ".")
    first = documents(repo)["bold-ant"]
    assert (first["operation"], first["status"]) == ("train", "completed")
    assert first["command"]["argv"] == ["python train.py"]
    assert first["config"] == {"train.lr": 0.2, "train.layers": [1, 2]}
    assert first["metrics"] == {"loss": 0.06666666666666667, "val.acc": 0.5}
    assert series(repo, first["id"])["loss"]["steps"] == [0, 1, 2]
    assert first["duration_s"] is None
    assert git(repo, "show", f"{first['source']['commit']}:params.yaml").startswith("train:")
    assert "took" not in gage_inside(repo, "show", first["id"]).out
    # Another repository's are read from there.
    other = make_repo(tmp_path / "other")
    assert bring(other, "--format", "dvc", repo).startswith("Imported 2 runs\n")
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    refused = gage_inside(repo, "import", "--format", "dvc", str(nowhere))
    assert refused.code == 1
    assert f"not imported: '{nowhere}': not a git repository" in refused.err


def test_a_project_with_several_tools(repo: Path, tmp_path: Path) -> None:
    for name in ("mlruns", "wandb", "tb"):
        lay_out(name, tmp_path / "project")
    # That is no repository: there are no experiments in it.
    write_files(tmp_path / "project", {".git": "gitdir: /nowhere\n"})
    write_files(tmp_path / "none", {".git": "gitdir: /nowhere\n"})
    refused = gage_inside(repo, "import", str(tmp_path / "none"))
    assert (refused.code, "not a git repository" in refused.err) == (128, True)
    out = bring(repo, tmp_path / "project")
    assert out.startswith("Imported 5 runs\n")
    assert "Never carried from mlflow" in out
    assert "Never carried from wandb" in out


def test_what_would_be_imported(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    done = gage_inside(repo, "import", "-n", str(store))
    assert done.out.startswith("Would import 3 runs\n")
    assert gage_inside(repo, "list").err.startswith("no runs here yet")
    body = json.loads(bring(repo, store, "--json"))
    assert len(body["imported"]) == 3
    assert body["not_imported"][0]["reason"] == "it is deleted"
    assert set(body["never_carried"]) == {"mlflow"}
    again = json.loads(bring(repo, store, "--json"))
    assert (again["imported"], set(again["here"])) == ([], set(body["imported"]))


def test_what_is_nothing_to_import(repo: Path, tmp_path: Path) -> None:
    absent = gage_inside(repo, "import", "nowhere")
    assert (absent.code, absent.err) == (128, f"fatal: 'nowhere' is not there\nhint: ls {repo}\n")
    unknown = gage_inside(repo, "import", ".")
    assert unknown.code == 128
    assert "nothing in '.' is known to be of a tool whose runs can be imported" in unknown.err
    assert gage_inside(repo, "import", "train.py").code == 128
    assert gage_inside(repo, "import").code == 129
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    assert gage_inside(repo, "backup", "../a b.tar").code == 0
    saved = gage_inside(repo, "import", "../a b.tar")
    assert saved.code == 128
    assert saved.err.endswith("hint: if it is a backup: git gage restore --from '../a b.tar'\n")


def test_many_that_are_not_imported_are_told_by_their_number(repo: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"mlruns/0/meta.yaml": "name: Default\n"})
    for number in range(22):
        write_files(tmp_path, {f"mlruns/0/{number}/meta.yaml": "lifecycle_stage: deleted\n"})
    done = gage_inside(repo, "import", str(tmp_path / "mlruns"))
    assert (done.code, done.out) == (1, "Imported 0 runs\n")
    assert done.err.endswith("and 2 more that are not imported: see them with '--json'\n")


def test_a_run_that_goes_on_is_imported_when_it_is_over(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    meta = next(store.glob(f"*/{MLFLOW_RUN}/meta.yaml"))
    text = meta.read_text().replace("status: 3", "status: 1")
    meta.write_text(text.replace("end_time: 1795902981621", "end_time: null"))
    # Its last metric is old, and a file has just been written.
    done = gage_inside(repo, "import", str(meta.parent))
    assert (done.code, done.out) == (1, "Imported 0 runs\n")
    assert "it seems to go on: its end is not recorded" in done.err
    with patch.object(importing, "QUIET_S", -1e12):
        bring(repo, meta.parent)
    run = documents(repo)["bold-ant-1"]
    assert (run["status"], run["reason"]) == ("terminated", "its end is not recorded")
    assert (run["ended"], run["duration_s"]) == ("2026-11-28T21:56:21.581Z", None)


def test_secrets_are_covered(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    run = next(store.glob(f"*/{MLFLOW_RUN}"))
    token = "ghp_" + "k7Rw2mXq9ZtB4nVcY8sLdF3hJ6pGa1Ue5QoT"
    write_files(
        run,
        {
            "params/api_key": "fk39dkJ2kd9sk2Kd0s",
            "tags/team": token,
            "tags/mlflow.note.content": f"with {token}",
            "params/url": "https://ana:pw2Fd93kds@example.com/x",
        },
    )
    done = gage_inside(repo, "import", str(store))
    assert "a secret in config.api_key, config.url is not in the record" in done.err
    found = documents(repo)["bold-ant-1"]
    assert found["config"]["api_key"] == "***"
    assert "pw2Fd93kds" not in json.dumps(found)
    assert token not in json.dumps(found)
    assert found["masked"] == ["config.api_key", "config.url"]


def test_imported_runs_are_taken_out_and_kept_private_like_others(
    repo: Path, tmp_path: Path
) -> None:
    bring(repo, lay_out("mlruns", tmp_path))
    one, two, three = documents(repo).values()

    def said(*words: str, code: int = 0) -> str:
        done = gage_inside(repo, *words)
        assert done.code == code, done.err
        return done.err

    said("private", one["id"])
    said("private", "-d", one["id"])
    said("redact", one["id"], code=128)
    source = said("redact", one["id"], "--source", code=128)
    assert f"run {one['id'][10:17]} has no source that could go" in source
    said("redact", one["id"], "--run", "-y")
    said("purge", two["id"], "--force")
    place = tmp_path / "place"
    said("copy", "--all", "--to", str(place), "-y")
    left = json.loads(gage_inside(repo, "list", "--remote", str(place), "--json").out)
    assert [each["id"] for each in left] == [three["id"]]


def test_a_kill_half_way_leaves_a_run_that_says_so(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    run = next(store.glob(f"*/{MLFLOW_RUN}"))
    with patch.object(importing, "close_run", side_effect=KeyboardInterrupt):
        assert gage_inside(repo, "import", str(run)).code == 130
    half = documents(repo)[MLFLOW_RUN]
    assert half["reason"] == "git-gage was killed while it imported this run"
    assert half["metrics"] == {}
    assert bring(repo, run).startswith("Imported 1 run\n")
    assert documents(repo)["bold-ant-1"]["metrics"]["loss"] == 0.3333333333333333
    assert bring(repo, run) == "Imported 0 runs, 1 was here\n"


def test_files_that_cannot_be_read_are_told(repo: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    run = next(store.glob(f"*/{MLFLOW_RUN}"))
    write_files(run, {"artifacts/gone.txt": "x"})
    real = copy_file

    def copy(source: Path, target: Path) -> None:
        if source.name == "gone.txt":
            raise FileNotFoundError(2, "No such file or directory")
        real(source, target)

    with patch.object(importing, "copy_file", copy):
        out = bring(repo, run)
    assert "Not carried, of 1 run: 'gone.txt': no such file or directory\n" in out
    assert documents(repo)["bold-ant-1"]["generated"]["files"] == 1


def test_what_is_too_long_or_leads_elsewhere(repo: Path, tmp_path: Path) -> None:
    run = lay_out("guild", tmp_path) / "22487fc74c04429b842ca4c4b334f5ab"
    output = run / ".guild" / "output"
    output.unlink()
    (tmp_path / "private").write_text("mine\n")
    output.symlink_to(tmp_path / "private")
    write_files(run, {".guild/attrs/cmd": json.dumps(["x" * 9000])})
    out = bring(repo, run)
    assert "Not carried, of 1 run: what it printed: 'output' cannot be read: it is a" in out
    assert "Not carried, of 1 run: its command, which is too long\n" in out
    found = documents(repo)["first"]
    assert (found["command"]["argv"], found["output"]) == ([], None)


def test_a_key_that_fails_after_the_record(repo: Path, tmp_path: Path) -> None:
    store = lay_out("wandb", tmp_path)
    with patch.object(importing, "describe_run", side_effect=SigningError("no agent")):
        done = gage_inside(repo, "import", str(store))
    assert done.out.startswith("Imported 2 runs\n")
    assert "has not all of its label, tags and comments: no agent\n" in done.err


def test_runs_are_kept_where_the_user_says(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "gage.runsDir", str(tmp_path / "kept"))
    bring(repo, lay_out("guild", tmp_path))
    run = documents(repo)["first"]["id"]
    assert (tmp_path / "kept" / run / "model.txt").read_text() == "weights\n"
    assert os.path.realpath(repo / ".git/gage/runs" / run) == str(tmp_path / "kept" / run)


def test_as_a_user_types_it(repo: Path, tmp_path: Path) -> None:
    shutil.copytree(lay_out("guild", tmp_path), repo / "runs")
    done = gage(repo, "import", "runs")
    assert done.out.startswith("Imported 2 runs\n"), done.err
    assert "from guild" in gage(repo, "show").out
