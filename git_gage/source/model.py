"""What the code was when a run began: the values this room hands on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.source.foreign import ForeignFiles


class Linked(NamedTuple):
    """A path of the work tree that is not in the snapshot; size and time for plain files alone."""

    path: bytes
    size: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What the code is now. All paths are relative to the top of the work tree.

    `status` has git's two-letter codes as `git status --porcelain` spells them. `snapshot` is a
    commit with the exact files: HEAD itself where they are the same, None without a work tree.
    `insertions` and `deletions` count lines from HEAD to the snapshot.

    `taken` are the files that an operation takes of it, None for all of them; `unused` are patterns
    of it that take nothing.

    The last ones serve who lays the files out again: `folders` are empty in the work tree,
    `absent` is tracked but not checked out (sparse checkout), and `index_info` is what
    `git update-index -z --index-info` turns an index of the snapshot into the user's with.
    `foreign` is what is laid out of a source that somebody else recorded.
    """

    commit: str | None
    branch: str | None
    remote: str | None
    dirty: bool = False
    status: tuple[tuple[bytes, str], ...] = ()
    snapshot: str | None = None
    tree: str | None = None
    digest: str | None = None
    files: int = 0
    insertions: int = 0
    deletions: int = 0
    submodules: tuple[tuple[bytes, str], ...] = ()
    superproject: str | None = None
    left_out: tuple[tuple[bytes, str], ...] = ()
    linked: tuple[Linked, ...] = ()
    folders: tuple[bytes, ...] = ()
    absent: tuple[bytes, ...] = ()
    index_info: bytes = b""
    taken: frozenset[bytes] | None = None
    unused: tuple[str, ...] = ()
    foreign: ForeignFiles | None = None


def source_body(source: Source) -> dict[str, Any]:
    """ "source" of a `run.begin` body; paths are still bytes.

    Source: docs/format.md, "run.begin".
    """
    return {
        "commit": source.commit,
        "branch": source.branch,
        "remote": source.remote,
        "dirty": source.dirty,
        "status": [{"path": path, "xy": xy} for path, xy in source.status],
        "snapshot": source.snapshot,
        "digest": source.digest,
        "files": source.files,
        "insertions": source.insertions,
        "deletions": source.deletions,
        "submodules": [{"path": path, "commit": commit} for path, commit in source.submodules],
        "superproject": source.superproject,
        "left_out": [{"path": path, "reason": reason} for path, reason in source.left_out],
        "linked": [_linked_body(linked) for linked in source.linked],
    }


def _linked_body(linked: Linked) -> dict[str, Any]:
    if linked.size is None or linked.mtime_ns is None:
        return {"path": linked.path}
    return {"path": linked.path, "size": linked.size, "mtime": _iso_time(linked.mtime_ns)}


def _iso_time(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest // 10**6:03d}Z"
