"""Files of somebody else's source, written so that nothing lands outside of the new folder.

Each folder is opened from the one above and never reached through a link; nothing that is there is
written over; links are made last.

Source: openat(2), O_NOFOLLOW, O_EXCL.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.git.contents import stream_contents
from git_gage.git.trees import PROGRAM, TreeEntry

if TYPE_CHECKING:
    from git_gage.git import Repository

if sys.platform == "win32":
    _FOLDER = _NEW = 0  # runs/consent.py lets nobody come here
else:
    _FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    _NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_files(repo: Repository, files: Sequence[TreeEntry], top: Path) -> None:
    """Write files into a new folder, as git holds them.

    Raises: IntegrityError where one is not here; OSError, also for what is there already.
    """
    entries = sorted(files, key=lambda entry: entry.path)
    contents = stream_contents(repo, [entry.oid for entry in entries])
    with _opened_top(top) as writer:
        for entry, (_, parts) in zip(entries, contents, strict=True):
            writer.write(entry.path, parts, 0o777 if entry.mode == PROGRAM else 0o666)


def write_links(links: Iterable[tuple[bytes, bytes]], top: Path) -> None:
    """Make symbolic links, each with its target. Nothing may be written there afterwards.

    Raises: OSError.
    """
    with _opened_top(top) as writer:
        for path, target in links:
            writer.link(path, target)


@contextmanager
def _opened_top(top: Path) -> Iterator[_Writer]:
    writer = _Writer(os.open(top, _FOLDER))
    try:
        yield writer
    finally:
        writer.close()


class _Writer:
    """Writes below an open folder; the folders on the way to the last file are kept open."""

    def __init__(self, top: int) -> None:
        self._names: list[bytes] = []
        self._handles = [top]

    def write(self, path: bytes, parts: Iterator[bytes], mode: int) -> None:
        """A new file; the user's umask has its say, as in a checkout."""
        folder, name = self._enter(path)
        with open(os.open(name, _NEW, mode, dir_fd=folder), "wb") as file:
            file.writelines(parts)

    def link(self, path: bytes, target: bytes) -> None:
        folder, name = self._enter(path)
        os.symlink(target, name, dir_fd=folder)

    def close(self) -> None:
        for handle in self._handles:
            os.close(handle)

    def _enter(self, path: bytes) -> tuple[int, bytes]:
        """The folder that a path lies in, opened and made where it is not there, and the name."""
        *names, last = path.split(b"/")
        pairs = zip(names, self._names, strict=False)
        common = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        for handle in self._handles[common + 1 :]:
            os.close(handle)
        del self._handles[common + 1 :], self._names[common:]
        for name in names[common:]:
            self._descend(name)
        return self._handles[-1], last

    def _descend(self, name: bytes) -> None:
        try:
            os.mkdir(name, dir_fd=self._handles[-1])
        except FileExistsError:
            pass  # one that was made for another file; a link is refused below
        self._handles.append(os.open(name, _FOLDER, dir_fd=self._handles[-1]))
        self._names.append(name)
