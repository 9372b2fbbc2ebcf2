"""Regular expressions of a gagefile."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from git_gage.gagefile.problem import VALUE, Problem, dotted

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


def check_pattern(pattern: str, path: KeyPath) -> Iterator[Problem]:
    """What is wrong with a pattern of files, if it is a regular expression."""
    kind, colon, text = pattern.removeprefix("-").partition(":")
    if kind == "regex" and colon:
        found = compile_regex(text)
        if isinstance(found, str):
            yield Problem(path, VALUE, f"'{dotted(path)}' is no regular expression: {found}")
