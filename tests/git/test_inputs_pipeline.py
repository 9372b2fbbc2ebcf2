"""Runs whose operations depend on files and on each other, as a user does it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import gage as gage_apart
from tests.support import gage_inside as gage
from tests.support import git, make_repo, write_files

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project at the top of its repository."""
    return make_repo(tmp_path / "repo", files={"gage.toml": GAGEFILE, **FILES})


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    """A project below the top of its repository."""
    files = {"gage.toml": GAGEFILE, **FILES}
    top = make_repo(
        tmp_path / "repo", files={f"sub folder/{path}": text for path, text in files.items()}
    )
    return top / "sub folder"


def run(project: Path, *args: str) -> dict[str, Any]:
    """The run object of a new run."""
    done = gage(project, "run", *args)
    assert done.code == 0, done.err
    return newest(project)


def newest(project: Path, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gage(project, "show", "--json", *args).out)
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


def test_a_program_that_changes_its_inputs(inner: Path) -> None:
    done = gage(inner, "run", "spoil")
    assert done.code == 0
    assert [line for line in done.err.splitlines() if line.startswith("warning")] == [
        "warning: input 'sub folder/raw.csv' was changed while the run went on",
        "warning: input 'sub folder/big/9.csv' was changed while the run went on",
    ]
    spoil = newest(inner)
    assert spoil["written"] == [{"path": "sub folder/raw.csv"}, {"path": "sub folder/big/9.csv"}]
    # The copy is the run's own.
    assert (inner / "table.csv").read_text() == "t\n"
    assert left(inner, spoil)["table.csv"] == "9\n"
    assert spoil["generated"]["files"] == 1


