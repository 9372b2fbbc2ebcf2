"""Make runs private, or let them be shared: their records change the lane, not their lines.

Source: docs/format.md, "Private runs".
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from git_gage.errors import RequestError
from git_gage.records import short_id
from git_gage.share.cargo import named_commit, pack_parcels
from git_gage.share.lanes import own_refs, read_tip_lines, recall_name, records_only, sharing
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, PRIVATE
from git_gage.store.out import extend_lane
from git_gage.store.private import read_moving, write_private
from git_gage.store.rewrite import Drop, rewrite_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.store import Store


def require_shareable(store: Store, runs: Sequence[str]) -> None:
    """Raises: RequestError where one of the runs is private."""
    hidden = sorted(store.private.intersection(runs))
    if hidden:
        names = " ".join(map(short_id, hidden))
        one, many = f"run {names} is private: it stays", f"runs {names} are private: they stay"
        told = one if len(hidden) == 1 else many
        raise RequestError(f"{told} in this clone", hint=f"git gage private -d {names}")


def change_privacy(
    store: Store, catalog: Catalog, runs: Sequence[str], *, private: bool
) -> list[str]:
    """Make runs of this clone private, or no longer so; those for which that is new.

    One that came with a backup is let go of as well; what others recorded of it stays as taken.
    A kill in the middle leaves a run private, and some of its records in both lanes: the same
    command goes on with it, and the next push makes it private altogether.
    Raises: RequestError for a run of another clone, or one that a remote has already.
    """
    with sharing(store), store.writing():
        store.flush()
        catalog.refresh()
        changed = [run for run in runs if private or run in store.private]
        for run in changed if private else ():
            _require_own(store, catalog, run)
        before, after = (LOCAL, PRIVATE) if private else (PRIVATE, LOCAL)
        write_private(store.dir, store.private.union(changed if private else ()), moving=changed)
        for run in changed:
            _move(store, catalog, run, before, after)
        left = store.private if private else store.private.difference(changed)
        write_private(store.dir, left, moving=())
        catalog.refresh()
    return changed


def finish_moves(store: Store, catalog: Catalog) -> None:
    """Let no record of a private run be where pushes look. Hold the lock of sharing."""
    moving = read_moving(store.dir)
    if moving:
        with store.writing():
            catalog.refresh()
            for run in moving:
                _move(store, catalog, run, LOCAL, PRIVATE)
            write_private(store.dir, store.private, moving=())


def _require_own(store: Store, catalog: Catalog, run: str) -> None:
    if catalog.is_foreign(run):
        raise RequestError(
            f"run {short_id(run)} was recorded in another clone: it is private there or nowhere",
            hint=f"git gage show {short_id(run)}",
        )
    remotes = catalog.remotes_of(run) or _took_back(store, run)
    if remotes:
        raise RequestError(
            f"run {short_id(run)} was sent to '{recall_name(store, remotes[0])}' already",
            hint=f"to take it back: git gage redact --run {short_id(run)}",
        )


def _took_back(store: Store, run: str) -> list[str]:
    """Remotes that are still to delete lanes with a run, and to get the rest of them again.

    Raises: RequestError where git has cleaned up what one is to delete: that can be anything.
    """
    from git_gage.share.take_back import run_of

    withdrawn = Withdrawn(store)
    found = []
    for remote in withdrawn.remotes():
        tips = records_only(withdrawn.deletes(remote)).values()
        sizes = store.repo.object_sizes(tips)
        if None in sizes.values():
            shown = recall_name(store, remote)
            raise RequestError(
                f"'{shown}' is still to delete what was taken out of runs here: "
                f"run {short_id(run)} may be in that, too",
                hint=f"git gage push {quote(shown)}",
            )
        if run in map(run_of, read_tip_lines(store, sizes)):
            found.append(remote)
    return found


def _move(store: Store, catalog: Catalog, run: str, before: str, after: str) -> None:
    from git_gage.share.take_out import runs_of_sources  # no push needs it but one after a kill

    held = read_tip_lines(store, records_only(own_refs(store, before)).values())
    records = [record for record in catalog.record_lines([run]) if record.line in held]
    named = map(named_commit, records)
    lines = [record.line for record in records]
    parcels, _ = pack_parcels(store, lines, given=[oid for oid in named if oid])
    extend_lane(store.repo, f"{after}/{store.lane}", store.clock(), parcels)
    sources = frozenset(parcel.snapshot for parcel in parcels if parcel.snapshot)
    shared = {other for other, _ in runs_of_sources(store, sources, before) if other != run}
    drop = Drop(
        ids=frozenset(record.id for record in records),
        files=frozenset(path for parcel in parcels for path, _ in parcel.bulk),
        snapshots=frozenset() if shared else sources,
        runs=frozenset([run]),
    )
    for lane in store.my_lanes:
        rewrite_lane(store.repo, f"{before}/{lane}", drop)
