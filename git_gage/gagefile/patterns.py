"""Texts of a gagefile that have a grammar of their own: patterns of files, filters of runs."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from git_gage.gagefile.problem import VALUE, Problem, dotted, shorten

if TYPE_CHECKING:
    from git_gage.gagefile.spellings import KeyPath


def compile_regex(text: str) -> re.Pattern[str] | str:
    """A regular expression, or what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error) or "nested too deeply"


def explain_regex(pattern: str) -> str | None:
    """What is wrong with a pattern if it is a regular expression; others are not looked at."""
    kind, colon, text = pattern.removeprefix("-").partition(":")
    found = compile_regex(text) if kind == "regex" and colon else None
    return (
        f"pattern '{pattern}' is no regular expression: {found}" if isinstance(found, str) else None
    )


def accept(_text: str) -> str | None:
    """Nothing is wrong with anything."""
    return None


class Explain(NamedTuple):
    """Who knows what is wrong with a text that has a grammar of its own; None if nothing is."""

    pattern: Callable[[str], str | None] = explain_regex
    filter: Callable[[str], str | None] = accept


def check_text(text: str, path: KeyPath, explain: Callable[[str], str | None]) -> Iterator[Problem]:
    """What is wrong with a text that has a grammar of its own."""
    fault = explain(text)
    if fault is not None:
        yield Problem(path, VALUE, f"'{dotted(path)}': {shorten(fault, 300)}")
