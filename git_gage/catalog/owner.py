"""Whose a catalog is that lies outside of its repository, in a place found by a path.

Another repository may be at that path by now: the lanes that a clone writes are no other's, and
what was fetched hangs on tips that are here.
"""

from __future__ import annotations

import sqlite3
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.store import Store


def require_ours(db: sqlite3.Connection, store: Store) -> None:
    """Note in an empty catalog whose it is.

    Raises: sqlite3.DatabaseError for what was read from another repository.
    """
    mark = zlib.crc32(" ".join(sorted(store.my_lanes)).encode()) >> 1  # SQLite's has a sign
    known = dict(db.execute("SELECT ref, oid FROM tip"))
    if db.execute("PRAGMA application_id").fetchone() == (mark,) and _has_all(store, known):
        return
    if known or db.execute("SELECT 1 FROM run").fetchone():
        raise sqlite3.DatabaseError("a catalog of another repository")
    db.execute(f"PRAGMA application_id = {mark}")


def _has_all(store: Store, known: dict[str, str]) -> bool:
    """Whether the refs are here, and where they have moved on what they were."""
    tips = store.read_tips()
    moved = [oid for ref, oid in known.items() if tips.get(ref) != oid]
    return known.keys() <= tips.keys() and None not in store.repo.object_sizes(moved).values()
