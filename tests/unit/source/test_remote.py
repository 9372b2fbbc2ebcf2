"""The remote's URL, without anything that lets somebody in."""

from __future__ import annotations

import pytest

from git_gage.git.settings import Setting, Settings
from git_gage.source.remote import find_remote, strip_user


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("https://example.com/lab/a.git", "https://example.com/lab/a.git"),
        ("https://sam:pw@example.com:8443/a.git", "https://example.com:8443/a.git"),
        ("https://token@example.com/@scope/a", "https://example.com/@scope/a"),
        ("https://sam:p@ss@example.com/a", "https://example.com/a"),
        ("https://sam:p/w@example.com/a", "https://example.com/a"),
        ("https://example.com/a?private_token=x#y", "https://example.com/a"),
        ("ssh://git@[::1]:22/a.git", "ssh://[::1]:22/a.git"),
        ("git@example.com:lab/a.git", "example.com:lab/a.git"),
        ("example.com:lab/a@b.git", "example.com:lab/a@b.git"),
        ("/srv/git/a@b.git", "/srv/git/a@b.git"),
        ("../a", "../a"),
        ("file:///srv/a.git", "file:///srv/a.git"),
        ("codecommit::eu-west-1://profile@a", "codecommit::eu-west-1://a"),
    ],
)
def test_strip_user(url: str, stripped: str) -> None:
    assert strip_user(url) == stripped


def config(**values: str) -> Settings:
    return Settings([Setting(key, value, "local", None) for key, value in values.items()])


def test_branch_then_origin_then_nothing() -> None:
    remotes = {"remote.origin.url": "/o", "remote.a.b.url": "/ab"}
    assert find_remote(config(**remotes), "main") == "/o"
    assert find_remote(config(**remotes, **{"branch.main.remote": "a.b"}), "main") == "/ab"
    assert find_remote(config(**remotes, **{"branch.main.remote": "a.b"}), None) == "/o"
    # A branch that follows a local one.
    assert find_remote(config(**remotes, **{"branch.main.remote": "."}), "main") == "/o"
    assert find_remote(config(**{"remote.fork.url": "/f"}), "main") is None
    assert find_remote(config(), None) is None


def test_first_url_is_the_one_that_is_fetched_from() -> None:
    urls = [Setting("remote.origin.url", url, "local", None) for url in ("/a", "/b")]
    assert find_remote(Settings(urls), None) == "/a"
