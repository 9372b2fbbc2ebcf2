"""Runs whose operations depend on files and on each other, as a user does it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import commit, gage, git, make_repo, write_files

GAGEFILE = """\
[prepare]
exec = "wc -l < raw.csv > rows.txt"
sourcecode = false
depends = "file: raw.csv"

[train]
exec = "cat rows.txt > model.txt"
sourcecode = false
depends = "run-files: prepare"

[spoil]
exec = "echo 9 >> raw.csv; echo 9 > table.csv; echo 9 > big/9.csv"
sourcecode = false
depends = ["file: raw.csv", "table.csv", "dir: big"]

[die]
exec = "echo 9 >> raw.csv; echo 1 > made.txt; kill -9 $PPID"
sourcecode = false
depends = ["file: raw.csv", "table.csv"]

[report]
exec = "cp runs.json all.json"
sourcecode = false
depends = "runs-summary: op in [prepare, train]"
"""
FILES = {"raw.csv": "1\n2\n", "table.csv": "t\n", "big/1.csv": "1\n", ".gitignore": "*.csv\n"}


@pytest.fixture(params=["", "sub folder"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A project at the top of its repository, and one below."""
    top = make_repo(tmp_path / "repo", files={"README": "x\n"})
    folder: Path = top / request.param
    write_files(folder, {"gage.toml": GAGEFILE, **FILES})
    commit(top)
    return folder


def run(project: Path, *args: str) -> dict[str, Any]:
    """The run object of a new run."""
    done = gage(project, "run", *args)
    assert done.code == 0, done.err
    return newest(project)


def newest(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gage(project, "show", "--json").out)
    return found


def left(project: Path, document: dict[str, Any]) -> dict[str, str]:
    """What a run left in its directory, below the project's folder."""
    common = git(project, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    top = Path(common) / "gage/runs" / document["id"] / document["command"]["cwd"]
    files = (path for path in top.rglob("*") if path.is_file() or path.is_symlink())
    return {str(path.relative_to(top)): path.read_text() for path in files}


def test_files_go_from_run_to_run(project: Path) -> None:
    assert gage(project, "run", "train").err.splitlines() == [
        "fatal: input 'run-files: op = prepare': no run of this project matches",
        "hint: git gage run prepare",
    ]
    prepare = run(project, "prepare")
    train = run(project, "train")
    report = run(project, "report")
    assert left(project, prepare)["rows.txt"].strip() == "2"
    assert json.loads(left(project, prepare)["raw.csv"])["git-gage"] == "reference"
    assert left(project, train)["model.txt"].strip() == "2"
    reference = json.loads(left(project, train)["rows.txt"])
    assert reference["run"] == prepare["id"]
    assert [each["run"] for each in train["inputs"]] == [prepare["id"]]
    assert (prepare["generated"]["files"], train["generated"]["files"]) == (1, 1)
    summed = json.loads(left(project, report)["all.json"])
    assert [each["id"] for each in summed] == [train["id"], prepare["id"]]
    assert report["inputs"][0]["runs"] == [train["id"], prepare["id"]]


def test_the_run_to_use_is_named(project: Path) -> None:
    first = run(project, "prepare")
    write_files(project, {"raw.csv": "1\n"})
    run(project, "prepare")
    train = run(project, "train", f"run={first['id'][10:17]}")
    assert [each["run"] for each in train["inputs"]] == [first["id"]]
    assert left(project, train)["model.txt"].strip() == "2"


def test_a_program_that_changes_its_inputs(project: Path) -> None:
    done = gage(project, "run", "spoil")
    assert done.code == 0
    below = "" if project.name == "repo" else f"{project.name}/"
    assert [line for line in done.err.splitlines() if line.startswith("warning")] == [
        f"warning: input '{below}raw.csv' was changed while the run went on",
        f"warning: input '{below}big/9.csv' was changed while the run went on",
    ]
    spoil = newest(project)
    assert spoil["written"] == [{"path": f"{below}raw.csv"}, {"path": f"{below}big/9.csv"}]
    # The copy is the run's own.
    assert (project / "table.csv").read_text() == "t\n"
    assert left(project, spoil)["table.csv"] == "9\n"
    assert spoil["generated"]["files"] == 1


def test_a_run_whose_recorder_was_killed(project: Path) -> None:
    assert gage(project, "run", "die").code != 0
    die = newest(project)
    deadline = time.monotonic() + 10
    while die["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        die = newest(project)
    below = "" if project.name == "repo" else f"{project.name}/"
    assert (die["status"], die["written"]) == ("terminated", [{"path": f"{below}raw.csv"}])
    assert die["generated"]["files"] == 1
    files = left(project, die)
    assert sorted(files) == ["made.txt", "raw.csv", "table.csv"]
    assert json.loads(files["raw.csv"])["git-gage"] == "reference"
    assert files["table.csv"] == "t\n"
