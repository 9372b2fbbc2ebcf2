"""Where the catalog lies, and what to do about what SQLite says."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.catalog.schema import BUSY, MEMORY

if TYPE_CHECKING:
    from git_gage.store import Store

NAME = "catalog.db"
# What a question may end in where the file is damaged: what comes out of it can be anything. A
# fault of ours is told all the same: it happens again in a file made anew, and at last in memory.
DAMAGE = (sqlite3.DatabaseError, AttributeError, LookupError, TypeError, ValueError)

# The place can't be written, or lacks what SQLite needs of it, as some network file systems do.
_UNUSABLE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
)


def find_places(store: Store) -> Iterator[Path]:
    """Where the catalog can lie, the best place first; the last one always works.

    A repository without runs is left as it is.
    """
    if os.path.exists(store.dir) or store.read_tips():
        yield store.dir / NAME
        cache = cache_folder(store)
        if cache is not None:
            yield cache / NAME
    yield MEMORY


def is_busy(error: Exception) -> bool:
    """Whether another process held the file for too long."""
    return _code(error) in BUSY


def is_unusable(error: Exception) -> bool:
    """Whether the place is to blame, and not what the file holds."""
    return _code(error) in _UNUSABLE


def delete_catalog(path: Path) -> None:
    """Delete the file and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def cache_folder(store: Store) -> Path | None:
    """Where the user keeps what is derived from a repository that only others write."""
    import hashlib

    environ = store.repo.environ
    base = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", ""), ".cache")
    if not os.path.isabs(base):
        return None
    place = store.repo.stands_for or store.repo.common_dir
    return Path(base) / "git-gage" / hashlib.sha256(os.fsencode(place)).hexdigest()[:16]


def _code(error: Exception) -> int:
    # Errors that Python itself raises, such as text that is not UTF-8, have none.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
