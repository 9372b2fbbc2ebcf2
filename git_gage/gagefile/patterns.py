"""Regular expressions of a gagefile."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from git_gage.gagefile.problem import VALUE, Problem, dotted

if TYPE_CHECKING:
    from git_gage.gagefile.spellings import KeyPath

ExplainPattern = Callable[[str], str | None]
"""What is wrong with a pattern of files, None if nothing is."""


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


def check_pattern(pattern: str, path: KeyPath, explain: ExplainPattern) -> Iterator[Problem]:
    """What is wrong with a pattern of files."""
    fault = explain(pattern)
    if fault is not None:
        yield Problem(path, VALUE, f"'{dotted(path)}': {fault}")
