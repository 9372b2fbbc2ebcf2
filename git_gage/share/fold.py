"""Lanes of jobs that are over, put together: a thousand jobs need not be a thousand lanes.

Their lines, files and sources go unchanged into the lane through which this clone relays runs to
that remote, and in the same push their own refs go.
Source: docs/format.md, "Folding".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.records import Record, parse_record, parse_time
from git_gage.share.cargo import pack_parcels
from git_gage.share.chosen import begin_lane
from git_gage.share.delivery import Load, deliver
from git_gage.share.fetch import bring_all
from git_gage.share.lanes import (
    CARGO,
    KINDS,
    Refs,
    is_fork,
    out_refs,
    read_tip_lines,
    records_only,
    sharing,
    split_ref,
    still_there,
    tracking_refs,
)
from git_gage.share.remote import Remote, find_remote
from git_gage.share.transfer import list_remote
from git_gage.store import OUT
from git_gage.store.out import extend_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

IDLE_S = 7 * 86400.0


class Idle(NamedTuple):
    """A lane that nobody goes on with: its refs on the remote, its record lines and their runs."""

    refs: Refs
    lines: tuple[bytes, ...]
    runs: frozenset[str]


class Folded(NamedTuple):
    """What was taken in, or would be: lanes, and runs in them."""

    remote: str
    lanes: int
    runs: int


def fold_lanes(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    observer: Observer,
    *,
    idle_s: float | None = None,
    only_look: bool = False,
) -> Folded:
    """Take in the lanes of a remote's finished CI jobs; `only_look` leaves it at counting them.

    With `idle_s` also lanes of people to which nothing was added for so many seconds.
    Raises: RemoteError with git's own text; all is then as it was.
    """
    found = find_remote(store.repo, remote)
    with sharing(store):
        bring_all(store, found, CARGO, observer)
        catalog.refresh()
        there = list_remote(store.repo, found, observer)
        idle = _find_idle(store, catalog, found, there, idle_s)
        if idle and not only_look:
            known = still_there(tracking_refs(store.repo, found), there)
            _fold(store, found, idle, known, observer)
            catalog.refresh()
    lines = {line for each in idle for line in each.lines}
    runs = sum(b'"kind":"run.begin"' in line for line in lines)
    return Folded(found.shown, len(idle), runs)


def _fold(
    store: Store, remote: Remote, idle: Sequence[Idle], known: Refs, observer: Observer
) -> None:
    lines = list(dict.fromkeys(line for each in idle for line in each.lines))
    parcels, _ = pack_parcels(store, lines)
    with store.writing():
        lane = begin_lane(store, remote, known)
        extend_lane(store.repo, f"{OUT}/{remote.tracking}/w/{lane}", store.clock(), parcels)
        updates = out_refs(store.repo, remote)
    deletes = {ref: oid for each in idle for ref, oid in each.refs.items()}
    try:
        # The remote has all of it already: there is nothing to keep from it.
        deliver(store, remote, Load(updates, deletes, known, lines), observer, allow_secrets=True)
    except BaseException:
        begin_lane(store, remote, known)
        raise


def _find_idle(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    there: Mapping[str, str],
    idle_s: float | None,
) -> list[Idle]:
    """Lanes of jobs that are over, as far as all they hold is here.

    Nor are those taken in with words about a run that is not here, as a purged one is: whoever does
    not know who began it cannot let go of them with it.
    """
    lanes: dict[str, Refs] = {}
    for ref, oid in tracking_refs(store.repo, remote).items():
        if there.get(ref) == oid and not is_fork(ref):
            lanes.setdefault(split_ref(ref).lane, {})[ref] = oid
    own = store.my_lanes | {split_ref(ref).lane for ref in out_refs(store.repo, remote)}
    # What this clone does not know, previews for one, would go with the lane.
    strange = {ref.split("/")[3] for ref in there if not ref.endswith(KINDS)}
    over = []
    for lane, refs in lanes.items():
        if lane in own or lane in strange:
            continue
        lines = tuple(read_tip_lines(store, records_only(refs).values()))
        records = _read(lines)
        if records is not None and _is_over(records, store.clock(), idle_s):
            over.append(Idle(refs, lines, frozenset(record.run for record in records)))
    _, missing = pack_parcels(store, [line for each in over for line in each.lines])
    known = catalog.begun(run for each in over for run in each.runs)
    return [each for each in over if each.runs.isdisjoint(missing) and each.runs <= known]


def _read(lines: Sequence[bytes]) -> list[Record] | None:
    """The records; None where a newer git-gage wrote some of them."""
    try:
        return [parse_record(line) for line in lines]
    except IntegrityError:
        return None


def _is_over(records: Sequence[Record], now: float, idle_s: float | None) -> bool:
    """Whether all is of CI jobs that ended long ago, or of anybody `idle_s` ago."""
    begun = {record.run: record for record in records if record.kind == "run.begin"}
    ended = {record.run for record in records if record.kind == "run.end"}
    if not begun.keys() <= ended:
        return False
    age_s = now - max((parse_time(record.at) for record in records), default=now)
    is_job = bool(begun) and all(map(_is_job, begun.values()))
    return (is_job and age_s > IDLE_S) or (idle_s is not None and age_s > idle_s)


def _is_job(begin: Record) -> bool:
    """Whether a run was begun where nobody works: CI systems set this variable."""
    command: Any = begin.body.get("command")
    variables = command.get("variables") if isinstance(command, dict) else None
    return isinstance(variables, dict) and "CI" in variables
