"""Questions that SQLite alone answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from git_gage.catalog.schema import AMONG, JOURNAL, among
from git_gage.catalog.texts import checked, with_packages
from git_gage.records import is_begin_of, parse_record
from git_gage.store import OWN, parse_ref

# Bits of `run.hidden`; archived runs have the one below. What was purged is found by its id alone.
DELETED, PURGED = 2, 4
# JSON counts exactly up to here: whoever writes a higher one must not stop the others.
_MAX_COUNT = 2**53 - 1
_SHOWN = (
    "SELECT run.id, d.text, d.crc, d.packages, p.text, p.crc FROM run"
    " JOIN document d ON d.run = run.key LEFT JOIN packages p ON p.key = d.packages"
)


Mark = tuple[int, int]


class Chain(NamedTuple):
    """Where a writer's next record about a run goes.

    `seq` and `prev` continue the writer's own chain, `lc` is the highest clock anybody used.
    """

    seq: int
    prev: str | None
    lc: int


class Shown(NamedTuple):
    """A run's document as JSON text, and that of its packages (None: not here)."""

    id: str
    text: str
    packages: str | None


def read_page(db: sqlite3.Connection, limit: int, before: str | None) -> list[Shown]:
    """The newest runs that are not put away, or the newest of those older than the run `before`."""
    rows = db.execute(
        f"{_SHOWN} WHERE run.id < ? AND run.hidden = 0 ORDER BY run.id DESC LIMIT ?",
        ("~" if before is None else before, limit),
    )
    return [_shown(row) for row in rows]


def read_some(db: sqlite3.Connection, runs: Sequence[str]) -> list[Shown]:
    """These runs, in this order."""
    rows = db.execute(f"{_SHOWN} WHERE run.id {AMONG}", [among(runs)])
    found = {row[0]: _shown(row) for row in rows}
    return [found[run] for run in runs if run in found]


def read_one(db: sqlite3.Connection, run: str) -> Shown | None:
    row = db.execute(f"{_SHOWN} WHERE run.id = ?", (run,)).fetchone()
    return None if row is None else _shown(row)


def read_total(db: sqlite3.Connection, name: str) -> int:
    """Number of "runs" that can be shown, or of "records"; or which catalog it is, "made"."""
    return int(db.execute("SELECT value FROM total WHERE name = ?", (name,)).fetchone()[0])


def count_listed(db: sqlite3.Connection) -> int:
    """Number of runs that can be shown and are not put away."""
    return int(
        db.execute(
            "SELECT value - (SELECT count(*) FROM run WHERE hidden > 0) FROM total"
            " WHERE name = 'runs'"
        ).fetchone()[0]
    )


def find_begun(db: sqlite3.Connection, runs: Iterable[str]) -> set[str]:
    """Those of which the `run.begin` is here."""
    rows = db.execute(f"SELECT id FROM run WHERE id {AMONG} AND writer IS NOT NULL", [among(runs)])
    return {id for (id,) in rows}


def list_purged(db: sqlite3.Connection) -> list[str]:
    """Ids of runs that were taken out as a whole, and of which something is still here."""
    rows = db.execute("SELECT id FROM run WHERE hidden >= ? ORDER BY id", (PURGED,))
    return [id for (id,) in rows]


def has_relics(db: sqlite3.Connection) -> bool:
    """Whether a record of a purged run is in no lane any more: whoever purged it took it from here.

    Records in lanes that can't be read now may be there still.
    """
    found = db.execute(
        "SELECT 1 FROM run JOIN record r ON r.run = run.key"
        " LEFT JOIN place ON place.blob = r.blob"
        " WHERE run.hidden > 0 AND run.hidden >= ?"
        " AND NOT EXISTS (SELECT 1 FROM unread WHERE why = 'lane')"
        " GROUP BY run.key, r.id HAVING count(place.tip) = 0 AND min(r.blob) <> ? LIMIT 1",
        (PURGED, JOURNAL),
    )
    return found.fetchone() is not None


def list_redacted(db: sqlite3.Connection) -> list[str]:
    lines = db.execute("SELECT line FROM redaction")
    return sorted({parse_record(line).run for (line,) in lines})


def find_told_of(db: sqlite3.Connection, runs: Iterable[str]) -> list[str]:
    """Those about which there is more than one record."""
    rows = db.execute(
        "SELECT run.id FROM run JOIN record r ON r.run = run.key"
        f" WHERE run.id {AMONG} GROUP BY run.id HAVING count(DISTINCT r.id) > 1",
        [among(runs)],
    )
    return [id for (id,) in rows]


