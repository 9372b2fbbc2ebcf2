"""Regular expressions for SQLite: Python's own, with a bound on what they may cost."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from git_gage.errors import RequestError

T = TypeVar("T")
LONGEST = 500
MANY = 10
PATIENCE_S = 20.0
# A repetition inside a repetition can take longer than anybody waits: (a+)+ on thirty letters.
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[^)]*?[:=!>)])?|\)|[*+?]|\{\d*,?\d*\}|.", re.DOTALL
)


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a regular expression; None for a sound one."""
    if len(pattern) > LONGEST:
        return f"a regular expression has {LONGEST} characters at most"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    if _repeats_inside_repeats(pattern):
        return "a repetition inside a repetition can take for ever"
    return None


class Matcher:
    """`REGEXP` and `STATUS_NOW` for one query; what goes wrong inside is kept, not lost.

    SQLite tells of a failure in a function as if it were its own.
    """

    def __init__(self, status_of: Callable[[str], str]) -> None:
        self.failure: BaseException | None = None
        self._status_of = status_of
        self._until = time.monotonic() + PATIENCE_S
        self._search = lru_cache(maxsize=10_000)(_search)

    def regexp(self, pattern: str, value: Any) -> bool | None:
        """Whether a text has a match of the pattern; None for what is no text."""
        return self._answer(self._search, pattern, value) if type(value) is str else None

    def status_now(self, run: str) -> str | None:
        """The status of a run that has no end."""
        return self._answer(self._status_of, run)

    def _answer(self, question: Callable[..., T], *args: str) -> T | None:
        if self.failure is not None:
            return None
        if time.monotonic() > self._until:
            self.failure = RequestError(
                "match runs: the filter takes too long", hint="make its patterns simpler"
            )
            return None
        try:
            return question(*args)
        except BaseException as error:  # noqa: BLE001 - raised again where SQLite is done
            self.failure = error
        return None


def _search(pattern: str, value: str) -> bool:
    return re.search(pattern, value) is not None


def _is_many(token: str) -> bool:
    """Whether this is a count without an end, or one so high that it makes no difference."""
    if len(token) == 1 or token[0] != "{":
        return False
    most = token[1:-1].rpartition(",")[2]
    return not most or int(most) > MANY


def _repeats_inside_repeats(pattern: str) -> bool:
    """Whether a group that repeats without bound has such a repetition in it."""
    inner = [False]
    closed = False
    for token in _TOKEN.findall(pattern):
        if token in ("*", "+") or _is_many(token):
            if closed:
                return True
            inner[-1] = True
        if token == ")" and len(inner) > 1:
            closed = inner.pop()
            inner[-1] = inner[-1] or closed
        elif token[0] == "(" and not token.endswith(")"):
            inner.append(False)
            closed = False
        else:
            closed = False
    return False
