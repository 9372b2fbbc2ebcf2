"""The lanes of this clone, on their way to a remote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.share.cargo import describe_missing, pack_parcels
from git_gage.share.delivery import BehindError, Load, Pushed, deliver
from git_gage.share.fetch import fetch_lanes
from git_gage.share.fewer import replaced_refs, see_to_gone
from git_gage.share.lanes import (
    CARGO,
    RECORDS,
    Difference,
    Memory,
    Refs,
    compare_tips,
    digest_refs,
    forks_of,
    is_ancestor,
    own_refs,
    read_tip_lines,
    records_only,
    split_ref,
    tracking_refs,
)
from git_gage.share.left_out import LeftOut
from git_gage.share.news import list_contents
from git_gage.share.transfer import list_remote
from git_gage.share.whereabouts import known_refs
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL
from git_gage.store.identity import renew_lane
from git_gage.store.merge import merge_epochs
from git_gage.store.out import extend_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

ATTEMPTS = 3


class Side(NamedTuple):
    """A lane of ours beside what the remote has of it.

    `lines` is how the records differ; `forked` whether its history there is another one.
    """

    lane: str
    mine: Refs
    theirs: Refs
    lines: Difference
    forked: bool

    @property
    def has_two_writers(self) -> bool:
        return bool(self.lines.ahead) and (self.forked or bool(self.lines.behind))


def push_own(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    parts: Collection[str],
    observer: Observer,
    *,
    allow_secrets: bool,
) -> Pushed:
    """Send all that this clone has recorded; of sources and outputs only `parts`.

    A lane that a copy of this clone writes as well is left to the copy: what the remote lacks of
    it goes on in a new lane.

    Raises: RemoteError with git's own text; SecretsFoundError.
    """
    with store.writing():
        for lane in store.my_lanes:
            merge_epochs(store.repo, f"{LOCAL}/{lane}")
    _take_up_left(store, remote, observer)
    attempt = 1
    while True:
        load = _load_lanes(store, remote, parts, observer)
        if not load.updates and not Withdrawn(store).waits_for(remote.tracking):
            pushed = Pushed(remote.shown, 0, 0, 0, up_to_date=True)
            break
        try:
            pushed = deliver(store, remote, load, observer, allow_secrets=allow_secrets)
            break
        except BehindError as error:
            attempt += 1
            if attempt > ATTEMPTS:
                raise
            fetch_lanes(store, remote, error.lanes, observer)
    if set(parts) == set(CARGO):
        left = LeftOut(store, remote)
        left.note_moved([run for run in left.runs() if not catalog.is_foreign(run)])
    # Nobody says that it is up to date who has not seen it; and of what it has lost of ours it may
    # have lost more.
    if not load.updates or pushed.records > len(load.lines):
        there = list_remote(store.repo, remote, observer)
        see_to_gone(store, catalog, remote, there, observer)
    return pushed


def _load_lanes(store: Store, remote: Remote, parts: Collection[str], observer: Observer) -> Load:
    """All that can be pushed, after lanes with two writers were left."""
    memory = Memory(store)
    known = known_refs(store, remote)
    sides = _survey(store, remote, memory, known)
    while twins := [side for side in sides if side.has_two_writers]:
        _leave_lane(store, twins[0], observer)
        memory.note("left", _topic(remote, twins[0].lane), digest_refs(twins[0].mine))
        sides = _survey(store, remote, memory, known)
    updates, deletes = Refs(), Refs()
    for side in sides:
        found = _updates(store.repo, side)
        updates |= {ref: oid for ref, oid in found.items() if ref.endswith((*RECORDS, *parts))}
        deletes |= _deletes(store, side, parts)
    lines = [line for side in sides for line in side.lines.ahead]
    return Load(updates, deletes, known, lines, whole=True)


def _survey(store: Store, remote: Remote, memory: Memory, known: Refs) -> list[Side]:
    """Our lanes, but those that were left, and those of which the remote has more than we."""
    with store.writing():
        ours = _by_lane(own_refs(store))
    theirs = _by_lane(known)
    sides = [
        _with_lost(store, known, _look_at(store, lane, mine, theirs.get(lane, {})))
        for lane, mine in ours.items()
        if memory.recall("left", _topic(remote, lane)) != digest_refs(mine)
    ]
    return [side for side in sides if side.lines.ahead or not side.lines.behind]


def _look_at(store: Store, lane: str, mine: Refs, theirs: Refs) -> Side:
    forks = {ref: found for ref in mine if (found := forks_of(ref, theirs))}
    # Where a ref was rewritten, the remote has the fork and no longer what it had before.
    current = {ref: oid for ref, oid in theirs.items() if ref not in forks}
    ours, others = (set(records_only(refs).values()) for refs in (mine, current))
    lines = compare_tips(store, ours - others, others - ours)
    if lines.behind:
        # What an old epoch there has can be in one that both have.
        held = read_tip_lines(store, ours & others)
        lines = Difference(*([line for line in side if line not in held] for side in lines))
    forked = any(
        not is_ancestor(store.repo, theirs[fork], mine[ref])
        for ref, found in forks.items()
        for fork in found
    )
    return Side(lane, mine, theirs, lines, forked)


def _with_lost(store: Store, known: Refs, side: Side) -> Side:
    """The same, and what names sources or outputs that the remote lost when it rewrote a lane."""
    if not (side.forked and any(forks_of(ref, known) for ref in side.mine if ref.endswith(CARGO))):
        return side
    there = ((ref, oid) for ref, oid in known.items() if not forks_of(ref, known))
    mine, theirs = (list_contents(store.repo, refs) for refs in (side.mine.items(), there))
    lost = [oid.encode() for oids in mine.beyond(theirs) for oid in oids]
    lines = read_tip_lines(store, records_only(side.mine).values()) if lost else {}
    held = set(side.lines.ahead)
    more = [line for line in lines if line not in held and any(oid in line for oid in lost)]
    return side._replace(lines=side.lines._replace(ahead=[*side.lines.ahead, *more]))


def _topic(remote: Remote, lane: str) -> str:
    return f"{remote.tracking}/{lane}"


def _take_up_left(store: Store, remote: Remote, observer: Observer) -> None:
    """Go on in the lane in use with what is in lanes that were left, where a remote lost these.

    The other writer of such a lane may never come again.
    """
    memory = Memory(store)
    with store.writing():
        mine = _by_lane(own_refs(store))
    left = {
        lane: records_only(refs)
        for lane, refs in mine.items()
        if memory.recall("left", _topic(remote, lane)) == digest_refs(refs)
    }
    if not left:
        return
    known = records_only(tracking_refs(store.repo, remote))
    there = list_remote(store.repo, remote, observer)
    # Also one that was rewritten, whose forms have names of their own here.
    lost = {split_ref(ref).lane for ref in known if ref not in there} & left.keys()
    current = set(known.values()).intersection(there.values())
    own = records_only(mine.get(store.lane, {})).values()
    held = read_tip_lines(store, [*current, *own])
    ours = read_tip_lines(store, [oid for lane in sorted(lost) for oid in left[lane].values()])
    lines = [line for line in ours if line not in held]
    if lines:
        with store.writing():
            _go_on_with(store, lines, observer)


def _go_on_with(store: Store, lines: Sequence[bytes], observer: Observer) -> None:
    """Put lines and what belongs to them into the lane in use. Hold the store's lock."""
    parcels, missing = pack_parcels(store, lines)
    extend_lane(store.repo, f"{LOCAL}/{store.lane}", store.clock(), parcels)
    for sentence in describe_missing(missing):
        observer.warning(sentence)


