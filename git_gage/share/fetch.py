"""Get what a remote has of runs.

Nothing that is here is replaced: a lane only moves forward, and one that was rewritten on the
remote is kept beside the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from git_gage.errors import GitError, IntegrityError, RemoteError
from git_gage.share.arrived import Arrived, count_arrived
from git_gage.share.beats import fetch_beats
from git_gage.share.fewer import see_to_gone
from git_gage.share.lanes import (
    CARGO,
    RECORDS,
    Memory,
    Refs,
    compare_tips,
    digest_refs,
    fork_name,
    forks_of,
    is_ancestor,
    kept_as,
    note_name,
    out_refs,
    records_only,
    sharing,
    split_ref,
    tracking_refs,
    update_refs,
)
from git_gage.share.news import list_contents
from git_gage.share.remote import Remote, find_remote
from git_gage.share.transfer import fetch_refs, list_remote
from git_gage.share.whereabouts import let_go_of_place, note_first_fetch
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, TAKEN, TRACKING

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

T = TypeVar("T")
# A lane has three or four.
_MANY_REFS = 300


class Fetched(NamedTuple):
    """What a fetch brought that was not here before.

    has_cargo: whether sources and outputs came alone, of records that were here.
    """

    remote: str
    runs_new: int
    records_new: int
    has_cargo: bool = False


def fetch_runs(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    observer: Observer,
    parts: Collection[str] = CARGO,
) -> Fetched:
    """Get all runs that a remote has: records, and of sources (`src`) and outputs (`bulk`) `parts`.

    Raises: RequestError where no remote can be chosen or nothing can be written; RemoteError with
    git's own text.
    """
    found = find_remote(store.repo, remote)
    with sharing(store):
        note_name(store, found)
        return mending(
            store, catalog, observer, lambda: _fetch_all(store, catalog, found, observer, parts)
        )


def _fetch_all(
    store: Store, catalog: Catalog, remote: Remote, observer: Observer, parts: Collection[str]
) -> Fetched:
    catalog.refresh()
    runs, records, mark = catalog.count(), catalog.count_records(), catalog.mark()
    before = tracking_refs(store.repo, remote)
    note_first_fetch(store, remote, before)
    seen = bring_all(store, remote, parts, observer)
    now = tracking_refs(store.repo, remote)
    if len(now.items() - before.items()) >= _MANY_REFS:
        store.pack_refs()
    purged = Withdrawn(store).purged()
    arrived = None if records or purged else count_arrived(store)
    if arrived is None:
        for notice in catalog.refresh(bulk=True):
            observer.warning(notice)
        came = catalog.count() - runs, catalog.count_records() - records
        if catalog.purged() or purged:
            from git_gage.share.purge import take_in_purges

            came = take_in_purges(store, catalog, came, mark, observer)
        if catalog.redacted():
            from git_gage.share.take_out import take_out_previews

            take_out_previews(store, catalog, observer)
        arrived = Arrived(*came, has_open=catalog.has_open_elsewhere())
    is_late = False
    if now != before and not arrived.records:
        # What came of a purged run is gone again.
        left = tracking_refs(store.repo, remote)
        is_late = _has_late_cargo(store, remote, before, left, parts)
    see_to_gone(store, catalog, remote, seen, observer)
    if arrived.has_open or store.read_beats():
        fetch_beats(store, remote, observer)
    return Fetched(remote.shown, arrived.runs, arrived.records, has_cargo=is_late)


def mending(store: Store, catalog: Catalog, observer: Observer, share: Callable[[], T]) -> T:
    """What `share` gives; where this disk has lost what is kept of remotes, once that is mended.

    Hold the sharing lock. Raises: as `share`.
    """
    if catalog.has_unread_lanes() or store.has_lost or _has_lost(store, catalog):
        _mend(store, catalog, observer)
    try:
        return share()
    except (GitError, IntegrityError) as error:
        is_theirs = isinstance(error, RemoteError) and error.is_theirs
        if is_theirs or not _mend(store, catalog, observer):
            raise
    return share()


def _has_lost(store: Store, catalog: Catalog) -> bool:
    """Whether some of what was read is here no longer; of lanes that is asked of their tips.

    git does not miss it: a fetch does not look at what it has.
    """
    tips = store.repo.list_refs(TRACKING, TAKEN)
    trees = (f"{oid}^{{tree}}" for ref, oid in tips.items() if ref.endswith(RECORDS))
    asked = dict.fromkeys([*tips.values(), *trees, *catalog.blobs()])
    return not _are_here(store.repo, asked)


def _are_here(repo: Repository, oids: Iterable[str]) -> bool:
    try:
        return None not in repo.object_sizes(oids).values()
    except GitError:
        return False  # git stops at one that is damaged


def _mend(store: Store, catalog: Catalog, observer: Observer) -> bool:
    from git_gage.share.mend import mend  # disks seldom lose anything

    is_mended = mend(store, catalog, observer)
    if not _are_here(store.repo, catalog.blobs()):
        catalog.start_anew()  # what is gone for good is not listed any more
    return is_mended


def _has_late_cargo(
    store: Store, remote: Remote, before: Refs, now: Refs, parts: Collection[str]
) -> bool:
    """Whether a fetch has brought sources or outputs that nothing here had.

    `before` is what was tracked of the remote; what was here can have come from another one, or by
    itself.
    """
    came = find_moved(before, now, parts)
    if not came:
        return False
    kept = {kept_as(remote, ref) for ref in came}
    refs = store.repo.list_refs(LOCAL, TRACKING, TAKEN).items()
    others = [*before.items(), *((ref, oid) for ref, oid in refs if ref not in kept)]
    news = list_contents(store.repo, came.items())
    return any(news.beyond(list_contents(store.repo, others)))


def find_moved(before: Refs, now: Refs, parts: Collection[str]) -> Refs:
    """Refs with `parts` that are not what they were."""
    ends = tuple(parts)
    return {ref: oid for ref, oid in now.items() if before.get(ref) != oid and ref.endswith(ends)}


def fetch_lanes(store: Store, remote: Remote, lanes: Sequence[str], observer: Observer) -> None:
    """Get what the remote has of some lanes."""
    unwanted = find_unwanted(store, remote, observer)
    _bring(store, remote, RECORDS, unwanted, observer, strict=True, lanes=lanes)
    _bring(store, remote, CARGO, unwanted, observer, strict=False, lanes=lanes)


def fetch_cargo(
    store: Store, remote: Remote, lanes: Sequence[str], parts: Sequence[str], observer: Observer
) -> None:
    """Get sources (`src`) and bulk files of some lanes, by their refs."""
    unwanted = find_unwanted(store, remote, observer)
    _bring(store, remote, parts, unwanted, observer, strict=False, lanes=lanes)


def bring_all(
    store: Store, remote: Remote, parts: Collection[str], observer: Observer
) -> Collection[str]:
    """Records and their cargo in one go, where git's fsck and the kind of clone allow it.

    Gives the refs that git saw there, those of records at least.
    Else the records alone, and then sources and outputs under the user's own rules: a team's old
    commits need not be as git wants them today.
    """
    cargo = tuple(kind for kind in CARGO if kind in parts)
    kinds = RECORDS if remote.is_partial else (*RECORDS, *cargo)
    unwanted = find_unwanted(store, remote, observer)
    try:
        seen = _bring(store, remote, kinds, unwanted, observer, strict=True)
    except RemoteError as error:
        if kinds == RECORDS or "fsck" not in error.stderr:
            raise
        kinds = RECORDS
        seen = _bring(store, remote, kinds, unwanted, observer, strict=True)
    memory = Memory(store)
    tips = digest_refs(records_only(drop_sealed_logs(store, remote)))
    if memory.recall("in_step", remote.tracking) == tips:
        return seen
    if kinds == RECORDS and cargo:
        _bring(store, remote, cargo, unwanted, observer, strict=False)
    if cargo == CARGO:
        memory.note("in_step", remote.tracking, tips)
    store.tidy_packs()
    return seen


def find_unwanted(store: Store, remote: Remote, observer: Observer) -> list[str]:
    """Refs of the remote with what was taken back; those of others only as they were then."""
    withdrawn = Withdrawn(store)
    if withdrawn.is_to_look(remote.tracking):
        if withdrawn.note_there(remote.tracking, list_remote(store.repo, remote, observer)):
            withdrawn.give_again(remote.tracking, out_refs(store.repo, remote))
        withdrawn.save()
    return withdrawn.unwanted(remote.tracking)


def _bring(
    store: Store,
    remote: Remote,
    kinds: Sequence[str],
    unwanted: Sequence[str],
    observer: Observer,
    *,
    strict: bool,
    lanes: Sequence[str] = (),
) -> Collection[str]:
    """Fetch refs of these kinds; those that git saw."""
    let_go_of_place(store, remote)
    stems = [f"{LOCAL}/{lane}/*" for lane in lanes] or [f"{LOCAL}/*"]
    refs = [f"{stem}/{kind}" for stem in stems for kind in kinds]
    specs = [f"{ref}:{kept_as(remote, ref)}" for ref in refs]
    specs += [f"^{ref}" for ref in unwanted]
    came = fetch_refs(store.repo, remote, specs, observer, strict=strict)
    if not came.is_whole:
        _keep_rewritten(store.repo, remote, kinds, unwanted, observer, strict=strict)
    return came.seen


def drop_sealed_logs(store: Store, remote: Remote) -> Refs:
    """Forget each tracking `log` of which `sealed` holds all records; the refs that are left."""
    known = tracking_refs(store.repo, remote)
    done = [
        ref
        for ref, oid in known.items()
        if ref.endswith("/log")
        and (sealed := known.get(f"{ref.removesuffix('log')}sealed")) is not None
        and not compare_tips(store, [oid], [sealed]).ahead
    ]
    update_refs(store.repo, {}, [kept_as(remote, ref) for ref in done])
    return {ref: oid for ref, oid in known.items() if ref not in done}


def _keep_rewritten(
    repo: Repository,
    remote: Remote,
    kinds: Sequence[str],
    unwanted: Sequence[str],
    observer: Observer,
    *,
    strict: bool,
) -> None:
    """Fetch the new tips of rewritten lanes beside the old ones, which stay."""
    known = tracking_refs(repo, remote)
    forks = {
        ref: fork_name(ref, oid)
        for ref, oid in list_remote(repo, remote, observer).items()
        if known.get(ref, oid) != oid and ref.endswith(tuple(kinds)) and ref not in unwanted
    }
    forks = {ref: fork for ref, fork in forks.items() if fork not in known}
    if not forks:
        return
    specs = [f"{ref}:{kept_as(remote, fork)}" for ref, fork in forks.items()]
    fetch_refs(repo, remote, specs, observer, strict=strict)
    now = tracking_refs(repo, remote)
    rewritten = [ref for ref, fork in forks.items() if not _settle(repo, remote, ref, fork, now)]
    for lane in dict.fromkeys(split_ref(ref).lane for ref in rewritten if ref.endswith(RECORDS)):
        observer.warning(f"lane '{lane}' was rewritten on '{remote.shown}': both forms are kept")


def _settle(repo: Repository, remote: Remote, ref: str, fork: str, now: Refs) -> bool:
    """Whether the lane had simply moved on meanwhile; earlier forks that it holds are dropped."""
    tip = now[fork]
    if is_ancestor(repo, now[ref], tip):
        update_refs(repo, {kept_as(remote, ref): tip}, [kept_as(remote, fork)])
        return True
    older = [name for name in forks_of(ref, now) if name != fork]
    older = [name for name in older if is_ancestor(repo, now[name], tip)]
    update_refs(repo, {}, [kept_as(remote, name) for name in older])
    return False
