"""Which runs name a run: as an input, as what started them, as what they start again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3


def find_followers(db: sqlite3.Connection, run: str) -> list[str]:
    """Ids of the runs that name a run, oldest first."""
    rows = db.execute(
        "SELECT run.id FROM origin o JOIN run ON run.key = o.run"
        " WHERE o.source = ? AND run.id != ? ORDER BY run.id",
        (run, run),
    )
    return [id for (id,) in rows]


def named_runs(document: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the runs that a run object names as what it came from."""
    for each in document["inputs"]:
        yield from each["runs"]
        if each["run"]:
            yield each["run"]
    for key in ("parent", "restart_of"):
        if document[key]:
            yield document[key]
