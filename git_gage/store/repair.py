"""A lane that can't be read any more: its records go on in a new epoch, from all that is left.

What can bring a lane to this is a disk error or a tool that deletes objects which refs still hold.
The broken refs must go, because git's own gc and `log --all` stop at them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from git_gage.errors import GitError
from git_gage.store import layout
from git_gage.store.lane import Epoch, Lane


def mend_lane(lane: Lane, log: Path, kept: Sequence[bytes], before: Mapping[str, str]) -> bool:
    """Move what can still be read to a new epoch and drop the broken refs, which `log` names.

    `kept` are the lines of this lane that journals still have; `before` is, by a commit, the one
    that it followed.
    Returns False where every ref of the lane can be read: the fault was another one.
    """
    refs = lane.repo.list_refs(lane.prefix)
    broken = {name: oid for name, oid in refs.items() if not _is_whole(lane, oid)}
    if not broken:
        return False
    lines = list(dict.fromkeys([*_readable_lines(lane, broken, before), *kept]))
    for name, oid in broken.items():
        note_ref(log, name, oid)
        lane.repo.run("update-ref", "-d", name)
    parsed = [found for found in map(layout.parse_ref, refs) if found is not None]
    month = max(found.epoch[:6] for found in parsed)
    epoch = Epoch(layout.epoch_name(month, [found.epoch for found in parsed]))
    if lines:
        runs = sum(b'"kind":"run.begin"' in line for line in lines)
        lane.append(epoch, lines, runs, ())
    return True


def _is_whole(lane: Lane, oid: str) -> bool:
    try:
        lane.repo.run("rev-list", "--objects", "--no-walk", "--quiet", oid)
    except GitError:
        return False
    return True


def _readable_lines(
    lane: Lane, broken: Mapping[str, str], before: Mapping[str, str]
) -> list[bytes]:
    lines: list[bytes] = []
    for name, oid in broken.items():
        found = layout.parse_ref(name)
        if found is None or found.kind not in ("log", "sealed"):
            continue
        blobs = _blob_oids(lane, oid)
        if not blobs and oid in before:
            blobs = _blob_oids(lane, before[oid])
        for blob in lane.repo.read_readable(blobs, "blob", layout.BLOB_BYTES):
            lines += (blob.content or b"").split(b"\n")[:-1]
    return lines


def _blob_oids(lane: Lane, commit: str) -> list[str]:
    try:
        out = lane.repo.run("ls-tree", "--full-tree", "-r", "-z", commit)
    except GitError:
        return []
    heads = [entry.partition(b"\t")[0].split(b" ") for entry in out.split(b"\0")[:-1]]
    return [head[2].decode() for head in heads]


def note_ref(log: Path, name: str, oid: str) -> None:
    """Keep the value of a ref that is taken away."""
    log.parent.mkdir(exist_ok=True)
    with log.open("a") as file:
        file.write(f"{name} {oid}\n")
