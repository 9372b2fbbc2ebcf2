"""The oldest epochs of a lane made one, so that a lane of many years has few refs.

What they hold stays as it is: the same blobs of records under new numbers, the same files and
sources. The new epoch is whole before the old ones go, so a kill leaves both.
Source: docs/format.md, "Lanes".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.git.imports import Commit, import_commits
from git_gage.store import layout
from git_gage.store.lane import MARKER, Epoch, Lane
from git_gage.store.out import PINS
from git_gage.store.rewrite import Refs, delete_refs, group_epochs, read_holding
from git_gage.store.tips import list_entries

if TYPE_CHECKING:
    from git_gage.git import Repository

EPOCHS = 4
# A tip with more blobs of records than `layout.MAX_ENTRIES` is not read.
_MOST_BLOBS = 2500


def merge_epochs(repo: Repository, prefix: str) -> None:
    """Make one of the oldest epochs of a lane that has more than `EPOCHS`.

    Hold the store's lock.
    """
    epochs = group_epochs(repo, prefix)
    closed = sorted((name for name in epochs if "log" not in epochs[name]), key=layout.epoch_order)
    excess = len(epochs) - EPOCHS
    if excess < 1:
        return
    old = _choose(repo, [(name, epochs[name]) for name in closed[: excess + 1]])
    if len(old) < 2:
        return
    name = layout.epoch_name(old[-1][0][:6], epochs)
    _write(Lane(repo, prefix), name, [tips for _, tips in old])
    gone = {f"{prefix}/{epoch}/{kind}": oid for epoch, tips in old for kind, oid in tips.items()}
    delete_refs(repo, gone)


def _choose(repo: Repository, epochs: Sequence[tuple[str, Refs]]) -> list[tuple[str, Refs]]:
    """The first of them that are not too many blobs of records together."""
    chosen, blobs = [], 0
    for name, tips in epochs:
        blobs += len(_list_blobs(repo, tips))
        if blobs > _MOST_BLOBS:
            break
        chosen.append((name, tips))
    return chosen


def _write(lane: Lane, name: str, old: Sequence[Mapping[str, str]]) -> None:
    repo = lane.repo
    held = [read_holding(repo, tips) for tips in old]
    snapshots = list(dict.fromkeys(oid for each in held for oid in each.snapshots))
    epoch = Epoch(name)
    for first in range(0, len(snapshots), PINS):
        epoch = lane.pin(epoch, snapshots[first : first + PINS])
    commits = []
    if bulk := [tips["bulk"] for tips in old if "bulk" in tips]:
        # Its parents are the chains as they are: a push sends none of their files again.
        commits.append(Commit(lane.ref(name, "bulk"), "gage bulk", merges=tuple(bulk), clear=True))
    if previews := {path: oid for each in held for path, oid in each.thumbs.items()}:
        ref = lane.ref(name, layout.THUMBS)
        commits.append(Commit(ref, "gage thumbs", files=tuple(previews.items())))
    blobs = [found for tips in old for found in _list_blobs(repo, tips)]
    sealed = lane.ref(name, "sealed")
    commits.append(Commit(sealed, "gage sealed", files=((MARKER, b""), *_number(blobs))))
    import_commits(repo, commits)


def _number(blobs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same blobs, their records counted from 0 over all of them."""
    found, first = [], 0
    for path, oid in blobs:
        count = int(path.rpartition("-")[2])
        found.append((layout.blob_name("seg", first, count), oid))
        first += count
    return found


def _list_blobs(repo: Repository, tips: Mapping[str, str]) -> list[tuple[str, str]]:
    return list_entries(repo, [tips["sealed"]])[tips["sealed"]] if "sealed" in tips else []
