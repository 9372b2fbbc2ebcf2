"""Folders that git does not know: empty ones, and those a sparse checkout leaves out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.source.rules import find_disposable

if TYPE_CHECKING:
    from git_gage.source.model import Linked

# Enough for what people lay out by hand, and no long walk where something else made folders.
MAX_VISITED = 10_000


def find_empty_folders(top: Path, others: bytes, linked: Sequence[Linked]) -> Iterator[bytes]:
    """Folders of the work tree that hold nothing, for programs that expect them.

    `others` are untracked files and whole untracked folders as `git ls-files` lists them.
    """
    root = os.fsencode(top)
    taken = {entry.path for entry in linked}
    left = MAX_VISITED
    for listed in others.split(b"\0")[:-1]:
        if not listed.endswith(b"/"):
            continue
        for folder in _walk(root, listed, taken):
            left -= 1
            if left < 0:
                return
            with os.scandir(os.path.join(root, folder)) as entries:
                if not any(entries):
                    yield folder


def _walk(root: bytes, folder: bytes, taken: set[bytes]) -> Iterator[bytes]:
    """A folder and those below it that no link stands for. Each path ends in a slash."""
    if folder in taken or find_disposable(folder) is not None:
        return
    yield folder
    with os.scandir(os.path.join(root, folder)) as entries:
        below = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    for name in below:
        yield from _walk(root, folder + name + b"/", taken)


def find_absent(absent: Sequence[bytes], tracked: bytes) -> Iterator[bytes]:
    """What a sparse checkout leaves out: whole folders (ending in a slash) where nothing is there.

    `tracked` is what `git ls-files -v -z` lists.
    """
    if not absent:
        return
    missing = set(absent)
    there = {b""}
    for entry in tracked.split(b"\0")[:-1]:
        path = entry[2:]
        if path not in missing:
            there.update(_parents(path))
    found = set()
    for path in absent:
        gone = [parent for parent in _parents(path) if parent not in there]
        found.add(gone[0] + b"/" if gone else path)
    yield from sorted(found)


def _parents(path: bytes) -> list[bytes]:
    """Folders of a path, outermost first."""
    parts = path.split(b"/")[:-1]
    return [b"/".join(parts[: depth + 1]) for depth in range(len(parts))]
