"""The tables, and the file they are in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Any other number in a file means: not ours to read, make it anew from the lanes.
SCHEMA = 16
MEMORY = Path(":memory:")
# Long enough for another process to read a hundred thousand runs for the first time.
BUSY_S = 120
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# What stands for the blob of a record that was read from a journal.
JOURNAL = 0
# One bound parameter for any number of values.
AMONG = "IN (SELECT value FROM json_each(?))"

_TABLES = """
CREATE TABLE tip (key INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, oid TEXT NOT NULL,
    remote TEXT);
CREATE TABLE seen (key INTEGER PRIMARY KEY, blob TEXT NOT NULL UNIQUE);
CREATE TABLE place (blob INTEGER NOT NULL, tip INTEGER NOT NULL, PRIMARY KEY (blob, tip))
    WITHOUT ROWID;
CREATE TABLE journal (name TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE unread (id BLOB PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE run (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    operation TEXT, writer TEXT, hidden INTEGER NOT NULL);
CREATE TABLE document (run INTEGER PRIMARY KEY, crc INTEGER NOT NULL, packages INTEGER, ended TEXT,
    filed TEXT, text TEXT NOT NULL);
CREATE TABLE fact (run INTEGER PRIMARY KEY, status TEXT, started TEXT, ended TEXT, duration_s REAL,
    exit_code INTEGER, label TEXT, namespace TEXT, project_id TEXT, author TEXT, email TEXT,
    commit_id TEXT, branch TEXT, dirty INTEGER, digest TEXT, host TEXT, python TEXT, platform TEXT,
    version TEXT, signal TEXT, staged TEXT, parent TEXT, restart_of TEXT,
    deleted INTEGER, archived TEXT);
CREATE TABLE name (key INTEGER PRIMARY KEY, part TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (part, name));
CREATE TABLE value (name INTEGER NOT NULL, run INTEGER NOT NULL, value, PRIMARY KEY (name, run))
    WITHOUT ROWID;
CREATE TABLE origin (source TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (source, run))
    WITHOUT ROWID;
CREATE TABLE packages (key INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, text TEXT,
    crc INTEGER);
CREATE TABLE record (run INTEGER NOT NULL, id BLOB NOT NULL, blob INTEGER NOT NULL,
    writer TEXT NOT NULL, seq INTEGER NOT NULL, lc INTEGER NOT NULL, PRIMARY KEY (run, id, blob))
    WITHOUT ROWID;
CREATE TABLE said (run INTEGER NOT NULL, record BLOB NOT NULL, kind TEXT NOT NULL,
    about TEXT NOT NULL, value TEXT, lc INTEGER NOT NULL, at TEXT NOT NULL, deps TEXT NOT NULL,
    author TEXT NOT NULL, writer TEXT NOT NULL, own INTEGER NOT NULL, signed INTEGER NOT NULL,
    state TEXT, PRIMARY KEY (run, record)) WITHOUT ROWID;
CREATE TABLE copy (run INTEGER NOT NULL, record BLOB NOT NULL, digest BLOB NOT NULL,
    line BLOB NOT NULL, PRIMARY KEY (run, record, digest)) WITHOUT ROWID;
CREATE TABLE comment (run INTEGER NOT NULL, record BLOB NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (run, record)) WITHOUT ROWID;
CREATE TABLE waiting (run INTEGER NOT NULL, id BLOB NOT NULL, line BLOB NOT NULL,
    PRIMARY KEY (run, id)) WITHOUT ROWID;
CREATE TABLE redaction (record BLOB PRIMARY KEY, line BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE missing (run INTEGER NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL,
    oid TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (record, name)) WITHOUT ROWID;


INSERT INTO total VALUES ('runs', 0), ('records', 0), ('made', random());
"""

# What a first load is quicker without.
_INDEXES = {
    "run_hash": "run (substr(id, 11))",
    "run_name": "run (name)",
    "run_operation": "run (operation, id)",
    "run_writer": "run (writer, id)",
    "run_hidden": "run (hidden) WHERE hidden > 0",
}


def open_catalog(path: Path) -> sqlite3.Connection:
    """The catalog in this file, with its tables.

    Raises: OSError or sqlite3.DatabaseError where that can't be, also for a file of another
    version.
    """
    if path != MEMORY:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Python may clear away a catalog that nobody holds any more in any thread.
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        if _version(db) != SCHEMA:
            _create(db)
        db.execute("PRAGMA cell_size_check = ON")
        db.execute("PRAGMA cache_size = -32768")
    except BaseException:
        db.close()
        raise
    return db


def among(values: Iterable[Any]) -> str:
    """The parameter of `AMONG`."""
    return json.dumps(list(values))


@contextmanager
def without_indexes(db: sqlite3.Connection) -> Iterator[None]:
    """A great load: the indexes are made once, at its end."""
    for name in _INDEXES:
        db.execute(f"DROP INDEX {name}")
    yield
    _create_indexes(db)


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside happens, or none of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def let_readers_go_on(db: sqlite3.Connection) -> None:
    """From now on others read while one writes; where the file system can't do it, as before.

    Not from the beginning: a first load, before which there is nothing to read, would be written
    twice. Who reads at this moment is not waited for, as they could wait for us: it is so after the
    next change then.
    """
    db.execute("PRAGMA busy_timeout = 0")
    try:
        db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in BUSY:
            raise
    finally:
        db.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")


def _create(db: sqlite3.Connection) -> None:
    _require_empty(db)
    with writing(db):
        if _version(db) == SCHEMA:
            return  # another process was first
        _require_empty(db)
        for statement in _TABLES.split(";\n"):
            db.execute(statement)
        _create_indexes(db)
        db.execute(f"PRAGMA user_version = {SCHEMA}")


def _require_empty(db: sqlite3.Connection) -> None:
    if db.execute("SELECT 1 FROM sqlite_master").fetchone() and _version(db) != SCHEMA:
        raise sqlite3.DatabaseError("a catalog of another version")


def _create_indexes(db: sqlite3.Connection) -> None:
    for name, columns in _INDEXES.items():
        db.execute(f"CREATE INDEX {name} ON {columns}")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
