"""What can go wrong between the command and the record, and what the user is told."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.errors import FREE_SPACE, GageError, RequestError
from git_gage.git import open_repository
from git_gage.runs import closing as closing_module
from git_gage.runs import run as run_module
from git_gage.runs import settle as settle_module
from git_gage.runs.command import run_command
from git_gage.runs.liveness import Life
from git_gage.runs.process import Console
from git_gage.runs.programs import Programs
from git_gage.runs.request import RunRequest
from git_gage.runs.run import RunFailedError
from git_gage.runs.settle import settle, with_status
from git_gage.store import Store
from git_gage.store.files import StorageError
from tests.support import gage, gage_inside, git, write_files


class Told:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.documents: list[dict[str, Any]] = []

    def begun(self, document: dict[str, Any]) -> None:
        self.documents.append(document)

    def ended(self, document: dict[str, Any]) -> None:
        self.documents.append(document)

    staged = up_to_date = ended

    def phase(self, name: str) -> None:
        self.documents.append({"phase": name})

    def warning(self, text: str) -> None:
        self.warnings.append(text)


class Session:
    """A run in this process, with its output going nowhere."""

    def __init__(self, repo: Path) -> None:
        self.store = Store(open_repository(repo, dict(os.environ)))
        self.catalog = Catalog(self.store)
        self.told = Told()

    def run(self, *argv: str, screen: str = os.devnull) -> int:
        nowhere = os.open(screen, os.O_RDWR)
        console = Console(nowhere, nowhere, nowhere)
        request = RunRequest(None, argv=argv)
        try:
            done = run_command(self.store, self.catalog, request, console, self.told)
        finally:
            os.close(nowhere)
        return done.exit_code


@pytest.fixture
def session(repo: Path) -> Session:
    return Session(repo)


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_ctrl_c_before_the_program_starts(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "stage_source", raising(KeyboardInterrupt()))
    assert session.run("true") == 130
    run = session.told.documents[-1]
    assert (run["status"], run["signal"], run["exit_code"]) == ("terminated", "SIGINT", None)


def test_output_that_cannot_be_shown_is_told(session: Session) -> None:
    assert session.run("echo", "hi", screen="/dev/full") == 0
    (warning,) = session.told.warnings
    assert warning.startswith("the output is not shown to its end: ")
    assert session.told.documents[-1]["output"]["bytes"] == 3


def test_an_end_that_cannot_be_recorded_is_said_and_made_up_for(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = StorageError("write journal: no space left", hint="free some space")
    monkeypatch.setattr(closing_module, "close_run", raising(error))
    with pytest.raises(RunFailedError, match="no space left") as caught:
        session.run("true")
    assert (caught.value.exit_code, caught.value.hint) == (125, "free some space")
    monkeypatch.undo()
    (state_dir,) = (session.store.dir / "state").iterdir()
    assert (state_dir / "alive").exists()


def test_a_run_that_does_not_begin_leaves_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(run_module, "hold_alive", raising(full))
    with pytest.raises(OSError, match="No space left"):
        session.run("true")
    assert list((session.store.dir / "state").iterdir()) == []


def test_a_disk_that_is_full_before_the_program_starts_is_told_in_words(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(Programs, "run", raising(error))
    with pytest.raises(RunFailedError, match=r"run \w{7}: no space left on device$") as caught:
        session.run("true")
    assert (caught.value.exit_code, caught.value.hint) == (125, FREE_SPACE)


def test_an_end_that_is_recorded_but_not_in_git_yet(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "flush", raising(GageError("git is busy")))
    assert session.run("true") == 0
    assert any("not in git yet: git is busy" in text for text in session.told.warnings)
    monkeypatch.undo()
    assert session.told.documents[-1]["status"] == "completed"
    session.store.flush()


def test_an_interpreter_that_says_nothing_is_told(repo: Path) -> None:
    write_files(repo, {"bin/python3": "#!/bin/sh\nexit 3\n"})
    (repo / "bin/python3").chmod(0o755)
    done = gage(repo, "run", "--", "./bin/python3", "x.py")
    assert done.code == 3
    assert "warning: " in done.err
    shown = json.loads(gage(repo, "show", "--json").out)
    assert shown["environment"]["packages"] is None
    assert shown["operation"] == "x.py"


def test_secrets_and_writes_outside_are_told(repo: Path) -> None:
    program = "open('data/new.txt', 'w').write('x')\n"
    files = {".gitignore": "data/\n", "data/x": "x", "go.py": program, ".env": "KEY=1\n"}
    write_files(repo, files)
    done = gage(repo, "run", "go.py")
    assert "'.env' is not recorded (secret)" in done.err
    assert "'data/new.txt' changed outside of the run directory" in done.err
    shown = json.loads(gage(repo, "show", "--json").out)
    assert shown["written"] == [{"path": "data/new.txt"}]
    assert ".env" not in git(repo, "ls-tree", "-r", "--name-only", shown["source"]["snapshot"])


def test_two_runs_that_write_the_same_linked_file_are_both_told(repo: Path, tmp_path: Path) -> None:
    program = """\
import pathlib, sys, time
meet, me, other = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def reach(point):
    (meet / f"{me}.{point}").touch()
    while not (meet / f"{other}.{point}").exists():
        time.sleep(0.01)
reach("start")
pathlib.Path("data/model.txt").write_text(me)
reach("end")
"""
    write_files(repo, {".gitignore": "data/\n", "data/x": "x", "go.py": program})
    pairs = (("one", "two"), ("two", "one"))
    both = [
        subprocess.Popen(
            ["git", "gage", "run", "--", "python3", "go.py", str(tmp_path), *pair],
            cwd=repo,
            stderr=subprocess.PIPE,
            text=True,
        )
        for pair in pairs
    ]
    told = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    runs = [text.split()[1] for text in told]
    for text, other in zip(told, reversed(runs), strict=True):
        warning = "'data/model.txt' changed outside of the run directory while other runs went on"
        assert f"{warning}, too: '{other}'\n" in text


def test_a_folder_too_large_to_look_through_is_told(
    session: Session, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {".gitignore": "data/\n", "data/a/x": "x", "data/b/x": "x"})
    monkeypatch.setattr("git_gage.runs.unstage.SCAN_BUDGET", 1)
    assert session.run("true") == 0
    assert any("too large to look for" in text for text in session.told.warnings)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["run", "train.sh"], "'train.sh' is not a Python script"),
        (["run", "notes"], "no script 'notes' here, and no gagefile"),
        (["run", "none.py"], "no script 'none.py' here"),
        (["run", "../outside.py"], "outside the work tree"),
    ],
)
def test_what_is_no_script_starts_nothing(repo: Path, words: list[str], text: str) -> None:
    write_files(repo, {"train.sh": "echo hi\n"})
    (repo.parent / "outside.py").write_text("print(1)\n")
    refused = gage(repo, *words)
    assert refused.code == 128
    assert text in refused.err
    hints = ("git gage run -- ", "git ls-files", "git gage init")
    assert any(hint in refused.err for hint in hints)
    assert gage(repo, "list", "--json").out.strip() == "[]"


def test_the_hint_for_a_program_can_be_typed(repo: Path) -> None:
    write_files(repo, {"train.sh": "#!/bin/sh\necho hi\n"})
    (repo / "train.sh").chmod(0o755)
    refused = gage(repo, "run", "train.sh")
    hint = refused.err.rpartition("hint: git gage ")[2].split()
    assert gage(repo, *hint).out == "hi\n"


def test_where_nothing_was_run_there_is_nothing_to_settle(session: Session) -> None:
    assert settle(session.store, session.catalog) == []


def test_what_cannot_be_closed_now_is_said_and_closed_later(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_dir = session.store.dir / "state" / "new-x"
    state_dir.mkdir(parents=True)
    (state_dir / "alive").write_text(json.dumps({"host": os.uname().nodename, "boot": "before"}))
    monkeypatch.setattr(settle_module, "_settle_one", raising(RequestError("read-only")))
    (notice,) = settle(session.store, session.catalog)
    assert notice == "a run that is over could not be closed: read-only"
    monkeypatch.undo()
    assert settle(session.store, session.catalog) == []
    assert not state_dir.exists()


def test_two_commands_settle_a_run_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    state_dir = session.store.dir / "state" / "new-x"
    state_dir.mkdir(parents=True)
    answers = iter([Life.ENDED_UNSEEN, Life.RUNNING])
    monkeypatch.setattr(settle_module, "find_life", lambda _: next(answers))
    assert settle(session.store, session.catalog) == []
    assert state_dir.exists()


def test_a_run_with_an_end_is_what_its_end_says(session: Session) -> None:
    assert with_status(session.store, {"status": "error"}) == {"status": "error"}


def test_a_list_tells_what_could_not_be_closed(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gage(repo, "run", "train.py")
    (repo / ".git/gage/state/new-x").mkdir()
    monkeypatch.setattr(settle_module, "settle", lambda *_: ["a run could not be closed"])
    listed = gage_inside(repo, "list")
    assert listed.code == 0
    assert "warning: a run could not be closed" in listed.err
    assert "train.py" in listed.out
