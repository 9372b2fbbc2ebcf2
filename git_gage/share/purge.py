"""End runs: of what was recorded, kept and sent of them a tombstone is all that stays.

It is a `run.redact` of the whole run. Whoever gets one that is by who began the run lets go of the
run as well.
Source: docs/format.md, "Redaction"; docs/deleting.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError
from git_gage.records import short_id
from git_gage.runs.next_record import draft_next
from git_gage.runs.withheld import KIND, RUN, read_texts
from git_gage.share.cargo import named_commit, read_line
from git_gage.share.chosen import Chosen, push_chosen
from git_gage.share.cut_short import finish_cut_short
from git_gage.share.lanes import (
    CARGO,
    Memory,
    Refs,
    digest_refs,
    list_blobs,
    note_name,
    records_only,
    sharing,
    split_ref,
    tracking_refs,
)
from git_gage.share.moved import meet_again
from git_gage.share.objects import find_sent, find_unneeded
from git_gage.share.own import push_own
from git_gage.share.peek import forget_peeks, look_at
from git_gage.share.private import finish_moves
from git_gage.share.redaction import Redaction, make_drop, whole_run
from git_gage.share.remote import find_remote
from git_gage.share.removal import remove_files
from git_gage.share.take_back import find_lone_runs, has_unnamed_sources, name_lane
from git_gage.share.take_out import (
    Redacted,
    begin_taking_out,
    require_alone,
    runs_of_sources,
    take_out,
    would_take_out,
)
from git_gage.share.transfer import list_remaining
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import OWN, SPACES
from git_gage.trust.verdict import ADMIN, SIGNED

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.catalog.query import Mark
    from git_gage.git import Repository
    from git_gage.records import By, Record
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store
    from git_gage.store.rewrite import Drop


class Ended(NamedTuple):
    """What a remote did about purged runs.

    `elsewhere`: as `Redacted.elsewhere`. is_changed: whether it gave up something, or heard of it;
    is_kept: whether it has not deleted all that it was to.
    """

    elsewhere: list[str]
    is_changed: bool
    is_kept: bool


def plan_purge(
    store: Store, catalog: Catalog, run: str, author: By, *, admin: bool = False
) -> Redaction:
    """All that is known of a run, to go; an admin can say so of those that others began.

    Raises: RequestError for a run that somebody else began: nobody would believe that.
    """
    plan = _plan(store, catalog, run)
    begin = _begin_of(plan.records)
    key, mine = (begin.by or {}).get("key"), (author or {}).get("key")
    if key == mine if key is not None else begin.writer in store.my_lanes:
        return plan
    if admin:
        # Where whoever began it does not believe that, the files are to be had still.
        return plan._replace(objects=())
    where = "" if key is None else f": it is signed with the key {key}"
    who = "in the clone that began it alone" if key is None else "by who began it"
    hint = f"put it out of sight here: git gage rm {short_id(run)}"
    document = catalog.document(run)
    if document is not None and document["deleted"] is not None:
        hint = "it is out of sight here already: git gage list --deleted"
    raise RequestError(f"run {short_id(run)} can be purged {who}{where}", hint=hint)


def purge_runs(
    store: Store,
    catalog: Catalog,
    plans: Sequence[Redaction],
    author: By,
    remotes: Sequence[str] = (),
) -> Redacted:
    """End runs: records, sources, outputs and files. What other runs need stays.

    `remotes` are going to be asked to give up large files, also where they have nothing else.
    A kill in the middle leaves what was not reached yet; the same command goes on with it.
    Raises: RequestError where another process or run is in the way, before anything was changed.
    """
    found = [find_remote(store.repo, remote) for remote in remotes]
    with sharing(store), store.writing():
        for each in found:
            note_name(store, each)
        store.flush()
        plans = _with_sources(store, plans)
        drop = make_drop(plans)._replace(own_sources=True)
        require_alone(store, plans, drop)
        catalog.refresh()
        body = {"parts": [RUN], "kinds": []}
        tombs = [
            draft_next(store, catalog, KIND, each.run, body, author)
            for each in plans
            if not each.said
        ]
        begin_taking_out(store, [each.run for each in plans])
        for tomb in tombs:
            store.append(tomb)
        store.flush()
        return _end(store, catalog, plans, drop, [each.tracking for each in found])


def _end(
    store: Store,
    catalog: Catalog,
    plans: Sequence[Redaction],
    drop: Drop,
    remotes: Sequence[str] = (),
) -> Redacted:
    for sha256 in find_unneeded(store, catalog, [each.run for each in plans]):
        store.sidecar.remove(sha256)
    return take_out(store, catalog, plans, drop, remotes)


def finish_purges(
    store: Store, catalog: Catalog, runs: Collection[str], observer: Observer
) -> None:
    """Go on with purges of these runs that were cut short, as far as a record says them.

    Hold the store's lock, and that of whoever shares.
    Raises: RequestError where another process or run is in the way.
    """
    begun = [run for run in catalog.begun(runs) if not catalog.is_foreign(run)]
    plans = [plan for run in begun if (plan := _plan(store, catalog, run)).said]
    if plans:
        plans = _with_sources(store, plans)
        drop = make_drop(plans)._replace(own_sources=True)
        require_alone(store, plans, drop)
        _end(store, catalog, plans, drop)
        catalog.refresh()
    accept_purges(store, catalog, observer)


def take_in_purges(
    store: Store, catalog: Catalog, came: tuple[int, int], mark: Mark, observer: Observer
) -> tuple[int, int]:
    """`accept_purges`; of so many runs and records that came since a mark, those that stay.

    That a run was purged is told as what it is, news of that run.
    """
    runs = {*catalog.purged(), *Withdrawn(store).purged()}
    ids = {id for run, id in catalog.news(mark) if run in runs}
    told = {each.id: each for each in catalog.record_lines(sorted(runs)) if each.id in ids}
    accept_purges(store, catalog, observer)
    gone = {*catalog.purged(), *Withdrawn(store).purged()}
    passed = [each for each in told.values() if each.run in gone and each.kind != KIND]
    begun = sum(each.kind == "run.begin" for each in passed)
    return came[0] - begun, came[1] - len(passed)


def accept_purges(store: Store, catalog: Catalog, observer: Observer) -> None:
    """Let go of runs that who began them has purged. Hold the lock of sharing.

    The files that lie in their directories stay, until 'git gage gc'.
    """
    known = set(Withdrawn(store).purged())
    runs = dict.fromkeys([*catalog.purged(), *catalog.still_here(known)])
    found = [_plan(store, catalog, run) for run in runs]
    plans = [
        plan._replace(said=True, purged=False)
        for plan in found
        if plan.run in known or _is_proven(catalog, plan)
    ]
    drop = make_drop(plans)._replace(own_sources=True)
    drop = drop._replace(runs=drop.runs | find_lone_runs(store, known))
    if not _has_to_go(store, catalog, drop, known):
        return
    with store.writing():
        store.flush()
        drop = drop._replace(snapshots=_own_sources(store, plans))
        try:
            require_alone(store, plans, drop)
        except RequestError as error:
            observer.warning(f"not purged yet: {error.message}")
            return
        take_out(store, catalog, plans, drop)
    catalog.refresh()
    gone = [short_id(plan.run) for plan in plans if plan.run not in known]
    if gone:
        one = len(gone) == 1
        named, them = (f"run {gone[0]} is", "it") if one else (f"{len(gone):,} runs are", "them")
        observer.warning(f"{named} gone: whoever began {them}, or an admin, has purged {them}")


def _has_to_go(store: Store, catalog: Catalog, drop: Drop, known: Collection[str]) -> bool:
    """Whether anything of these runs can go, or a source of those that were purged before.

    What others hold of them may stay for long.
    """
    memory, refs = Memory(store), store.repo.list_refs(*SPACES)
    looked = digest_refs({**refs, **dict.fromkeys(drop.runs, "")})
    if memory.recall("purges", "kept") == looked:
        return False
    may_go = bool(drop.runs) or has_unnamed_sources(store, known)
    found = may_go and would_take_out(store, catalog, drop)
    if not found:
        memory.note("purges", "kept", looked)
    return found


def push_purge(
    store: Store,
    catalog: Catalog,
    remote: str,
    runs: Sequence[str],
    observer: Observer,
    here: Repository | None = None,
) -> Ended:
    """Let a remote delete what it has of purged runs, and tell others who fetch from it.

    What it was given as a whole is replaced by what is here now; else it gets the tombstones alone.
    `here`: as for `remove_files`.
    Raises: as `push_runs`.
    """
    found = find_remote(store.repo, remote)
    with sharing(store):
        note_name(store, found)
        finish_moves(store, catalog)
        finish_cut_short(store, catalog, observer)
        meet_again(store, catalog, found, observer)
        known: Refs = {
            **tracking_refs(store.repo, found),
            **Withdrawn(store).deletes(found.tracking),
        }
        if any(split_ref(ref).lane in store.my_lanes for ref in known):
            pushed = push_own(store, catalog, found, CARGO, observer, allow_secrets=False)
        else:
            chosen = Chosen(runs, CARGO, None)
            pushed = push_chosen(store, catalog, found, chosen, observer, allow_secrets=False)
        if pushed.runs:
            others = "1 run" if pushed.runs == 1 else f"{pushed.runs:,} runs"
            observer.warning(
                f"'{found.shown}' got {others} of yours that it did not have, too: what it had"
                " yours in is replaced as a whole"
            )
        has_files = bool(Withdrawn(store).files(found.tracking))
        remove_files(store, catalog, found, observer, here)
        is_changed = has_files or pushed.gave_up or not pushed.up_to_date
        try:
            elsewhere, is_kept = _find_left(store, catalog, found, runs, observer)
            return Ended(elsewhere, is_changed, is_kept)
        finally:
            forget_peeks(store)  # what is left there is not to lie here


def _find_left(
    store: Store, catalog: Catalog, remote: Remote, runs: Sequence[str], observer: Observer
) -> tuple[list[str], bool]:
    """Lanes that the remote has with something of these runs, whether it is here, too, or not.

    And whether it has anything that it was to delete and did not.
    """
    waits = Withdrawn(store).deletes(remote.tracking)
    listed = list_remaining(store.repo, remote, waits, observer)
    is_kept = not waits.keys().isdisjoint(listed)
    tips = {ref: oid for ref, oid in records_only(listed).items() if ref not in waits}
    known = tracking_refs(store.repo, remote)
    if all(known.get(ref) == oid for ref, oid in tips.items()):
        left = _find_lanes(store, tips, runs)
    else:
        peek = look_at(store, catalog, remote.address, observer, has_withdrawn=True)
        tips = {ref: oid for ref, oid in peek.tips.items() if ref not in waits}
        left = _find_lanes(peek.store, tips, runs)
        peek.catalog.close()
        peek.store.close()
    return [name_lane(store, remote.tracking, lane) for lane in left], is_kept


def _find_lanes(store: Store, tips: Refs, runs: Collection[str]) -> list[str]:
    """Those of some lanes that have more of these runs than a word of their end."""
    found = list_blobs(store, tips.values())
    lines = store.read_lines(dict.fromkeys(oid for oids in found.values() for oid in oids))
    holders = {oid for oid, of_blob in lines if any(_is_of(each, runs) for each in of_blob)}
    held = {tip for tip, oids in found.items() if not holders.isdisjoint(oids)}
    return list(dict.fromkeys(split_ref(ref).lane for ref, oid in tips.items() if oid in held))


def _is_of(line: bytes, runs: Collection[str]) -> bool:
    record = read_line(line)
    return record is not None and record.run in runs and record.kind != KIND


def _plan(store: Store, catalog: Catalog, run: str) -> Redaction:
    records = catalog.records(run)
    is_said = any(each.kind == KIND and RUN in read_texts(each.body, "parts") for each in records)
    objects = tuple(find_sent(store, catalog, run).items())
    return whole_run(run, records)._replace(said=is_said, purged=True, objects=objects)


def _begin_of(records: Sequence[Record]) -> Record:
    return next(record for record in records if record.kind == "run.begin")


def _with_sources(store: Store, plans: Sequence[Redaction]) -> list[Redaction]:
    """The same with the sources that no other run of this clone has."""
    sources = {
        each.run: oid
        for each in plans
        if (oid := named_commit(_begin_of(each.records))) is not None
    }
    users = runs_of_sources(store, set(sources.values()), *OWN)
    needed = {oid for run, oid in users if run not in sources}
    return [
        each._replace(source=oid if (oid := sources.get(each.run)) not in needed else None)
        for each in plans
    ]


def _own_sources(store: Store, plans: Sequence[Redaction]) -> frozenset[str]:
    """Sources of those that were begun here, which no other run of this clone has.

    An admin said so, or one's other clone, or a purge was cut short.
    """
    own = [
        each
        for each in plans
        if any(r.kind == "run.begin" and r.writer in store.my_lanes for r in each.records)
    ]
    return make_drop(_with_sources(store, own)).snapshots if own else frozenset()


def _is_proven(catalog: Catalog, plan: Redaction) -> bool:
    """Whether what cannot be undone is said by who began the run or an admin, and by nobody else.

    The catalog has asked who wrote it; where that is a matter of signatures, there must be one.
    """
    tombs = [
        each
        for each in catalog.record_lines([plan.run])
        if each.kind == KIND and RUN in read_texts(each.body, "parts")
    ]
    states = [catalog.judge([tomb]).get(tomb.id) for tomb in tombs]
    if ADMIN in states:
        return True
    begin = _begin_of(plan.records)
    author = begin.by or {}
    if begin.sig is None and "key" not in author:
        return True
    word, enough = ("key", set(SIGNED)) if "key" in author else ("email", {"G"})
    return any(
        state in enough and (tomb.by or {}).get(word) == author.get(word)
        for tomb, state in zip(tombs, states, strict=True)
    )
