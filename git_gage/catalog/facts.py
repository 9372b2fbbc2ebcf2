"""What filters ask of runs, in tables of its own: one row of facts a run, one a value.

In table `value` numbers are numbers, text is text, and `true` and `false` are the bytes 1 and 0,
so that neither is equal to a number. Lists and objects are JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.schema import AMONG, among
from git_gage.catalog.texts import dump, tame
from git_gage.catalog.values import storable
from git_gage.records import author_name

if TYPE_CHECKING:
    import sqlite3

METRIC, CONFIG, ATTRIBUTE, TAG = "metric", "config", "attr", "tag"
# Where a bare name is looked for, in this order.
PARTS = (METRIC, CONFIG, ATTRIBUTE)

_INFINITE = {"inf": float("inf"), "-inf": float("-inf")}
_INT_BITS = 63
_COLUMNS = 24
_DIGITS = re.compile(r"-?[0-9]{1,400}")
_KEYS = ((METRIC, "metrics"), (CONFIG, "config"), (ATTRIBUTE, "attributes"))

Name = tuple[str, str]


class Facts(NamedTuple):
    """A row of table `fact` without its key; values by part and names, as SQLite has them."""

    row: tuple[Any, ...]
    values: list[tuple[str, tuple[str, ...], list[Any]]]


def list_names(document: Mapping[str, Any]) -> set[Name]:
    """Part and name of all values that a run object has."""
    return {(part, storable(name)) for part, values in _parts(document) for name in values}


def find_facts(document: Mapping[str, Any]) -> Facts:
    """What filters ask of a run, from its run object."""
    return Facts(
        _row(document),
        [
            (part, tuple(values), _scalars(part, values.values()))
            for part, values in _parts(document)
            if values
        ],
    )


def write_facts(db: sqlite3.Connection, runs: Iterable[tuple[int, Facts, set[Name]]]) -> None:
    """Write facts and values of runs: key, facts, and the names of values it had before."""
    rows, gone = [], []
    # Most runs have the same names: those of a part are looked up together.
    found: dict[tuple[str, tuple[str, ...]], list[tuple[int, list[Any]]]] = {}
    for run, facts, before in runs:
        rows.append((run, *facts.row))
        for part, names, scalars in facts.values:
            found.setdefault((part, names), []).append((run, scalars))
        if before:
            now = {(part, storable(name)) for part, names, _ in facts.values for name in names}
            gone += [(part, name, run) for part, name in before - now]
    db.executemany(f"INSERT OR REPLACE INTO fact VALUES (?{', ?' * _COLUMNS})", rows)
    keys = _name_keys(db, {(part, storable(name)) for part, names in found for name in names})
    cells: list[tuple[int, int, Any]] = []
    for (part, names), alike in found.items():
        columns = [keys[part, storable(name)] for name in names]
        for run, scalars in alike:
            cells += zip(columns, repeat(run), scalars)
    # In the order of the table, but for runs that are not alike: a page of it is written once.
    cells.sort(key=itemgetter(0))
    db.executemany("INSERT OR REPLACE INTO value VALUES (?, ?, ?)", cells)
    db.executemany(
        "DELETE FROM value WHERE name = (SELECT key FROM name WHERE part = ? AND name = ?)"
        " AND run = ?",
        gone,
    )


def count_tags(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Tags, each with how many runs have it, those of the most runs first."""
    rows = db.execute(
        "SELECT n.name, count(*) FROM name n JOIN value v ON v.name = n.key WHERE n.part = ?"
        " GROUP BY n.name ORDER BY count(*) DESC, n.name",
        (TAG,),
    )
    return rows.fetchall()


def count_archives(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Names of archives ("" for none), each with how many runs are in it, by name."""
    rows = db.execute(
        "SELECT archived, count(*) FROM run JOIN fact ON fact.run = run.key"
        " WHERE hidden = 1 GROUP BY archived ORDER BY archived"
    )
    return rows.fetchall()


def _parts(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The values of a run object, by part."""
    for part, key in _KEYS:
        yield part, document[key]
    yield TAG, dict.fromkeys(document["tags"], True)


def _row(document: Mapping[str, Any]) -> tuple[Any, ...]:
    """The columns of table `fact` behind its key, in their order."""
    project, source, environment = (document[key] for key in ("project", "source", "environment"))
    author = document["author"] or {}
    return (
        document["status"],
        document["started"],
        document["ended"],
        _measured(document["duration_s"]),
        _measured(document["exit_code"]),
        _text(document["label"]),
        _text(project["namespace"]),
        _text(" ".join(project["id"] or []) or None),
        _text(author_name(author) or None),
        _text(author.get("email")),
        _text(source["commit"]),
        _text(source["branch"]),
        source["dirty"],
        _text(source["digest"]),
        _text(environment["host"]),
        _text(environment["python"]),
        _text(environment["platform"]),
        _text(document["version"]),
        _text(document["signal"]),
        document["staged"],
        _text(document["parent"]),
        _text(document["restart_of"]),
        document["deleted"] is not None,
        document["archived"] and _text(document["archived"]["name"]),
    )


def _name_keys(db: sqlite3.Connection, names: set[Name]) -> dict[Name, int]:
    """Keys in table `name`; names not seen before are written."""
    keys: dict[Name, int] = {}
    for part in {part for part, _ in names}:
        asked = among(name for other, name in names if other == part)
        rows = db.execute(
            f"SELECT name, key FROM name WHERE part = ? AND name {AMONG}", (part, asked)
        )
        keys.update({(part, name): key for name, key in rows})
    (last,) = db.execute("SELECT coalesce(max(key), 0) FROM name").fetchone()
    fresh = {name: key for key, name in enumerate(sorted(names - keys.keys()), last + 1)}
    db.executemany(
        "INSERT INTO name VALUES (?, ?, ?)", [(key, *name) for name, key in fresh.items()]
    )
    return keys | fresh


def _scalars(part: str, values: Iterable[Any]) -> list[Any]:
    return [
        value if type(value) is float and value == value else _scalar(part, value)
        for value in values
    ]


def _scalar(part: str, value: Any) -> int | float | str | bytes | None:
    """A value as SQLite compares it."""
    if value is None:
        return None
    kind = type(value)
    if kind is bool:
        return b"\1" if value else b"\0"
    if kind is int or kind is float:
        return _number(value)
    if kind is not str:
        return storable(dump(tame(value)))
    if value in _INFINITE:
        return _INFINITE[value]
    if part == METRIC and _DIGITS.fullmatch(value):
        return _number(int(value))  # JSON does not hold it, so records have its digits
    return storable(value)


def _number(value: float) -> int | float | str:
    """What SQLite can hold: integers of 64 bits, the others rounded; NaN is the word."""
    if value != value:
        return "nan"
    if type(value) is int and value.bit_length() > _INT_BITS:
        try:
            return float(value)
        except OverflowError:
            return _INFINITE["inf" if value > 0 else "-inf"]
    return value


def _measured(value: float | None) -> int | float | None:
    number = None if value is None else _number(value)
    return number if isinstance(number, int | float) else None


def _text(value: str | None) -> str | None:
    return None if value is None else storable(value)
