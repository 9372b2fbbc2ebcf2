"""Which paths go into the snapshot, and which are left out and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.source import rules
from git_gage.source.status import ZERO_MODE, Change, Status

if TYPE_CHECKING:
    from git_gage.source.status import Version


@dataclass(slots=True)
class Selection:
    """What an index needs to become the working state.

    `settled` are paths that get a known version or, with mode 000000, go away; `added` are read
    from the work tree.
    """

    status: list[tuple[bytes, str]] = field(default_factory=list)
    settled: list[tuple[bytes, Version]] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)
    left_out: dict[bytes, str] = field(default_factory=dict)


class Selector:
    """Goes through a status once; `absent` is tracked, but not checked out."""

    def __init__(self, top: Path, status: Status, absent: frozenset[bytes]) -> None:
        self._top = os.fsencode(top)
        self._status = status
        self._absent = absent
        self._left_bytes = rules.MAX_TOTAL_BYTES
        self._links: dict[bytes, bool] = {}
        self._chosen = Selection()

    def select(self) -> Selection:
        for change in self._status.changes:
            self._select_change(change)
        for path in self._untracked():
            self._select_untracked(path)
        self._chosen.status.sort()
        return self._chosen

    # -- tracked -------------------------------------------------------------------------------

    def _select_change(self, change: Change) -> None:
        self._chosen.status.append((change.path, change.xy))
        if change.origin is not None and self._look_tracked(change.origin) is None:
            self._remove(change.origin, change)
        if change.path in self._absent or change.xy == "D ":
            return  # the index already says all there is to say
        found = self._look_tracked(change.path)
        if found is None or (stat.S_ISDIR(found.st_mode) and not change.is_submodule):
            self._remove(change.path, change)
        elif reason := self._tracked_reason(change, found):
            self._chosen.left_out[change.path] = reason
            self._chosen.settled.append((change.path, change.head))
        elif change.xy[1] != " ":
            self._chosen.added.append(change.path)

    def _tracked_reason(self, change: Change, found: os.stat_result) -> str | None:
        """Size is no reason here: the user chose to track the file."""
        if stat.S_ISDIR(found.st_mode):
            return None
        if rules.is_secret(change.path):
            return rules.SECRET
        return self._unusable(change.path, found)

    def _remove(self, path: bytes, change: Change) -> None:
        self._chosen.settled.append((path, change.head._replace(mode=ZERO_MODE)))

    # -- untracked -----------------------------------------------------------------------------

    def _untracked(self) -> Iterable[bytes]:
        """Untracked paths that stand for themselves; the others are told as one folder."""
        installed = rules.find_installed(self._status.untracked)
        for folder in installed:
            self._chosen.status.append((folder, "??"))
            self._chosen.left_out[folder] = rules.INSTALLED
        for path in sorted(self._status.untracked):
            if path.startswith(installed):
                continue
            place = rules.find_disposable(path)
            if place is None:
                yield path
            else:
                self._chosen.left_out[place.path] = place.reason

    def _select_untracked(self, path: bytes) -> None:
        found = self._look(path)
        if found is None:
            return
        self._chosen.status.append((path, "??"))
        self._take(path, found)

    def add_ignored(self, path: bytes) -> None:
        """Take in a file that git ignores, because an operation names it."""
        found = self._look(path)
        if found is not None:
            self._take(path, found)

    def _take(self, path: bytes, found: os.stat_result) -> None:
        reason = self._untracked_reason(path, found)
        if reason is not None:
            self._chosen.left_out[path] = reason
            return
        self._left_bytes -= found.st_size
        self._chosen.added.append(path)

    def _untracked_reason(self, path: bytes, found: os.stat_result) -> str | None:
        if path.endswith(b"/"):
            return rules.REPOSITORY
        if rules.is_secret(path):
            return rules.SECRET
        if found.st_size > min(rules.MAX_FILE_BYTES, self._left_bytes):
            return rules.SIZE
        return self._unusable(path, found)

    # -- the work tree -------------------------------------------------------------------------

    def _unusable(self, path: bytes, found: os.stat_result) -> str | None:
        if stat.S_ISLNK(found.st_mode):
            return None
        if not stat.S_ISREG(found.st_mode):
            return rules.SPECIAL
        return None if os.access(os.path.join(self._top, path), os.R_OK) else rules.UNREADABLE

    def _look_tracked(self, path: bytes) -> os.stat_result | None:
        return None if self._beyond_link(path) else self._look(path)

    def _look(self, path: bytes) -> os.stat_result | None:
        try:
            return os.lstat(os.path.join(self._top, path))
        except OSError:
            # Gone, or a folder above it is a file now: either way the path does not exist.
            return None

    def _beyond_link(self, path: bytes) -> bool:
        """Whether a folder of the path has become a symlink: git sees no files through it."""
        parent = path.rpartition(b"/")[0]
        if not parent:
            return False
        if parent not in self._links:
            link = os.path.islink(os.path.join(self._top, parent))
            self._links[parent] = link or self._beyond_link(parent)
        return self._links[parent]
