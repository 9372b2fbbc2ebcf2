"""Two runs and one file outside of both: what each is told of the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from git_gage.runs.liveness import hold_alive
from git_gage.runs.stage import finish_stage
from git_gage.runs.staged import NOTE
from tests.git.test_stage import Stage, stage
from tests.support import git, make_repo, write_files

MODEL = b"data/model"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = make_repo(tmp_path / "repo", files={"train.py": "1\n", ".gitignore": "data/\n*.bin\n"})
    write_files(repo, {"data/old": "1\n", "w.bin": "1\n"})
    return repo


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[Path, str], Stage]]:
    """A run of a work tree under a name, which goes on."""
    held = []

    def start(where: Path, name: str) -> Stage:
        staged = stage(where, tmp_path, name)
        held.append(hold_alive(staged.private.parent))
        return staged

    yield start
    for handle in held:
        os.close(handle)


Begin = Callable[[Path, str], Stage]


def close(staged: Stage) -> dict[bytes, list[str]]:
    return finish_stage(staged.taken.repo, *staged[1:]).company


def test_both_are_told_whoever_closes_first(repo: Path, begin: Begin) -> None:
    one, two, three = (begin(repo, name) for name in ("one", "two", "three"))
    write_files(repo, {"data/model": "1\n"})
    assert {name: sorted(runs) for name, runs in close(one).items()} == {MODEL: ["three", "two"]}
    (repo / "w.bin").write_text("2\n")
    assert close(two) == {MODEL: ["three", "one"], b"w.bin": ["three"]}
    assert close(three) == {MODEL: ["one", "two"], b"w.bin": ["two"]}


def test_two_that_close_at_once_name_each_other_once(repo: Path, begin: Begin) -> None:
    one, two = begin(repo, "one"), begin(repo, "two")
    write_files(repo, {"data/model": "1\n"})
    heard = two.private.parent / "company.jsonl"
    heard.write_text('["data/mo\n["data/model", "one"]\n["data/other", "one"]\n')
    assert close(two) == {MODEL: ["one"]}
    assert close(one) == {MODEL: ["two"]}


def test_whoever_has_nothing_to_do_with_it_is_not_named(
    repo: Path, tmp_path: Path, begin: Begin
) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree"))
    write_files(tmp_path / "tree", {"data/old": "1\n"})
    begin(tmp_path / "tree", "elsewhere")
    stage(repo, tmp_path, "dead")
    half = begin(repo, "half")
    (half.private / NOTE).write_text("{")
    one = begin(repo, "one")
    write_files(repo, {"data/model": "1\n", "w.bin": "2\n"})
    later = begin(repo, "later")
    (repo / "data").rename(repo / "lost")
    (repo / "lost" / "model").rename(repo / "lost" / "other")
    (repo / "lost").rename(repo / "data")
    (repo / "w.bin").unlink()
    assert close(one) == {b"data/other": ["later"]}
    assert close(later) == {b"data/other": ["one"]}


def test_a_file_that_a_run_has_in_its_own_copy_is_none_of_its_business(
    repo: Path, begin: Begin
) -> None:
    one = begin(repo, "one")
    git(repo, "add", "-f", "w.bin")
    two = begin(repo, "two")
    (repo / "w.bin").write_text("2\n")
    assert close(one) == {}
    assert close(two) == {}


def test_whoever_cannot_be_told_looks_by_himself(repo: Path, begin: Begin) -> None:
    one, two = begin(repo, "one"), begin(repo, "two")
    (two.private.parent / "company.jsonl").mkdir()
    write_files(repo, {"data/model": "1\n"})
    assert close(one) == {MODEL: ["two"]}
