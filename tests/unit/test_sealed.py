"""Tests see nothing of the person who runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support import clone, commit, forget_identity, git, make_repo, scale

ALLOWED = {"HOME", "PATH", "TERM", "TZ", "LC_ALL", "COLUMNS", "LINES", "TMPDIR"}
ALLOWED_FAMILIES = ("COVERAGE_", "PYTEST_", "XDG_", "GIT_CONFIG_")


def test_the_environment_holds_what_we_put_there() -> None:
    others = {name for name in os.environ if not name.startswith(ALLOWED_FAMILIES)} - ALLOWED
    assert others == {
        *("CI", "GIT_ALLOW_PROTOCOL", "GIT_TERMINAL_PROMPT"),
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    }


def test_home_is_empty_and_global_settings_stay_in_it(sealed: Path, tmp_path: Path) -> None:
    assert Path.home() == sealed
    assert list(sealed.iterdir()) == []
    assert git(tmp_path, "config", "--list", "--global", ok=(0, 1, 128)) == ""
    git(tmp_path, "config", "--global", "gage.test", "1")
    assert "test = 1" in (sealed / ".gitconfig").read_text()


def test_python3_is_not_the_environment_git_gage_lives_in(tmp_path: Path) -> None:
    program = "import importlib.util as util, sys; sys.exit(util.find_spec('git_gage') is not None)"
    assert subprocess.run(["python3", "-c", program], cwd=tmp_path, check=False).returncode == 0


def test_equal_stories_make_equal_commits(tmp_path: Path) -> None:
    heads = {git(make_repo(tmp_path / name), "rev-parse", "HEAD") for name in ("a", "b")}
    assert len(heads) == 1


def test_a_clone_has_its_own_user(repo: Path, tmp_path: Path) -> None:
    copy = clone(repo, tmp_path / "copy")
    assert git(copy, "config", "user.email") == "sam@example.com\n"
    assert git(repo, "log", "-1", "--format=%an") == "Ana\n"
    assert commit(copy) != git(repo, "rev-parse", "HEAD").strip()


def test_without_identity_git_guesses_none(repo: Path) -> None:
    forget_identity(repo)
    assert "no email was given" in _failure(repo, "var", "GIT_AUTHOR_IDENT")


def test_sizes_are_small_unless_asked_for() -> None:
    assert scale(3, 3) == 3
    assert scale(1, 2) in {1, 2}


def _failure(where: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stderr
