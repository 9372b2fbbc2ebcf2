"""What people say of runs, in the tables of the catalog."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.attributes import set_said
from git_gage.catalog.judging import Judge, judge_copies
from git_gage.catalog.said import Begun, Content, Said, weigh
from git_gage.catalog.schema import AMONG, among
from git_gage.catalog.texts import dump
from git_gage.catalog.values import storable
from git_gage.records import Record, parse_record

if TYPE_CHECKING:
    import sqlite3

    from git_gage.catalog.rows import Run

MOST_COPIES = 8
"""Of one record, by their signatures."""
BATCH = 256

# A copy that lies in a lane of ours, or at last has a signature, adds that to what is known.
_KEEP = """
INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
ON CONFLICT (run, record) DO UPDATE SET own = max(own, excluded.own),
    signed = max(signed, excluded.signed), state = CASE excluded.own WHEN 0 THEN state END
"""


class Heard(NamedTuple):
    """A record, whether it lies where this clone alone writes, and what it says."""

    record: Record
    ours: bool
    content: Content


class SaidTable:
    """Takes in what people say of runs, and shows what follows from it."""

    def __init__(
        self, db: sqlite3.Connection, judge: Judge | None, lanes: frozenset[str] = frozenset()
    ) -> None:
        """`lanes` are those that this clone writes."""
        self._db = db
        self._judge = judge
        self._lanes = lanes

    def take(self, heard: Sequence[Heard], runs: Mapping[str, Run]) -> set[int]:
        """Keep what records say: keys of the runs about which there is anything new."""
        if not heard:
            return set()
        told = [
            (runs[each.record.run].key, each, each.ours and each.record.writer in self._lanes)
            for each in heard
        ]
        changed = self._keep_rows(told)
        return changed | self._keep_copies(
            [(key, each.record) for key, each, own in told if not own]
        )

    def show(self, runs: Iterable[Run]) -> None:
        """Put what was said of runs into their documents."""
        documents = {run.key: run.document for run in runs if run.document is not None}
        texts = []
        said = read_said(self._db, documents)
        for key, records in said.items():
            document = documents[key]
            assert document is not None
            begun = Begun(document["author"], document["writer"])
            set_said(document, weigh(records, begun))
            texts += [
                (key, bytes.fromhex(comment["id"]), storable(comment["text"]))
                for comment in document["comments"]
            ]
        self._db.executemany("DELETE FROM comment WHERE run = ?", [(key,) for key in said])
        self._db.executemany("INSERT INTO comment VALUES (?, ?, ?)", texts)

    def judge_again(self) -> set[int]:
        """Judge all that others said; keys of the runs where another state comes of it."""
        rows = self._db.execute("SELECT DISTINCT run FROM said WHERE NOT own").fetchall()
        keys = [key for (key,) in rows]
        batches = (keys[first : first + BATCH] for first in range(0, len(keys), BATCH))
        return {key for batch in batches for key in self._judge_runs(batch, None)}

    def _keep_rows(self, told: Sequence[tuple[int, Heard, bool]]) -> set[int]:
        """Keep who said what, whatever comes again with nothing new apart."""
        asked = among({key for key, *_ in told})
        before = self._db.execute(
            f"SELECT record, own, signed FROM said WHERE run {AMONG}", [asked]
        )
        known = {record: (own, signed) for record, own, signed in before}
        rows = []
        for key, (record, _, content), own in told:
            row = _row(key, record, content, own)
            own_before, signed_before = known.get(row[1], (-1, -1))
            if own > own_before or (record.sig is not None) > signed_before:
                known[row[1]] = max(own, own_before), max(record.sig is not None, signed_before)
                rows.append(row)
        self._db.executemany(_KEEP, rows)
        return {row[0] for row in rows}

    # -- copies --------------------------------------------------------------------------------

    def _keep_copies(self, foreign: Sequence[tuple[int, Record]]) -> set[int]:
        """Keep the lines of what others wrote; keys of the runs where another state comes of it."""
        if not foreign:
            return set()
        keys = {key for key, _ in foreign}
        rows = self._db.execute(f"SELECT digest FROM copy WHERE run {AMONG}", [among(keys)])
        known = {digest for (digest,) in rows}
        news = {}
        for key, record in foreign:
            digest = hashlib.sha256(record.line).digest()
            if digest not in known:
                news[digest] = (key, bytes.fromhex(record.id), digest, record.line)
        self._db.executemany("INSERT INTO copy VALUES (?, ?, ?, ?)", news.values())
        return self._judge_runs(
            {key for key, *_ in news.values()}, {record for _, record, *_ in news.values()}
        )

    def _judge_runs(self, keys: Iterable[int], wanted: set[bytes] | None) -> set[int]:
        """Judge records about runs, all or those wanted; keys of those runs where a state changes.

        Of a record with many copies the best are kept.
        """
        rows = self._db.execute(
            "SELECT c.run, s.state, c.record, c.line FROM copy c JOIN said s USING (run, record)"
            f" WHERE c.run {AMONG} AND NOT s.own",
            [among(keys)],
        )
        before: dict[str, tuple[int, str | None]] = {}
        copies: dict[str, list[Record]] = defaultdict(list)
        for key, state, record, line in rows:
            if wanted is None or record in wanted:
                copies[record.hex()].append(parse_record(line))
                before[record.hex()] = key, state
        judged = judge_copies(self._judge, copies)
        self._drop_copies(
            (before[id][0], record)
            for id, each in judged.items()
            for _, record in each[MOST_COPIES:]
        )
        states = {id: each[0][0] for id, each in judged.items()}
        changed = [
            (states[id], key, id) for id, (key, state) in before.items() if states[id] != state
        ]
        self._db.executemany(
            "UPDATE said SET state = ? WHERE run = ? AND record = ?",
            [(state, key, bytes.fromhex(id)) for state, key, id in changed],
        )
        return {key for _, key, _ in changed}

    def _drop_copies(self, copies: Iterable[tuple[int, Record]]) -> None:
        self._db.executemany(
            "DELETE FROM copy WHERE run = ? AND record = ? AND digest = ?",
            [
                (key, bytes.fromhex(record.id), hashlib.sha256(record.line).digest())
                for key, record in copies
            ],
        )


def read_said(db: sqlite3.Connection, keys: Iterable[int]) -> dict[int, list[Said]]:
    """What was said of runs, by their keys; those that nothing was said of are not in it."""
    rows = db.execute(
        "SELECT run, hex(record), kind, about, value, lc, at, deps, author, writer, own, signed,"
        f" state FROM said WHERE run {AMONG}",
        [among(keys)],
    )
    found: dict[int, list[Said]] = defaultdict(list)
    for key, id, kind, about, value, lc, at, deps, author, writer, own, signed, state in rows:
        by, superseded = json.loads(author), tuple(json.loads(deps))
        said = Said(
            *(id.lower(), kind, about, value, lc, at, superseded, by, writer),
            *(bool(own), bool(signed), state),
        )
        found[key].append(said)
    return found


def read_said_of(db: sqlite3.Connection, run: str) -> list[Said]:
    """What was said of the run with this id."""
    keys = [key for (key,) in db.execute("SELECT key FROM run WHERE id = ?", (run,))]
    return [said for each in read_said(db, keys).values() for said in each]


def _row(key: int, record: Record, content: Content, own: bool) -> tuple[Any, ...]:
    return (
        *(key, bytes.fromhex(record.id), record.kind, *content),
        *(record.lc, storable(record.at), dump(record.deps), dump(record.by)),
        *(storable(record.writer), own, record.sig is not None),
    )
