"""git's config as it counts here: every layer, with the file each value came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.errors import GitError
from git_gage.git import open_repository
from git_gage.git.settings import Settings, fold_key, parse_settings, read_settings
from tests.support import git


def settings(where: Path, **environ: str) -> Settings:
    return open_repository(where, {**os.environ, **environ}).settings


def found(where: Path, key: str, **environ: str) -> tuple[str, str, str | None]:
    entry = settings(where, **environ).find(key)
    assert entry is not None
    return entry.value, entry.scope, entry.origin


def test_every_layer_counts_and_says_where_it_is(repo: Path, tmp_path: Path) -> None:
    user, included = Path(os.environ["GIT_CONFIG_GLOBAL"]), tmp_path / "included"
    git(repo, "config", "--global", "include.path", str(included))
    git(repo, "config", "--file", str(included), "gage.remote", "team")
    assert found(repo, "gage.remote") == ("team", "global", str(included))
    git(repo, "config", "--global", "gage.remote", "mine")
    assert found(repo, "gage.remote") == ("mine", "global", str(user))
    git(repo, "config", "gage.remote", "ours")
    assert found(repo, "gage.remote") == ("ours", "local", str(repo / ".git" / "config"))
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(repo, "config", "--worktree", "gage.remote", "here")
    tree = repo / ".git" / "config.worktree"
    assert found(repo, "GAGE.REMOTE") == ("here", "worktree", str(tree))
    by_count = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "gage.remote",
        "GIT_CONFIG_VALUE_0": "now",
    }
    assert found(repo, "gage.remote", **by_count) == ("now", "command", None)


def test_origins_are_whole_paths_wherever_git_is_asked(repo: Path) -> None:
    inner = repo / "a" / "b"
    inner.mkdir(parents=True)
    own = str(repo / ".git" / "config")
    for where in (inner, repo / ".git"):
        assert {entry.origin for entry in settings(where).entries if entry.scope == "local"} == {
            own
        }


def test_a_name_alone_is_a_switch_that_is_on(repo: Path) -> None:
    with (repo / ".git" / "config").open("a") as file:
        file.write("[gage]\n\tswitch\n\tempty =\n")
    found = settings(repo)
    assert found.get("gage.switch") == "true"
    assert found.get("gage.empty") is None
    assert found.get("gage.none") is None


def test_case_counts_only_in_the_middle(repo: Path) -> None:
    git(repo, "config", "Gage.repo.My.Lab.URL", "/x")
    git(repo, "config", "gage.repo.url", "of no place")
    named = settings(repo).named("gage.repo", "url")
    assert {name: [each.value for each in entries] for name, entries in named.items()} == {
        "My.Lab": ["/x"]
    }
    assert fold_key("GAGE.repo.My.URL") == "gage.repo.My.url"
    assert fold_key("Gage.pollInterval") == "gage.pollinterval"


def test_values_may_hold_any_bytes(repo: Path) -> None:
    with (repo / ".git" / "config").open("ab") as file:
        file.write(b'[gage]\n\tremote = "a\\nb\xff"\n')
    assert settings(repo).get("gage.remote") == "a\nb\udcff"


@given(st.lists(st.tuples(st.from_regex(r"[a-z]+\.[a-z]+", fullmatch=True), st.text("a\n=b é"))))
def test_what_git_says_is_read_back(pairs: list[tuple[str, str]]) -> None:
    answer = "".join(f"local\0file:c\0{key}\n{value}\0" for key, value in pairs)
    entries = parse_settings(answer.encode(), Path("/r")).entries
    assert [(each.key, each.value, each.origin) for each in entries] == [
        (key, value, "/r/c") for key, value in pairs
    ]


def test_a_config_that_is_broken_is_told_in_gits_words(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("[gage\n")
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": str(tmp_path / "broken")}
    with pytest.raises(GitError, match="bad config line 1"):
        read_settings(tmp_path, environ, tmp_path)
