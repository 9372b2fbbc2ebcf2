"""Which files of a directory were read and found sound, so that they need not be read again."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import os


class Stamp(NamedTuple):
    """By what a file is known again, without reading it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of what `stat` has found."""
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


class Notes:
    """Stamps of files by digest, one JSON line each, the last one counts; losing them costs time.

    Whoever changes a file without changing its size, both its times and its inode is not noticed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = dict(_read(path))

    def knows(self, sha256: str, stamp: Stamp) -> bool:
        """Whether this very file was sound."""
        return self._known.get(sha256) == stamp

    def add(self, sha256: str, stamp: Stamp) -> None:
        """Remember that it is.

        Raises: OSError.
        """
        if self.knows(sha256, stamp):
            return
        with self._lock:
            self._known[sha256] = stamp
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps([sha256, *stamp]) + "\n")


def _read(path: Path) -> list[tuple[str, Stamp]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            sha256, *numbers = json.loads(line)
            found.append((sha256, Stamp(*numbers)))
        except (ValueError, TypeError):
            pass  # torn by a power cut: that file is read once more
    return found
