"""Choosing runs by options, the best of them, and what scripts ask of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import gage_inside, git, make_repo

PROGRAM = "lr = 0.1\nprint('acc:', 1 - lr)\nprint('val loss:', lr)\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = make_repo(tmp_path / "repo", files={"train.py": PROGRAM, "eval.py": PROGRAM})
    for op, lr in (("train.py", "0.2"), ("train.py", "0.3"), ("eval.py", "0.2")):
        assert gage_inside(made, "run", "-q", "-t", f"of {op}", op, f"lr={lr}").code == 0
    return made


def count(repo: Path, *args: str) -> int:
    return gage_inside(repo, "list", "--json", *args).out.count('"id":"')


def test_options_become_one_filter(repo: Path) -> None:
    assert count(repo, "--min", "acc=0.8") == 2
    assert count(repo, "--min", "acc = 0.8", "--max", "val loss=0.1") == 0
    assert count(repo, "--max", "config.lr=0.2") == 2
    assert count(repo, "--min", "metric.val loss=0.25") == 1
    assert count(repo, "--op", "train") == 2
    assert count(repo, "--op", "train", "--op", "eval") == 3
    assert count(repo, "-t", "of eval.py") == 1
    assert count(repo, "--status", "completed", "--status", "error") == 3
    assert count(repo, "--status", "staged") == 0
    assert count(repo, "--since", "yesterday") == 3
    assert count(repo, "--until", "2 days ago") == 0
    assert count(repo, "--author", "^.* <.*@") == 3
    assert count(repo, "--author", "nobody at all") == 0
    assert count(repo, "--commit", "HEAD") == 3
    assert count(repo, "--commit", "main", "--op", "eval") == 1
    assert count(repo, "--commit", "abcdef1") == 0
    assert count(repo, "-w", "", "--op", "eval") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("push", "-w", ""), "'-w' needs a filter: leave it out for all runs"),
        (("fetch", "-w", " "), "'-w' needs a filter: leave it out for all runs"),
        (("sync", "-w", "acc > 0", "-w", ""), "'-w' needs a filter: leave it out for all runs"),
        (("copy", "--all", "-y", "--to", ""), "an empty word names no remote"),
        (("list", "--remote", ""), "an empty word names no remote"),
        (("push", ""), "an empty word names no remote or run"),
        (("files", "status", ""), "an empty word names no remote or run"),
        (("purge", "--author", "", "--force"), "'--author' needs a pattern"),
        (("--runs", "", "rm", "1", "-y"), "'--runs' needs a directory: leave it out for this"),
    ],
)
def test_an_unset_variable_means_nothing(repo: Path, words: tuple[str, ...], message: str) -> None:
    refused = gage_inside(repo, *words)
    assert (refused.code, refused.out) == (129, "")
    assert message in refused.err
    assert count(repo) == 3


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--min", "acc", "'--min' needs a name and a number such as acc=0.9, not 'acc'"),
        ("--max", "=1", "'--max' needs a name and a number such as acc=0.9, not '=1'"),
        ("--min", "a=b", "'--min' needs a name and a number such as acc=0.9, not 'a=b'"),
        ("--status", "done", "'--status' needs one of completed, "),
        ("--since", "xyz", "'--since' needs a date such as 2026-11-01 or '2 days ago', not 'xyz'"),
        ("--author", "(", "'--author' needs a pattern: not a regular expression: "),
        ("--commit", "nothing", "'--commit' needs a commit, branch or tag, not 'nothing'"),
        ("--sort", "acc,,lr", "'--sort' needs names with commas between them"),
    ],
)
def test_bad_values_are_told_by_name(tmp_path: Path, option: str, value: str, message: str) -> None:
    result = gage_inside(make_repo(tmp_path / "repo"), "list", option, value)
    assert (result.code, result.out) == (129, "")
    assert message in result.err


def test_the_best_run(repo: Path) -> None:
    eval_run = gage_inside(repo, "select", "eval@").out
    assert gage_inside(repo, "best", "acc").out == eval_run
    assert gage_inside(repo, "best", "val loss").out == eval_run
    worst = gage_inside(repo, "best", "val loss", "--max").out
    assert worst == gage_inside(repo, "best", "acc", "--min").out
    assert worst == gage_inside(repo, "select", "@{best:-acc}").out
    assert gage_inside(repo, "best", "acc", "--per", "lr").out == eval_run + worst
    train = gage_inside(repo, "best", "acc", "--op", "train").out
    assert train == gage_inside(repo, "select", "train@{best:acc}").out != eval_run
    assert gage_inside(repo, "best", "acc", "--json").out.startswith('[\n{"id":"')
    nothing = gage_inside(repo, "best", "acc", "-w", "acc > 1")
    assert nothing == (1, "", "no run matches\n")
    assert "did you mean 'acc'?" in gage_inside(repo, "best", "acd").err


def test_what_scripts_ask_of_a_run(repo: Path) -> None:
    gage_inside(repo, "label", "@", "--set", "last one")

    def selected(*args: str) -> str:
        result = gage_inside(repo, "select", *args)
        assert (result.code, result.err) == (0, "")
        return result.out

    assert len(selected()) == 31
    assert selected("--id") == selected() == selected("--op", "eval")
    assert selected("--label") == "last one\n"
    assert selected("--config", "lr") == "0.2\n"
    assert selected("--metric", "acc") == "0.8\n"
    assert selected("--metric", "nothing") == selected("@~1", "--label") == ""
    assert selected("--project-dir") == f"{repo.resolve()}\n"
    gage_inside(repo, "list")
    assert selected("1:3", "--label") == "last one\n\n\n"
    assert selected("1:3", "--op", "eval") == selected()
    assert selected("--name").count("-") == 1
    assert gage_inside(repo, "select", "-w", "lr > 5") == (1, "", "no run matches\n")
    twice = gage_inside(repo, "select", "--id", "--name")
    assert "'--id' cannot be used with '--name'" in twice.err


def test_the_directory_of_a_run(repo: Path) -> None:
    assert gage_inside(repo, "run", "-q", "--", "true").code == 0
    assert gage_inside(repo, "select", "--run-dir").out == ""
    (repo / "writes.py").write_text("open('made.txt', 'w').write('x')\n")
    assert gage_inside(repo, "run", "-q", "writes.py").code == 0
    folder = Path(gage_inside(repo, "select", "--run-dir").out.strip())
    assert (folder / "made.txt").read_text() == "x"


def test_one_run_is_needed(repo: Path) -> None:
    gage_inside(repo, "list")
    result = gage_inside(repo, "show", "1:2")
    assert (result.code, result.err.splitlines()[0]) == (
        128,
        "fatal: '1:2' are 2 runs, and one is needed",
    )
    assert gage_inside(repo, "show", "2:2").code == 0
    assert gage_inside(repo, "label", "1:2", "--set", "two").out == "Set label for 2 runs\n"


def test_a_repository_without_a_work_tree_has_no_project_folder(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")
    git(tmp_path / "bare", "fetch", "-q", str(repo), "refs/gage/*:refs/gage-remotes/x/*")
    result = gage_inside(tmp_path / "bare", "select", "--project-dir")
    assert (result.code, result.out) == (0, "")
