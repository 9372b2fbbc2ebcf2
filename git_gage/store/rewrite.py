"""Lanes of this clone without what must not be in them: each epoch that holds it is made anew.

The new epoch is whole before the old one goes, so a kill leaves both: what must go is still there,
and the next call takes it out. Nothing else is ever missing.
Source: docs/format.md, "Redaction".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.files.manifest import BULK
from git_gage.git.imports import DATE, DURABLE, Commit, import_commits
from git_gage.records import parse_record
from git_gage.store import layout
from git_gage.store.files import explained
from git_gage.store.journal import DAY_PREFIX, list_journals, read_journal
from git_gage.store.lane import Epoch, Lane
from git_gage.store.out import PINS
from git_gage.system import sync_folder

if TYPE_CHECKING:
    from git_gage.git import Repository

Refs = dict[str, str]
"""Full names of refs with their commits."""


class Drop(NamedTuple):
    """What must go: records by id, bulk files (`RUN/NAME`), source commits; runs with all files.

    files: also those that no lane holds: `RUN/files/SHA256`, and `RUN/files/` for all of a run.

    `own_sources`: whether others may go on having these source commits, for runs of their own.
    """

    ids: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    snapshots: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    own_sources: bool = False

    @property
    def for_others(self) -> Drop:
        """What must go of that which others wrote."""
        return self._replace(snapshots=frozenset()) if self.own_sources else self

    def takes(self, line: bytes) -> bool:
        """Whether a line is one of those records, whoever signed it."""
        try:
            return bool(self.ids) and parse_record(line).id in self.ids
        except IntegrityError:
            return False  # a newer git-gage wrote it

    def takes_file(self, path: str) -> bool:
        """Whether a bulk file is one of those, or of a run that goes, whatever binds it."""
        return path in self.files or path.partition("/")[0] in self.runs

    def takes_preview(self, path: str) -> bool:
        """Whether a preview, which lies in X/Y/RUN, is of a file that goes, or of such a run."""
        _, _, run, name = path.split("/")
        whole, one = f"{run}/{BULK}", f"{run}/{BULK}{name.removesuffix('.png')}"
        return run in self.runs or not self.files.isdisjoint((whole, one))


class Holding(NamedTuple):
    """What an epoch holds; files and previews by path, with their blobs."""

    lines: tuple[bytes, ...] = ()
    files: Mapping[str, str] = MappingProxyType({})
    snapshots: tuple[str, ...] = ()
    thumbs: Mapping[str, str] = MappingProxyType({})

    def without(self, drop: Drop) -> Holding:
        """The rest of it."""
        return Holding(
            tuple(line for line in self.lines if not drop.takes(line)),
            {path: oid for path, oid in self.files.items() if not drop.takes_file(path)},
            tuple(oid for oid in self.snapshots if oid not in drop.snapshots),
            {path: oid for path, oid in self.thumbs.items() if not drop.takes_preview(path)},
        )

    def has(self, other: Holding) -> bool:
        """Whether all of another one is here as well, but previews."""
        return (
            set(other.lines) <= set(self.lines)
            and other.files.items() <= self.files.items()
            and set(other.snapshots) <= set(self.snapshots)
        )

    def with_all(self, other: Holding) -> Holding:
        """Both together."""
        return Holding(
            tuple(dict.fromkeys([*self.lines, *other.lines])),
            {**self.files, **other.files},
            tuple(dict.fromkeys([*self.snapshots, *other.snapshots])),
            {**self.thumbs, **other.thumbs},
        )

    @property
    def runs_of_files(self) -> set[str]:
        """The runs that the bulk files belong to."""
        return {path.partition("/")[0] for path in self.files}


def rewrite_lane(
    repo: Repository,
    prefix: str,
    drop: Drop,
    may_hold: Callable[[Refs], bool] = bool,
    taken: Collection[str] = (),
) -> Refs:
    """Take out of a lane what must go; the refs that are gone. Hold the store's lock.

    `may_hold` tells by its kinds whether an epoch is to be looked through; `taken` are names of
    epochs that new ones cannot have.
    """
    gone = Refs()
    for epoch, tips in group_epochs(repo, prefix).items():
        if not may_hold(tips):
            continue
        holding = read_holding(repo, tips)
        rest = holding.without(drop)
        if rest == holding:
            continue
        write_epoch(Lane(repo, prefix), epoch, rest, sealed="sealed" in tips, taken=taken)
        old = {f"{prefix}/{epoch}/{kind}": oid for kind, oid in tips.items()}
        delete_refs(repo, old)
        gone |= old
    return gone


def group_epochs(repo: Repository, prefix: str) -> dict[str, Refs]:
    """The epochs of a lane, each with the tips of its kinds."""
    epochs: dict[str, Refs] = {}
    for name, oid in repo.list_refs(prefix).items():
        found = layout.parse_ref(name)
        if found is not None:
            epochs.setdefault(found.epoch, {})[found.kind] = oid
    return epochs


def read_holding(repo: Repository, tips: Mapping[str, str]) -> Holding:
    """All that an epoch holds; `tips` are those of its kinds."""
    lane = Lane(repo, "")
    lines = [line for kind in ("sealed", "log") if kind in tips for line in lane.lines(tips[kind])]
    return Holding(
        tuple(dict.fromkeys(lines)),
        list_files(repo, [tips["bulk"]]) if "bulk" in tips else {},
        tuple(list_sources(repo, [tips["src"]])) if "src" in tips else (),
        dict(_list_tree(repo, tips[layout.THUMBS])) if layout.THUMBS in tips else {},
    )


def list_files(repo: Repository, tips: Sequence[str]) -> dict[str, str]:
    """Path and blob of each file in chains whose commits have new files alone."""
    if not tips:
        return {}
    out = repo.run(
        *("log", "--no-merges", "--root", "--no-renames", "--raw", "--no-abbrev", "-z"),
        *("--format=", "--diff-filter=AM", "--no-show-signature", "--stdin"),
        input="\n".join(tips).encode(),
    )
    words = out.decode().split("\0")
    pairs = zip(words[0::2], words[1::2], strict=False)
    return {path: head.split()[3] for head, path in pairs}


def list_sources(repo: Repository, tips: Sequence[str]) -> list[str]:
    """The source commits that chains hold, oldest first."""
    if not tips:
        return []
    words = ("rev-list", "--first-parent", "--reverse", "--no-commit-header", "--format=%H %T %P")
    chain = {}
    nothing = repo.empty_tree()
    asked = "\n".join(tips).encode()
    out = repo.run(*words, f"--min-age={DATE}", "--stdin", input=asked)
    for line in out.decode().splitlines():
        oid, tree, *parents = line.split()
        if tree == nothing:
            chain[oid] = parents
    pinned = (parent for parents in chain.values() for parent in parents)
    return list(dict.fromkeys(parent for parent in pinned if parent not in chain))


def delete_refs(repo: Repository, refs: Mapping[str, str]) -> None:
    """Delete refs that are still what they were, all or none, durably."""
    orders = "".join(f"delete {ref} {oid}\n" for ref, oid in refs.items())
    if orders:
        repo.run(*DURABLE, "update-ref", "--stdin", input=orders.encode())


def find_busy_journals(folder: Path, drop: Drop) -> list[str]:
    """Open journals that hold what must go. Hold the store's lock, after a flush."""
    return [
        name
        for name in list_journals(folder)
        if any(map(drop.takes, read_journal(folder, name, 0)[0]))
    ]