def count_unread(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM unread").fetchone()[0])


def has_unread_lanes(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM unread WHERE why = 'lane'").fetchone() is not None


def list_blobs_of(db: sqlite3.Connection, ref: str) -> list[str]:
    rows = db.execute(
        "SELECT seen.blob FROM place JOIN tip ON tip.key = place.tip"
        " JOIN seen ON seen.key = place.blob WHERE tip.ref = ?",
        (ref,),
    )
    return [blob for (blob,) in rows]


def has_read(db: sqlite3.Connection, ref: str, tip: str) -> bool:
    rows = db.execute("SELECT 1 FROM tip WHERE ref = ? AND oid = ?", (ref, tip))
    return rows.fetchone() is not None


def list_blobs(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT blob FROM seen WHERE key IN (SELECT blob FROM place)")
    return [blob for (blob,) in rows]


def list_records_in(db: sqlite3.Connection, blobs: Iterable[str]) -> list[tuple[str, str, str]]:
    rows = db.execute(
        "SELECT seen.blob, run.id, r.id FROM record r JOIN run ON run.key = r.run"
        f" JOIN seen ON seen.key = r.blob WHERE seen.blob {AMONG}",
        [among(blobs)],
    )
    return [(blob, run, id.hex()) for blob, run, id in rows]


def read_chain(db: sqlite3.Connection, run: str, writer: str) -> Chain:
    last = db.execute(
        "SELECT r.seq, r.id FROM record r JOIN run ON run.key = r.run"
        " WHERE run.id = ? AND r.writer = ? ORDER BY r.seq DESC, r.id DESC LIMIT 1",
        (run, writer),
    ).fetchone()
    (clock,) = db.execute(
        "SELECT coalesce(max(r.lc), 0) FROM record r JOIN run ON run.key = r.run WHERE run.id = ?",
        (run,),
    ).fetchone()
    seq, prev = (min(last[0] + 1, _MAX_COUNT), last[1].hex()) if last else (0, None)
    return Chain(seq, prev, min(clock, _MAX_COUNT - 1))


def read_sightings(
    db: sqlite3.Connection, runs: Sequence[str], beyond: str | None
) -> dict[str, list[str]]:
    """Blobs that each record of some runs was seen in (none: a journal), by record id.

    With `beyond`, only records that this remote is not known to have.
    """
    rows = db.execute(
        "SELECT r.id, s.blob, r.blob IN (SELECT p.blob FROM place p JOIN tip t ON t.key = p.tip"
        " WHERE t.remote = ?) FROM run JOIN record r ON r.run = run.key"
        f" LEFT JOIN seen s ON s.key = r.blob WHERE run.id {AMONG}",
        (beyond, among(runs)),
    )
    seen: dict[str, list[str]] = {}
    there = set()
    for id, blob, is_there in rows:
        seen.setdefault(id.hex(), []).extend([blob] if blob else [])
        if is_there:
            there.add(id.hex())
    return {id: blobs for id, blobs in seen.items() if id not in there}


def list_runs(db: sqlite3.Connection) -> list[str]:
    """Ids of all runs that any record is about, oldest first."""
    return [id for (id,) in db.execute("SELECT id FROM run ORDER BY id")]


def read_mark(db: sqlite3.Connection) -> Mark:
    """Which catalog this is, and a number that grows with each blob of records that is read."""
    last = int(db.execute("SELECT coalesce(max(key), 0) FROM seen").fetchone()[0])
    return read_total(db, "made"), last


def read_news(db: sqlite3.Connection, since: Mark) -> list[tuple[str, str]]:
    """Run and id of the records that were in no blob up to a mark; none where nobody can tell.

    After a mark before the first blob that is all of them, also where the catalog was in memory
    until then.
    """
    made, mark = since
    if mark and made != read_total(db, "made"):
        return []
    rows = db.execute(
        "SELECT DISTINCT run.id, r.id FROM record r JOIN run ON run.key = r.run WHERE r.blob > ?"
        " AND NOT EXISTS (SELECT 1 FROM record b WHERE b.run = r.run AND b.id = r.id"
        " AND b.blob <= ?)",
        (mark, mark),
    )
    return [(run, id.hex()) for run, id in rows]


def remotes_of(db: sqlite3.Connection, run: str) -> list[str]:
    """Remotes that have something of a run."""
    rows = db.execute(
        "SELECT DISTINCT t.remote FROM run JOIN record r ON r.run = run.key"
        " JOIN place p ON p.blob = r.blob JOIN tip t ON t.key = p.tip"
        " WHERE run.id = ? AND t.remote IS NOT NULL ORDER BY 1",
        (run,),
    )
    return [remote for (remote,) in rows]


def has_open_elsewhere(db: sqlite3.Connection, lanes: Collection[str]) -> bool:
    """Whether a run that other lanes began has no end yet."""
    sql = f"""SELECT 1 FROM fact JOIN run ON run.key = fact.run
        WHERE fact.status = 'running' AND NOT coalesce(run.writer {AMONG}, 0) LIMIT 1"""
    return db.execute(sql, (among(lanes),)).fetchone() is not None


def is_begun_in(db: sqlite3.Connection, run: str, lanes: Collection[str]) -> bool:
    """Whether the `run.begin` of a run lies in a journal here, or in one of these lanes.

    What the record itself says of its writer is anybody's word.
    """
    rows = db.execute(
        "SELECT r.id, r.blob, t.ref FROM run JOIN record r ON r.run = run.key"
        " LEFT JOIN place p ON p.blob = r.blob LEFT JOIN tip t ON t.key = p.tip WHERE run.id = ?",
        (run,),
    )
    return any(
        is_begin_of(id.hex(), run) and (blob == JOURNAL or _is_in(ref, lanes))
        for id, blob, ref in rows
    )


def _is_in(ref: str | None, lanes: Collection[str]) -> bool:
    found = parse_ref(ref or "")
    return found is not None and found.space in OWN and found.lane in lanes


# For `hidden`: runs that are not deleted, and those that are and can be restored.
KEPT, RESTORABLE = f"hidden < {DELETED}", f"hidden >= {DELETED} AND hidden < {PURGED}"


def find_newest(
    db: sqlite3.Connection, column: str, value: str, count: int, hidden: str = KEPT
) -> list[str]:
    """Ids of the newest runs of an "operation" or "writer"."""
    rows = db.execute(
        f"SELECT id FROM run WHERE {column} = ? AND {hidden} ORDER BY id DESC LIMIT ?",
        (value, count),
    )
    return [id for (id,) in rows]


def find_newest_in(
    db: sqlite3.Connection, namespace: str, operation: str, count: int, hidden: str = KEPT
) -> list[str]:
    """Ids of the newest runs of an operation of a namespace."""
    rows = db.execute(
        "SELECT id FROM run JOIN fact ON fact.run = run.key"
        f" WHERE operation = ? AND namespace = ? AND {hidden} ORDER BY id DESC LIMIT ?",
        (operation, namespace, count),
    )
    return [id for (id,) in rows]


def find_named(db: sqlite3.Connection, name: str, count: int) -> list[str]:
    """Ids of the newest runs of this name."""
    rows = db.execute(
        "SELECT id FROM run WHERE name = ? AND writer IS NOT NULL ORDER BY id DESC LIMIT ?",
        (name, count),
    )
    return [id for (id,) in rows]


def find_prefixed(
    db: sqlite3.Connection, what: str, prefix: str, count: int, hidden: str = ">= 0"
) -> list[str]:
    """Ids of the newest runs of which the "name", "id" or "hash" begins with a prefix.

    `hidden`: what holds for where they are put away.
    """
    place = "substr(id, 11)" if what == "hash" else what
    rows = db.execute(
        f"SELECT id FROM run WHERE {place} >= ? AND {place} < ? AND writer IS NOT NULL"
        f" AND hidden {hidden} ORDER BY id DESC LIMIT ?",
        (prefix, prefix + "~", count),
    )
    return [id for (id,) in rows]


def as_document(shown: Shown, packages: dict[str, Any] | None = None) -> dict[str, Any]:
    """The run object. Equal packages are one object where `packages`, by text, is handed on."""
    document: dict[str, Any] = json.loads(shown.text)
    if shown.packages is not None:
        known = {} if packages is None else packages
        if shown.packages not in known:
            known[shown.packages] = json.loads(shown.packages)
        document["environment"]["packages"] = known[shown.packages]
    return document


def as_text(shown: Shown) -> str:
    return with_packages(shown.text, shown.packages)


def _shown(row: tuple[str, str, int, int | None, str | None, int]) -> Shown:
    id, text, crc, key, packages, packages_crc = row
    if packages is not None:
        checked(packages, packages_crc)
    if not checked(text, crc, key or 0).startswith(f'{{"id":"{id}"'):
        raise sqlite3.DatabaseError("a document lies with another run")
    return Shown(id, text, packages)


def newest_here(
    db: sqlite3.Connection, lanes: Iterable[str], steps: int = 0, hidden: str = KEPT
) -> str | None:
    """The newest run begun in these lanes, or the one so many steps before it."""
    found = [id for lane in lanes for id in find_newest(db, "writer", lane, steps + 1, hidden)]
    return sorted(found, reverse=True)[steps] if len(found) > steps else None
