"""Record lines into tables, a few thousand at a time, in whatever order they come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from git_gage.catalog.attached import Attached
from git_gage.catalog.bulk import WHOLE, Bound, find_environment
from git_gage.catalog.documents import (
    SHOWN,
    end_rank,
    new_document,
    read_part,
    read_whole,
    replace_begin,
    show_end,
)
from git_gage.catalog.ready import Ready, note
from git_gage.catalog.rows import Run, find_runs, open_documents, write_runs
from git_gage.catalog.said import KINDS, Begun, is_by_runner, read_content
from git_gage.catalog.said_table import Heard, SaidTable
from git_gage.catalog.schema import AMONG, among
from git_gage.errors import IntegrityError
from git_gage.records import Record, parse_record

if TYPE_CHECKING:
    import sqlite3

    from git_gage.catalog.judging import Judge
    from git_gage.store import Store

# Few enough to stay in the processor's cache, many enough that most runs are in one chunk whole.
CHUNK = 512
NEWER, DAMAGED = "newer", "damaged"

# What these say is looked up in the records themselves.
_UNSHOWN = ("attest", "key.retire")
_REDACT = "run.redact"
_NOTE = "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?)"

# A record, the key of the blob it was seen in, and whether this clone alone writes there.
Seen = tuple[Record, int, bool]


class Loader:
    """Takes lines in; use it inside one transaction, and `finish` it."""

    def __init__(self, db: sqlite3.Connection, store: Store, judge: Judge | None) -> None:
        self._db = db
        self._chunk: list[Seen] = []
        self._ready: list[tuple[Ready, int, bool]] = []
        self._size = 0
        self._judge = judge
        self._attached = Attached(db, store)
        self._said = SaidTable(db, judge, store.my_lanes)

    def add(
        self, lines: Sequence[bytes], blob: int, *, ours: bool, ready: Sequence[Ready] = ()
    ) -> None:
        """Lines of the blob with this key in table `seen`, or of a journal (key 0).

        `ours`: it is a journal of this clone, or lies in a lane that this clone alone writes.
        `ready`: what else is in it, each run once in the life of the loader.
        """
        self._ready += [(each, blob, ours) for each in ready]
        self._size += len(lines) + sum(len(each.lines) for each in ready)
        for line in lines:
            try:
                self._chunk.append((parse_record(line), blob, ours))
            except IntegrityError as error:
                why = NEWER if error.facts.get("newer") else DAMAGED
                self._refuse(hashlib.sha256(line).digest(), why)
        if self._size >= CHUNK:
            self.finish()

    def finish(self) -> None:
        """Load what was added."""
        chunk, ready = self._chunk, self._ready
        self._chunk, self._ready, self._size = [], [], 0
        told = {record.run for record, *_ in chunk}
        runs = find_runs(self._db, told | {each.run for each, *_ in ready})
        chunk += self._take_ready(ready, told, runs)
        fresh = self._note_records(chunk, runs)
        told_of = self._said.take(self._hear(chunk), runs)
        self._note_redactions(fresh)
        begun = {record.run for record in fresh if record.kind == "run.begin"}
        fresh += self._take_awaited([runs[id] for id in begun if not runs[id].is_new])
        touched = {record.run for record in fresh if record.kind not in KINDS}
        changing = [run for run in runs.values() if run.id in touched or run.key in told_of]
        open_documents(self._db, [run for run in changing if run.begun])
        usable = [record for record in fresh if self._is_usable(record, runs[record.run], begun)]
        bounds = {
            each.begin: each.environment
            for each, *_ in ready
            if each.environment is not None and runs[each.run].spelled is not None
        }
        self._tell(usable, runs, bounds)
        self._said.show(
            run for run in changing if run.key in told_of or (run.id in begun and not run.is_new)
        )
        changed = [run for run in runs.values() if run.is_new or run.document is not None]
        write_runs(self._db, changed)

    def look_again(self) -> None:
        """Show what bulk documents say that were not here before."""
        found = self._attached.look_again()
        runs = find_runs(self._db, {bound.run for _, bound, _ in found})
        open_documents(self._db, runs.values())
        for record, bound, body in found:
            self._replace_part(runs[bound.run], record, bound.name, body)
        write_runs(self._db, runs.values())

    def judge_again(self) -> None:
        """Judge again what others said, and show what comes of it."""
        keys = among(self._said.judge_again())
        rows = self._db.execute(f"SELECT id FROM run WHERE key {AMONG}", [keys]).fetchall()
        redactions = self._read_redactions()
        runs = find_runs(self._db, {id for (id,) in rows} | redactions.keys()).values()
        open_documents(self._db, runs)
        self._said.show(runs)
        for run in runs:
            if run.document is not None and run.id in redactions:
                parts = (self._parts_by_runner(run, each) for each in redactions[run.id])
                run.document["redacted"] = sorted(set().union(*parts))
        write_runs(self._db, [run for run in runs if run.document is not None])

    def _read_redactions(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for (line,) in self._db.execute("SELECT line FROM redaction"):
            record = parse_record(line)
            found.setdefault(record.run, []).append(record)
        return found

    # -- which records -------------------------------------------------------------------------

    def _take_ready(
        self, ready: Sequence[tuple[Ready, int, bool]], told: set[str], runs: dict[str, Run]
    ) -> list[Seen]:
        """Take runs as they are; the records of those that are known, or told of, for a look."""
        noted, left = [], []
        for each, blob, ours in ready:
            run = runs[each.run]
            if run.is_new and run.id not in told:
                run.spelled, run.ended, run.filed = each.spelled, each.ended, each.filed
                noted += [(run.key, id, blob, *rest) for id, *rest in each.records]
            else:
                left += [(parse_record(line), blob, ours) for line in each.lines]
        self._db.executemany(_NOTE, noted)
        self._count("records", len(noted))
        self._count("runs", sum(run.spelled is not None for run in runs.values()))
        return left

    def _note_records(self, chunk: Sequence[Seen], runs: dict[str, Run]) -> list[Record]:
        """Write down which record was seen where; those never seen before."""
        keys = [run.key for run in runs.values() if not run.is_new]
        rows = self._db.execute(f"SELECT id FROM record WHERE run {AMONG}", [among(keys)])
        known = {id for (id,) in rows} if keys else set()
        fresh, noted = [], []
        for record, blob, _ in chunk:
            id, *rest = note(record)
            noted.append((runs[record.run].key, id, blob, *rest))
            if id not in known:
                known.add(id)
                fresh.append(record)
        self._db.executemany(_NOTE, noted)
        self._count("records", len(fresh))
        return fresh

    def _note_redactions(self, records: Sequence[Record]) -> None:
        """Keep what is said to be taken out, also of runs that are not here, or can't be read."""
        rows = [(bytes.fromhex(r.id), r.line) for r in records if r.kind == _REDACT]
        self._db.executemany("INSERT OR IGNORE INTO redaction VALUES (?, ?)", rows)

    def _hear(self, chunk: Sequence[Seen]) -> list[Heard]:
        """What people say, also where it comes again: it may be signed now."""
        heard = []
        for record, _, ours in chunk:
            if record.kind in KINDS:
                content = read_content(record)
                if content is None:
                    self._refuse(bytes.fromhex(record.id), DAMAGED)
                else:
                    heard.append(Heard(record, ours, content))
        return heard

    def _take_awaited(self, runs: Sequence[Run]) -> list[Record]:
        """Ends that came before the beginnings that are here now."""
        if not runs:
            return []
        keys = [among(run.key for run in runs)]
        lines = self._db.execute(f"SELECT line FROM waiting WHERE run {AMONG}", keys).fetchall()
        self._db.execute(f"DELETE FROM waiting WHERE run {AMONG}", keys)
        return [parse_record(line) for (line,) in lines]

    def _is_usable(self, record: Record, run: Run, begun: set[str]) -> bool:
        """Whether a record can be shown now; others are noted for what they are."""
        if record.kind in KINDS or record.kind in _UNSHOWN:
            return False
        if record.kind not in SHOWN and record.kind != _REDACT:
            self._refuse(bytes.fromhex(record.id), NEWER)
        elif run.begun or run.id in begun:
            return True
        else:
            row = (run.key, bytes.fromhex(record.id), record.line)
            self._db.execute("INSERT OR IGNORE INTO waiting VALUES (?, ?, ?)", row)
        return False

    # -- what they say -------------------------------------------------------------------------

    def _tell(
        self, records: Sequence[Record], runs: dict[str, Run], bounds: dict[str, Bound]
    ) -> None:
        """`bounds` are where the packages of ready runs are, by the ids of their begins."""
        wholes = self._attached.whole_bodies(records, runs)
        begins = [record for record in records if record.kind == "run.begin"]
        bounds |= {each.id: bound for each in begins if (bound := find_environment(each))}
        for id, key in self._attached.packages(bounds, runs).items():
            runs[bounds[id].run].packages = key
        for record in begins:
            run, part = runs[record.run], self._part(record, wholes.get(record.id))
            if part is not None:
                run.document = new_document(record, part)
        self._count("runs", sum(runs[begin.run].document is not None for begin in begins))
        tellers = {
            "run.start": self._start,
            "run.end": self._end,
            "run.files": self._files,
            _REDACT: self._redact,
        }
        for kind, tell in tellers.items():
            for record in records:
                run = runs[record.run]
                if record.kind == kind and run.document is not None:
                    tell(run, record, wholes.get(record.id))

    def _start(self, run: Run, start: Record, whole: dict[str, Any] | None) -> None:
        """A staged run has started; where two clones started it, the first of them counts."""
        document = run.document
        assert document is not None
        staged, started = document["staged"], document["started"]
        if staged is None or staged < started <= start.at:
            return
        part = self._part(start, whole)
        if part is not None:
            document.update(part, started=start.at)
            document["status"] = "running" if run.ended is None else document["status"]

    def _redact(self, run: Run, record: Record, _whole: dict[str, Any] | None) -> None:
        assert run.document is not None
        parts = self._parts_by_runner(run, record)
        run.document["redacted"] = sorted({*run.document["redacted"], *parts})

    def _parts_by_runner(self, run: Run, record: Record) -> set[str]:
        """What was taken out of a run, as whoever recorded it says; nobody else can."""
        assert run.document is not None
        parts = record.body.get("parts")
        begun = Begun(run.document["author"], run.document["writer"])
        states = self._judge([record]) if self._judge and record.sig is not None else {}
        signed = record.sig is not None
        by_runner = is_by_runner(begun, record, states.get(record.id), signed=signed)
        if not by_runner or type(parts) is not list:
            return set()
        return {part for part in parts if type(part) is str}

    def _end(self, run: Run, end: Record, whole: dict[str, Any] | None) -> None:
        assert run.document is not None
        rank = end_rank(end, run.document["writer"])
        if run.ended is not None and run.ended < rank:
            return
        part = self._part(end, whole)
        if part is not None:
            show_end(run.document, part)
            run.ended = rank

    def _files(self, run: Run, record: Record, whole: dict[str, Any] | None) -> None:
        assert run.document is not None
        rank = end_rank(record, run.document["writer"])
        part = self._part(record, whole)
        if part is not None and (run.filed is None or rank < run.filed):
            run.document.update(part)
            run.filed = rank

    def _part(self, record: Record, whole: dict[str, Any] | None) -> dict[str, Any] | None:
        """What a record of these kinds says; a whole body that is not sound does not count."""
        if whole is not None:
            try:
                return read_whole(record.kind, whole)
            except IntegrityError:
                pass  # the record's own short form is left
        try:
            return read_part(record)
        except IntegrityError:
            self._refuse(bytes.fromhex(record.id), DAMAGED)
        return None

    def _replace_part(self, run: Run, record: str, name: str, body: dict[str, Any]) -> None:
        """Show the whole body of a begin, or of the end that counts, in place of its short form."""
        is_begin = name == WHOLE["run.begin"]
        if run.document is None or not (is_begin or (run.ended or "").endswith(record)):
            return
        try:
            part = read_whole("run.begin" if is_begin else "run.end", body)
        except IntegrityError:
            return  # the record's own short form is left
        if is_begin:
            replace_begin(run.document, part)
        else:
            run.document.update(part)

    # -- small things --------------------------------------------------------------------------

    def _refuse(self, id: bytes, why: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO unread VALUES (?, ?)", (id, why))

    def _count(self, name: str, number: int) -> None:
        self._db.execute("UPDATE total SET value = value + ? WHERE name = ?", (number, name))
