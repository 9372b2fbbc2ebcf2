"""What commits add to what was there before: lines, with the file and the place where they stand.

Source: git-diff(1), "Combined diff format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Binary files and those over the threshold are not looked at.
PATCH = ("-c", "core.quotePath=false", "-c", "core.bigFileThreshold=64m", "diff-tree")
PATCH_OPTIONS = (
    *("-r", "-p", "-U0", "-M", "--root", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
_HUNK = re.compile(rb"(@@+) .*\+(\d+)(?:,(\d+))? @@")
_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Addition(NamedTuple):
    """Lines that follow each other, without what was not changed between them.

    `line` is the number of the first of them in the file; `commit` is None in a plain patch.
    """

    commit: str | None
    path: str
    line: int
    text: bytes


def read_additions(patch: bytes) -> Iterator[Addition]:
    """What a patch adds, or those of several commits, as git writes them."""
    commit: str | None = None
    path = ""
    lines = iter(patch.split(b"\n"))
    for line in lines:
        if found := _HUNK.match(line):
            columns, number = len(found[1]) - 1, int(found[2])
            count = 1 if found[3] is None else int(found[3])
            yield from _read_hunk(lines, columns, number, count, commit, path)
        elif line.startswith(b"+++ "):
            path = line[4:].strip(b'"\t').removeprefix(b"b/").decode(errors="replace")
        elif _COMMIT.fullmatch(line):
            commit = line.decode()


def _read_hunk(
    lines: Iterator[bytes], columns: int, number: int, count: int, commit: str | None, path: str
) -> Iterator[Addition]:
    """Read the `count` lines that a hunk has of the new file; `columns` is how many it had before.

    A line that is not new to all of them was there before.
    """
    added: list[bytes] = []
    end = number + count
    while number < end:
        line = next(lines)
        sign = line[:columns]
        if b"-" in sign or line.startswith(b"\\"):
            continue
        if sign == b"+" * columns:
            added.append(line[columns:])
        elif added:
            yield Addition(commit, path, number - len(added), b"\n".join(added))
            added = []
        number += 1
    if added:
        yield Addition(commit, path, number - len(added), b"\n".join(added))
