"""A lane that can't be read any more: its records go on in a new epoch, from all that is left.

What can bring a lane to this is a disk error or a tool that deletes objects which refs still hold.
The broken refs must go, because git's own gc and `log --all` stop at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GitError
from git_gage.git.reachable import is_readable, list_objects
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


class Told(NamedTuple):
    """Blobs of records that a ref had; whether these are all that its tip led to."""

    blobs: Sequence[str]
    is_all: bool


Tell = Callable[[str, str], Told]
"""What else is known of what a ref had, by its name and tip."""


class Last(NamedTuple):
    """What is remembered of a commit with records: the one before, and marks of what it added."""

    before: str | None
    added: frozenset[str]


class Kept(NamedTuple):
    """Lines of this clone that journals still have, and what is remembered of some commits."""

    lines: Sequence[bytes]
    last: Mapping[str, Last]


def mend_lane(lane: Lane, log: Path, kept: Kept, tell: Tell | None = None) -> list[str] | None:
    """Write each epoch anew that has a broken ref, from what can be read; `log` names the old refs.

    With `tell` there is time to read all that the lane holds.
    Gives the blobs of records that could not be read, and the tips of which nothing tells for sure
    what they held; None where every ref of the lane can be read: the fault was another one.
    """
    refs = lane.repo.list_refs(lane.prefix)
    is_whole = partial(_is_whole, lane.repo, reads=tell is not None)
    broken = {name: oid for name, oid in refs.items() if not is_whole(name, oid)}
    lost: list[str] = []
    for epoch, tips in group_epochs(lane.repo, lane.prefix).items():
        old = {lane.ref(epoch, kind): oid for kind, oid in tips.items()}
        whole = {kind: oid for kind, oid in tips.items() if lane.ref(epoch, kind) not in broken}
        if whole == tips:
            continue
        rest = read_holding(lane.repo, whole)
        bad = {name: oid for name, oid in old.items() if name in broken}
        for name in (name for name in bad if name.endswith(_RECORDS)):
            lines, unread = _read_left(lane.repo, name, bad[name], kept, tell)
            rest = rest.with_all(Holding((*lines, *kept.lines)))
            lost += unread
        # The rest of a ref would be another one than what a remote may have by its name.
        write_epoch(lane, epoch, rest, sealed="sealed" in tips)
        broken |= old
    for name, oid in broken.items():
        note_ref(log, name, oid)
    delete_refs(lane.repo, broken)
    return lost if broken else None


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


def _read_left(
    repo: Repository, name: str, tip: str, kept: Kept, tell: Tell | None
) -> tuple[list[bytes], list[str]]:
    """The lines of records that a broken ref had, as far as they can be read, and what cannot."""
    last = kept.last.get(tip)
    texts: dict[str, bytes | None] = {}
    lost: list[str] = []
    whole = None
    for commit in _go_back(repo, name, tip, last.before if last else None):
        blobs, is_all = _list_left(repo, commit)
        texts |= _read(repo, [blob for blob in blobs if blob not in texts])
        if whole is None:
            lost = [blob for blob, text in texts.items() if text is None]
            whole = commit if is_all else None
        if is_all and all(texts[blob] is not None for blob in blobs):
            break  # what is older is in it
    told = tell(name, tip) if tell else Told([], is_all=False)
    texts |= _read(repo, [blob for blob in told.blobs if blob not in texts])
    lost += [blob for blob in told.blobs if texts[blob] is None]
    lines = [line for text in texts.values() if text for line in text.split(b"\n")[:-1]]
    marks = {layout.mark_of(line) for line in (*lines, *kept.lines)}
    is_known = last is not None and whole == last.before and last.added <= marks
    if not (whole == tip or told.is_all or is_known):
        lost.append(tip)
    return lines, list(dict.fromkeys(lost))


def _go_back(repo: Repository, name: str, tip: str, before: str | None) -> Iterator[str]:
    """The tip of a ref and all that it followed, as far as anything tells."""
    yield tip
    commit = _resolve(repo, f"{tip}^") or before or _resolve(repo, f"{name}@{{1}}")
    while commit:
        yield commit
        commit = _resolve(repo, f"{commit}^")


def _resolve(repo: Repository, name: str) -> str | None:
    try:
        return repo.run("rev-parse", "--verify", "--quiet", name).decode().strip()
    except GitError:
        return None


def _read(repo: Repository, blobs: Sequence[str]) -> dict[str, bytes | None]:
    found = repo.read_readable(blobs, "blob", layout.BLOB_BYTES)
    return {**dict.fromkeys(blobs), **{blob.name: blob.content for blob in found}}


def _list_left(repo: Repository, commit: str) -> tuple[list[str], bool]:
    """The blobs of a tree, without the folders that cannot be listed; whether that is all."""
    found = _list_blobs(repo, commit)
    if found is not None:
        return found, True
    folders = [_list_blobs(repo, f"{commit}:{folder}") for folder in ("hot", "seg")]
    return [blob for folder in folders if folder for blob in folder], False


def _list_blobs(repo: Repository, tree: str) -> list[str] | None:
    try:
        out = repo.run("ls-tree", "--full-tree", "-r", "-z", tree)
    except GitError:
        return None
    heads = [entry.partition(b"\t")[0].split(b" ") for entry in out.split(b"\0")[:-1]]
    return [head[2].decode() for head in heads]
