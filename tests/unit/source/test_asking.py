"""Several questions at once, and what becomes of those without an answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.errors import GitError
from git_gage.git import open_repository
from git_gage.source.asking import Question, ask_together


def test_answers_come_in_the_order_of_the_questions(repo: Path) -> None:
    opened = open_repository(repo, dict(os.environ))
    questions = [
        Question(("rev-parse", "--is-bare-repository")),
        Question(("hash-object", "--stdin"), input=b""),
        Question(("config", "no.such"), ok=(0, 1)),
    ]
    empty = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n"
    assert ask_together(opened, questions, {}, repo) == [b"false\n", empty, b""]


def test_git_that_refuses(repo: Path) -> None:
    opened = open_repository(repo, dict(os.environ))
    with pytest.raises(GitError, match="single revision"):
        ask_together(opened, [Question(("rev-parse", "--verify", "no-such"))], {}, repo)


def test_git_that_can_not_be_started(repo: Path) -> None:
    opened = open_repository(repo, dict(os.environ))
    with pytest.raises(FileNotFoundError):
        ask_together(opened, [Question(("version",))], {}, repo / "gone")
