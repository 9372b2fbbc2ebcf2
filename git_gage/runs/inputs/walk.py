"""The files below a folder, in the order of their paths, without holding them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

_FILE, _FOLDER, _OTHER = "file", "folder", "other"


class _Folder(NamedTuple):
    """A folder on the way down, with what is left to look at in it."""

    entries: Iterator[tuple[bytes, str]]
    path: bytes
    identity: tuple[int, int]


def walk_files(
    top: bytes, on_left_out: Callable[[bytes], None], skip: Container[bytes] = ()
) -> Iterator[bytes]:
    """Paths below `top` of all plain files, sorted as bytes.

    Links are followed. What is neither file nor folder is told to `on_left_out`, also a link that
    leads nowhere, or back to a folder it is in. `.git` is left out without a word, and so are
    folders whose whole path is in `skip`.
    Raises: OSError for a folder that cannot be read.
    """
    above = [_open(top, b"")]
    while above:
        folder = above[-1]
        found = next(folder.entries, None)
        if found is None:
            above.pop()
            continue
        path, kind = folder.path + found[0], found[1]
        if kind == _FILE:
            yield path
        elif kind == _OTHER or _leads_back(top, path, above):
            on_left_out(path)
        elif os.path.join(top, path) not in skip:
            above.append(_open(top, path + b"/"))


def _leads_back(top: bytes, path: bytes, above: list[_Folder]) -> bool:
    identity = _identity(os.path.join(top, path))
    return any(identity == folder.identity for folder in above)


def _open(top: bytes, path: bytes) -> _Folder:
    place = os.path.join(top, path)
    with os.scandir(place) as entries:
        found = [(entry.name, _kind(entry)) for entry in entries if entry.name != b".git"]
    # As a folder's own files follow: `a-b`, then `a/b`.
    found.sort(key=lambda each: each[0] + b"/" if each[1] == _FOLDER else each[0])
    return _Folder(iter(found), path, _identity(place))


def _kind(entry: os.DirEntry[bytes]) -> str:
    if entry.is_dir():
        return _FOLDER
    return _FILE if entry.is_file() else _OTHER


def _identity(path: bytes) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino
