"""One lane as it is written: batches of records, their bulk files and the sources they pin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.git.imports import DURABLE, Commit, import_commits
from git_gage.git.quarantine import adopt_objects, commit_in_quarantine, release_kept
from git_gage.store import layout
from git_gage.store.tips import list_entries

if TYPE_CHECKING:
    from git_gage.git import Repository

MARKER = "v1"
_KINDS = ("log", "bulk", "src", layout.THUMBS)
Bulk = tuple[str, bytes | Path | str]


class Epoch(NamedTuple):
    """The open epoch of a lane: its tips and what its tree holds. Tips are None before a write."""

    name: str
    log: str | None = None
    bulk: str | None = None
    src: str | None = None
    thumbs: str | None = None
    records: int = 0
    runs: int = 0
    hot: tuple[tuple[str, int], ...] = ()


class Lane:
    """Writes below `prefix` (`refs/gage/w/<lane>` or an out lane's). Hold the store's lock."""

    def __init__(self, repo: Repository, prefix: str) -> None:
        self.repo = repo
        self.prefix = prefix

    def ref(self, epoch: str, kind: str) -> str:
        return f"{self.prefix}/{epoch}/{kind}"

    def open_epoch(self, month: str, known: Mapping[str, Any]) -> tuple[Epoch, bool]:
        """The epoch that takes new records, and whether it must be closed before (month is over).

        `known` is what was remembered of it; it is used only if the tip is still the same.
        """
        refs = self._refs()
        epochs = {epoch for epoch, _ in refs}
        sealed = {epoch for epoch, kind in refs if kind == "sealed"}
        name = max(epochs - sealed, key=layout.epoch_order, default=None)
        if name is None:
            return Epoch(layout.epoch_name(month, epochs)), False
        tips = {kind: refs.get((name, kind)) for kind in _KINDS}
        return self._epoch(name, tips, known), not name.startswith(month + "-")

    def append(
        self, epoch: Epoch, lines: Sequence[bytes], runs: int, bulk: Sequence[Bulk]
    ) -> Epoch:
        """Add a batch of record lines (`runs` of them begin a run) and their bulk files."""
        files, deletes, hot = self._place_lines(epoch, lines)
        commits = [
            Commit(
                self.ref(epoch.name, "log"),
                "gage log",
                parent=epoch.log,
                deletes=tuple(deletes),
                files=((MARKER, b""), *files),
            )
        ]
        if bulk:
            commits.append(
                Commit(
                    self.ref(epoch.name, "bulk"),
                    "gage bulk",
                    parent=epoch.bulk,
                    clear=True,
                    files=tuple(bulk),
                )
            )
        log, *others = import_commits(self.repo, commits)
        written = [self.repo.blob_oid(content) for _, content in files]
        self._read_back(written)
        return epoch._replace(
            log=log,
            bulk=others[0] if others else epoch.bulk,
            records=epoch.records + len(lines),
            runs=epoch.runs + runs,
            hot=hot,
        )

    def add_thumbs(self, epoch: Epoch, files: Sequence[tuple[str, bytes]]) -> Epoch:
        """Add files, or put others in their place, in the tree of previews."""
        ref = self.ref(epoch.name, layout.THUMBS)
        commit = Commit(ref, "gage thumbs", parent=epoch.thumbs, files=tuple(files))
        (thumbs,) = import_commits(self.repo, [commit])
        self._read_back([self.repo.blob_oid(content) for _, content in files])
        return epoch._replace(thumbs=thumbs)

    def pin(self, epoch: Epoch, snapshots: Sequence[str]) -> Epoch:
        """Hold source commits, so that no gc takes them and a push of the lane sends them."""
        ref = self.ref(epoch.name, "src")
        pin = Commit(ref, "gage source", parent=epoch.src, merges=tuple(snapshots), clear=True)
        (src,) = import_commits(self.repo, [pin])
        self._read_back([f"{snapshot}^{{tree}}" for snapshot in snapshots])
        return epoch._replace(src=src)

    def pin_new(self, epoch: Epoch, snapshot: str, quarantine: Path) -> Epoch:
        """Bring a source commit in from a quarantine and hold it.

        Its objects and the commit that pins them enter as one pack that is like no other. A keep
        note on a pack that is there already would be a trap: a gc at work leaves out of its new
        pack what a kept one holds, and still deletes that one, as it was not kept at first.
        """
        pin = commit_in_quarantine(self.repo, quarantine, snapshot, after=epoch.src)
        keep = adopt_objects(self.repo, quarantine)
        try:
            ref, before = self.ref(epoch.name, "src"), epoch.src or self.repo.null_oid
            self.repo.run(*DURABLE, "update-ref", ref, pin, before)
            self._read_back([f"{snapshot}^{{tree}}"])
        finally:
            release_kept(keep)
        return epoch._replace(src=pin)

    def close(self, epoch: Epoch) -> str | None:
        """Seal an epoch: one root commit with its blobs, and no history. None without records."""
        if epoch.log is None:
            return None
        entries = self._entries(epoch.log)
        files: list[tuple[str, bytes | Path | str]] = [
            (path, oid) for path, oid in entries if path.startswith("seg/")
        ]
        lines = self._lines([path for path, _ in epoch.hot], entries)
        first = epoch.records - len(lines)
        for chunk in layout.chunk_lines(lines):
            files.append((layout.blob_name("seg", first, len(chunk)), layout.blob_text(chunk)))
            first += len(chunk)
        sealed, log = self.ref(epoch.name, "sealed"), self.ref(epoch.name, "log")
        commit = Commit(sealed, "gage sealed", files=((MARKER, b""), *files))
        (tip,) = import_commits(self.repo, [commit])
        self.repo.run("update-ref", "-d", log, epoch.log)
        return tip

    def _place_lines(
        self, epoch: Epoch, lines: Sequence[bytes]
    ) -> tuple[list[tuple[str, bytes]], list[str], tuple[tuple[str, int], ...]]:
        """New blobs, names that go, and the hot blobs that are there afterwards."""
        held = sum(count for _, count in epoch.hot)
        first = epoch.records
        deletes: list[str] = []
        kept = epoch.hot
        if held + len(lines) >= layout.SEGMENT_RECORDS and epoch.log is not None:
            deletes = [name for name, _ in epoch.hot]
            lines = self._lines(deletes, self._entries(epoch.log)) + list(lines)
            first -= held
            kept = ()
        chunks = layout.chunk_lines(lines)
        files: list[tuple[str, bytes]] = []
        hot = list(kept)
        for chunk in chunks:
            full = len(chunk) == layout.SEGMENT_RECORDS or chunk is not chunks[-1]
            name = layout.blob_name("seg" if full else "hot", first, len(chunk))
            files.append((name, layout.blob_text(chunk)))
            if not full:
                hot.append((name, len(chunk)))
            first += len(chunk)
        return files, deletes, tuple(hot)

    def lines(self, tip: str) -> list[bytes]:
        """The record lines of a tip."""
        entries = self._entries(tip)
        return self._lines([path for path, _ in entries], entries)

    def _lines(self, names: Sequence[str], entries: Sequence[tuple[str, str]]) -> list[bytes]:
        oids = dict(entries)
        lines: list[bytes] = []
        for oid, kind, content in self.repo.read_objects(oids[name] for name in names):
            if kind != "blob":
                raise IntegrityError(f"read lane '{self.prefix}': object '{oid}' is missing")
            lines += content.split(b"\n")[:-1]
        return lines

    def _epoch(self, name: str, tips: Mapping[str, str | None], known: Mapping[str, Any]) -> Epoch:
        epoch = Epoch(name, tips["log"], tips["bulk"], tips["src"], tips[layout.THUMBS])
        if epoch.log is None:
            return epoch
        if known.get("log") == epoch.log:
            hot = tuple((str(path), int(count)) for path, count in known["hot"])
            return epoch._replace(records=known["records"], runs=known["runs"], hot=hot)
        return self._measure(epoch)

    def _measure(self, epoch: Epoch) -> Epoch:
        assert epoch.log is not None
        entries = self._entries(epoch.log)
        counted = [(path, int(path.rpartition("-")[2])) for path, _ in entries]
        lines = self._lines([path for path, _ in entries], entries)
        return epoch._replace(
            records=sum(count for _, count in counted),
            runs=sum(b'"kind":"run.begin"' in line for line in lines),
            hot=tuple(entry for entry in counted if entry[0].startswith("hot/")),
        )

    def _entries(self, commit: str) -> list[tuple[str, str]]:
        """Path and oid of each blob of records in a tip."""
        return list_entries(self.repo, [commit])[commit]

    def _refs(self) -> dict[tuple[str, str], str]:
        refs: dict[tuple[str, str], str] = {}
        for name, oid in self.repo.list_refs(self.prefix).items():
            parsed = layout.parse_ref(name)
            if parsed is not None:
                refs[parsed.epoch, parsed.kind] = oid
        return refs

    def _read_back(self, objects: Sequence[str]) -> None:
        missing = [oid for oid, found in self.repo.object_sizes(objects).items() if found is None]
        if missing:
            raise IntegrityError(
                f"write lane '{self.prefix}': object '{missing[0]}' is not there after the write",
                hint="the journal still holds the records: try again",
            )
