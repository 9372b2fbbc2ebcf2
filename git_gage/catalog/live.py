"""What is known up to now of runs that go on, where filters and orders look for values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from git_gage.catalog.documents import add_live
from git_gage.catalog.facts import find_facts, write_facts
from git_gage.catalog.rows import find_runs, open_documents
from git_gage.catalog.schema import BUSY_S

# Summaries of metrics and logged attributes of runs, by id.
Live = Mapping[str, tuple[dict[str, Any], dict[str, Any]]]

_PATIENCE_S = 0.1


@contextmanager
def live_values(db: sqlite3.Connection, live: Live) -> Iterator[None]:
    """While it is entered these values are those of the runs; nothing of them is kept.

    Where somebody else writes to the catalog meanwhile, or nobody can, they are not there.
    """
    begun = _begin(db)
    try:
        if begun:
            _write(db, live)
        yield
    finally:
        if begun:
            db.execute("ROLLBACK")


def _begin(db: sqlite3.Connection) -> bool:
    db.execute(f"PRAGMA busy_timeout = {int(_PATIENCE_S * 1000)}")
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
    return True


def _write(db: sqlite3.Connection, live: Live) -> None:
    known = [run for run in find_runs(db, set(live)).values() if run.begun]
    open_documents(db, known)
    found = ((run, run.document) for run in known if run.document is not None)
    going = [(run, document) for run, document in found if document["status"] == "running"]
    write_facts(
        db,
        [
            (run.key, find_facts(add_live(document, *live[run.id])), set())
            for run, document in going
        ],
    )
