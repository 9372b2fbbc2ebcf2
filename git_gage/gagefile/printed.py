"""What an operation says of its output: which lines are metrics and attributes.

Source: docs/gagefile.md, "Output".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

NUMBER = r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf(?:inity)?|nan))"
WORD = r"[^\W\d][\w./-]*"
# What patterns can say in short.
_SHORT = {r"\value": rf"({NUMBER})", r"\key": rf"({WORD})", r"\step": r"(\d+)"}


class Pattern(NamedTuple):
    """What to look for in a line. name: of the value that the only group is; None where two groups
    are a name and a value, or named groups are values."""

    name: str | None
    regex: re.Pattern[str]


class Patterns(NamedTuple):
    """What an operation says of its output; `pairs`: lines `name: value` are metrics."""

    metrics: tuple[Pattern, ...] = ()
    attributes: tuple[Pattern, ...] = ()
    pairs: bool = True


def read_patterns(metrics: Any, attributes: Any) -> Patterns:
    """Those of `output-metrics` and `output-attributes`; what is wrong in them is left out."""
    pairs = metrics is None or metrics is True
    return Patterns(tuple(_compile(metrics)), tuple(_compile(attributes)), pairs)


def explain_pattern(text: str, *, named: bool) -> str | None:
    """What is wrong with a pattern, if anything; `named`: it has a name and finds its value."""
    from git_gage.gagefile.patterns import compile_regex

    found = compile_regex(_expand(text))
    if isinstance(found, str):
        return f"is no regular expression: {found}"
    if named and found.groups != 1:
        return r"needs one group, the value, as in 'loss=(\S+)'"
    if not named and found.groups != 2 and not found.groupindex:
        return r"needs two groups, a name and a value, as in '(\w+)=(\S+)'"
    return None


def _compile(given: Any) -> Iterator[Pattern]:
    if isinstance(given, Mapping):
        found = [(name, text) for name, text in given.items()]
    elif isinstance(given, bool):
        found = []
    else:
        found = [(None, text) for text in ([given] if isinstance(given, str) else given or ())]
    for name, text in found:
        if text and explain_pattern(text, named=name is not None) is None:
            yield Pattern(name, re.compile(_expand(text)))


def _expand(text: str) -> str:
    for short, meant in _SHORT.items():
        # In a group already, it is what the group holds.
        text = text.replace(f"({short})", meant).replace(short, meant)
    return text
