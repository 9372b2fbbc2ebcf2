"""The records themselves, read from where the catalog saw them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.errors import IntegrityError, RequestError
from git_gage.records import Record, parse_record, unsigned_id

if TYPE_CHECKING:
    import sqlite3

    from git_gage.store import Store

LEAST = 6
_DIGITS = 64
# Blobs, of 1 MiB at most.
MOST_KEPT = 16
_HINT = "'git gage show @ --history' has the ids of what was recorded about a run"

Lines = dict[str, list[bytes]]
"""Record lines by the ids of their records: one, and copies of it that are signed."""


class RecordReader:
    """Reads records by their ids. The lines of the last few blobs are kept: who asks for one run
    after the other would read a blob, which holds hundreds, for each of them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, Lines] = {}

    def read(self, sightings: Mapping[str, Sequence[str]]) -> list[Record]:
        """The records with these ids, in the order of their clocks; what is gone is left out.

        Of each come all copies, those that are signed first. `sightings` has for each id the blobs
        it was seen in; where none is left it is in a journal.
        """
        found: dict[bytes, Record] = {}
        blobs = dict.fromkeys(blob for seen in sightings.values() for blob in seen)
        for lines in self._read_blobs(blobs):
            found.update(_pick(lines, sightings))
        if len({record.id for record in found.values()}) < len(sightings):
            for name in self._store.journals():
                lines = _by_id(self._store.read_journal(name, 0)[0])
                found.update(_pick(lines, sightings))
        return sorted(found.values(), key=_rank)

    def _read_blobs(self, blobs: Iterable[str]) -> Iterator[Lines]:
        absent = []
        for blob in blobs:
            if blob in self._kept:
                yield self._kept[blob]
            else:
                absent.append(blob)
        for blob, read in self._store.read_readable(absent):
            if len(self._kept) == MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[blob] = _by_id(read)
            yield self._kept[blob]


def one_of_each(records: Iterable[Record]) -> list[Record]:
    """The first copy of each record, in the same order."""
    first: dict[str, Record] = {}
    for record in records:
        first.setdefault(record.id, record)
    return list(first.values())


def find_run_of_record(db: sqlite3.Connection, prefix: str) -> tuple[str, str]:
    """The run that a record is about, and its id, by the first characters of that.

    Raises: RequestError where none or several have it.
    """
    text = prefix.lower()
    if not LEAST <= len(text) <= _DIGITS or not set(text) <= set("0123456789abcdef"):
        raise RequestError(
            f"'{prefix}' is no record id: that is {LEAST} hex digits or more", hint=_HINT
        )
    rows = db.execute(
        "SELECT DISTINCT run.id, record.id FROM record JOIN run ON run.key = record.run"
        " WHERE record.id BETWEEN ? AND ? LIMIT 2",
        (bytes.fromhex(text.ljust(_DIGITS, "0")), bytes.fromhex(text.ljust(_DIGITS, "f"))),
    ).fetchall()
    if not rows:
        raise RequestError(f"no record '{prefix}'", hint=_HINT)
    if len(rows) > 1:
        raise RequestError(
            f"'{prefix}' is the beginning of several record ids", hint="give more of it"
        )
    ((run, id),) = rows
    return run, id.hex()


def _rank(record: Record) -> tuple[int, str, str, bool, bytes]:
    return record.lc, record.at, record.id, record.sig is None, record.line


def _by_id(lines: Iterable[bytes]) -> Lines:
    """Lines by what may be their ids, told by digests: to read them as JSON takes longer."""
    found: Lines = {}
    for line in lines:
        found.setdefault(hashlib.sha256(line).hexdigest(), []).append(line)
        if (id := unsigned_id(line)) is not None:
            found.setdefault(id, []).append(line)
    return found


def _pick(lines: Lines, wanted: Collection[str]) -> Iterator[tuple[bytes, Record]]:
    """Those among the wanted."""
    for id in wanted if len(wanted) < len(lines) else lines:
        for line in lines.get(id, ()) if id in wanted else ():
            record = _parse(line)
            if record is not None and record.id == id:
                yield line, record


def _parse(line: bytes) -> Record | None:
    try:
        return parse_record(line)
    except IntegrityError:
        return None  # refresh has told of it
