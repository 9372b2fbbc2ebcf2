"""What a filter asks for that no run has, when it finds none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from git_gage.catalog.documents import STATUSES
from git_gage.catalog.facts import PARTS, TAG
from git_gage.catalog.filter import find_parts, split_name
from git_gage.catalog.filter_fields import run_fields
from git_gage.catalog.filter_nodes import Alone, Comparison, Negation, Node, Word, parse_filter

if TYPE_CHECKING:
    import sqlite3

# Enough to guess from, and few enough to compare in a moment.
MOST = 500
_EQUAL = ("=", "!=", "in", "not in")
SHOWN_STATUSES = (*STATUSES, "staged", "running", "lost")


def find_unknown(db: sqlite3.Connection, wheres: Sequence[str]) -> dict[str, str | None]:
    """Names and statuses in filters that no run has, each with one that may be meant."""
    fields = run_fields(float)
    found: dict[str, str | None] = {}
    for comparison in [each for where in wheres for each in _list(parse_filter(where))]:
        name = comparison.name
        if not name.quoted and name.text == "status" and comparison.operator in _EQUAL:
            unknown = [word.text for word in comparison.values if word.text not in SHOWN_STATUSES]
            found |= {text: _guess(text, SHOWN_STATUSES) for text in unknown}
        elif (name.quoted or name.text not in fields) and not _is_known(db, name):
            found[name.text] = _guess(name.text, [*fields, *_known_names(db)])
    return found


def _list(node: Node) -> Iterator[Comparison]:
    match node:
        case Negation():
            yield from _list(node.part)
        case Comparison():
            yield node
        case Alone():
            return
        case _:
            for part in node.parts:
                yield from _list(part)


def _is_known(db: sqlite3.Connection, word: Word) -> bool:
    part, name = split_name(word)
    return not {part or each for each in PARTS}.isdisjoint(find_parts(db, name))


def _known_names(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT part, name FROM name WHERE part <> ? LIMIT ?", (TAG, MOST)).fetchall()
    return [name for _, name in rows] + [f"{part}.{name}" for part, name in rows]


def _guess(text: str, known: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(text, list(known), n=1)), None)