def _by_lane(refs: Refs) -> dict[str, Refs]:
    lanes: dict[str, Refs] = {}
    for ref, oid in refs.items():
        lanes.setdefault(split_ref(ref).lane, {})[ref] = oid
    return lanes


def _updates(repo: Repository, side: Side) -> Refs:
    """Refs to push: all, also those the remote should have, unless it has more than we."""
    if side.lines.ahead:
        return side.mine
    return {ref: oid for ref, oid in side.mine.items() if not _is_behind(repo, side, ref, oid)}


def _is_behind(repo: Repository, side: Side, ref: str, oid: str) -> bool:
    if forks := forks_of(ref, side.theirs):
        # One that was set back is completed again.
        return not all(is_ancestor(repo, side.theirs[fork], oid) for fork in forks)
    theirs = side.theirs.get(ref, oid)
    return theirs != oid and is_ancestor(repo, oid, theirs)


def _deletes(store: Store, side: Side, parts: Collection[str]) -> Refs:
    """Refs there that give way: logs to a sealed epoch of ours, old epochs to merged ones."""
    logs = {
        ref: oid
        for ref, oid in side.theirs.items()
        if ref.endswith("/log") and f"{ref.removesuffix('log')}sealed" in side.mine
    }
    if side.lines.behind or side.forked or set(CARGO) - set(parts):
        return logs
    return logs | replaced_refs(store, side.theirs, side.mine)


def _leave_lane(store: Store, side: Side, observer: Observer) -> None:
    """Leave a lane to its other writer, and go on with what only we have of it."""
    path, common_dir = store.dir / "lane.json", store.repo.common_dir
    with store.writing():
        if side.lane == store.lane:
            renew_lane(path, common_dir)
        tips = _by_lane(records_only(own_refs(store))).get(store.lane, {})
        held = read_tip_lines(store, tips.values())
        lines = [line for line in side.lines.ahead if line not in held]
        observer.warning(
            f"lane '{side.lane}' is written by a copy of this clone too: going on in '{store.lane}'"
        )
        _go_on_with(store, lines, observer)
