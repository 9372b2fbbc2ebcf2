"""The order that runs are asked for in, as SQL.

Source: docs/filters.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.catalog.facts import PARTS, TAG
from git_gage.catalog.filter_fields import Field, Several
from git_gage.catalog.values import storable
from git_gage.errors import RequestError
from git_gage.safe import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

# Enough to guess from, and few enough to compare in a moment.
MOST = 500
# Each takes up to three of the 64 tables that SQLite joins.
MOST_KEYS = 8
# Numbers before text before true and false, whichever way; what is missing comes last.
_KIND = "CASE typeof({0}) WHEN 'text' THEN 1 WHEN 'blob' THEN 2 WHEN 'null' THEN 3 ELSE 0 END"
_MAX = "1.7976931348623157e308"
_FINITE = f"typeof({{0}}) IN ('integer', 'real') AND {{0}} BETWEEN -{_MAX} AND {_MAX}"


class Order(NamedTuple):
    """How a question about `run` is put in order.

    `tables` are those that it begins with, `order` what it is sorted by, `group` the value that it
    is grouped by, `where` what must hold besides.
    """

    tables: str
    order: str
    group: str
    where: str


def make_order(
    db: sqlite3.Connection,
    keys: Sequence[str],
    group: str | None,
    fields: Mapping[str, Field],
    *,
    numeric: bool,
) -> Order:
    """The order of some keys, of equals the newest run first.

    `numeric`: only runs that have a number by the first key, and a finite one.

    Raises: RequestError for what no run has, or has no order.
    """
    if len(keys) > MOST_KEYS:
        raise RequestError(f"runs are sorted by {MOST_KEYS} names at most", hint="sort by fewer")
    names = [key.removeprefix("-") for key in keys] + ([] if group is None else [group])
    columns = [_column(db, name, f"s{place}", fields) for place, name in enumerate(names)]
    sorts = [
        f"{_KIND.format(column.value)}, {column.value}{' DESC' if key.startswith('-') else ''}"
        for key, column in zip(keys, columns, strict=False)
    ]
    first, where = "run", "1"
    if numeric:
        where = _FINITE.format(columns[0].value)
        if len(columns[0].keys) == 1:  # all runs that count are in one stretch of the table
            (key,) = columns[0].keys
            first = "value s0_0 CROSS JOIN run ON run.key = s0_0.run"
            where = f"s0_0.name = {key} AND {where}"
            columns[0] = columns[0]._replace(joins="")
    return Order(
        first + "".join(column.joins for column in columns),
        ", ".join([*sorts, "run.id DESC"]),
        "NULL" if group is None else columns[-1].value,
        where,
    )


def require_names(db: sqlite3.Connection, names: Iterable[str], fields: Collection[str]) -> None:
    """Raises: RequestError unless some run has a value of each name, or it is a field."""
    for name in names:
        if name not in fields and not _find_keys(db, name):
            raise _unknown(db, name, fields)


class _Column(NamedTuple):
    """A value of runs in SQL, the tables it is in, and the keys of its names there."""

    value: str
    joins: str = ""
    keys: tuple[int, ...] = ()


def _column(db: sqlite3.Connection, name: str, table: str, fields: Mapping[str, Field]) -> _Column:
    field = fields.get(name)
    if isinstance(field, Several):
        raise RequestError(f"'{name}' has no order", hint="use a name with one value in each run")
    if field is not None:
        return _Column(field.value)
    keys = _find_keys(db, name)
    if not keys:
        raise _unknown(db, name, fields)
    tables = [f"{table}_{place}" for place in range(len(keys))]
    joins = (
        f" LEFT JOIN value {each} ON {each}.name = {key} AND {each}.run = run.key"
        for each, key in zip(tables, keys, strict=True)
    )
    values = [f"{each}.value" for each in tables]
    value = values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"
    return _Column(value, "".join(joins), tuple(keys))


def _find_keys(db: sqlite3.Connection, name: str) -> list[int]:
    """Keys in table `name` of what a name stands for, the first of them first."""
    part, dot, rest = name.partition(".")
    asked = [(part, storable(rest))] if dot and part in PARTS else []
    asked += [(part, storable(name)) for part in PARTS]
    rows = [
        db.execute("SELECT key FROM name WHERE part = ? AND name = ?", each).fetchone()
        for each in asked
    ]
    return [key for (key,) in filter(None, rows)]


def _unknown(db: sqlite3.Connection, name: str, fields: Iterable[str]) -> RequestError:
    from difflib import get_close_matches

    rows = db.execute("SELECT name FROM name WHERE part <> ? LIMIT ?", (TAG, MOST)).fetchall()
    near = get_close_matches(name, [*(known for (known,) in rows), *fields], n=1)
    hint = f"did you mean '{clean(near[0])}'?" if near else "see what there is by 'git gage list'"
    return RequestError(f"no run has a '{clean(name)}'", hint=hint)
