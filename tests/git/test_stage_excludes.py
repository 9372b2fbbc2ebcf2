"""What git ignores in place, it ignores in a run directory, where a link stands for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.runs.excludes import excludes_environ
from tests.git.test_stage import Stage, close, stage
from tests.support import clone, commit, git, make_repo, write_files


def status(staged: Stage, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the program is told of what is changed."""
    with monkeypatch.context() as patched:
        for name, value in excludes_environ(staged.private).items():
            patched.setenv(name, value)
        return git(staged.run_dir, "status", "--porcelain", "-uall")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {"train.py": "1\n", "lib/util.py": "1\n", ".gitignore": "*/\n!lib/\n"}
    return make_repo(tmp_path / "odd [a*] place", files=files)


@pytest.mark.parametrize(
    "name", ["data", "lib/data", "[x]", "*?", "back\\slash", "end ", " #!", "d\u00e4ta", "\udce9"]
)
def test_a_folder_that_git_ignores_is_ignored(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (repo / name).mkdir()
    (repo / name / "x.csv").write_text("1\n")
    staged = stage(repo, tmp_path)
    assert (staged.run_dir / name).is_symlink()
    assert status(staged, monkeypatch) == git(repo, "status", "--porcelain", "-uall") == ""
    close(staged)


def test_what_git_does_not_ignore_is_told_there_too(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {".gitignore": "data/\n"})
    commit(repo)
    write_files(repo, {"lib/data/x.csv": "1\n", "lib/new.py": "1\n"})
    clone(repo, repo / "lib" / "vendor")
    staged = stage(repo, tmp_path)
    found = status(staged, monkeypatch)
    assert found.replace("vendor\n", "vendor/\n") == "?? lib/new.py\n?? lib/vendor/\n"
    assert found.replace("vendor\n", "vendor/\n") == git(repo, "status", "--porcelain", "-uall")
    # Another repository is none of its business.
    other = make_repo(tmp_path / "other")
    write_files(other, {"lib/data": "1\n"})
    for name, value in excludes_environ(staged.private).items():
        monkeypatch.setenv(name, value)
    assert git(other, "status", "--porcelain", "-uall") == "?? lib/data\n"


@pytest.mark.parametrize("where", ["named", "relative", "home", "xdg"])
def test_what_the_user_ignores_everywhere_stays_ignored(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "named":
        ignored = tmp_path / "mine"
        git(repo, "config", "core.excludesFile", str(ignored))
    elif where == "relative":
        ignored = repo / ".git" / "mine"
        git(repo, "config", "core.excludesFile", ".git/mine")
    elif where == "home":
        monkeypatch.delenv("XDG_CONFIG_HOME")
        ignored = Path(os.environ["HOME"]) / ".config" / "git" / "ignore"
    else:
        ignored = Path(os.environ["XDG_CONFIG_HOME"]) / "git" / "ignore"
    ignored.parent.mkdir(parents=True, exist_ok=True)
    ignored.write_text("*.log")
    write_files(repo, {"data/x.csv": "1\n"})
    staged = stage(repo, tmp_path)
    write_files(staged.run_dir, {"train.log": "1\n"})
    assert status(staged, monkeypatch) == ""


@pytest.mark.parametrize("place", ["line\nend", "\udce9", '"quoted"', "back\\slash"])
def test_wherever_the_repository_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    repo = make_repo(tmp_path / place, files={".gitignore": "data/\n"})
    write_files(repo, {"data/x.csv": "1\n"})
    assert status(stage(repo, tmp_path), monkeypatch) == ""


def test_without_such_folders_nothing_is_exported(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"lib/x.bin": "1\n", ".gitignore": "*.bin\n"})
    assert excludes_environ(stage(repo, tmp_path).private) == {}


def test_a_name_that_no_pattern_can_hold(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {"a\nb/x.csv": "1\n", "data/x.csv": "1\n"})
    staged = stage(repo, tmp_path)
    assert status(staged, monkeypatch) == '?? "a\\nb"\n'
