"""Rows of lists that were shown, which name their runs from then on."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.catalog.place import cache_folder
from git_gage.system import replace_file

if TYPE_CHECKING:
    from git_gage.store import Store

NAME = "last-list"
ROWS = 999
_FORBIDDEN = (errno.EACCES, errno.EPERM)


class LastList:
    """The list that was shown last; with `remote`, by the name of its tracking refs, its last one.

    Whoever does not own the repository, or may not write there, has lists of their own: what
    somebody else listed since must not name other runs.
    """

    def __init__(self, store: Store, remote: str | None = None) -> None:
        self._store = store
        self._remote = remote

    def of(self, remote: str) -> LastList:
        """The last one of a remote."""
        return LastList(self._store, remote)

    def read(self) -> list[str] | None:
        """Ids in the order of the rows; None where no list was shown."""
        path = self._path(self._remote)
        try:
            found = json.loads(path.read_bytes()) if path is not None else {}
            return [str(run) for run in found["runs"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # none was shown here, or it can't be told any more: the same to the user

    def remember(self, runs: Sequence[str]) -> OSError | None:
        """A list is shown: its rows name its runs, those of a remote among what is here, too.

        What is wrong with the disk where they do not; who may not write anywhere knows that.
        """
        paths = [self._path(remote) for remote in dict.fromkeys((None, self._remote))]
        found = [_write(path, runs[:ROWS]) for path in paths if path is not None]
        return next((error for error in found if error and error.errno not in _FORBIDDEN), None)

    def forget(self) -> None:
        """Forget all lists."""
        for path in self._all():
            path.unlink(missing_ok=True)

    def move_to(self, store: Store) -> None:
        """Let all lists be those of a store that takes the place of this one."""
        import shutil  # lists do without it

        for path in self._all():
            store.dir.mkdir(parents=True, exist_ok=True)
            shutil.move(path, store.dir / path.name)

    def _all(self) -> list[Path]:
        folder = self._folder()
        return [] if folder is None else sorted(folder.glob(f"{NAME}*.json"))

    def _path(self, remote: str | None) -> Path | None:
        folder = self._folder()
        name = NAME if remote is None else f"{NAME}-{remote.replace('/', '%')}"
        return None if folder is None else folder / f"{name}.json"

    def _folder(self) -> Path | None:
        """None where nothing can be kept."""
        folder = self._store.dir
        is_ours = self._store.repo.stands_for is None and _is_ours(folder)
        return folder if is_ours else cache_folder(self._store)


def _write(path: Path, runs: Sequence[str]) -> OSError | None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps({"format": 1, "runs": list(runs)}))
        replace_file(fresh, path)
    except OSError as error:
        # Nothing can be written here; a list is worth showing without its rows, and those of the
        # one before it are not on the screen any more.
        for each in (fresh, path):
            with suppress(OSError):
                each.unlink()
        return error
    return None


def _is_ours(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and (
        sys.platform == "win32" or os.stat(folder).st_uid == os.geteuid()
    )
