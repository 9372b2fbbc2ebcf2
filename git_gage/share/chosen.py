"""Chosen runs, on their way to a remote that gets nothing else.

They go through an out lane of that remote: it holds what this remote was given run by run, as the
same lines, and begins each time from what the remote has of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.records import parse_record
from git_gage.share.cargo import describe_missing, pack_parcels
from git_gage.share.delivery import BehindError, Load, Pushed, deliver
from git_gage.share.fewer import note_given_back, see_to_gone
from git_gage.share.lanes import (
    Refs,
    find_out_lane,
    is_fork,
    kept_as,
    line_key,
    out_refs,
    read_tip_lines,
    records_only,
    split_ref,
    still_there,
    tracking_refs,
    update_refs,
)
from git_gage.share.left_out import LeftOut
from git_gage.share.peek import look_at
from git_gage.share.private import require_shareable
from git_gage.share.redaction import find_said
from git_gage.share.transfer import list_hidden, list_remote
from git_gage.share.whereabouts import known_refs
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, OUT
from git_gage.store.out import Parcel, extend_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.peek import Peek
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


class Chosen(NamedTuple):
    """What is to go: runs by id (None: what this clone said of any), of these the `parts` of
    `src` and `bulk`, and records of `kinds` (None: all).
    """

    runs: Sequence[str] | None
    parts: Collection[str]
    kinds: Collection[str] | None


def push_chosen(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    chosen: Chosen,
    observer: Observer,
    *,
    allow_secrets: bool,
) -> Pushed:
    """Send what is known of some runs, whoever wrote it.

    Raises: RemoteError with git's own text; SecretsFoundError; the out lane is then as it was.
    """
    catalog.refresh()
    listed = list_remote(store.repo, remote, observer)
    hidden = {} if records_only(listed) else find_hidden(store, remote, observer)
    listed |= hidden
    lines = find_unsent(store, catalog, remote, chosen)
    lost, peek = [], None
    known = records_only(tracking_refs(store.repo, remote))
    if chosen.runs is not None and not known and records_only(listed):
        # It may have been given all of it under another name.
        peek = look_at(store, catalog, remote.address, observer)
        lines = _find_lost(store, catalog, peek, chosen)
    elif chosen.runs is not None and _has_lost(known, listed, is_all_known=not lines):
        held = read_tip_lines(store, records_only(hidden).values())
        peek = look_at(store, catalog, remote.address, observer)
        found = _find_lost(store, catalog, peek, chosen)
        lost = [line for line in found if line not in held]
        lines = list(dict.fromkeys([*lost, *lines]))
    if not lines:
        see_to_gone(store, catalog, remote, listed, observer, peek=peek)
        return Pushed(remote.shown, 0, 0, 0, up_to_date=True)
    pushed = push_lines(
        store, catalog, remote, chosen, lines, listed, observer, allow_secrets=allow_secrets
    )
    LeftOut(store, remote).note(chosen)
    if lost:
        note_given_back(store, remote)
    given = out_refs(store.repo, remote)
    see_to_gone(store, catalog, remote, {**listed, **given}, observer, peek=peek)
    return pushed


def find_unsent(store: Store, catalog: Catalog, remote: Remote, chosen: Chosen) -> list[bytes]:
    """Lines that are meant and that the remote is not known to have, or not with all they name."""
    lines = _find_lines(store, catalog, remote, chosen)
    late = LeftOut(store, remote).find(chosen)
    return list(dict.fromkeys([*lines, *(each.line for each in catalog.record_lines(late))]))


def push_lines(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    chosen: Chosen,
    lines: Sequence[bytes],
    listed: Refs,
    observer: Observer,
    *,
    allow_secrets: bool,
) -> Pushed:
    """Send these lines of what is chosen, and what goes with them; `listed` is what is there now.

    Raises: as `push_chosen`; RequestError where one is of a private run.
    """
    if store.private:
        require_shareable(store, [parse_record(line).run for line in lines])
    said = find_said(store, chosen.runs, catalog)
    parcels, missing = pack_parcels(store, lines, said, chosen.parts)
    for sentence in describe_missing(missing):
        observer.warning(sentence)
    known = still_there(known_refs(store, remote), listed)
    try:
        return _deliver(store, remote, parcels, known, observer, allow_secrets)
    except BehindError:
        # Somebody else wrote this lane, or we were killed before we noted our last push.
        begin_lane(store, remote, {}, fresh=True)
        return _deliver(store, remote, parcels, known, observer, allow_secrets)


def find_hidden(store: Store, remote: Remote, observer: Observer) -> Refs:
    """What this clone has given to a remote that lists no runs: it can be there all the same.

    Raises: RemoteError with git's own text.
    """
    mine = store.my_lanes | store.out_lanes
    known = known_refs(store, remote)
    given = {ref: oid for ref, oid in known.items() if split_ref(ref).lane in mine}
    return list_hidden(store.repo, remote, given, observer)


def _has_lost(known: Refs, listed: Refs, *, is_all_known: bool) -> bool:
    """Whether the remote may have less than is known of it; where nothing is new, to be sure."""
    if is_all_known:
        return any(listed.get(ref) != oid for ref, oid in known.items())
    return any(ref not in listed and not is_fork(ref) for ref in known)


def _find_lost(store: Store, catalog: Catalog, peek: Peek, chosen: Chosen) -> list[bytes]:
    """Lines of chosen runs that the remote has not, by a look at it."""
    there = peek.catalog
    held = {line_key(record.line) for record in there.record_lines(chosen.runs)}
    ours = catalog.record_lines(chosen.runs)
    meant = (each.line for each in ours if chosen.kinds is None or each.kind in chosen.kinds)
    said = find_said(store, chosen.runs, catalog, there)
    return [line for line in meant if line_key(line) not in held and not said.takes(line)]


def _find_lines(store: Store, catalog: Catalog, remote: Remote, chosen: Chosen) -> Iterator[bytes]:
    """Lines that are meant and that the remote is not known to have."""
    lines = catalog.lines_beyond(chosen.runs, remote.tracking)
    if chosen.kinds is None:
        yield from lines
        return
    mine, private = store.my_lanes, store.private
    for line in lines:
        record = parse_record(line)
        if record.run in private:
            continue
        if record.kind in chosen.kinds and (chosen.runs or record.writer in mine):
            yield line


def _deliver(
    store: Store,
    remote: Remote,
    parcels: Sequence[Parcel],
    known: Refs,
    observer: Observer,
    allow_secrets: bool,
) -> Pushed:
    with store.writing():
        lane = begin_lane(store, remote, known)
        prefix = f"{OUT}/{remote.tracking}/w/{lane}"
        extend_lane(store.repo, prefix, store.clock(), parcels)
        updates = out_refs(store.repo, remote)
    deletes = {
        ref: oid
        for ref, oid in known.items()
        if ref.startswith(f"{LOCAL}/{lane}/") and ref not in updates
    }
    load = Load(updates, deletes, known, [parcel.line for parcel in parcels])
    try:
        return deliver(store, remote, load, observer, allow_secrets=allow_secrets)
    except BaseException:
        # What was not given must not go along with the next runs.
        begin_lane(store, remote, known)
        raise


def begin_lane(store: Store, remote: Remote, known: Refs, *, fresh: bool = False) -> str:
    """The out lane, exactly as the remote has it (`known`); a new one if `fresh`, or if it lost it.

    With it stays what the remote is to get for something that it is to delete.
    """
    tracked = tracking_refs(store.repo, remote)
    with store.writing():
        lane = find_out_lane(store, remote, tracked, known, fresh=fresh)
        there = {ref: oid for ref, oid in known.items() if split_ref(ref).lane == lane}
        there |= Withdrawn(store).again(remote.tracking)
        present = out_refs(store.repo, remote)
        updates = {
            kept_as(remote, ref, OUT): oid for ref, oid in there.items() if present.get(ref) != oid
        }
        deletes = [kept_as(remote, ref, OUT) for ref in present if ref not in there]
        update_refs(store.repo, updates, deletes)
    return lane
