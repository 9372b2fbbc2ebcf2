"""The order that runs are asked for in, as SQL.

Source: docs/filters.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from git_gage.catalog.facts import PARTS, TAG
from git_gage.catalog.filter_fields import Field, Sql, Tags
from git_gage.catalog.values import storable
from git_gage.errors import RequestError
from git_gage.safe import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

# Enough to guess from, and few enough to compare in a moment.
MOST = 500
# Numbers before text before true and false, whichever way; what is missing comes last.
_KIND = "CASE typeof(k{0}) WHEN 'text' THEN 1 WHEN 'blob' THEN 2 WHEN 'null' THEN 3 ELSE 0 END"


def sort_columns(db: sqlite3.Connection, keys: Sequence[str], fields: Mapping[str, Field]) -> Sql:
    """Columns `k0`, `k1`… of a question about `run` and `fact` to sort by.

    Raises: RequestError for what no run has.
    """
    columns = [_column(db, key.removeprefix("-"), fields) for key in keys]
    text = "".join(f", {column.text} AS k{place}" for place, column in enumerate(columns))
    return Sql(text, tuple(value for column in columns for value in column.parameters))


def sort_order(keys: Sequence[str]) -> str:
    """What these columns are sorted by; among equals the newest run comes first."""
    parts = [
        f"{_KIND.format(place)}, k{place}{' DESC' if key.startswith('-') else ''}"
        for place, key in enumerate(keys)
    ]
    return ", ".join([*parts, "run.id DESC"])


def _column(db: sqlite3.Connection, name: str, fields: Mapping[str, Field]) -> Sql:
    field = fields.get(name)
    if isinstance(field, Tags):
        raise RequestError(f"sort: '{name}' has no order", hint="sort by '-acc' or 'started'")
    if field is not None:
        return Sql(field.sql)
    part, dot, rest = name.partition(".")
    asked = [(part, storable(rest))] if dot and part in PARTS else []
    asked += [(part, storable(name)) for part in PARTS]
    keys = [key for each in asked if (key := _find_name(db, *each)) is not None]
    if not keys:
        raise _unknown(db, name, fields)
    found = ", ".join(
        f"(SELECT value FROM value WHERE name = {key} AND run = run.key)" for key in keys
    )
    return Sql(f"coalesce({found}, NULL)")


def _find_name(db: sqlite3.Connection, part: str, name: str) -> int | None:
    question = "SELECT key FROM name WHERE part = ? AND name = ?"
    row = db.execute(question, (part, name)).fetchone()
    return None if row is None else int(row[0])


def _unknown(db: sqlite3.Connection, name: str, fields: Mapping[str, Field]) -> RequestError:
    from difflib import get_close_matches

    rows = db.execute("SELECT name FROM name WHERE part <> ? LIMIT ?", (TAG, MOST)).fetchall()
    near = get_close_matches(name, [*fields, *(known for (known,) in rows)], n=1)
    hint = f"did you mean '{clean(near[0])}'?" if near else "sort by '-acc' or 'started'"
    return RequestError(f"sort: no run has a '{clean(name)}'", hint=hint)
