"""Reading what a program prints while it is still written, redrawn lines and all."""

from __future__ import annotations

import os
from typing import BinaryIO, NamedTuple

from git_gage.runs.redraw import WINDOW_BYTES

# More than a program can still redraw.
_KEPT = 2 * WINDOW_BYTES
_CHUNK = 1 << 20


class Change(NamedTuple):
    """What became of an output: its last bytes no longer stand, others follow from `at` on.

    What no longer stands begins at the start of a line.
    """

    at: int
    taken_back: bytes
    fresh: bytes


class Follower:
    """An output log (opened unbuffered) from an offset on, as often as one looks."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._base = start
        self._seen = b""

    def read(self) -> Change | None:
        """What is new since the last look, at most about 1 MiB of it; None if nothing is."""
        seen = self._seen
        self._file.seek(self._base)
        now = self._file.read(len(seen) + _CHUNK)
        if now == seen:
            return None
        same = len(seen)
        if not now.startswith(seen):
            same = now.rfind(b"\n", 0, _find_difference(seen, now)) + 1
        change = Change(self._base + same, seen[same:], now[same:])
        self._keep_last(now)
        return change

    def _keep_last(self, seen: bytes) -> None:
        most = max(0, len(seen) - _KEPT)
        gone = seen.rfind(b"\n", 0, most) + 1 or most
        self._base += gone
        self._seen = seen[gone:]


def _find_difference(one: bytes, other: bytes) -> int:
    """How long the beginning is that both have."""
    same, differs = 0, min(len(one), len(other)) + 1
    while differs - same > 1:
        middle = (same + differs) // 2
        if one.startswith(other[:middle]):
            same = middle
        else:
            differs = middle
    return same


def find_last_lines(file: BinaryIO, count: int) -> int:
    """Offset at which the last lines of a file begin; an unfinished one counts."""
    at = file.seek(0, os.SEEK_END)
    wanted = count + 1
    while at > 0:
        size = min(_CHUNK, at)
        file.seek(at - size)
        block = file.read(size)
        # The newline at the very end ends the last line; it begins none.
        if wanted == count + 1 and not block.endswith(b"\n"):
            wanted -= 1
        found = block.count(b"\n")
        if found >= wanted:
            return at - size + _nth_from_end(block, wanted) + 1
        wanted -= found
        at -= size
    return 0


def _nth_from_end(block: bytes, number: int) -> int:
    """Where the `number`-th newline from the end is."""
    at = len(block)
    for _ in range(number):
        at = block.rfind(b"\n", 0, at)
    return at
