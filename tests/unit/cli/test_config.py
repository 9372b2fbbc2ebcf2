"""`git gage config`: what is set, where, and what it means."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support import gage, gage_inside, git


def test_settings_are_shown_with_what_they_mean(repo: Path) -> None:
    git(repo, "config", "--global", "gage.remote", "lab")
    shown = gage_inside(repo, "config")
    assert (shown.code, shown.err) == (0, "")
    assert (
        "gage.pollInterval  (not set: 2s)\n"
        "    How often a run looks for what its program has logged\n"
        "gage.remote = lab\n"
        "    Remote, place or URL used when none is named; can be set several times\n"
    ) in shown.out
    assert gage_inside(repo, "config", "list") == shown


def test_each_value_names_its_file(repo: Path) -> None:
    git(repo, "config", "--global", "gage.remote", "lab")
    git(repo, "config", "gage.remote", "origin")
    shown = gage_inside(repo, "config", "--show-origin").out
    user = os.environ["GIT_CONFIG_GLOBAL"]
    assert f"gage.remote = lab\n    global in {user}, another value counts\n" in shown
    assert f"gage.remote = origin\n    local in {repo / '.git' / 'config'}\n" in shown
    rows = json.loads(gage_inside(repo, "config", "--json").out)
    (row,) = [row for row in rows if row["value"] == "origin"]
    assert row == {
        "key": "gage.remote",
        "value": "origin",
        "scope": "local",
        "origin": str(repo / ".git" / "config"),
        "counts": True,
        "usual": "that of the branch, or origin",
        "meaning": "Remote, place or URL used when none is named; can be set several times",
        "problem": None,
    }


def test_what_git_was_told_for_one_command(repo: Path) -> None:
    by_count = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "gage.remote",
        "GIT_CONFIG_VALUE_0": "x",
    }
    shown = gage_inside(repo, "config", "--show-origin", env=by_count).out
    assert "gage.remote = x\n    command (command line or environment)\n" in shown
    assert gage_inside(repo, "config", "get", "gage.remote", env=by_count).out == "x\n"


def test_strange_settings_are_warned_of(repo: Path) -> None:
    git(repo, "config", "gage.rmote", "x")
    git(repo, "config", "gage.pollInterval", "often")
    shown = gage_inside(repo, "config")
    place = repo / ".git" / "config"
    assert shown.err == (
        f"warning: no setting 'gage.rmote' (in {place})\n"
        "hint: did you mean 'gage.remote'?\n"
        f"warning: 'gage.pollInterval' is no time such as '2s': 'often' (in {place})\n"
        "hint: git gage config set gage.pollInterval <value>\n"
    )
    assert "gage.rmote = x\n" in shown.out
    assert gage_inside(repo, "config", "get", "gage.rmote") == (
        0,
        "x\n",
        "warning: no setting 'gage.rmote'\n",
    )


def test_get(repo: Path) -> None:
    assert gage_inside(repo, "config", "get", "gage.remote") == (1, "", "")
    git(repo, "config", "gage.remote", "lab")
    assert gage_inside(repo, "config", "get", "Gage.Remote") == (0, "lab\n", "")
    assert gage_inside(repo, "config", "get", "gage.rmote").err == (
        "fatal: no setting 'gage.rmote'\nhint: did you mean 'gage.remote'?\n"
    )
    assert gage_inside(repo, "config", "get", "user.name").err == (
        "fatal: 'user.name' is no setting of git-gage\nhint: git config user.name\n"
    )


def test_set_lets_git_write(repo: Path) -> None:
    assert gage_inside(repo, "config", "set", "gage.pollinterval", "5s") == (
        0,
        "Set gage.pollInterval\n",
        "",
    )
    assert git(repo, "config", "--local", "gage.pollInterval") == "5s\n"
    git(repo, "config", "--add", "gage.pollInterval", "7s")
    assert gage_inside(repo, "config", "set", "gage.pollInterval", "6s").code == 0
    assert git(repo, "config", "--get-all", "gage.pollInterval") == "6s\n"
    assert gage_inside(repo, "config", "set", "gage.runsDir", "--", "-x").code == 0
    assert git(repo, "config", "gage.runsDir") == "-x\n"


def test_set_says_where_another_value_counts(repo: Path) -> None:
    git(repo, "config", "gage.remote", "ours")
    inner = repo / "inner"
    inner.mkdir()
    assert gage_inside(inner, "config", "set", "--global", "gage.remote", "mine") == (
        0,
        "Set gage.remote\n",
        f"warning: 'ours' counts before it (in {repo / '.git' / 'config'})\n",
    )
    assert git(repo, "config", "--global", "gage.remote") == "mine\n"
    git(repo, "config", "extensions.worktreeConfig", "true")
    assert gage_inside(repo, "config", "set", "--worktree", "gage.remote", "here").err == ""
    assert git(repo, "config", "gage.remote") == "here\n"


def test_set_refuses_what_cannot_be(repo: Path) -> None:
    before = (repo / ".git" / "config").read_bytes()
    for key, value in (
        ("gage.pollInterval", "x"),
        ("gage.nothing", "1"),
        ("gage.repo.a\nb.url", "x"),
        ("gage.runsDir", "a\x1b[2J"),
        ("core.fsmonitor", "evil"),
    ):
        refused = gage_inside(repo, "config", "set", key, value)
        assert (refused.code, refused.out) == (128, "")
        assert "\x1b" not in refused.err
    assert (repo / ".git" / "config").read_bytes() == before


def test_outside_of_any_repository(tmp_path: Path) -> None:
    assert gage_inside(tmp_path, "config", "set", "--global", "gage.remote", "lab").code == 0
    assert gage_inside(tmp_path, "config", "get", "gage.remote").out == "lab\n"
    refused = gage_inside(tmp_path, "config", "set", "gage.remote", "lab")
    assert (refused.code, "not a git repository" in refused.err) == (128, True)


def test_edit_opens_the_file_and_looks_at_it(repo: Path) -> None:
    append = {"GIT_EDITOR": "printf '[gage]\\nrmote=x\\n' >>"}
    done = gage(repo, "config", "edit", env=append)
    assert done.code == 0
    assert "no setting 'gage.rmote'" in done.err
    nowhere = {"GIT_CONFIG_GLOBAL": str(repo / "none" / "config")}
    refused = gage_inside(repo, "config", "edit", "--global", env=nowhere)
    assert refused.code == 128
    assert "\nfatal: git config --global --edit: exit code " in refused.err  # after what git says


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["get"], "missing <key>"),
        (["set"], "missing <key>"),
        (["set", "gage.remote"], "missing <value>"),
        (["list", "x"], "unexpected argument 'x'"),
        (["set", "a", "b", "c"], "unexpected argument 'c'"),
        (["get", "a", "--global"], "'get' reads all layers: leave out the option that names one"),
        (["edit", "--json"], "'edit' shows nothing: leave out the options that do"),
        (["set", "a", "b", "--global", "--local"], "'--global' cannot be used with '--local'"),
    ],
)
def test_a_wrong_command_line(repo: Path, words: list[str], message: str) -> None:
    assert gage_inside(repo, "config", *words) == (
        129,
        "",
        f"fatal: {message}\nhint: see 'git gage config -h'\n",
    )


def test_shells_complete_settings(repo: Path) -> None:
    complete = {
        "_GIT_GAGE_COMPLETE": "bash_complete",
        "COMP_WORDS": "git-gage config get gage.p",
        "COMP_CWORD": "3",
    }
    assert gage_inside(repo, env=complete).out == "plain,gage.pollInterval\n"
