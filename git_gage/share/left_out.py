"""Which parts of runs did not move with the records, so that they move later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from git_gage.share.lanes import CARGO, Memory

if TYPE_CHECKING:
    from git_gage.share.chosen import Chosen
    from git_gage.share.remote import Remote
    from git_gage.store import Store


class LeftOut:
    """Parts of runs that did not go to a remote with the records (`sends`), or not come from it."""

    def __init__(self, store: Store, remote: Remote, *, sends: bool = True) -> None:
        self._memory = Memory(store)
        self._topic = "left_out" if sends else "left_there"
        self._remote = remote.tracking

    def runs(self) -> list[str]:
        """Those of which a part was left out, chosen or not."""
        remote, parts = f"{self._remote}/", self._memory.about(self._topic)
        return [name.removeprefix(remote) for name in parts if name.startswith(remote)]

    def find(self, chosen: Chosen) -> list[str]:
        """The chosen runs of which something was left out that is meant now."""
        return [run for run in chosen.runs or () if self._parts(run).intersection(chosen.parts)]

    def note(self, chosen: Chosen) -> None:
        """What is chosen has moved."""
        omitted = set(CARGO).difference(chosen.parts) if chosen.kinds is None else set()
        runs = chosen.runs or ()
        self._note({run: (self._parts(run) | omitted).difference(chosen.parts) for run in runs})

    def note_refused(self, runs: Iterable[str], parts: set[str]) -> None:
        """Records of these runs have moved, and the remote has not taken these parts."""
        self._note({run: self._parts(run) | parts for run in runs})

    def note_moved(self, runs: Iterable[str]) -> None:
        """All parts of these have moved."""
        self._note({run: set() for run in runs})

    def _note(self, left: Mapping[str, set[str]]) -> None:
        noted = {
            f"{self._remote}/{run}": " ".join(sorted(parts))
            for run, parts in left.items()
            if parts != self._parts(run)
        }
        if noted:
            self._memory.note_all(self._topic, noted)

    def _parts(self, run: str) -> set[str]:
        return set((self._memory.recall(self._topic, f"{self._remote}/{run}") or "").split())
