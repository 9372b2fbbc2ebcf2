"""`git gage export --format …`: others read it, and what can be read back is what it was."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from git_gage.cli.export import FORMS
from git_gage.formats import tensorboard
from git_gage.formats.ro_crate import _DOCUMENT
from git_gage.metrics.events import EventTail
from tests.foreign import lay_out
from tests.support import Result, commit, gage_inside, git, make_repo, write_files

SCRIPT = """\
import json, os
lr = 0.1
name = "a, b"
with open(os.environ["GAGE_METRICS_FILE"], "a") as file:
    for step in range(3):
        print(json.dumps({"step": step, "loss": lr / (step + 1), "val/acc": step / 3}), file=file)
    print(json.dumps({"step": 3, "loss": float("nan"), "bad:name": 1}), file=file)
with open(os.environ["GAGE_ATTRS_FILE"], "a") as file:
    print(json.dumps({"size": 0.5, "kind": "small", "ok": True}), file=file)
os.makedirs("out")
open("out/model.bin", "w").write("weights")
os.symlink("model.bin", "out/last")
print("done")
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a project with two runs, of which people have said something."""
    return tmp_path_factory.mktemp("export")


@pytest.fixture
def project(told: Path) -> Path:
    """The project; it is made once, and no test writes to it."""
    repo = told / "repo"
    if repo.exists():
        return repo
    make_repo(repo, files={"train.py": SCRIPT})
    git(repo, "remote", "add", "origin", "https://example.com/x.git")
    assert (
        gage_inside(repo, "run", "-q", "-l", "first", "-t", "good", "train.py", "lr=0.3").code == 0
    )
    assert gage_inside(repo, "comment", "@", "-m", "as it\nshould be").code == 0
    assert gage_inside(repo, "set", "@", "note=5").code == 0
    assert gage_inside(repo, "run", "-q", "--", "sh", "-c", "exit 3").code == 3
    return repo


def export(where: Path, *words: str | Path) -> Result:
    return gage_inside(where, "export", *map(str, words))


def documents(repo: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gage_inside(repo, "list", "--all", "--json").out)
    return found


def require_same_values(repo: Path, other: Path, *parts: str) -> None:
    """Runs of two repositories, newest first, are the same in these parts."""
    pairs = zip(documents(repo), reversed(documents(other)), strict=True)
    for ours, theirs in pairs:
        assert {part: theirs[part] for part in parts} == {part: ours[part] for part in parts}
        shown = ("series", ours["id"], "--json"), ("series", theirs["id"], "--json")
        assert gage_inside(repo, *shown[0]).out == gage_inside(other, *shown[1]).out


def test_through_mlflow_and_back(project: Path, tmp_path: Path) -> None:
    store = tmp_path / "mlruns"
    done = export(project, "--format", "mlflow", "@", "@~1", "-o", store)
    assert done.out == (f"Wrote 2 runs to {store}\n1 name changed to what the form allows\n")
    assert "no place in mlflow for the records and their signatures" in done.err
    again = export(project, "--format", "mlflow", "@", "@~1", "-o", store)
    assert again.out == f"Wrote 0 runs to {store}, 2 were there\n"
    other = make_repo(tmp_path / "other")
    assert gage_inside(other, "import", str(store)).out.startswith("Imported 2 runs\n")
    found = {each["operation"]: each for each in documents(other)}
    ours = {each["operation"]: each for each in documents(project)}
    for name in ("train.py", "sh"):
        for part in ("config", "started", "ended", "tags", "status"):
            assert found[name][part] == ours[name][part]
    first, second = found["train.py"], ours["train.py"]
    assert (first["label"], found["sh"]["label"]) == ("first", None)
    assert [each["text"] for each in first["comments"]] == ["Ana: as it\nshould be"]
    assert {**second["attributes"], "experiment": "train.py"} == first["attributes"]
    assert (first["imported"]["tool"], first["imported"]["id"]) == ("git-gage", second["id"])
    assert first["metrics"] == {"loss": "nan", "val/acc": 2 / 3, "bad_name": 1}
    assert first["summaries"]["loss"]["min"] == 0.3 / 3
    series = json.loads(gage_inside(other, "series", first["id"], "--json").out)
    assert series["loss"]["values"] == [0.3, 0.15, 0.3 / 3, "nan"]
    assert first["source"]["commit"] == second["source"]["commit"]
    kept = other / ".git/gage/runs" / first["id"]
    assert (kept / "out/model.bin").read_text() == "weights"
    assert (kept / "output.log").read_text() == "done\n"
    # Where the runs are, they are not imported.
    assert gage_inside(project, "import", str(store)).out == "Imported 0 runs, 2 were here\n"


def test_mlflow_reads_what_is_written(project: Path, tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    export(project, "--format", "mlflow", "@", "@~1", "-o", tmp_path / "mlruns")
    with patch.dict("os.environ", MLFLOW_ALLOW_FILE_STORE="true"):
        client = mlflow.MlflowClient((tmp_path / "mlruns").as_uri())
        (experiment,) = client.search_experiments(filter_string="name = 'train.py'")
        (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.params == {"lr": "0.3", "name": "a, b"}
    assert run.data.metrics["val/acc"] == 2 / 3


def test_into_a_store_that_is_there(project: Path, tmp_path: Path) -> None:
    store = lay_out("mlruns", tmp_path)
    (folder,) = (path.parent for path in store.glob("*/meta.yaml") if path.parent.name != "0")
    meta = (folder / "meta.yaml").read_text()
    (folder / "meta.yaml").write_text(meta.replace("name: digits", "name: train.py"))
    assert export(project, "--format", "mlflow", "@~1", "-o", store).code == 0
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 5


def test_through_json_lines_and_back(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    done = export(project, "--format", "jsonl", "@", "@~1", "-o", path)
    assert done.out == f"Wrote 2 runs to {path}\n"
    other = make_repo(tmp_path / "other")
    assert gage_inside(other, "import", str(path)).out.startswith("Imported 2 runs\n")
    require_same_values(
        project,
        other,
        *("operation", "status", "exit_code", "started", "ended", "duration_s", "config"),
        *("metrics", "summaries", "attributes", "label", "tags"),
    )
    assert gage_inside(other, "import", str(path)).out == "Imported 0 runs, 2 were here\n"
    assert gage_inside(project, "import", str(path)).out == "Imported 0 runs, 2 were here\n"


def test_scalars_of_tensorboard_are_exact(project: Path, tmp_path: Path) -> None:
    done = export(project, "--format", "tensorboard", "@", "@~1", "-o", tmp_path / "tb")
    assert done.out == f"Wrote 2 runs to {tmp_path / 'tb'}\n"
    assert export(project, "--format", "tensorboard", "@~1", "-o", tmp_path / "tb").out.endswith(
        "Wrote 0 runs to " + str(tmp_path / "tb") + ", 1 was there\n"
    )
    (file,) = (tmp_path / "tb").glob("*-train.py/events.*")
    tail = EventTail(file)
    values = [scalar.value for scalar in tail.read() if scalar.name == "loss"]
    assert values[:3] == [0.3, 0.15, 0.3 / 3]
    assert math.isnan(values[3])
    tail.finish()
    assert tail.warnings() == []
    other = make_repo(tmp_path / "other")
    done = gage_inside(other, "import", str(tmp_path / "tb"))
    assert done.out.startswith("Imported 1 run\n")
    assert "-sh': its event files have no scalars with a time" in done.err


def test_tensorboard_reads_what_is_written(project: Path, tmp_path: Path) -> None:
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    export(project, "--format", "tensorboard", "@~1", "-o", tmp_path)
    (file,) = tmp_path.glob("*/events.*")
    events = list(loader.EventFileLoader(str(file)).Load())
    tags = [value.tag for event in events for value in event.summary.value]
    assert tags[0] == "_hparams_/session_start_info"
    assert tags[-1] == "_hparams_/session_end_info"
    assert tags.count("loss") == 4


def test_what_tensorboard_has_no_place_for(project: Path, tmp_path: Path) -> None:
    """All that people know a run by but its settings is in none of its files."""
    done = export(project, "--format", "tensorboard", "@~1", "-o", tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.git-gage"))
    (run,) = (each for each in documents(project) if each["label"] == "first")
    known = {
        "the name and label": [run["name"], run["label"]],
        "the command": run["command"]["argv"][-1:],
        "who ran it": [run["author"]["name"], run["author"]["email"]],
        "tags": run["tags"],
        "comments": [each["text"] for each in run["comments"]],
        "attributes": list(run["attributes"]),
    }
    for part, texts in known.items():
        assert texts, part
        assert not any(text.encode() in written for text in texts), part
        assert part in done.err.removeprefix("no place in tensorboard for ").rstrip().split(", ")


def test_tables(project: Path, tmp_path: Path) -> None:
    done = export(project, "--format", "csv", "@", "@~1")
    failed, first = csv.DictReader(io.StringIO(done.out))
    assert first["config.lr"] == "0.3"
    assert first["config.name"] == "a, b"
    assert first["metric.val/acc"] == str(2 / 3)
    assert (first["attr.ok"], first["tags"]) == ("true", "good")
    assert (failed["exit_code"], failed["config.lr"]) == ("3", "")
    assert "no place in csv for" in done.err


def test_parquet(project: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "runs.parquet"
    done = export(project, "--format", "parquet", "@", "@~1", "-o", path)
    assert done.out == f"Wrote 2 runs to {path}\n"
    failed, first = parquet.read_table(path).to_pylist()
    assert first["config.lr"] == 0.3
    assert math.isnan(first["metric.loss"])
    assert (first["exit_code"], failed["exit_code"]) == (0, 3)
    assert (first["tags"], first["attr.ok"], failed["attr.ok"]) == ("good", True, None)
    assert first["dirty"] is False
    refused = export(project, "--format", "parquet", "@~1", "-o", tmp_path / "no" / "x")
    assert refused.code == 128


@pytest.mark.parametrize("form", ["csv", "parquet", "ro-crate"])
def test_what_was_written_is_imported(project: Path, tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"runs.{form}"
    assert export(project, "--format", form, "@", "@~1", "-o", path).code == 0
    other = make_repo(tmp_path / "other")
    for words in (["-n"], []):
        done = gage_inside(other, "import", *words, str(path))
        told = "Would import" if words else "Imported"
        assert done.out.startswith(f"{told} 2 runs\n"), done
        assert f"Never carried from {form}: " in done.out
    found = {each["operation"]: each for each in documents(other)}
    ours = {each["operation"]: each for each in documents(project)}
    for name in ("train.py", "sh"):
        for part in ("config", "metrics", "started", "ended", "tags", "status", "label"):
            assert found[name][part] == ours[name][part], (name, part)
        assert found[name]["source"]["commit"] == ours[name]["source"]["commit"]
    first = found["train.py"]
    assert first["attributes"] == ours["train.py"]["attributes"]
    assert (first["imported"]["tool"], first["imported"]["user"]) == ("git-gage", "Ana")
    if form == "ro-crate":
        assert [each["text"] for each in first["comments"]] == ["Ana: as it\nshould be"]
        assert first["command"]["argv"] == ours["train.py"]["command"]["argv"]
        assert found["sh"]["reason"] == "exit code 3"
        assert gage_inside(other, "cat", f"{first['id']}:out/model.bin").out == "weights"
        assert gage_inside(other, "output", first["id"]).out == "done\n"
    else:
        assert found["sh"]["exit_code"] == 3
        assert first["environment"]["host"] == ours["train.py"]["environment"]["host"]
    # Where the runs are, and once they are, they are not imported.
    for where in (project, other):
        again = gage_inside(where, "import", "--format", form, str(path))
        assert again.out == "Imported 0 runs, 2 were here\n"


def test_a_file_with_a_secret_stays_here(tmp_path: Path) -> None:
    script = 'open("key.txt", "w").write("token = ghp_" + "7UeioEJP2NNern66nVberACpdclsxHKifxi5")'
    repo = make_repo(tmp_path / "repo", files={"train.py": f"{script}\nopen('a.txt', 'w')\n"})
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    for form in ("ro-crate", "mlflow"):
        done = export(repo, "--format", form, "@", "-o", tmp_path / form)
        assert "warning: 'key.txt' of run " in done.err
        told = "stays here: something in it looks like a secret; '--allow-secrets' takes it along"
        assert told in done.err
        names = {path.name for path in (tmp_path / form).rglob("*.txt")}
        assert names == {"a.txt"}
    done = export(repo, "--format", "ro-crate", "--allow-secrets", "@", "-o", tmp_path / "all")
    assert "key.txt" not in done.err
    assert list((tmp_path / "all").rglob("key.txt")) != []


def test_the_path_says_the_form_and_all_means_all(project: Path, tmp_path: Path) -> None:
    for suffix, form in (("csv", "csv"), ("bundle", "bundle"), ("json", "in-toto")):
        path = tmp_path / f"runs.{suffix}"
        assert export(project, "--all", "-o", path).out == f"Wrote 2 runs to {path}\n"
        starts = {"csv": b"id,name,", "bundle": b"# v2 git bundle", "in-toto": b'{"payload'}
        assert path.read_bytes().startswith(starts[form]), form
    for command in ("export", "archive"):
        for words in (["--all", "@"], ["--all", "-t", "nosuch"]):
            refused = gage_inside(project, command, *words)
            assert refused.code == 129
            assert "give runs or a filter, or '--all'" in refused.err
    for words in (["--all", "../runs.csv"], ["@", "runs.parquet"], ["@", "../a crate"]):
        refused = gage_inside(project, "export", *words)
        assert refused.code == 128
        assert f"'{words[1]}' stands where a run does" in refused.err
    assert refused.err.endswith("hint: git gage export @ -o '../a crate'\n")


def test_what_is_told_twice_is_one_run(project: Path, tmp_path: Path) -> None:
    """Whatever tells of it, in whichever order, and not after it was purged here."""
    paths = {}
    for form in ("tensorboard", "csv", "bundle"):
        paths[form] = str(tmp_path / f"runs.{form}")
        export(project, "--format", form, "@~1", "-o", paths[form])
    assert gage_inside(project, "import", paths["tensorboard"]).out.startswith(
        "Imported 0 runs, 1 "
    )
    other = make_repo(tmp_path / "other")
    done = gage_inside(other, "import", paths["csv"], paths["bundle"])
    assert done.out == "Imported 1 run, 1 was here\n"
    (run,) = (each["id"] for each in documents(other))
    assert gage_inside(other, "purge", run, "--force").code == 128  # it is not theirs
    mine = make_repo(tmp_path / "mine", files={"train.py": "print('loss: 1')"})
    assert gage_inside(mine, "run", "-q", "train.py").code == 0
    for form in ("csv", "jsonl"):
        export(mine, "--format", form, "@", "-o", tmp_path / f"mine.{form}")
    assert gage_inside(mine, "purge", "@", "--force").code == 0
    done = gage_inside(
        mine, "import", *(str(tmp_path / f"mine.{each}") for each in ("csv", "jsonl"))
    )
    assert done.out == "Imported 0 runs, 1 was purged here\n"


def test_a_bundle_brings_what_was_said_since(project: Path, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"train.py": "print('loss: 1')"})
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    other, path = make_repo(tmp_path / "other"), str(tmp_path / "a.bundle")
    export(repo, "@", "-o", path)
    assert gage_inside(other, "import", path).out == "Imported 1 run\n"
    assert gage_inside(repo, "label", "@", "--set", "good", "-y").code == 0
    Path(path).unlink()
    export(repo, "@", "-o", path)
    assert gage_inside(other, "import", "-n", path).out == (
        "Would import 0 runs and 1 update, 1 was here\n"
    )
    assert json.loads(gage_inside(other, "import", "--json", path).out)["updates"] == 1
    assert documents(other)[0]["label"] == "good"
    assert gage_inside(other, "import", path).out == "Imported 0 runs, 1 was here\n"


def test_parquet_without_pyarrow(project: Path, tmp_path: Path) -> None:
    with patch.dict(sys.modules, {"pyarrow": None}):
        refused = export(project, "--format", "parquet", "@~1", "-o", tmp_path / "x")
        (tmp_path / "runs.parquet").write_bytes(b"PAR1")
        unread = gage_inside(project, "import", str(tmp_path / "runs.parquet"))
    for each in (refused, unread):
        assert each.code == 128
        assert each.err.startswith("fatal: pyarrow is needed for parquet, and not here\nhint: pip ")


def test_a_crate_of_runs(project: Path, tmp_path: Path) -> None:
    (tmp_path / "crate").mkdir()
    done = export(project, "--format", "ro-crate", "@", "@~1", "-o", tmp_path / "crate")
    assert done.out == f"Wrote 2 runs to {tmp_path / 'crate'}\n"
    told = "goes without 1 symbolic link: the form has none"
    assert [told in line for line in done.err.splitlines()] == [True, False]
    document = json.loads((tmp_path / "crate" / _DOCUMENT).read_text())
    assert document["@context"] == "https://w3id.org/ro/crate/1.1/context"
    graph = {each["@id"]: each for each in document["@graph"]}
    assert len(graph) == len(document["@graph"])
    root = graph["./"]
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    failed, first = (graph[each["@id"]] for each in root["mentions"])
    assert first["@type"] == "CreateAction"
    assert first["name"] == "first"
    said = "Ana: as it\nshould be"
    assert (first["keywords"], first["disambiguatingDescription"]) == ("good", said)
    assert failed["actionStatus"] == {"@id": "http://schema.org/FailedActionStatus"}
    assert failed["error"] == "exit code 3"
    tool = graph[first["instrument"]["@id"]]
    assert (tool["@type"], tool["name"]) == ("SoftwareApplication", "train.py")
    assert graph[first["agent"]["@id"]]["email"] == "ana@example.com"
    values = {graph[each["@id"]]["name"]: graph[each["@id"]] for each in first["object"]}
    assert values["config.lr"]["value"] == 0.3
    files = {graph[each["@id"]]["name"]: each["@id"] for each in first["result"]}
    assert (tmp_path / "crate" / files["out/model.bin"]).read_text() == "weights"
    assert (tmp_path / "crate" / files["what it printed"]).read_text() == "done\n"
    for each in root["hasPart"]:
        assert (tmp_path / "crate" / each["@id"]).is_file()
    refused = export(project, "--format", "ro-crate", "@~1", "-o", tmp_path / "crate")
    assert refused.code == 128
    assert "'crate' is there already: a crate is made whole\n" in refused.err


def test_how_many_files_a_crate_has_no_names_for(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    make_repo(repo, files={"train.py": "open('a\\nb', 'w').write('x')\n"})
    for number, told in enumerate(("1 value or file", "2 values or files")):
        assert gage_inside(repo, "run", "-q", "train.py").code == 0
        done = export(repo, "--all", "--format", "ro-crate", "-o", tmp_path / f"crate-{number}")
        assert f"\n{told} left out: the form has no such names\n" in f"\n{done.out}"


def test_a_bundle_goes_where_no_network_goes(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "runs.bundle"
    done = export(project, "--format", "bundle", "@~1", "-o", path)
    assert done.out == f"Wrote 1 run to {path}\n"
    other = make_repo(tmp_path / "other")
    assert gage_inside(other, "import", "-n", str(path)).out == "Would import 1 run\n"
    assert gage_inside(other, "import", str(path)).out == "Imported 1 run\n"
    assert gage_inside(other, "import", str(path)).out == "Imported 0 runs, 1 was here\n"
    first = documents(other)[0]
    ours = next(each for each in documents(project) if each["id"] == first["id"])
    for part in ("config", "metrics", "comments", "label", "source", "imported", "writer"):
        assert [first[part]] == [ours[part]] or part == "comments"
    assert gage_inside(other, "output", first["id"]).out == "done\n"
    snapshot = first["source"]["snapshot"]
    assert git(other, "show", f"{snapshot}:train.py") == SCRIPT
    # Stock git reads it, too.
    third = make_repo(tmp_path / "third")
    git(third, "fetch", "-q", str(path), "refs/gage/w/*:refs/gage-remotes/file/w/*")
    assert [each["id"] for each in documents(third)] == [first["id"]]
    # Written once more it is another lane with the same lines.
    assert export(project, "--format", "bundle", "@~1", "-o", path).code == 0
    again = gage_inside(other, "import", str(path))
    assert (again.out, again.err) == ("Imported 0 runs, 1 was here\n", "")


def test_large_files_that_a_bundle_has_no_place_for_are_told(tmp_path: Path) -> None:
    program = 'open("model.bin", "wb").write(bytes(3 << 20))'
    repo = make_repo(tmp_path / "repo", files={"one.py": program})
    assert gage_inside(repo, "run", "-q", "one.py").code == 0
    assert gage_inside(repo, "run", "-q", "one.py").code == 0
    assert gage_inside(repo, "run", "-q", "--stage", "one.py").code == 0
    path = tmp_path / "runs.bundle"
    for words, what, them in (
        (["@~1"], "1 large file (3.0 MiB)", "it"),
        (["--all"], "2 large files (6.0 MiB)", "them"),
    ):
        assert export(repo, *words, "-o", path).err == (
            f"no place in bundle for {what}: 'git gage backup' takes {them} along, "
            f"'git gage files push' sends {them}\n"
        )


def test_a_bundle_that_does_not_fit_or_is_cut_off_says_so(project: Path, tmp_path: Path) -> None:
    files = {"train.py": "print('loss: 1')"}
    other = make_repo(tmp_path / "other", files=files, options=("--object-format=sha256",))
    assert gage_inside(other, "run", "-q", "train.py").code == 0
    for repo, form in ((project, "sha1"), (other, "sha256")):
        path = tmp_path / f"{form}.bundle"
        assert export(repo, "--format", "bundle", "@", "-o", path).code == 0
    for repo, form, here in ((project, "sha256", "sha1"), (other, "sha1", "sha256")):
        path = tmp_path / f"{form}.bundle"
        for words in (["import"], ["import", "-n"]):
            refused = gage_inside(repo, *words, str(path))
            assert refused.code == 128
            assert refused.err == (
                f"fatal: import '{path}': it is of a repository with {form} objects, and here "
                f"they are {here}\n"
                "hint: what runs came to can go as another file: there 'git gage export @ "
                "--format jsonl -o runs.jsonl', here 'git gage import runs.jsonl'\n"
            )
    assert gage_inside(project, "import", str(tmp_path / "sha1.bundle")).code == 0
    assert gage_inside(other, "import", str(tmp_path / "sha256.bundle")).code == 0
    cut, third = tmp_path / "cut.bundle", make_repo(tmp_path / "third")
    whole = (tmp_path / "sha1.bundle").read_bytes()
    for length in (18, 60, whole.index(b"\n\n") + 2):
        cut.write_bytes(whole[:length])
        refused = gage_inside(third, "import", str(cut))
        assert (refused.code, refused.out) == (128, ""), length
        assert refused.err.startswith(f"fatal: import '{cut}': it is cut off\nhint: nothing was")
        refused = gage_inside(third, "fetch", str(cut))
        assert (refused.code, refused.out) == (128, ""), length
        assert refused.err.startswith(f"fatal: fetch from '{cut}': it is cut off\nhint: nothing")
    cut.write_text("no bundle at all\n")
    refused = gage_inside(third, "fetch", str(cut))
    assert refused.code == 128
    assert "cut off" not in refused.err
    cut.write_bytes(whole[:-30])
    refused = gage_inside(third, "import", str(cut))
    assert refused.err.startswith(f"fatal: import '{cut}': it is cut off or damaged: ")
    assert "hint: nothing was changed; bring it here again" in refused.err


def test_a_file_is_written_whole_or_stays_as_it_was(project: Path, tmp_path: Path) -> None:
    path, other = tmp_path / "runs.jsonl", tmp_path / "elsewhere.jsonl"
    assert export(project, "--format", "jsonl", "@", "-o", other).code == 0
    before = other.read_bytes()
    other.chmod(0o640)
    path.symlink_to(other)
    words = ("export", "--format", "jsonl", "-w", "status = completed or status = error")

    def full_disk(place: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with patch("git_gage.store.files.replace_file", full_disk):
        refused = gage_inside(project, *words, "-o", str(path))
    assert (refused.code, "no space left on device" in refused.err) == (128, True)
    assert other.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["elsewhere.jsonl", "runs.jsonl"]
    assert gage_inside(project, *words, "-o", str(path)).code == 0
    assert path.is_symlink()
    assert (other.read_bytes().count(b"\n"), stat.S_IMODE(other.stat().st_mode)) == (2, 0o640)


@pytest.mark.parametrize("form", ["bundle", "jsonl"])
def test_a_pipe_stays_a_pipe(project: Path, tmp_path: Path, form: str) -> None:
    pipe, path = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    with path.open("wb") as file, subprocess.Popen(["cat", str(pipe)], stdout=file) as reader:
        assert export(project, "--format", form, "@", "-o", pipe).code == 0
        assert reader.wait(timeout=20) == 0
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert gage_inside(make_repo(tmp_path / "new"), "import", str(path)).code == 0


def test_several_bundles_are_told_as_one_import(project: Path, tmp_path: Path) -> None:
    one, both = tmp_path / "one.bundle", tmp_path / "both.bundle"
    assert export(project, "--format", "bundle", "@~1", "-o", one).code == 0
    assert export(project, "--format", "bundle", "@", "@~1", "-o", both).code == 0
    other, third = make_repo(tmp_path / "other"), make_repo(tmp_path / "third")
    words = ("import", str(one), str(both))
    assert gage_inside(other, *words, "-n").out == "Would import 2 runs\n"
    assert gage_inside(other, *words).out == "Imported 2 runs\n"
    assert gage_inside(other, *words, "-n").out == "Would import 0 runs, 2 were here\n"
    told = json.loads(gage_inside(other, *words, "--json").out)
    ids = sorted(each["id"] for each in documents(project))
    assert (told["imported"], told["here"], told["fetched"]) == ([], ids, 0)
    assert gage_inside(third, "import", str(one)).out == "Imported 1 run\n"
    assert gage_inside(third, "import", str(both)).out == "Imported 1 run, 1 was here\n"
    # What is said of them in lines is here as well.
    lines = tmp_path / "runs.jsonl"
    assert export(project, "--format", "jsonl", "@", "@~1", "-o", lines).code == 0
    told = json.loads(gage_inside(other, *words, str(lines), "--json").out)
    assert sorted(told["here"]) == ids


def test_a_run_of_a_bundle_that_was_purged_stays_away(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"train.py": SCRIPT})
    path = str(tmp_path / "runs.bundle")
    for _ in range(2):
        assert gage_inside(repo, "run", "-q", "train.py").code == 0
    assert gage_inside(repo, "export", "@", "@~1", "--format", "bundle", "-o", path).code == 0
    assert gage_inside(repo, "purge", "@", "--force").code == 0
    for _ in range(2):
        dry = gage_inside(repo, "import", "-n", path).out
        there = "1 was here, 1 was purged here"
        assert dry == f"Would import 0 runs, {there}\n"
        assert gage_inside(repo, "import", path).out == f"Imported 0 runs, {there}\n"
        told = json.loads(gage_inside(repo, "import", path, "--json").out)
        assert (len(told["here"]), told["fetched"], told["purged"]) == (1, 0, 1)
    assert len(documents(repo)) == 1


def test_a_bundle_takes_no_secrets_along(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    token = "ghp_" + "k7Rw2mXq9ZtB4nVcY8sLdF3hJ6pGa1Ue5QoT"
    write_files(repo, {"key.txt": f"token = '{token}'\n"})
    commit(repo)
    assert gage_inside(repo, "run", "-q", "--", "true").code == 0
    refused = export(repo, "--format", "bundle", "@", "-o", tmp_path / "x")
    assert refused.code == 1
    assert "key.txt" in refused.err
    assert not (tmp_path / "x").exists()
    done = export(repo, "--format", "bundle", "@", "-o", tmp_path / "x", "--allow-secrets")
    assert done.code == 0
    # What a remote has already is no news.
    hub = tmp_path / "hub"
    git(repo, "init", "-q", "--bare", str(hub))
    git(repo, "remote", "add", "origin", str(hub))
    git(repo, "push", "-q", "origin", "main")
    assert export(repo, "--format", "bundle", "@", "-o", tmp_path / "y").code == 0


def test_what_is_not_here_is_told(project: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    git(project, "init", "-q", "--bare", str(hub))
    assert gage_inside(project, "push", str(hub)).code == 0
    other = make_repo(tmp_path / "other")
    spec = "refs/gage/w/*/log:refs/gage-remotes/hub/w/*/log"
    git(other, "fetch", "-q", str(hub), spec)
    done = export(other, "--format", "mlflow", "-w", "label = first", "-o", tmp_path / "out")
    assert (
        "goes without the values of its metrics, what it printed, its files: not here" in done.err
    )
    bundle = export(other, "--format", "bundle", "-w", "label = first", "-o", tmp_path / "x")
    assert "goes without source, environment.json" in bundle.err
    assert gage_inside(other, "fetch", str(hub)).code == 0
    large = "import os\nopen('x', 'w').write('x')\nopen('y', 'wb').write(os.urandom(300_000))\n"
    write_files(other, {"large.py": large})
    assert gage_inside(other, "run", "-q", "large.py").code == 0
    assert gage_inside(other, "push", str(hub)).code == 0
    third = make_repo(tmp_path / "third")
    assert gage_inside(third, "fetch", str(hub)).code == 0
    done = export(third, "--format", "ro-crate", "-w", "op = large.py", "-o", tmp_path / "crate")
    (run,) = (each["id"] for each in documents(third) if each["operation"] == "large.py")
    told = f"goes without 1 of its files: not here: git gage files pull {run[10:17]}\n"
    assert told in done.err
    nothing = export(other, "--format", "csv", "-w", "label = none")
    assert (nothing.code, nothing.out) == (1, "")


def test_what_cannot_be_exported(project: Path, tmp_path: Path) -> None:
    refused = export(project, "--format", "mlflow", "@")
    assert refused.code == 129
    assert "'--format mlflow' needs a path: give it with '-o'" in refused.err
    write_files(tmp_path, {"file": "x"})
    blocked = export(project, "--format", "tensorboard", "@", "-o", tmp_path / "file" / "x")
    assert blocked.code == 128
    for form in ("bundle", "csv"):
        nowhere = export(project, "--format", form, "@", "-o", tmp_path / "no such" / "x")
        assert nowhere.err.splitlines() == [
            f"fatal: no folder '{tmp_path}/no such'",
            f"hint: mkdir -p '{tmp_path}/no such'",
        ]
    repo = make_repo(tmp_path / "repo")
    assert gage_inside(repo, "run", "--stage", "train.py").code == 0
    staged = export(repo, "--format", "csv", "@")
    assert "has not ended" in staged.err


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_place_for_a_form_is_refused_with_one_that_is(
    project: Path, tmp_path: Path, form: str
) -> None:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file.txt").write_text("x")
    is_folder = form in ("tensorboard", "mlflow", "ro-crate")
    taken = "file.txt" if is_folder else "a folder"
    kinds = ("a file", "a folder") if is_folder else ("a folder", "a file")
    words = ("export", "--no-sign", "--format", form, "@")
    refused = gage_inside(project, *words, "-o", str(tmp_path / taken))
    assert (refused.code, refused.out) == (128, "")
    fatal, hint = refused.err.splitlines()
    assert fatal == (f"fatal: '{tmp_path / taken}' is {kinds[0]}: {form} is written as {kinds[1]}")
    *_, option, place = shlex.split(hint)
    assert option == "-o"
    done = gage_inside(project, *words, "-o", str(tmp_path / place))
    assert done.code == 0, done.err
    assert (tmp_path / place).is_dir() == is_folder


def test_runs_that_go_on_are_left_out_and_told(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"t.py": "print(1)"})
    assert gage_inside(repo, "run", "-q", "t.py").code == 0
    for number in range(6):
        assert gage_inside(repo, "run", "-q", "--stage", "-l", f"no{number}", "t.py").code == 0
    shorts = [each["id"][10:17] for each in documents(repo)]
    path = tmp_path / "runs.csv"
    done = export(repo, "--all", "-o", path)
    assert (done.code, done.out) == (0, f"Wrote 1 run to {path}\n")
    told = f"6 runs have not ended and are left out: {', '.join(shorts[:5])} and 1 more\n"
    assert done.err.startswith(f"warning: {told}")
    assert len(list(csv.DictReader(io.StringIO(path.read_text())))) == 1
    for form in ("in-toto", "jsonl"):
        done = export(repo, "--format", form, "-w", "operation = t.py")
        assert (done.code, done.out.count("\n")) == (0, 1), form
        assert told in done.err
    none = export(repo, "-w", "status = staged", "-o", tmp_path / "none.csv")
    assert (none.code, none.out, none.err) == (1, "", f"warning: {told}")
    assert not (tmp_path / "none.csv").exists()
    one = export(repo, "--format", "csv", "-w", "label = no5")
    assert one.err == f"warning: 1 run has not ended and is left out: {shorts[0]}\n"
    bundle = export(repo, "--all", "-o", tmp_path / "runs.bundle")
    assert bundle.out.startswith("Wrote 7 runs to ")

    for form in ("in-toto", "csv"):
        refused = export(repo, "--format", form, "@~6", "@")
        assert (refused.code, refused.out) == (128, "")
        assert refused.err.splitlines() == [
            f"fatal: run {shorts[0]} has not ended: it is staged",
            f"hint: git gage run --start {shorts[0]}",
        ]
    assert gage_inside(repo, "run", "-q", "--start", shorts[0]).code == 0
    assert export(repo, "--format", "csv", "@~6", "@").code == 0


def test_the_folder_of_a_run_with_an_odd_name() -> None:
    document = {"id": "01jdabcdef" + "0" * 20, "operation": "a/b"}
    assert tensorboard.folder_name(document) == "0000000-a_b"
    assert tensorboard.folder_name({**document, "operation": "a:b"}) == "0000000"