def purge_journals(folder: Path, drop: Drop) -> None:
    """Take lines out of the journals that were put away. Hold the store's lock."""
    for path in sorted(folder.glob(f"{DAY_PREFIX}*.jsonl")):
        found = path.read_bytes().split(b"\n")
        kept = [line for line in found if not drop.takes(line)]
        if kept != found:
            _replace(path, b"\n".join(kept))


def write_epoch(
    lane: Lane, before: str, rest: Holding, *, sealed: bool, taken: Collection[str] = ()
) -> None:
    """What is left of an epoch, under the next name that is not `taken`. Hold the store's lock."""
    names = [*group_epochs(lane.repo, lane.prefix), *taken]
    epoch = Epoch(layout.epoch_name(before[:6], names))
    for first in range(0, len(rest.snapshots), PINS):
        epoch = lane.pin(epoch, rest.snapshots[first : first + PINS])
    if rest.lines or rest.files:
        runs = sum(b'"kind":"run.begin"' in line for line in rest.lines)
        epoch = lane.append(epoch, rest.lines, runs, list(rest.files.items()))
    if rest.thumbs:
        ref = lane.ref(epoch.name, layout.THUMBS)
        import_commits(lane.repo, [Commit(ref, "gage thumbs", files=tuple(rest.thumbs.items()))])
    if sealed:
        lane.close(epoch)


def _list_tree(repo: Repository, tip: str) -> Iterator[tuple[str, str]]:
    listed = repo.run("ls-tree", "-r", "-z", "--full-tree", tip)
    for entry in listed.split(b"\0")[:-1]:
        head, _, path = entry.partition(b"\t")
        yield path.decode(), head.split()[2].decode()


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with explained(path.parent, "write journal"):
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.utime(fresh, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        fresh.replace(path)
        sync_folder(path.parent)
