"""What `git status` says, asked once and read as it is.

Source: git-status(1), "Porcelain Format Version 2".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

QUESTION = (
    "status",
    "--porcelain=v2",
    "-z",
    "--branch",
    "--no-ahead-behind",
    "--untracked-files=all",
    "--ignored=matching",
    "--ignore-submodules=none",
)
ZERO_MODE = "000000"
GITLINK = "160000"


class Version(NamedTuple):
    """A file as a commit or index has it; mode 000000 where it does not."""

    mode: str
    oid: str


class Change(NamedTuple):
    """A tracked path that differs from HEAD; `staged` is in the index: one version, or three."""

    path: bytes
    xy: str
    head: Version
    staged: tuple[Version, ...]
    origin: bytes | None = None

    @property
    def is_submodule(self) -> bool:
        return any(version.mode == GITLINK for version in self.staged)


class Status(NamedTuple):
    """HEAD, and every path that is not as HEAD has it."""

    commit: str | None
    branch: str | None
    changes: tuple[Change, ...]
    untracked: tuple[bytes, ...]
    ignored: tuple[bytes, ...]


def parse_status(output: bytes) -> Status:
    """`git status` as asked by QUESTION. Ignored folders and untracked repositories end in `/`."""
    headers: dict[str, str] = {}
    changes: list[Change] = []
    untracked: list[bytes] = []
    ignored: list[bytes] = []
    entries = iter(output.split(b"\0")[:-1])
    for entry in entries:
        kind = entry[:1]
        if kind == b"?":
            untracked.append(entry[2:])
        elif kind == b"!":
            ignored.append(entry[2:])
        elif kind == b"#":
            _, name, value = entry.decode(errors="surrogateescape").split(" ", 2)
            headers[name] = value
        else:
            changes.append(_parse_change(kind, entry, entries))
    commit, branch = headers["branch.oid"], headers["branch.head"]
    return Status(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        changes=tuple(changes),
        untracked=tuple(untracked),
        ignored=tuple(ignored),
    )


def _parse_change(kind: bytes, entry: bytes, entries: Iterator[bytes]) -> Change:
    if kind == b"1":
        *head, path = entry.split(b" ", 8)
        _, xy, _, mode_head, mode_index, _, oid_head, oid_index = _words(head)
        versions = (Version(mode_index, oid_index),)
        return Change(path, _v1(xy), Version(mode_head, oid_head), versions)
    if kind == b"2":
        *head, path = entry.split(b" ", 9)
        _, xy, _, _, mode_index, _, oid_head, oid_index, _ = _words(head)
        # HEAD has the content under another name: under this one it has nothing.
        nothing = Version(ZERO_MODE, "0" * len(oid_head))
        return Change(path, _v1(xy), nothing, (Version(mode_index, oid_index),), next(entries))
    *head, path = entry.split(b" ", 10)
    _, xy, _, mode1, mode2, mode3, _, oid1, oid2, oid3 = _words(head)
    stages = (Version(mode1, oid1), Version(mode2, oid2), Version(mode3, oid3))
    return Change(path, _v1(xy), stages[1], stages)


def _words(head: list[bytes]) -> list[str]:
    return [word.decode() for word in head]


def _v1(xy: str) -> str:
    return xy.replace(".", " ")
