"""What was taken back: remotes are to delete it, and no fetch brings it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.share.lanes import RECORDS
from git_gage.store.files import read_json, write_json

if TYPE_CHECKING:
    from git_gage.store import Store

FORMAT = 1


class Withdrawn:
    """What `redacted.json` says, by the name under which a remote is kept here."""

    def __init__(self, store: Store) -> None:
        self._path = store.dir / "redacted.json"
        state: dict[str, Any] = read_json(self._path)
        self._deletes: dict[str, dict[str, str]] = dict(state.get("deletes", {}))
        self._again: dict[str, dict[str, str]] = dict(state.get("again", {}))
        self._files: dict[str, dict[str, int]] = dict(state.get("files", {}))
        self._left: dict[str, dict[str, str]] = dict(state.get("left", {}))
        self._ours: list[str] = list(state.get("ours", ()))
        self._ignored: list[str] = list(state.get("ignored", ()))
        self._purged: list[str] = list(state.get("purged", ()))
        self._emptied: list[str] = list(state.get("emptied", ()))
        self._going: list[str] = list(state.get("going", ()))

    def add(self, remote: str, refs: Mapping[str, str]) -> None:
        """Refs, by the name they have on the remote, which it is to delete."""
        self._deletes[remote] = {**self._deletes.get(remote, {}), **refs}

    def leave(self, remote: str, refs: Mapping[str, str]) -> None:
        """Refs of others of which nothing is wanted as long as they stay what they are."""
        self._left[remote] = {**self._left.get(remote, {}), **refs}

    def ignore(self, refs: Iterable[str]) -> None:
        """Refs of ours of which nothing is wanted from anywhere, and that no remote is to have."""
        self._ours = list(dict.fromkeys([*self._ours, *refs]))

    def give_again(self, remote: str, refs: Mapping[str, str]) -> None:
        """Out lanes with what else was in the refs that it is to delete."""
        self._again[remote] = {**self._again.get(remote, {}), **refs}

    def again(self, remote: str) -> dict[str, str]:
        """Refs that a remote is to get for those it deletes, by the name they have there."""
        return dict(self._again.get(remote, {}))

    def note_given(self, remote: str, refs: Mapping[str, str]) -> None:
        """A remote has these now, or nobody wants that any more."""
        given = self.again(remote)
        self._again[remote] = {ref: oid for ref, oid in given.items() if ref not in refs}

    def save(self) -> None:
        """Write it down, so that it outlives a power cut."""
        state = {
            "format": FORMAT,
            "deletes": self._deletes,
            "again": self._again,
            "files": self._files,
            "left": self._left,
            "ours": self._ours,
            "ignored": self._ignored,
            "purged": self._purged,
            "emptied": self._emptied,
            "going": self._going,
        }
        told = (self._files, self._ours, self._ignored, self._purged, self._emptied, self._going)
        if any(told) or self._path.exists():
            write_json(self._path, state, durable=True)

    def begin(self, runs: Iterable[str]) -> None:
        """Note runs that something is taken out of, until that is done: a kill may cut it short."""
        self._going = list(dict.fromkeys([*self._going, *runs]))

    def going(self) -> list[str]:
        """Runs that something is being taken out of, or was when that was cut short."""
        return list(self._going)

    def end(self, runs: Collection[str]) -> None:
        """What was to go of runs is gone."""
        self._going = [run for run in self._going if run not in runs]

    def add_purged(self, runs: Iterable[str]) -> None:
        """Runs of which nothing is wanted from anywhere."""
        self._purged = list(dict.fromkeys([*self._purged, *runs]))

    def purged(self) -> list[str]:
        """Runs that were purged, here or by who began them."""
        return list(self._purged)

    def add_emptied(self, runs: Iterable[str]) -> None:
        """Runs of which the files were taken out: they need none any more."""
        self._emptied = list(dict.fromkeys([*self._emptied, *runs]))

    def without_files(self) -> set[str]:
        """Runs that need no files, whatever is recorded of them."""
        return {*self._purged, *self._emptied}

    def waits_for(self, remote: str) -> bool:
        """Whether a push has something to take back from a remote, or to give it again."""
        return bool(self._deletes.get(remote) or self._again.get(remote))

    def remotes(self) -> list[str]:
        """Remotes that have not deleted theirs yet."""
        return sorted({*self._deletes, *self._files})

    def deletes(self, remote: str) -> dict[str, str]:
        """Refs that a remote is to delete, with what they were."""
        return dict(self._deletes.get(remote, {}))

    def add_files(self, remote: str, files: Mapping[str, int]) -> None:
        """Large files (sha256 → size) that a remote is to delete if no other run needs them."""
        if files:
            self._files[remote] = {**self._files.get(remote, {}), **files}

    def files(self, remote: str) -> dict[str, int]:
        """Large files that a remote is to delete."""
        return dict(self._files.get(remote, {}))

    def note_files_gone(self, remote: str) -> None:
        """A remote has none of these any more, or is to keep them."""
        self._files.pop(remote, None)
        self.save()

    def ignored(self) -> list[str]:
        """Refs that are not fetched from anywhere."""
        return [*self._ours, *self._ignored]

    def is_to_look(self, remote: str) -> bool:
        """Whether a fetch has to see what a remote has now."""
        return bool(self._ours or self._left.get(remote))

    def left(self, remote: str) -> dict[str, str]:
        """Refs of others that this clone has let go of, with what they were then."""
        return dict(self._left.get(remote, {}))

    def unwanted(self, remote: str) -> list[str]:
        """Refs that are not fetched from a remote."""
        return list(
            dict.fromkeys([*self.ignored(), *self._deletes.get(remote, ()), *self.left(remote)])
        )

    def note_there(self, remote: str, there: Mapping[str, str]) -> bool:
        """What a remote has now: epochs that others went on with are wanted again.

        Those of ours that it has again, because it was rolled back, it is to delete again; whether
        there are any.
        """
        if back := {ref: there[ref] for ref in self._ours if ref in there}:
            self.add(remote, back)
        left = self.left(remote)
        same = {
            epoch
            for epoch in map(_epoch_of, left)
            if (now := {ref: oid for ref, oid in there.items() if _epoch_of(ref) == epoch})
            and all(left.get(ref) == oid for ref, oid in now.items() if _counts(ref, left))
        }
        self._left[remote] = {ref: oid for ref, oid in left.items() if _epoch_of(ref) in same}
        return bool(back)

    def note_gone(self, remote: str, refs: Mapping[str, str]) -> None:
        """A remote has these no longer."""
        left = {ref: oid for ref, oid in self.deletes(remote).items() if ref not in refs}
        self._deletes.pop(remote, None)
        if left:
            self._deletes[remote] = left
        self.save()


def _epoch_of(ref: str) -> str:
    return ref.rpartition("/")[0]


def _counts(ref: str, left: Mapping[str, str]) -> bool:
    """Whether a ref tells that its epoch goes on: what was never fetched of it may be there."""
    return ref in left or ref.endswith(RECORDS)
