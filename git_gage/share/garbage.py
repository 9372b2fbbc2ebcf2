"""What no run needs any more, and how to free it.

Nothing is taken that a run here needs, or that something at work now may be about to need: when in
doubt it stays. Objects of git are git's own business.
Source: docs/deleting.md.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.records import short_id
from git_gage.share.backup import find_unfinished
from git_gage.share.lanes import sharing
from git_gage.share.objects import find_objects
from git_gage.share.purge import accept_purges
from git_gage.share.take_out import remove_run_dir
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import OUT, parse_ref
from git_gage.store.journal import list_old_days
from git_gage.store.rewrite import delete_refs
from git_gage.system import remove_file, remove_tree

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

DAY_S = 24 * 3600
# Between two days of work there is a weekend; a month without a look is long.
_PART_S, _STALE_S = 7 * DAY_S, 30 * DAY_S


class Pile(NamedTuple):
    """Garbage of one kind: files, folders, directories of runs (by id), refs with their commits.

    `size` is in bytes: what the disk has again once it is gone.
    """

    what: str
    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    runs: tuple[str, ...] = ()
    refs: tuple[tuple[str, str], ...] = ()
    size: int = 0

    @property
    def things(self) -> int:
        return sum(map(len, (self.files, self.folders, self.runs, self.refs)))


class Young(NamedTuple):
    """What may be of use to something that is at work, until it is older; in Unix seconds."""

    pile: Pile
    until: float


class Garbage(NamedTuple):
    """Piles that are not empty, why some things were not looked at, and what is too young."""

    piles: list[Pile]
    kept: list[str]
    young: list[Young]


def collect_garbage(
    store: Store, catalog: Catalog, observer: Observer, *, dry_run: bool
) -> Garbage:
    """Free what no run needs, or with `dry_run` only find it.

    Raises: RequestError where nothing can be written; OSError.
    """
    with sharing(store), store.writing():
        old = list_old_days(store.dir / "journal", store.clock())
        days = _pile("journals that are in git", old)  # a flush deletes them, too
        if not dry_run:
            store.flush()
            catalog.refresh()
            accept_purges(store, catalog, observer)
        garbage = _find(store, catalog, days)
        for pile in () if dry_run else garbage.piles:
            _free(store, pile)
    return garbage


def _find(store: Store, catalog: Catalog, days: Pile) -> Garbage:
    now, kept, young = store.clock(), list[str](), list[Young]()
    purged = [run for run in Withdrawn(store).purged() if not store.state_dir(run).exists()]
    peeks = [path for path in (store.dir / "cache/peek").glob("*") if _age(path, now) > _STALE_S]
    reports = [path for path in (store.dir / "log").glob("*") if _age(path, now) > _STALE_S]
    unneeded = _find_objects(store, catalog, kept)
    piles = [
        _old_ones("large files that no run has", unneeded, now, DAY_S, young),
        Pile(
            "directories of purged runs",
            runs=tuple(run for run in purged if os.path.lexists(store.dir / "runs" / run)),
            size=sum(_tree_size(store.run_dir(run)) for run in purged),
        ),
        _old_ones("files that came half", store.sidecar.half(), now, _PART_S, young),
        days,
        Pile("copies of remotes", folders=tuple(peeks), size=sum(map(_tree_size, peeks))),
        _pile("error reports", reports),
        _pile("backups cut short", find_unfinished(store)),
        Pile("pushes cut short", refs=tuple(_find_cut_short(store))),
    ]
    return Garbage([pile for pile in piles if pile.things], kept, young)


def _find_objects(store: Store, catalog: Catalog, kept: list[str]) -> Iterator[Path]:
    """Objects in the sidecar that no manifest names; in `kept` why none is told."""
    going = [path.name for path in (store.dir / "state").glob("*")]
    if going:
        kept.append(f"large files, while runs go on ({short_id(going[0])})")
        return
    if catalog.count_unread():
        kept.append("large files: there are records here that can't be read")
        return
    needed = find_objects(store, catalog, None, Withdrawn(store).without_files())
    if needed is None:
        kept.append("large files: not all lists of files of runs are here (git gage fetch)")
        return
    for sha256, _ in store.sidecar.list():
        if sha256 not in needed:
            yield store.sidecar.path(sha256)


def _find_cut_short(store: Store) -> Iterator[tuple[str, str]]:
    """Epochs for remotes that hold sources or files and no record: the push was killed."""
    refs = store.repo.list_refs(OUT)
    kinds: dict[str, set[str]] = {}
    for name in refs:
        kinds.setdefault(name.rpartition("/")[0], set()).add(name.rpartition("/")[2])
    for name, oid in refs.items():
        if parse_ref(name) is not None and not kinds[name.rpartition("/")[0]] & {"log", "sealed"}:
            yield name, oid


def _free(store: Store, pile: Pile) -> None:
    for path in pile.files:
        remove_file(path)
    for path in pile.folders:
        remove_tree(path)
    for run in pile.runs:
        remove_run_dir(store, run)
    delete_refs(store.repo, dict(pile.refs))


def _pile(what: str, paths: Iterable[Path]) -> Pile:
    files = tuple(paths)
    return Pile(what, files, size=sum(map(_size, files)))


def _old_ones(
    what: str, paths: Iterable[Path], now: float, least_s: float, young: list[Young]
) -> Pile:
    """Those that are old enough; the others are told in `young`."""
    ages = {path: _age(path, now) for path in paths}
    rest = {path: age for path, age in ages.items() if age <= least_s}
    if rest:
        young.append(Young(_pile(what, rest), now + least_s - min(rest.values())))
    return _pile(what, (path for path in ages if path not in rest))


def _age(path: Path, now: float) -> float:
    """Seconds since a file got this name, or was changed."""
    found = path.lstat()
    return now - max(found.st_mtime, found.st_ctime)


def _size(path: Path) -> int:
    """Bytes that only this name holds."""
    found = path.lstat()
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _tree_size(folder: Path) -> int:
    return sum(map(_size, folder.rglob("*")))
