"""Refs that a remote is to lose or has lost, and whether all that they hold is in others.

Source: docs/format.md, "Lanes".
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from git_gage.records import short_id
from git_gage.share.cargo import read_line
from git_gage.share.lanes import (
    GONE,
    Memory,
    Refs,
    compare_tips,
    forks_of,
    is_fork,
    kept_as,
    recall_name,
    records_only,
    split_ref,
    tips_of,
    tracking_refs,
    update_refs,
)
from git_gage.share.redaction import find_said
from git_gage.share.transfer import list_remote
from git_gage.share.withdrawn import Withdrawn
from git_gage.store.rewrite import list_files, list_sources

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import Record
    from git_gage.share.peek import Peek
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

# More ids are harder to type than all there is to choose from.
MOST_NAMED = 9


def replaced_refs(store: Store, old: Refs, new: Refs) -> Refs:
    """Of the refs `old` those of epochs that are not among `new`, where `new` hold all they do."""
    epochs = set(map(_epoch, new))
    over = {ref: oid for ref, oid in old.items() if _epoch(ref) not in epochs and not is_fork(ref)}
    return over if over and is_held(store, over, new) else Refs()


def see_to_gone(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    seen: Refs | Collection[str],
    observer: Observer,
    *,
    peek: Peek | None = None,
) -> None:
    """Of tracking refs that are not among those `seen` on the remote, or that it has rewritten, see
    where their runs are.

    Those that are not there are forgotten where others hold all of it. Else it is told what the
    remote has lost: once, as not everybody can give it back, or wants to. But not as long as it can
    be in lanes that were not fetched yet: a `peek` has their records. `seen` without tips is what
    git says to people, so the remote is asked in earnest. Hold the sharing lock.
    """
    known = tracking_refs(store.repo, remote)
    memory = Memory(store)
    told = set((memory.recall(GONE, remote.tracking) or "").split())
    names = {ref for ref in records_only(known) if not is_fork(ref)}
    rewritten = {ref for ref in names if forks_of(ref, known)}
    gone = names.difference(seen) | rewritten
    if gone == told:
        return
    if gone:
        there = seen if isinstance(seen, dict) else list_remote(store.repo, remote, observer)
        unread = _unread_refs(store, remote, known, there)
        if unread and peek is None:
            return
        lost = {ref: oid for ref, oid in known.items() if ref not in there and not is_fork(ref)}
        rest = {ref: oid for ref, oid in known.items() if ref not in lost.keys() | rewritten}
        gone = set(records_only(lost)) | rewritten
        if lost and not unread and is_held(store, lost, rest):
            update_refs(store.repo, {}, [kept_as(remote, ref) for ref in lost])
            gone = rewritten
        is_told = _tell_lost(
            *(store, catalog, remote, observer, peek),
            {ref: known[ref] for ref in gone - told},
            list(records_only(rest).values()),
        )
        if unread and not is_told:
            return  # whoever fetches them sees to it
    if gone != told:
        memory.note(GONE, remote.tracking, " ".join(sorted(gone)))


def note_given_back(store: Store, remote: Remote) -> None:
    """Something of it was given again: what is lacking still is to be told."""
    memory = Memory(store)
    if memory.recall(GONE, remote.tracking):
        memory.note(GONE, remote.tracking, "")


def _unread_refs(store: Store, remote: Remote, known: Refs, there: Refs) -> list[str]:
    """Refs `there` with records that no fetch has brought."""
    unwanted, tips = Withdrawn(store).unwanted(remote.tracking), known.values()
    # A log that a remote does not give up is in what it was sealed as.
    return [
        ref
        for ref, oid in records_only(there).items()
        if oid not in tips
        and ref not in unwanted
        and f"{ref.removesuffix('log')}sealed" not in known
    ]


def _tell_lost(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    observer: Observer,
    peek: Peek | None,
    lost: Refs,
    rest: list[str],
) -> bool:
    """Tell what is in the refs `lost` alone, and how the remote gets it back; whether it is any.

    Not of what somebody has taken out, or has said of runs that are not here.
    """
    if not lost:
        return False
    catalog.refresh()
    reader, gone = (store, []) if peek is None else (peek.store, peek.catalog.redacted())
    held = rest if peek is None else [*rest, *peek.tips.values()]
    own = {ref: oid for ref, oid in lost.items() if split_ref(ref).lane in store.my_lanes}
    mine = _wanted(store, catalog, compare_tips(reader, own.values(), held).ahead, gone)
    held = [*held, *own.values()]
    others = _wanted(store, catalog, compare_tips(reader, lost.values(), held).ahead, gone)
    told = [*mine, *others]
    if not told:
        return False
    begun = sum(record.kind == "run.begin" for record in told)
    count, what = (begun, "run") if begun else (len(told), "update")
    amount, it = (f"1 {what}", "it") if count == 1 else (f"{count:,} {what}s", "them")
    word = shlex.quote(recall_name(store, remote.tracking))
    runs = list(dict.fromkeys(short_id(record.run) for record in others))
    commands = [f"git gage push {word}"] if mine else []
    if len(runs) > MOST_NAMED:
        commands.append(f"git gage copy --all --to {word}")
    elif runs:
        commands.append(f"git gage push {word} {' '.join(runs)}")
    observer.warning(
        f"'{remote.shown}' no longer has {amount} that it had, or hides {it}: here nothing of"
        f" {it} is lost\nhint: give {it} back: {' && '.join(commands)}"
    )
    return True


def _wanted(
    store: Store, catalog: Catalog, lines: Iterable[bytes], gone: Collection[str]
) -> list[Record]:
    """The records of some lines, of runs that are here, without what was taken out of these.

    `gone` are runs of which the remote says that: who fetches it takes it out here, too.
    """
    records = [record for record in map(read_line, lines) if record is not None]
    runs = catalog.begun(dict.fromkeys(record.run for record in records)).difference(gone)
    drop = find_said(store, runs, catalog)
    return [each for each in records if each.run in runs and not drop.takes(each.line)]


def is_held(store: Store, refs: Refs, others: Refs) -> bool:
    """Whether the others hold all records, files and sources of these."""
    if compare_tips(store, records_only(refs).values(), records_only(others).values()).ahead:
        return False
    repo = store.repo
    files, held = (list_files(repo, tips_of(some, ("bulk",))) for some in (refs, others))
    if files.items() - held.items():
        return False
    pinned, kept = (set(list_sources(repo, tips_of(some, ("src",)))) for some in (refs, others))
    return pinned <= kept


def _epoch(ref: str) -> tuple[str, str]:
    found = split_ref(ref)
    return found.lane, found.epoch
