"""What lies in the directory of a run, held to what was recorded when that run ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.files.manifest import UNRECORDED
from git_gage.records import path_text, short_id
from git_gage.runs.content import absent_entry
from git_gage.runs.inputs.model import ChangedInputError
from git_gage.runs.links import follow_links
from git_gage.runs.placing import find_obstacle, how_to_move
from git_gage.runs.results import KEPT as LOGS

if TYPE_CHECKING:
    from git_gage.runs.files import Filed
    from git_gage.store import Store

_OURS = os.fsencode(LOGS) + b"/"


class RecordedFiles:
    """The files of a run as its manifest has them; `warn` hears of what it does not have."""

    def __init__(self, store: Store, filed: Filed, warn: Callable[[str], None]) -> None:
        self._top = store.run_dir(filed.run)
        self._run = filed.run
        self._filed = filed
        self._is_whole = filed.manifest.is_whole
        self._entries = {entry.path: entry for entry in filed.manifest.entries}
        self._warn = warn
        self._strange: list[bytes] = []

    def made_in(self, folder: bytes) -> dict[bytes, int]:
        """Sizes of the plain files that the run made, by their paths below a folder.

        Left out is what nobody looks for: our own, and `.git`.
        """
        inside = b"" if folder == b"." else folder + b"/"
        return {
            entry.path.removeprefix(inside): entry.size
            for entry in self._filed.made
            if entry.path.startswith(inside)
            and not entry.path.startswith(_OURS)
            and b".git" not in entry.path.split(b"/")
        }

    def is_here(self, path: bytes) -> bool:
        """Whether a file that the run made can be looked at; False if it can have no place here.

        Raises: ChangedInputError where something else is in its place; AbsentFileError for what
        stays where it was made.
        """
        if self._place(path).is_file():
            return True
        if os.path.lexists(self._place(find_obstacle(self._top, path))):
            raise self._changed(path, path)
        if self._entries[path].stays_because:
            raise absent_entry(self._filed, self._entries[path])
        return False

    def has(self, path: bytes, sha256: str) -> bool:
        """Whether the run left a file at a path; `sha256` is that of what is there now.

        Raises: ChangedInputError where it left something else there.
        """
        target = follow_links(self._run, self._entries, path)
        if target is None or path.startswith(_OURS):
            return True  # of what a link leads to outside, and of our own, nothing was recorded
        entry = self._entries.get(target)
        if entry is None:
            if self._is_whole:
                self._strange.append(path)
            return not self._is_whole
        if entry.sha256 is None:
            self._warn(f"'{_shown(path)}' is taken as it is now: {UNRECORDED}")
        elif entry.sha256 != sha256:
            raise self._changed(path, target)
        return True

    def tell_strange(self) -> None:
        """Say what is left out, as it came into the directory later, once all was looked at."""
        if self._strange:
            first, count = _shown(self._strange[0]), len(self._strange)
            more = f" and {count - 1:,} more are" if count > 1 else " is"
            run = short_id(self._run)
            self._warn(f"'{first}'{more} left out: run {run} did not leave that when it ended")

    def _changed(self, path: bytes, target: bytes) -> ChangedInputError:
        """`target` is what the path stands for, by links that were recorded."""
        run = short_id(self._run)
        if os.path.realpath(self._place(path)) != os.path.realpath(self._place(target)):
            hint = f"see where it led with 'git gage ls-files {run}'"
        else:
            path, away = target, how_to_move(self._top, target)
            hint = f"what was recorded is taken again once that is moved: {away}"
        return ChangedInputError(
            f"'{_shown(path)}' of run {run} was changed here: it is not what was recorded",
            hint=hint,
        )

    def _place(self, path: bytes) -> Path:
        return self._top / os.fsdecode(path)


def _shown(path: bytes) -> str:
    return path_text(path)