def test_a_run_whose_recorder_was_killed(inner: Path) -> None:
    assert gage_apart(inner, "run", "die").code != 0
    die = newest(inner)
    deadline = time.monotonic() + 10
    while die["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        die = newest(inner)
    assert (die["status"], die["written"]) == ("terminated", [{"path": "sub folder/raw.csv"}])
    assert die["generated"]["files"] == 1
    files = left(inner, die)
    assert sorted(files) == ["made.txt", "raw.csv", "table.csv"]
    assert json.loads(files["raw.csv"])["git-gage"] == "reference"
    assert files["table.csv"] == "t\n"


# -- later, and again -------------------------------------------------------------------------


def test_a_staged_run_gets_what_it_was_recorded_with(project: Path) -> None:
    first = run(project, "prepare")
    run(project, "train", "--stage")
    write_files(project, {"raw.csv": "1\n"})
    run(project, "prepare")
    assert gage(project, "run", "--start", "train@").code == 0
    train = newest(project, "train@")
    assert (train["status"], train["inputs"][0]["run"]) == ("completed", first["id"])
    assert left(project, train)["model.txt"].strip() == "2"


def test_a_staged_report_is_over_the_runs_that_it_names(project: Path) -> None:
    first = run(project, "prepare")
    run(project, "report", "--stage")
    run(project, "prepare")
    assert gage(project, "run", "--start", "report@").code == 0
    report = newest(project, "report@")
    assert report["inputs"][0]["runs"] == [first["id"]]
    summed = json.loads(left(project, report)["all.json"])
    assert [each["id"] for each in summed] == [first["id"]]


def test_a_staged_run_whose_input_changed_does_not_start(project: Path) -> None:
    run(project, "prepare", "--stage")
    write_files(project, {"raw.csv": "another\n"})
    done = gage(project, "run", "--start", "@")
    assert (done.code, done.err.splitlines()) == (
        128,
        [
            "fatal: inputs changed since the run was recorded: 'raw.csv'",
            "hint: stage it again",
        ],
    )
    assert newest(project)["status"] == "staged"


def test_an_optional_input_that_came_later(project: Path) -> None:
    text = '[late]\nexec = "true"\n'
    depends = '["file: table.csv", { type = "file", path = "late.csv", optional = true }]'
    write_files(project, {"gage.toml": f"{text}depends = {depends}\n"})
    run(project, "late", "--stage")
    write_files(project, {"late.csv": "1\n"})
    done = gage(project, "run", "--start", "@")
    assert "inputs changed since the run was recorded: their number" in done.err


def test_a_restart_takes_the_same_input(project: Path) -> None:
    first = run(project, "prepare")
    train = run(project, "train")
    write_files(project, {"raw.csv": "1\n"})
    second = run(project, "prepare")
    assert gage(project, "restart", train["id"]).code == 0
    assert newest(project)["inputs"][0]["run"] == first["id"]
    assert gage(project, "restart", train["id"], f"run={second['id']}").code == 0
    assert newest(project)["inputs"][0]["run"] == second["id"]


def test_files_that_are_kept_are_there_when_a_staged_run_starts(project: Path) -> None:
    run(project, "prepare")
    first = run(project, "train")
    done = gage(project, "restart", first["id"], "--keep-files=model.txt", "--stage")
    assert done.code == 0, done.err
    staged = newest(project)
    assert [each["name"] for each in staged["inputs"]] == ["run", "kept"]
    again = run(project, "--start", "@")
    assert again["status"] == "completed"
    assert [each["run"] for each in again["inputs"]][1] == first["id"]


def test_a_misspelt_input_is_guessed(project: Path) -> None:
    refused = gage(project, "run", "train", "rnu=3")
    assert "unknown setting 'rnu' for operation 'train' (known: run)\n" in refused.err
    assert "hint: did you mean 'run'?\n" in refused.err


GROW = '''\
[grow]
exec.stage-sourcecode = "echo fresh > notes.txt"
exec.run = """
cat raw.csv notes.txt; ls *.pt
echo old > notes.txt; touch {name}.pt; echo 9 >> own.csv
"""
sourcecode = false
depends = ["file: raw.csv", { file = "own.csv", writeable = true }]
[[grow.config]]
name = "name"
default = "a"
'''


@pytest.fixture
def growing(tmp_path: Path) -> Path:
    files = {"gage.toml": GROW, "raw.csv": "1\n", "own.csv": "1\n", ".gitignore": "*.csv\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    assert gage(repo, "run", "-q", "grow").code == 0
    return repo


def test_files_that_a_run_was_given_are_not_kept(growing: Path) -> None:
    done = gage(growing, "restart", "-q", "@", "--keep-files", "*.pt", "name=b")
    assert (done.out, done.code) == ("1\nfresh\na.pt\n", 0)
    done = gage(growing, "restart", "-q", "@", "--keep-files", "*.pt", "name=c")
    assert done.out == "1\nfresh\na.pt\nb.pt\n"
    refused = gage(growing, "restart", "@", "--keep-files", "raw.csv")
    assert (refused.code, "made no files" in refused.err) == (128, True)


def test_what_a_phase_makes_anew_is_not_kept(growing: Path) -> None:
    done = gage(growing, "restart", "@", "--keep-files", "notes.txt")
    assert done.out == "1\nfresh\n"
    assert "warning: 'notes.txt' not kept: a phase made it anew\n" in done.err


def test_a_kept_file_and_another_input_are_not_at_one_place(growing: Path) -> None:
    done = gage(growing, "restart", "@", "--keep-files")
    assert done.code == 128
    assert "'own.csv' would come from 'own.csv' and from '--keep-files'" in done.err
    assert "hint: git gage restart" in done.err
    assert newest(growing)["status"] == "completed"


# -- an input where the program writes its summary --------------------------------------------

SUMMARIES = """\
[train]
exec = "echo '{\\"acc\\": 1}' > summary.json; echo m > model.txt"
sourcecode = false

[look]
exec = "cat summary.json"
sourcecode = false
depends = "run-files: train"

[score]
exec = "echo '{\\"score\\": 2}' > summary.json"
sourcecode = false
depends = "run-files: train"

[same]
exec = "cp summary.json new; mv new summary.json"
sourcecode = false
depends = "run-files: train"

[killed]
exec = "kill -9 $PPID"
sourcecode = false
depends = "run-files: train"
"""


@pytest.fixture
def summaries(tmp_path: Path) -> Path:
    repo = make_repo(tmp_path / "repo", files={"gage.toml": SUMMARIES})
    assert gage(repo, "run", "-q", "train").code == 0
    return repo


def test_the_summary_of_another_run_is_not_what_a_run_came_to(summaries: Path) -> None:
    looked = run(summaries, "look")
    assert looked["metrics"] == {}
    assert gage(summaries, "output").out == '{"acc": 1}\n'
    assert (files_of(summaries, looked)["summary.json"]).startswith('{"git-gage":"reference"')
    assert looked["generated"]["files"] == 0


def test_what_a_run_logged_is_no_file_that_it_made(summaries: Path) -> None:
    log = "echo '{\"loss\": 1}' >> $GAGE_METRICS_FILE; echo m > m.txt"
    (summaries / "gage.toml").write_text(
        f'[train]\nexec = """{log}"""\n[next]\nexec = "true"\ndepends = "run-files: train"\n'
    )
    train = run(summaries, "train")
    assert train["metrics"] == {"loss": 1}
    run_dir = summaries / ".git" / "gage" / "runs" / train["id"]
    assert sorted(path.name for path in run_dir.iterdir()) == [".gage", "m.txt"]
    (given,) = run(summaries, "next")["inputs"]
    assert [file["path"] for file in given["files"]] == ["m.txt"]


def test_a_run_writes_its_summary_beside_one_that_it_was_given(summaries: Path) -> None:
    train = newest(summaries)
    scored = run(summaries, "score")
    assert (scored["metrics"], scored["written"]) == ({"score": 2}, [])
    assert files_of(summaries, train)["summary.json"] == '{"acc": 1}\n'
    assert run(summaries, "same")["metrics"] == {"acc": 1}


def test_a_killed_run_has_no_summary_of_another(summaries: Path) -> None:
    assert gage_apart(summaries, "run", "killed").code != 0
    killed = newest(summaries)
    assert (killed["status"], killed["metrics"]) == ("terminated", {})


def files_of(project: Path, document: dict[str, Any]) -> dict[str, str]:
    """The content of each file in a run's directory."""
    run_dir = project / ".git" / "gage" / "runs" / document["id"]
    return {path.name: path.read_text() for path in run_dir.iterdir() if path.is_file()}
