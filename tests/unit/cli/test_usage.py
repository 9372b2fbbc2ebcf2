"""A command line that is wrong says what is, and what to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import gage_inside

USAGE = 129


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["lsit"], "no command 'lsit'", "did you mean 'list'?"),
        (["qqqq"], "no command 'qqqq'", "see 'git gage -h'"),
        (["help", "labl"], "no command 'labl'", "did you mean 'label'?"),
        (["list", "--jsn"], "no option '--jsn'", "did you mean '--json'?"),
        (["files", "push", "@", "--files"], "no option '--files'", "see 'git gage files -h'"),
        (["list", "--qqqq"], "no option '--qqqq'", "see 'git gage list -h'"),
        (["--qqqq"], "no option '--qqqq'", "see 'git gage -h'"),
        (
            ["list", "-n", "x"],
            "'-n' needs a number from 1 up, not 'x'",
            "see 'git gage list -h'",
        ),
        (["list", "-n0"], "'-n' needs a number from 1 up, not '0'", "see 'git gage list -h'"),
        (["list", "-n"], "option '-n' requires an argument", "see 'git gage list -h'"),
        (["list", "-n3", "--all"], "'-n' cannot be used with '--all'", "see 'git gage list -h'"),
        (
            ["list", "--color=x"],
            "invalid value for '--color': 'x' is not one of 'auto', 'always', 'never'",
            "see 'git gage list -h'",
        ),
        (
            ["label", "@", "--clear", "--set", "x"],
            "'--set' cannot be used with '--clear'",
            "see 'git gage label -h'",
        ),
        (["label"], "missing <run>", "see 'git gage label -h'"),
        (
            ["label", "@"],
            "give either '--set <text>' or '--clear'",
            "see 'git gage label -h'",
        ),
        (
            ["show", "--json", "--diff"],
            "'--json' cannot be used with '--diff'",
            "see 'git gage show -h'",
        ),
        (["show", "@", "x"], "unexpected argument 'x'", "see 'git gage show -h'"),
        (
            ["label", "@", "--set", " "],
            "'--set' needs some text",
            "see 'git gage label -h'",
        ),
        (
            ["label", "@", "--set", "x" * 1001],
            "'--set' takes 1000 characters at most",
            "see 'git gage label -h'",
        ),
        (
            ["run", "-l", "caf\udce9", "train.py"],
            "'--label' needs text in UTF-8, not 'caf\\xe9'",
            "see 'git gage run -h'",
        ),
        (["run", "--"], "nothing to run", "git gage run train.py lr=0.1"),
        (
            ["run", "train.py", "--lr", "0.1"],
            "'--lr' is no setting: settings are <key>=<value>",
            "git gage run -- python train.py --lr 0.1",
        ),
        (
            ["run", "-q", "train", "lr=1", "--epochs", "3"],
            "'--epochs' is no setting: settings are <key>=<value>",
            "git gage ops train",
        ),
        (
            ["run", "train.py", "--", "./train.sh"],
            "'train.py' and a command cannot be run at once",
            "git gage run train.py",
        ),
        (
            ["run", "--json", "train.py"],
            "'--json' needs '--preview'",
            "git gage run --preview --json",
        ),
        (
            ["run", "--start", "@", "lr=1"],
            "unexpected argument 'lr=1': a staged run has its settings",
            "git gage restart @ lr=1",
        ),
        (
            ["restart", "@", "lr"],
            "'lr' is no setting: settings are <key>=<value>",
            "git gage restart @ lr=0.01",
        ),
        (
            ["run", "train.py", "a b"],
            "'a b' is no setting: settings are <key>=<value>",
            "git gage run train.py lr=0.1",
        ),
        (
            ["run", "train.py", "=3"],
            "'=3' is no setting: settings are <key>=<value>",
            "git gage run train.py lr=0.1",
        ),
    ],
)
def test_a_wrong_command_line(tmp_path: Path, words: list[str], message: str, hint: str) -> None:
    result = gage_inside(tmp_path, *words)
    assert result.err == f"fatal: {message}\nhint: {hint}\n"
    assert (result.code, result.out) == (USAGE, "")


def test_options_are_taken_before_and_after_arguments(repo: Path) -> None:
    before = gage_inside(repo, "label", "--clear", "nosuchrun")
    after = gage_inside(repo, "label", "nosuchrun", "--clear")
    assert before == after
    assert before.code == 128
    assert "nosuchrun" in before.err


def test_a_run_is_never_called_by_odd_bytes(repo: Path) -> None:
    for word, told in (("x\udcff@", "x\\xff"), ("a\nb", "a\\nb"), ("\x1b[2J", "\\x1b[2J")):
        result = gage_inside(repo, "show", word)
        assert result.code == 128
        assert f"'{told}'" in result.err.splitlines()[0]
