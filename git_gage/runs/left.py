"""What lies in the directory of a run, and what of it was there before its program started."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from git_gage.runs.results import KEPT

_NOTE = "runtime"

Stamps = Mapping[bytes, tuple[int, int]]
"""Sizes and times (ns) of files, by their paths."""


class Left(NamedTuple):
    """What is no folder in a run's directory, as it was found."""

    path: bytes
    found: os.stat_result


def find_left(run_dir: Path) -> list[Left]:
    """Files and links in the directory of a run that has ended, without what git-gage put there."""
    top = os.fsencode(run_dir)
    found = []
    for path in walk_left(top, frozenset([os.fsencode(KEPT)])):
        try:
            known = os.lstat(os.path.join(top, path))
        except FileNotFoundError:
            continue  # a process that outlived the program took it away
        if stat.S_ISREG(known.st_mode) or stat.S_ISLNK(known.st_mode):
            found.append(Left(path, known))
    return found


def walk_left(top: bytes, given: frozenset[bytes], folder: bytes = b"") -> Iterator[bytes]:
    """Paths of what is no folder, sorted in each; links are not followed, `given` is left out."""
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except (FileNotFoundError, PermissionError):
        return
    for name, is_folder in found:
        path = posixpath.join(folder, name)
        if path in given:
            continue
        if is_folder:
            yield from walk_left(top, given, path)
        else:
            yield path


def note_runtime(run_dir: Path, state_dir: Path) -> None:
    """Note what is in the directory once the phase that sets it up is over.

    What is still like that at the end is needed to run, and nothing that came out.
    Source: docs/format.md, "On disk".
    """
    rows = (b"%d %d %s\0" % (*_stamp(each.found), each.path) for each in find_left(run_dir))
    (state_dir / _NOTE).write_bytes(b"".join(rows))


def read_runtime(state_dir: Path) -> Stamps:
    """What was noted; nothing where there is no such phase, or it did not come to its end."""
    try:
        rows = (state_dir / _NOTE).read_bytes().split(b"\0")[:-1]
    except FileNotFoundError:
        return {}
    noted = (row.split(b" ", 2) for row in rows)
    return {path: (int(size), int(at)) for size, at, path in noted}


def is_as_noted(noted: Stamps, path: bytes, found: os.stat_result) -> bool:
    """Whether a file is in the note, and as it was then."""
    return noted.get(path) == _stamp(found)


def _stamp(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns
