"""The close of a run directory: what the run made stays, everything else goes, nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from git_gage.runs import unstage
from git_gage.runs.stage import Outcome, finish_stage, recover_stage
from git_gage.runs.staged import HALF, NOTE, SNAPSHOT_INDEX, load_staged
from tests.git.source_story import list_files
from tests.git.test_stage import Stage, close, stage
from tests.support import git, make_repo, write_files


@pytest.fixture
def staged(tmp_path: Path) -> Stage:
    """A run of a project with a package, a tracked result, a link and ignored data."""
    files = {
        "train.py": "import pkg\n",
        "pkg/__init__.py": "",
        "pkg/deep/er.py": "1\n",
        "result.csv": "old\n",
        ".gitignore": "data/\n*.bin\n__pycache__/\n",
    }
    repo = make_repo(tmp_path / "repo", files=files, commit=False)
    (repo / "latest").symlink_to("result.csv")
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "first")
    write_files(repo, {"data/raw/x.csv": "1\n", "data/y.csv": "1\n", "w.bin": "w"})
    return stage(repo, tmp_path)


def finish(staged: Stage) -> Outcome:
    return finish_stage(staged.taken.repo, *staged[1:])


def top(staged: Stage) -> Path:
    work_tree = staged.taken.repo.work_tree
    assert work_tree is not None
    return work_tree


def test_nothing_made_nothing_left(staged: Stage) -> None:
    close(staged)
    assert (top(staged) / "data" / "raw" / "x.csv").exists()
    assert (top(staged) / "w.bin").exists()


def test_what_the_run_made_stays(staged: Stage) -> None:
    write_files(staged.run_dir, {"model.bin": "12345", "pkg/log.txt": "1", "out/a/b": "1"})
    (staged.run_dir / "empty").mkdir()
    (staged.run_dir / "best").symlink_to("model.bin")
    os.mkfifo(staged.run_dir / "pipe")
    outcome = finish(staged)
    assert (outcome.generated_files, outcome.generated_bytes) == (5, 7)
    assert outcome.modified == []
    kept = {path.relative_to(staged.run_dir).as_posix() for path in staged.run_dir.rglob("*")}
    assert kept == {
        *("model.bin", "pkg", "pkg/log.txt", "out", "out/a", "out/a/b"),
        *("empty", "best", "pipe"),
    }


def test_changed_source_is_kept_and_named(staged: Stage) -> None:
    write_files(staged.run_dir, {"result.csv": "new\n"})
    (staged.run_dir / "run.sh").chmod(0o644)
    (staged.run_dir / "latest").unlink()
    (staged.run_dir / "latest").symlink_to("elsewhere")
    (staged.run_dir / "train.py").unlink()
    (staged.run_dir / "train.py").mkdir()
    (staged.run_dir / "pkg" / "__init__.py").unlink()
    os.mkfifo(staged.run_dir / "pkg" / "__init__.py")
    outcome = finish(staged)
    assert outcome.modified == [b"latest", b"result.csv", b"run.sh", b"pkg/__init__.py"]
    assert outcome.generated_files == 4
    (staged.run_dir / "pkg" / "__init__.py").unlink()
    assert list_files(staged.run_dir) == {
        b"latest": ("link", b"elsewhere"),
        b"result.csv": ("file", b"new\n"),
        b"run.sh": ("file", b"#!/bin/sh\n"),
    }


def test_touched_or_rewritten_alike_is_unchanged(staged: Stage) -> None:
    time.sleep(0.01)
    os.utime(staged.run_dir / "train.py")
    write_files(staged.run_dir, {"result.csv": "old\n"})
    shutil.copy(staged.run_dir / "run.sh", staged.run_dir / "copy")
    (staged.run_dir / "copy").rename(staged.run_dir / "run.sh")
    (staged.run_dir / "latest").unlink()
    (staged.run_dir / "latest").symlink_to("result.csv")
    close(staged)


def test_what_a_filter_would_drop_is_not_dropped(tmp_path: Path) -> None:
    # As for notebooks, whose output is cleaned away when they are added.
    repo = make_repo(tmp_path / "repo", files={".gitattributes": "*.ipynb filter=strip\n"})
    git(repo, "config", "filter.strip.clean", "grep -v output || true")
    write_files(repo, {"a.ipynb": "cell\n"})
    git(repo, "add", "a.ipynb")
    staged = stage(repo, tmp_path)
    write_files(staged.run_dir, {"a.ipynb": "cell\noutput: 42\n"})
    assert git(staged.run_dir, "diff", "--stat") == ""
    assert finish(staged).modified == [b"a.ipynb"]
    assert (staged.run_dir / "a.ipynb").read_text() == "cell\noutput: 42\n"


def test_filter_that_fails_at_the_close_costs_nothing(tmp_path: Path) -> None:
    attributes = {".gitattributes": "*.bin filter=x\n", "a.bin": "1\n", "b.py": "1\n"}
    repo = make_repo(tmp_path / "repo", files=attributes)
    git(repo, "config", "filter.x.clean", "cat")
    git(repo, "config", "filter.x.smudge", "cat")
    git(repo, "config", "filter.x.required", "true")
    staged = stage(repo, tmp_path)
    git(repo, "config", "filter.x.clean", "false")
    # Written in the same moment as the index: git looks at the content.
    os.utime(staged.private / SNAPSHOT_INDEX, (1, 1))
    write_files(staged.run_dir, {"b.py": "2\n"})
    assert finish(staged).modified == [b"b.py"]
    assert list(list_files(staged.run_dir)) == [b"b.py"]


def test_bytecode_and_tool_caches_go(staged: Stage) -> None:
    subprocess.run(
        [sys.executable, "train.py"],
        cwd=staged.run_dir,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    assert (staged.run_dir / "pkg" / "__pycache__").is_dir()
    write_files(staged.run_dir, {".pytest_cache/v/cache": "1", "out/__pycache__/a/b.pyc": "1"})
    write_files(staged.run_dir, {"old.pyc": "1", "out/real": "1"})
    outcome = finish(staged)
    assert outcome.generated_files == 1
    assert list(list_files(staged.run_dir)) == [b"out/real"]


def test_link_that_became_a_file_is_the_runs_own(staged: Stage) -> None:
    # As programs do that write beside and rename.
    write_files(staged.run_dir, {"new": "w2"})
    (staged.run_dir / "new").rename(staged.run_dir / "w.bin")
    (staged.run_dir / "data").unlink()
    write_files(staged.run_dir, {"data/mine": "1"})
    outcome = finish(staged)
    assert outcome.generated_files == 2
    assert outcome.written == []
    assert (top(staged) / "w.bin").read_text() == "w"
    assert set(list_files(staged.run_dir)) == {b"data/mine", b"w.bin"}


def test_no_link_is_followed_when_something_is_removed(staged: Stage, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    write_files(precious, {"__init__.py": "", "deep/er.py": "1\n", "__pycache__/a.pyc": "1"})
    shutil.rmtree(staged.run_dir / "pkg")
    (staged.run_dir / "pkg").symlink_to(precious)
    (staged.run_dir / "__pycache__").symlink_to(precious)
    before = list_files(precious)
    outcome = finish(staged)
    assert outcome.generated_files == 1
    assert list_files(precious) == before
    assert (staged.run_dir / "pkg").is_symlink()


def test_git_directory_of_the_run_is_only_removed_if_it_is_ours(staged: Stage) -> None:
    (staged.run_dir / ".git").unlink()
    write_files(staged.run_dir, {"vendored/.git/HEAD": "x\n", ".git": "gitdir: elsewhere\n"})
    outcome = finish(staged)
    assert outcome.generated_files == 2
    assert (staged.run_dir / ".git").read_text() == "gitdir: elsewhere\n"
    assert (staged.run_dir / "vendored" / ".git" / "HEAD").exists()


def test_program_that_removes_its_directory(staged: Stage) -> None:
    shutil.rmtree(staged.run_dir)
    close(staged)


def test_program_that_removes_its_git_directory(staged: Stage) -> None:
    shutil.rmtree(staged.private)
    outcome = finish(staged)
    # Without the index nothing is known to be the source's: it all stays.
    assert outcome.generated_files == 7
    assert (staged.run_dir / "train.py").exists()
    assert not (staged.run_dir / "data").exists()


def test_program_that_resets_its_index(staged: Stage) -> None:
    git(staged.run_dir, "rm", "-q", "--cached", "-r", ".")
    git(staged.run_dir, "commit", "-q", "-m", "all gone")
    write_files(staged.run_dir, {"result.csv": "new\n"})
    assert finish(staged).modified == [b"result.csv"]


def test_file_that_can_not_be_removed_is_counted(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = os.unlink

    def refuse(path: bytes, **options: int) -> None:
        if os.fsencode(path).endswith(b"train.py"):
            raise PermissionError(13, "Permission denied")
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", refuse)
    outcome = finish(staged)
    assert outcome.generated_files == 1
    assert (staged.run_dir / "train.py").exists()


def test_folder_that_can_not_be_read_is_said(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: bytes) -> object:
        if path == os.fsencode(staged.run_dir / "locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    (staged.run_dir / "locked").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    outcome = finish(staged)
    assert outcome.unseen == [b"locked/"]
    assert (staged.run_dir / "locked").is_dir()


def test_file_that_goes_while_we_look(staged: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = unstage._list_folder

    def list_and_lose(root: bytes, folder: bytes, outcome: Outcome) -> object:
        found = listed(root, folder, outcome)
        for place in (Path(os.fsdecode(root)), Path(os.fsdecode(root)) / "data"):
            if not place.is_symlink():
                (place / "scratch").unlink(missing_ok=True)
        return found

    write_files(staged.run_dir, {"scratch": "1"})
    write_files(top(staged), {"data/scratch": "1"})
    monkeypatch.setattr(unstage, "_list_folder", list_and_lose)
    outcome = finish(staged)
    assert outcome.generated_files == 0
    assert outcome.written == []


# -- what is written through links ------------------------------------------------------------


def test_files_written_through_links_are_named(staged: Stage) -> None:
    run_dir = staged.run_dir
    (run_dir / "w.bin").write_text("longer")
    (run_dir / "data" / "raw" / "x.csv").write_text("2\n")
    write_files(run_dir, {"data/new.csv": "1\n", "data/__pycache__/x.pyc": "1"})
    os.utime(run_dir / "data" / "new.csv", (1, 1))
    outcome = finish(staged)
    assert outcome.written == [b"data/new.csv", b"data/raw/x.csv", b"w.bin"]
    assert outcome.generated_files == 0
    assert (top(staged) / "data" / "new.csv").exists()


def test_reading_through_links_is_not_writing(staged: Stage) -> None:
    (staged.run_dir / "data" / "raw" / "x.csv").read_text()
    (staged.run_dir / "w.bin").read_text()
    assert finish(staged).written == []


def test_linked_file_that_is_deleted_is_named(staged: Stage) -> None:
    (staged.run_dir / "w.bin").resolve().unlink()
    assert finish(staged).written == [b"w.bin"]


def test_linked_folder_that_is_gone_is_said(staged: Stage) -> None:
    shutil.rmtree(top(staged) / "data")
    (staged.run_dir / "data").unlink()
    assert finish(staged).written == [b"data/"]


def test_search_of_linked_folders_has_a_budget(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unstage, "SCAN_BUDGET", 2)
    (staged.run_dir / "data" / "raw" / "x.csv").write_text("2\n")
    (staged.run_dir / "data" / "y.csv").write_text("2\n")
    outcome = finish(staged)
    assert outcome.written == [b"data/y.csv"]
    assert outcome.unseen == [b"data/"]


# -- after a crash ----------------------------------------------------------------------------


def test_run_whose_recorder_died_is_closed_alike(staged: Stage) -> None:
    write_files(staged.run_dir, {"model.bin": "12345"})
    (staged.run_dir / "w.bin").write_text("longer")
    assert load_staged(staged.private) == staged.staged
    outcome = recover_stage(staged.taken.repo, staged.run_dir, staged.private)
    assert outcome is not None
    assert outcome.generated_files == 1
    assert outcome.written == [b"w.bin"]
    # Once is enough.
    assert recover_stage(staged.taken.repo, staged.run_dir, staged.private) is None
    assert list(list_files(staged.run_dir)) == [b"model.bin"]


def test_edits_after_the_end_of_a_run_are_not_the_runs(staged: Stage) -> None:
    ended = time.time() - 60
    (top(staged) / "w.bin").write_text("longer")
    (top(staged) / "data" / "y.csv").write_text("2\n")
    outcome = recover_stage(staged.taken.repo, staged.run_dir, staged.private, ended)
    assert outcome is not None
    assert outcome.written == []


def test_half_a_stage_goes_as_a_whole(staged: Stage) -> None:
    (staged.private / HALF).touch()
    assert recover_stage(staged.taken.repo, staged.run_dir, staged.private) is None
    assert not staged.run_dir.exists()
    assert not staged.private.exists()
    assert (top(staged) / "data" / "raw" / "x.csv").exists()


def test_close_that_was_cut_short_loses_nothing(staged: Stage) -> None:
    write_files(staged.run_dir, {"model.bin": "12345"})
    (staged.private / NOTE).write_text("{half")
    assert recover_stage(staged.taken.repo, staged.run_dir, staged.private) is None
    assert (staged.run_dir / "model.bin").exists()
