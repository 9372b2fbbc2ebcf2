"""Words that were meant for remotes and places, and are none."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from git_gage.errors import RequestError, RunNotFoundError

if TYPE_CHECKING:
    from git_gage.cli.app import App


def require_remote(app: App, word: str) -> None:
    """Raises: RequestError for what is no remote, place, address or directory, with a guess."""
    from git_gage.share.remote import is_remote

    if not is_remote(app.here, word) and not (app.cwd / word).exists():
        raise no_remote(app, word)


def no_remote(app: App, word: str) -> RequestError:
    """What is said of a word that is none, with a guess."""
    hint = _guess(app, word) or "'git gage remote' lists them"
    return RequestError(f"no remote or place '{word}'", hint=hint)


@contextmanager
def naming_runs(
    app: App, command: str, words: Sequence[str], wheres: Sequence[str] = ()
) -> Iterator[None]:
    """Where one of the words is no run, it may have been meant for a remote: that is said."""
    from git_gage.share.remote import is_remote

    try:
        yield
    except RunNotFoundError as error:
        told = error.message.removeprefix("no run ")  # of rows and operations it is told otherwise
        word = next((each for each in words if told.startswith(f"'{each}' ")), "")
        if not is_remote(app.here, word):
            error.hint = _guess(app, word) or error.hint
            raise
        runs = [each for each in words if not is_remote(app.here, each)]
        filters = [part for where in wheres for part in ("-w", where)]
        raise RequestError(
            f"'{word}' is a remote and no run: give one remote at a time",
            hint=shlex.join(["git", "gage", *command.split(), word, *runs, *filters]),
        ) from error


def _guess(app: App, word: str) -> str | None:
    from difflib import get_close_matches

    from git_gage.share.known import remote_words

    near = get_close_matches(word, remote_words(app.here), n=1)
    return f"did you mean '{near[0]}'?" if near else None
