"""The order that runs are asked for in, as SQL.

Source: docs/filters.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from git_gage.catalog.facts import PARTS, TAG
from git_gage.catalog.filter_fields import Field, Tags
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


def sort_columns(db: sqlite3.Connection, keys: Sequence[str], fields: Mapping[str, Field]) -> str:
    """Columns `k0`, `k1`… of a question about `run` and `fact` to sort by.

    Raises: RequestError for what no run has.
    """
    columns = [_column(db, key.removeprefix("-"), fields) for key in keys]
    return "".join(f", {column} AS k{place}" for place, column in enumerate(columns))


def sort_order(keys: Sequence[str]) -> str:
    """What these columns are sorted by; among equals the newest run comes first."""
    parts = [
        f"{_KIND.format(place)}, k{place}{' DESC' if key.startswith('-') else ''}"
        for place, key in enumerate(keys)
    ]
    return ", ".join([*parts, "run.id DESC"])


def group_column(db: sqlite3.Connection, key: str, fields: Mapping[str, Field]) -> str:
    """A column `g` with the value of a name; NULL where a run has none."""
    return f", {_column(db, key, fields)} AS g"


def require_names(db: sqlite3.Connection, names: Iterable[str], fields: Collection[str]) -> None:
    """Raises: RequestError unless some run has a value of each name, or it is a field."""
    for name in names:
        if name not in fields and not _find_keys(db, name):
            raise _unknown(db, name, fields)


def _column(db: sqlite3.Connection, name: str, fields: Mapping[str, Field]) -> str:
    field = fields.get(name)
    if isinstance(field, Tags):
        raise RequestError(f"'{name}' has no order", hint="use a name with one value in each run")
    if field is not None:
        return field.sql
    keys = _find_keys(db, name)
    if not keys:
        raise _unknown(db, name, fields)
    found = ", ".join(
        f"(SELECT value FROM value WHERE name = {key} AND run = run.key)" for key in keys
    )
    return f"coalesce({found}, NULL)"


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
