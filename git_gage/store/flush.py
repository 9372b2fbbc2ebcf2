"""From the journals into the lane: one batch, read back, and only then forgotten.

Source: docs/format.md, "Flush".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import ConflictError, GitError, IntegrityError
from git_gage.git.locks import drop_stale_locks
from git_gage.git.quarantine import drop_stale_keeps, has_objects
from git_gage.records import Record, parse_record
from git_gage.store import layout
from git_gage.store.clean import note_closed, note_written
from git_gage.store.files import read_json, write_json
from git_gage.store.journal import (
    drop_old_days,
    kept_lines,
    list_journals,
    read_journal,
    retire_journal,
)
from git_gage.store.lane import Bulk, Epoch, Lane
from git_gage.store.private import read_private

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.store.repair import Tell
    from git_gage.store.thumbs import Gallery

FORMAT = 1
_STATE = "flushed.json"
# Where refs that had to be taken away are kept, with what they were.
REPAIRS = Path("log", "repairs.txt")
# What is remembered of the open epoch of each lane, of what was lost and not told yet, and of the
# last commits with records of lanes that this clone wrote before.
_LOST = "lost"
_FORMER = "former"
_EPOCH = {layout.LOCAL: "epoch", layout.PRIVATE: "private"}
# Every run adds a few small packs; git slows down with their number, so they are rolled up.
PACKS_BEFORE_REPACK = 40
# Nobody waits at the end of a run until more was looked at: a push does.
_LOOKED_AT = 1 << 20


class Batch(NamedTuple):
    """What the journals hold that the lane does not, and where each journal was read to."""

    lines: list[bytes]
    records: list[Record]
    offsets: dict[str, int]


class Flusher:
    """Moves records of one clone from its journals into its lane. Hold the store's lock."""

    def __init__(self, repo: Repository, lane: str, now: float) -> None:
        self.repo = repo
        self.lanes = {space: Lane(repo, f"{space}/{lane}") for space in layout.OWN}
        self.dir = repo.gage_dir
        self.now = now
        self.month = time.strftime("%Y%m", time.gmtime(now))
        self.state = read_json(self.dir / _STATE)
        if self.state.get("lane") != lane:
            # What was remembered of an epoch is about the lane this clone wrote before.
            kept, logs = ("offsets", "packs", _LOST), self._known_logs()
            self.state = {key: self.state[key] for key in kept if key in self.state}
            self.state |= {"lane": lane, _FORMER: logs}
        drop_stale_locks(repo, *(each.prefix for each in self.lanes.values()))

    def flush(self) -> None:
        """Write what is new, close the epoch when it is due, put the journals away."""
        batch = self._read_batch()
        private = read_private(self.dir)
        for space in layout.OWN:
            hidden = space == layout.PRIVATE
            records = [each for each in batch.records if (each.run in private) == hidden]
            if records:
                self._surely(space, partial(self._write, space, records))
        self._put_away(batch)

    def mend(self, lanes: Iterable[str], tell: Tell) -> list[str] | None:
        """Mend these lanes of ours; `tell` as for `mend_lane`.

        Gives what was lost since `forget_lost`; None where nothing was.
        """
        for space in layout.OWN:
            for lane in lanes:
                if self._mend(space, Lane(self.repo, f"{space}/{lane}"), tell):
                    self._save()
        return self.state.get(_LOST)

    def forget_lost(self) -> None:
        """What was lost was told."""
        self.state.pop(_LOST)
        self._save()

    def pin(self, snapshot: str, quarantine: Path | None, *, private: bool) -> None:
        """Hold a source commit in the open epoch."""
        space = layout.PRIVATE if private else layout.LOCAL
        self._surely(space, lambda: self._pin(space, snapshot, quarantine))

    def _pin(self, space: str, snapshot: str, quarantine: Path | None) -> None:
        lane, epoch = self.lanes[space], self._current(space)
        pinned = self.state.get("pinned", [])
        mark = [space, epoch.name, snapshot]
        if mark in pinned and epoch.src is not None:
            return
        if quarantine is not None and has_objects(quarantine):
            epoch = lane.pin_new(epoch, snapshot, quarantine)
        else:
            epoch = lane.pin(epoch, [snapshot])
        self._remember(space, epoch, packs=1)
        self._save(pinned=[*pinned[-31:], mark])

    def add_galleries(self, galleries: Mapping[str, Gallery]) -> None:
        """Put previews of runs into the open epoch."""
        from git_gage.store.thumbs import add_galleries

        private = read_private(self.dir)
        for space, lane in self.lanes.items():
            hidden = space == layout.PRIVATE
            some = {run: each for run, each in galleries.items() if (run in private) == hidden}
            if some:
                epoch = add_galleries(lane, self._current(space), some)
                self._remember(space, epoch, packs=1)
        self._save()

    def _surely(self, space: str, write: Callable[[], None]) -> None:
        """Write also where the lane has to be mended first."""
        try:
            write()
        except (GitError, IntegrityError, ConflictError):
            if not self._mend(space, self.lanes[space]):
                raise
            write()

    def _mend(self, space: str, lane: Lane, tell: Tell | None = None) -> bool:
        """Mend a lane of a space; whether it had to be."""
        from git_gage.store.repair import Kept, Last, mend_lane  # disks seldom lose anything

        logs = self._known_logs()
        last = {each["log"]: Last(each["before"], frozenset(each["added"])) for each in logs}
        lost = mend_lane(lane, self.dir / REPAIRS, Kept(self._kept_lines(space), last), tell)
        if lost is None:
            return False
        self.state[_LOST] = [*self.state.get(_LOST, []), *lost]
        # What was remembered of it is of refs that are gone.
        self.state.pop("pinned", None)
        if lane.prefix == self.lanes[space].prefix:
            self.state.pop(_EPOCH[space], None)
        return True

    def _kept_lines(self, space: str) -> list[bytes]:
        """Lines that were written to lanes of a space, and that journals still have."""
        private, hidden = read_private(self.dir), space == layout.PRIVATE
        lines = kept_lines(self.dir / "journal", self.state.get("offsets", {}))
        return [line for line in lines if (run := _run_of(line)) and (run in private) == hidden]

    def _known_logs(self) -> list[dict[str, Any]]:
        """Last commits with records of all lanes: the one before, and marks of what was added."""
        logs = [self.state.get(key, {}) for key in _EPOCH.values()]
        keys = ("log", "before", "added")
        known = [{key: each[key] for key in keys} for each in logs if "added" in each]
        return [*self.state.get(_FORMER, []), *known]

    def _write(self, space: str, records: Sequence[Record]) -> None:
        lane, epoch = self.lanes[space], self._current(space)
        runs = sum(record.kind == "run.begin" for record in records)
        lines = [record.line for record in records]
        before, bulk = epoch, self._bulk(records)
        epoch = lane.append(before, lines, runs, bulk)
        if space == layout.LOCAL:
            note_written(self.repo, before, epoch, lines, bulk)
        added = [layout.mark_of(line) for line in lines]
        self._remember(space, epoch, packs=1, last={"before": before.log, "added": added})
        if epoch.runs >= layout.EPOCH_RUNS:
            note_closed(self.repo, epoch, lane.close(epoch))

    def _current(self, space: str) -> Epoch:
        lane = self.lanes[space]
        epoch, over = lane.open_epoch(self.month, self.state.get(_EPOCH[space], {}))
        if not over:
            return epoch
        note_closed(self.repo, epoch, lane.close(epoch))
        return Epoch(layout.epoch_name(self.month, [epoch.name]))

    def _read_batch(self) -> Batch:
        offsets = self.state.get("offsets", {})
        journal = self.dir / "journal"
        lines: list[bytes] = []
        reached: dict[str, int] = {}
        for name in list_journals(journal):
            new, reached[name] = read_journal(journal, name, int(offsets.get(name, 0)))
            lines += new
        return Batch(lines, [parse_record(line) for line in lines], reached)

    def _bulk(self, records: Sequence[Record]) -> list[Bulk]:
        """Bulk files that the records bind and that are still as they were bound.

        The first of them as bytes: what is looked at for secrets is what is written.
        """
        files: list[Bulk] = []
        left = _LOOKED_AT
        for record in records:
            for name, bound in record.body.get("bulk", {}).items():
                path = self.dir / "state" / record.run / name
                size = _size(path)
                if size is not None and size == bound["size"]:
                    left -= size
                    content = path.read_bytes() if left >= 0 else path
                    files.append((f"{record.run}/{name}", content))
        return files

    def _remember(
        self, space: str, epoch: Epoch, packs: int, last: Mapping[str, Any] | None = None
    ) -> None:
        known = self.state.get(_EPOCH[space], {})
        if last is None:
            is_same = known.get("log") == epoch.log
            last = {key: known[key] for key in ("before", "added") if is_same and key in known}
        self.state[_EPOCH[space]] = {
            **last,
            "log": epoch.log,
            "records": epoch.records,
            "runs": epoch.runs,
            "hot": [list(entry) for entry in epoch.hot],
        }
        self.state["packs"] = self.state.get("packs", 0) + packs

    def _put_away(self, batch: Batch) -> None:
        if batch.lines or batch.offsets != self.state.get("offsets", {}):
            self._save(offsets=batch.offsets)
        journal = self.dir / "journal"
        for name, reached in batch.offsets.items():
            retire_journal(journal, name, reached, self.now)
        drop_old_days(journal, self.now)
        if self.state.get("packs", 0) >= PACKS_BEFORE_REPACK:
            roll_up_packs(self.repo, self.now)
            self._save(packs=0)

    def _save(self, **changes: Any) -> None:
        self.state = {**self.state, "format": FORMAT, **changes}
        write_json(self.dir / _STATE, self.state)


def has_lost(gage_dir: Path) -> bool:
    """Whether something was lost of our lanes that was not told yet."""
    return _LOST in read_json(gage_dir / _STATE)


def roll_up_packs(repo: Repository, now: float) -> None:
    """Make many small packs few. Hold the store's lock."""
    try:
        repo.run("repack", "-d", "-q", "--geometric=2", "--no-write-bitmap-index")
    except GitError:
        # Another gc is at work on the packs: it does what we wanted to.
        pass
    drop_stale_keeps(repo, now)


def _run_of(line: bytes) -> str | None:
    try:
        return parse_record(line).run
    except IntegrityError:
        return None  # the disk has damaged this, too


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
