"""Several questions to git at once: they do not depend on each other, and machines have cores."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GitError

if TYPE_CHECKING:
    from git_gage.git import Repository


class Question(NamedTuple):
    """Arguments of one git command, what it reads, and exit codes that are answers."""

    args: tuple[str, ...]
    input: bytes | None = None
    ok: tuple[int, ...] = (0,)


def ask_together(
    repo: Repository, questions: Sequence[Question], env: Mapping[str, str], cwd: Path
) -> list[bytes]:
    """The answers, in the order of the questions.

    Raises: GitError of the first question that has no answer; OSError where git can't be started.
    """
    answers: list[bytes | GitError | OSError] = [b""] * len(questions)

    def ask(number: int) -> None:
        args, input, ok = questions[number]
        try:
            answers[number] = repo.run(*args, input=input, env=env, cwd=cwd, ok=ok)
        except (GitError, OSError) as error:
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [_answer(found) for found in answers]


def _answer(found: bytes | GitError | OSError) -> bytes:
    if isinstance(found, bytes):
        return found
    raise found
