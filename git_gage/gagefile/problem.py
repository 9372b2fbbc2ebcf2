"""What is wrong in a gagefile, by the place of the key or value in the document."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.gagefile.spellings import KeyPath

ERROR, WARNING = "error", "warning"
VALUE, KEY, TABLE = "value", "key", "table"
"""What of an entry a problem points at; TABLE is where something is missing."""


class Problem(NamedTuple):
    """One thing that is wrong. guess: what was meant, if it can be guessed."""

    path: KeyPath
    at: str
    message: str
    guess: str | None = None
    severity: str = ERROR


def dotted(path: KeyPath) -> str:
    """A path as messages have it: `train.config.0.type`."""
    return ".".join(shorten(str(key), 40) for key in path)


def quoted(value: Any) -> str:
    """A value as messages have it."""
    if isinstance(value, str):
        return f"'{shorten(value, 40)}'"
    return json.dumps(value, default=str)[:40]


def shorten(text: str, most: int) -> str:
    """A text of `most` characters at most."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def one_of(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last


def closest(word: Any, known: Iterable[Any]) -> str | None:
    """The known word that a misspelt one is likely to be."""
    from difflib import get_close_matches

    if not isinstance(word, str):
        return None
    near = {name.lower(): name for name in known if isinstance(name, str)}
    found = get_close_matches(word.lower(), near, n=1, cutoff=0.6)
    return near[found[0]] if found else None
