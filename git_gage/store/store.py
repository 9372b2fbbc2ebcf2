"""The store of one clone: append a record, read all that lanes and journals hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.git.repository import require_git_version
from git_gage.records import By, Record, format_time, make_record
from git_gage.store import layout
from git_gage.store.files import Lock
from git_gage.store.identity import own_identity, read_identity
from git_gage.store.journal import Journal, list_journals, read_journal
from git_gage.store.private import read_private, write_private

if TYPE_CHECKING:
    from git_gage.files.sidecar import Sidecar
    from git_gage.git import Repository
    from git_gage.git.repository import Found
    from git_gage.store.beats import Beat
    from git_gage.store.flush import Flusher
    from git_gage.store.repair import Tell
    from git_gage.store.thumbs import Gallery


class Store:
    """Records of one clone. Reading needs no lock and writes nothing."""

    def __init__(
        self,
        repo: Repository,
        clock: Callable[[], float] = time.time,
        sign: Callable[[Record], Record] = lambda record: record,
    ) -> None:
        """`sign` gives a record that this clone writes its signature, where it gets one."""
        self.repo = repo
        self.dir = repo.gage_dir
        self.clock = clock
        self._sign = sign
        self._lock = Lock(self.dir / "lock")
        self._journal = Journal(self.dir / "journal")
        self._beats: tuple[float, dict[str, Beat]] = (-1e9, {})

    # -- this clone ---------------------------------------------------------------------------

    @property
    def lane(self) -> str:
        """The lane that takes this clone's new records."""
        self.check_git()
        with self._locked():
            return own_identity(self.dir / "lane.json", self.repo.common_dir).lane

    @property
    def my_lanes(self) -> frozenset[str]:
        """All lanes this clone has written; none before its first record."""
        identity = read_identity(self.dir / "lane.json")
        return frozenset((identity.lane, *identity.former)) if identity else frozenset()

    @property
    def out_lanes(self) -> frozenset[str]:
        """All lanes in which this clone gave runs to remotes, one by one."""
        identity = read_identity(self.dir / "lane.json")
        return identity.out_lanes if identity else frozenset()

    def state_dir(self, run: str) -> Path:
        """Where what a going run needs lies."""
        return self.dir / "state" / run

    def run_dir(self, run: str) -> Path:
        """Where the program runs and its files stay."""
        place = self.dir / "runs" / run
        # The gagefile may keep the runs of a project elsewhere; then a link leads there.
        return Path(os.path.realpath(place)) if place.is_symlink() else place

    @cached_property
    def sidecar(self) -> Sidecar:
        """Where the large files of runs are kept."""
        from git_gage.files.sidecar import Sidecar  # lists do without it

        return Sidecar(self.dir / "lfs")

    def writing(self) -> AbstractContextManager[None]:
        """The clone's write lock: what is read and appended inside belongs together."""
        self.check_git()
        return self._locked()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.held():
            # Whoever had the lock before may have written.
            self.repo.forget_refs()
            yield

    def check_git(self) -> None:
        """Before anything is written.

        Raises: RequestError with a git that is too old.
        """
        # An older git takes `core.fsync` for a setting of nobody's, and writes unsynced.
        require_git_version(self.repo.cwd, self.repo.environ)

    # -- writing ------------------------------------------------------------------------------

    def draft(
        self,
        kind: str,
        *,
        run: str | None,
        body: Mapping[str, Any],
        by: By,
        lc: int,
        seq: int,
        prev: str | None,
        deps: Sequence[str] = (),
        signed: bool = True,
        writer: str | None = None,
    ) -> Record:
        """A record of this clone, made and signed now and written nowhere yet.

        Without `signed` it gets no signature, and `by` must name no key. `writer`: a lane of this
        clone, if not the one that it writes now.
        Raises: what `sign` raises.
        """
        record = make_record(
            kind,
            run=run,
            at=format_time(self.clock()),
            lc=lc,
            by=by,
            writer=writer or self.lane,
            seq=seq,
            prev=prev,
            deps=deps,
            body=body,
        )
        return self._sign(record) if signed else record

    def append(self, record: Record) -> None:
        """Write a record to the journal; when this returns it survives a power cut.

        Raises: RequestError where nothing can be written; StorageError when the disk is full.
        """
        self._journal.append(record.line)

    def flush(self) -> None:
        """Move what the journals of this clone hold into its lane.

        Raises: GitError, StorageError; the journals keep what was not written.
        """
        with self._locked():
            self._flusher().flush()

    def pin(self, snapshot: str, quarantine: Path | None, *, private: bool = False) -> None:
        """Bring a source commit into the repository and hold it there.

        `quarantine` is the folder whose objects/ has the new objects; None when all are here.
        `private`: in the lane that stays here.
        """
        with self._locked():
            self._flusher().pin(snapshot, quarantine, private=private)

    @property
    def private(self) -> frozenset[str]:
        """Ids of the runs that stay in this clone."""
        return read_private(self.dir)

    def keep_private(self, run: str) -> None:
        """Let a run stay in this clone; before its first record is appended."""
        with self._locked():
            write_private(self.dir, {*self.private, run})

    def add_galleries(self, galleries: Mapping[str, Gallery]) -> None:
        """Put previews of runs (by id) into this clone's lane, whoever recorded the runs.

        Raises: GitError, StorageError.
        """
        with self._locked():
            self._flusher().add_galleries(galleries)

    @property
    def has_lost(self) -> bool:
        """Whether a flush had to mend a lane, and nobody has asked `mend` since."""
        from git_gage.store.flush import has_lost

        return has_lost(self.dir)

    def mend(self, tell: Tell) -> list[str] | None:
        """Let the lanes of this clone go on from what can be read of them.

        `tell` tells what else is known of the blobs of records that a ref had. Gives those that
        were lost, and tips of which nothing tells for sure what they held; None where nothing was.
        """
        with self._locked():
            lanes = self.my_lanes
            return self._flusher().mend(lanes, tell) if lanes else None

    def forget_lost(self) -> None:
        """What `mend` gave was told."""
        with self._locked():
            self._flusher().forget_lost()

    def tidy_packs(self) -> None:
        """Make few packs of the many small ones that fetches leave."""
        from git_gage.store.flush import PACKS_BEFORE_REPACK, roll_up_packs

        packs = (self.repo.objects_dir / "pack").glob("*.pack")
        if sum(1 for _ in packs) >= PACKS_BEFORE_REPACK:
            with self._locked():
                roll_up_packs(self.repo, self.clock())

    def pack_refs(self) -> None:
        """Make one file of the many that a first fetch from a large team leaves.

        git needs three times as long to read them one by one.
        """
        from git_gage.git.imports import DURABLE  # seldom needed

        # Where another git holds the lock, they stay as they are: that is no fault.
        self.repo.run(*DURABLE, "pack-refs", "--all", ok=(0, 1, 128))

    def close(self) -> None:
        """Let go of this process's journal, so that the next flush can put it away."""
        self._journal.close()

    # -- reading ------------------------------------------------------------------------------

    def read_tips(self) -> dict[str, str]:
        """Refs that hold records, with their tips. Read the journals first: see `journals`."""
        refs = self.repo.list_refs(*layout.SPACES)
        return {name: oid for name, oid in refs.items() if name.endswith(("/log", "/sealed"))}

    def list_blobs(self, tips: Iterable[str]) -> dict[str, list[str]]:
        """Record blobs of each tip. Trees that are not laid out as a lane's give none."""
        from git_gage.store.tips import list_entries  # not needed where nothing is new

        listed = list_entries(self.repo, tips)
        return {tip: [oid for _, oid in entries] for tip, entries in listed.items()}

    def read_lines(self, blobs: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        """Record lines of each blob; blobs that are missing or over 1 MiB are left out."""
        return _split_lines(self.repo.read_within(blobs, "blob", layout.BLOB_BYTES))

    def read_readable(self, blobs: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        """The same without those that are damaged: one that git stops at does not hide others."""
        return _split_lines(self.repo.read_readable(blobs, "blob", layout.BLOB_BYTES))

    def journals(self) -> list[str]:
        """Open journals, oldest first.

        A journal leaves this list only after its records are in a lane: whoever reads journals
        first and tips afterwards sees every record.
        """
        found = list_journals(self.dir / "journal")
        self.repo.forget_refs()
        return found

    def read_journal(self, name: str, offset: int) -> tuple[list[bytes], int]:
        """Whole record lines of a journal from a byte offset on, and the offset after them."""
        return read_journal(self.dir / "journal", name, offset)

    def read_thumb_tips(self) -> dict[str, str]:
        """Refs that hold previews, with their tips."""
        refs = self.repo.list_refs(*layout.SPACES)
        return layout.thumbs_only(refs)

    def read_beats(self) -> dict[str, Beat]:
        """What remotes had of runs that go on elsewhere, by run; as it was up to a second ago."""
        at, beats = self._beats
        if time.monotonic() - at > 1.0:
            from git_gage.store.beats import read_beats  # most lists have nothing to hear of

            beats = read_beats(self.repo)
            self._beats = (time.monotonic(), beats)
        return beats

    # -- inside -------------------------------------------------------------------------------

    def _flusher(self) -> Flusher:
        from git_gage.store.flush import Flusher  # who only reads does without it

        return Flusher(self.repo, self.lane, self.clock())


def _split_lines(blobs: Iterable[Found]) -> Iterator[tuple[str, list[bytes]]]:
    for found in blobs:
        if found.content is not None:
            yield found.name, [line for line in found.content.split(b"\n") if line]
