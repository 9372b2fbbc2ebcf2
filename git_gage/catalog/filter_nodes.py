"""Filters taken apart: what the grammar makes of a text."""

from __future__ import annotations

import re
from typing import NamedTuple

from git_gage.catalog.facts import PARTS
from git_gage.errors import FilterSyntaxError
from git_gage.safe import clean

LONGEST = 10_000
SHOWN = 70

# Words and nothing else: what people look for. The grammar's own words are none.
_PLAIN = re.compile(r"""\s*[^\s()\[\],=!<>~'"]+(?:\s+[^\s()\[\],=!<>~'"]+)*\s*""")
_PLAIN_WORD = re.compile(r"""[^\s()\[\],=!<>~'"]+""")
_KEYWORDS = frozenset({"and", "or", "not", "in", "not-in"})
_LETTERS = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
# Words that are more than text where values stand.
_MEANINGS = _KEYWORDS | {"null", "none", "true", "false", "inf", "nan"}


class Word(NamedTuple):
    """A name or value as it was typed, and as it is meant; `start` is its place in the filter."""

    typed: str
    text: str
    quoted: bool
    start: int


class Comparison(NamedTuple):
    """`name operator values`; the operators `in` and `not in` have any number of values."""

    name: Word
    operator: str
    values: tuple[Word, ...]


class Alone(NamedTuple):
    """A word that is a condition by itself."""

    word: Word


class Negation(NamedTuple):
    part: Node


class Group(NamedTuple):
    """Parts that must all hold (`AND`), or one of them (`OR`)."""

    joint: str
    parts: tuple[Node, ...]


Node = Comparison | Alone | Negation | Group


def parse_filter(text: str) -> Node:
    """The conditions of a filter; a few plain words are looked for as they are.

    Raises: FilterSyntaxError, which shows the place.
    """
    if len(text) > LONGEST:
        raise FilterSyntaxError(
            f"a filter has {LONGEST:,} characters at most, not {len(text):,}",
            hint="give a part of it by another '-w': all of them must hold",
        )
    words = text.strip()
    if not words:
        raise FilterSyntaxError("the filter is empty", hint="a condition is acc > 0.9")
    if _PLAIN.fullmatch(text) and _KEYWORDS.isdisjoint(words.lower().split()):
        return Alone(Word(words, words, False, text.index(words)))
    from git_gage.catalog.filter_syntax import parse_conditions

    return parse_conditions(text)


def spell_name(name: str) -> str:
    """A name as a filter has to spell it: between quotes where it has spaces or signs."""
    part, dot, rest = name.partition(".")
    if _PLAIN_WORD.fullmatch(name) and name.lower() not in _KEYWORDS:
        return name
    if dot and rest and part in PARTS:
        return f"{part}.{spell_text(rest)}"
    return spell_text(name)


def spell_text(text: str) -> str:
    """Text as a filter takes it: between quotes, but for a plain word that is nothing else."""
    if _LETTERS.fullmatch(text) and text.lower() not in _MEANINGS:
        return text
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"


def fault(text: str, start: int, message: str, hint: str) -> FilterSyntaxError:
    """What is wrong at a place of a filter, with the part of it around the place."""
    first = max(0, start - SHOWN // 2)
    shown, before = clean(text[first : first + SHOWN]), clean(text[first:start])
    head = "..." if first else ""
    tail = "..." if first + SHOWN < len(text) else ""
    caret = " " * (len(head) + len(before)) + "^"
    return FilterSyntaxError(f"{clean(message)}\n  {head}{shown}{tail}\n  {caret}", hint=hint)
