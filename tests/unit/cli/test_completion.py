"""A shell that completes gets commands, options, names that are known, and never an error."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import gage_inside, git


def completed(where: Path, *words: str) -> list[str]:
    """What bash is offered for the last of the words."""
    return [line.partition(",")[2] for line in asked(where, *words)]


def asked(where: Path, *words: str) -> list[str]:
    environ = {
        "_GIT_GAGE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("git-gage", *words)),
        "COMP_CWORD": str(len(words)),
    }
    result = gage_inside(where, env=environ)
    assert result.err == ""
    return result.out.splitlines()


def test_commands_and_options(tmp_path: Path) -> None:
    assert completed(tmp_path, "l") == ["list", "ls-files", "label"]
    assert completed(tmp_path, "--v") == ["--version"]
    assert completed(tmp_path, "list", "--al") == ["--all"]
    assert completed(tmp_path, "list", "--color", "a") == ["auto", "always"]
    assert completed(tmp_path, "help", "o") == ["output", "open", "ops"]


def test_runs_by_id_and_name(repo: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "true")
    listed = gage_inside(repo, "list").out.splitlines()[1].split()
    run, name = listed[2], listed[3]
    assert completed(repo, "show", run[:4]) == [run]
    assert completed(repo, "label", "--set", "x", run[:4]) == [run]
    assert completed(repo, "output", name[:3]) == [name]
    assert completed(repo, "show", "") == [run]


def test_files_are_for_the_shell_to_find(tmp_path: Path) -> None:
    for words in ("compare --html", "board --html", "board -c", "report -o", "report --template"):
        assert asked(tmp_path, *words.split(), "") == ["file,"]


def test_metrics_that_need_no_quotes(repo: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "printf", "acc: 1\nloss: 2\nloss_b: 3\nloss of b: 4\n")
    assert completed(repo, "best", "") == ["acc", "loss", "loss_b"]
    for words in (
        "series @",
        "select --metric",
        "compare --plot",
        "compare --metric",
        "list --best",
    ):
        assert completed(repo, *words.split(), "los") == ["loss", "loss_b"]


def test_remotes_first_then_runs(repo: Path) -> None:
    git(repo, "remote", "add", "origin", "../origin.git")
    git(repo, "remote", "add", "backup", "../backup.git")
    assert completed(repo, "fetch", "") == ["backup", "origin"]
    assert completed(repo, "push", "o") == ["origin"]
    gage_inside(repo, "run", "-q", "--", "true")
    assert completed(repo, "push", "o") == ["origin", *filter(None, completed(repo, "show", "o"))]
    runs = completed(repo, "show", "")
    assert completed(repo, "push", "origin", "") == runs


def test_where_there_is_nothing_to_offer_it_stays_silent(tmp_path: Path) -> None:
    assert completed(tmp_path, "show", "") == []
    assert completed(tmp_path, "push", "") == []
    assert completed(tmp_path, "best", "") == []
    result = gage_inside(tmp_path, env={"_GIT_GAGE_COMPLETE": "no_such_thing"})
    assert (result.out, result.err) == ("", "")
    assert result.code != 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(tmp_path: Path, shell: str) -> None:
    done = subprocess.run(
        ["env", f"_GIT_GAGE_COMPLETE={shell}_source", "git-gage"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "git-gage" in done.stdout
    assert "_GIT_GAGE_COMPLETE" in done.stdout
