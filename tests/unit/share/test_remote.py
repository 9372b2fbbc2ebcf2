"""Which remote is meant, and what its tracking refs are called."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from git_gage.git import open_repository
from git_gage.share.remote import find_remote, hide_user
from tests.support import git


def find(repo: Path, asked: str | None = None) -> tuple[str, str]:
    found = find_remote(open_repository(repo, dict(os.environ)), asked)
    return found.address, found.tracking


def hashed(text: str) -> str:
    return "url-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_name_goes_before_a_path(repo: Path) -> None:
    (repo / "backup").mkdir()
    assert find(repo, "backup") == ("backup", hashed(str(repo / "backup")))
    assert find(repo, "./backup/") == ("./backup/", hashed(str(repo / "backup")))
    git(repo, "remote", "add", "backup", "../x")
    assert find(repo, "backup") == ("backup", "backup")
    assert find(repo, "ssh://x/y.git") == ("ssh://x/y.git", hashed("ssh://x/y.git"))


@pytest.mark.parametrize("name", ["team/origin", "my.host", "équipe", "x+y", "a-1"])
def test_names_that_stand_in_a_ref_as_they_are(repo: Path, name: str) -> None:
    git(repo, "config", f"remote.{name}.url", "../x")
    assert find(repo, name) == (name, name)
    git(repo, "check-ref-format", f"refs/gage-remotes/{name}/w/x/y/log")


@pytest.mark.parametrize("name", ["my remote", "a..b", "x.lock", "a/.b", "a~1", ".x"])
def test_other_names_are_hashed(repo: Path, name: str) -> None:
    git(repo, "config", f"remote.{name}.url", "../x")
    assert find(repo, name) == (name, hashed(name))


def test_without_a_word_what_this_repository_works_with(repo: Path) -> None:
    for name in ("origin", "other"):
        git(repo, "remote", "add", name, f"../{name}")
    assert find(repo)[0] == "origin"
    git(repo, "config", "branch.main.remote", ".")
    assert find(repo)[0] == "origin"
    git(repo, "config", "branch.main.remote", "other")
    assert find(repo)[0] == "other"
    git(repo, "checkout", "-q", "--detach")
    assert find(repo)[0] == "origin"
    git(repo, "config", "gage.remote", "")
    assert find(repo)[0] == "origin"
    git(repo, "config", "gage.remote", "ssh://x/y")
    assert find(repo)[0] == "ssh://x/y"


def test_nobody_sees_a_password() -> None:
    text = "unable to access 'https://ana:pw@x.org/y.git/': or ssh://git@x.org"
    assert hide_user(text) == "unable to access 'https://x.org/y.git/': or ssh://x.org"
