"""A lane that can't be read any more: its records go on in a new epoch, from all that is left.

What can bring a lane to this is a disk error or a tool that deletes objects which refs still hold.
The broken refs must go, because git's own gc and `log --all` stop at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import GitError, IntegrityError
from git_gage.git.contents import hash_contents
from git_gage.store import layout
from git_gage.store.rewrite import (
    Holding,
    delete_refs,
    group_epochs,
    list_sources,
    read_holding,
    write_epoch,
)

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.store.lane import Lane

_RECORDS = ("/log", "/sealed")


def mend_lane(
    lane: Lane,
    log: Path,
    kept: Sequence[bytes],
    before: Mapping[str, str],
    blobs_of: Callable[[str], Iterable[str]] | None = None,
) -> list[str] | None:
    """Write each epoch anew that has a broken ref, from what can be read; `log` names the old refs.

    `kept` are the lines of this lane that journals still have; `before` is, by a commit, the one
    that it followed; `blobs_of` tells what else is known of the blobs of records that a ref had,
    and that there is time to read all that the lane holds.
    Gives the blobs of records that could not be read; None where every ref of the lane can be: the
    fault was another one.
    """
    refs = lane.repo.list_refs(lane.prefix)
    is_whole = partial(_is_whole, lane.repo, reads=blobs_of is not None)
    broken = {name: oid for name, oid in refs.items() if not is_whole(name, oid)}
    lost: list[str] = []
    for epoch, tips in group_epochs(lane.repo, lane.prefix).items():
        old = {lane.ref(epoch, kind): oid for kind, oid in tips.items()}
        whole = {kind: oid for kind, oid in tips.items() if lane.ref(epoch, kind) not in broken}
        if whole == tips:
            continue
        rest = read_holding(lane.repo, whole)
        bad = {name: oid for name, oid in old.items() if name in broken}
        if any(name.endswith(_RECORDS) for name in bad):
            lines, unread = _read_lines(lane, _find_blobs(lane, bad, before, blobs_of))
            rest = rest.with_all(Holding((*lines, *kept)))
            lost += unread
        # The rest of a ref would be another one than what a remote may have by its name.
        write_epoch(lane, epoch, rest, sealed="sealed" in tips)
        broken |= old
    for name, oid in broken.items():
        note_ref(log, name, oid)
    delete_refs(lane.repo, broken)
    return lost if broken else None


def is_readable(repo: Repository, tips: Iterable[str]) -> bool:
    """Whether all that tips lead to is there, down to the last byte."""
    try:
        for _ in hash_contents(repo, list_objects(repo, tips)):
            pass
    except (GitError, IntegrityError):
        return False
    return True


def list_objects(repo: Repository, tips: Iterable[str], *options: str) -> list[str]:
    """All that tips lead to.

    Raises: GitError where something of it is not there.
    """
    asked = "".join(f"{oid}\n" for oid in tips).encode()
    words = ("rev-list", "--objects", "--no-object-names", *options, "--stdin")
    return repo.run(*words, input=asked).decode().split()


def note_ref(log: Path, name: str, oid: str) -> None:
    """Keep the value of a ref that is taken away."""
    log.parent.mkdir(exist_ok=True)
    with log.open("a") as file:
        file.write(f"{name} {oid}\n")


def _is_whole(repo: Repository, name: str, oid: str, *, reads: bool) -> bool:
    """Whether all is there that a ref holds; of a source that is its files, and not its history."""
    try:
        if name.endswith("/src"):
            list_objects(repo, [oid, *list_sources(repo, [oid])], "--no-walk", "--quiet")
        else:
            list_objects(repo, [oid], "--quiet")
    except GitError:
        return False
    return not reads or name.endswith("/src") or is_readable(repo, [oid])


def _find_blobs(
    lane: Lane,
    broken: Mapping[str, str],
    before: Mapping[str, str],
    blobs_of: Callable[[str], Iterable[str]] | None,
) -> list[str]:
    """The blobs of records that broken refs had, as far as anything tells."""
    blobs: list[str] = []
    records = {name: oid for name, oid in broken.items() if name.endswith(_RECORDS)}
    for name, oid in records.items():
        found = _blob_oids(lane, oid)
        if not found and oid in before:
            found = _blob_oids(lane, before[oid])
        blobs += [*found, *(blobs_of(name) if blobs_of else ())]
    return list(dict.fromkeys(blobs))


def _read_lines(lane: Lane, blobs: Sequence[str]) -> tuple[list[bytes], list[str]]:
    """The lines in blobs, and those blobs that cannot be read."""
    found = lane.repo.read_readable(blobs, "blob", layout.BLOB_BYTES)
    texts = {blob.name: blob.content for blob in found if blob.content is not None}
    lines = [line for text in texts.values() for line in text.split(b"\n")[:-1]]
    return lines, [blob for blob in blobs if blob not in texts]


def _blob_oids(lane: Lane, commit: str) -> list[str]:
    try:
        out = lane.repo.run("ls-tree", "--full-tree", "-r", "-z", commit)
    except GitError:
        return []
    heads = [entry.partition(b"\t")[0].split(b" ") for entry in out.split(b"\0")[:-1]]
    return [head[2].decode() for head in heads]
