"""Copy chosen runs between the repository that has them and another place, either way.

What the other side lacks is asked and not assumed. Runs may go on meanwhile: what comes later goes
with the next copy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.runs.withheld import KIND
from git_gage.share.cargo import pack_parcels
from git_gage.share.chosen import Chosen, push_lines
from git_gage.share.fetch import mending
from git_gage.share.fewer import note_given_back
from git_gage.share.lanes import (
    Refs,
    line_key,
    note_name,
    read_tip_lines,
    sharing,
    still_there,
    tracking_refs,
)
from git_gage.share.left_out import LeftOut
from git_gage.share.moved import meet_again
from git_gage.share.preview import require_clean
from git_gage.share.redaction import find_said
from git_gage.share.remote import find_remote
from git_gage.share.removal import remove_files
from git_gage.share.take import fetch_chosen
from git_gage.share.take_back import run_of
from git_gage.share.transfer import list_remote
from git_gage.store import LOCAL
from git_gage.store.identity import out_lane
from git_gage.store.out import extend_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.delivery import Pushed
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

# Stands for this repository where out lanes go by remotes; no remote has such a name.
_HERE = "."


class Move(NamedTuple):
    """A run of which the other side lacks something; `is_new`: it has not even how it began, and
    gets that. What was said of a run may be there before the run.

    Without `records` it lacks sources or outputs that were left out before.
    """

    run: str
    is_new: bool
    records: int


class Plan(NamedTuple):
    """What a copy moves, and what of it: see `Chosen`. `sends`: from here, else to here.

    `lines` are those that are sent; what comes is found again when it comes.
    gives_up: whether the other side is to delete what this clone gave it and was taken out since.
    """

    sends: bool
    chosen: Chosen
    moves: Sequence[Move]
    lines: Sequence[bytes]
    gives_up: bool = False

    @property
    def is_any(self) -> bool:
        return bool(self.moves) or self.gives_up


def plan_copy(
    store: Store,
    remote: str,
    source: Catalog,
    target: Catalog | None,
    chosen: Chosen,
    held: Collection[bytes],
    *,
    sends: bool,
) -> Plan:
    """What of the chosen runs would go from one catalog to another, in their order.

    Both are as of their last refresh; without `target` there is nothing yet. `held` are lines that
    are there, and not shown. What one side says was taken out does not go.
    """
    runs = chosen.runs or ()
    sides = [source] if target is None else [source, target]
    drop = find_said(store, runs, *sides)
    # There may be a hundred thousand of them: no record is kept, and of lines only what moves.
    there = {line_key(line) for line in held}
    known: set[str] = set()
    for record in target.record_lines(runs) if target is not None else ():
        there.add(line_key(record.line))
        known.add(record.run)
    lacking: dict[str, int] = {}
    lines: list[bytes] = []
    begun: set[str] = set()
    judged = source.begun(runs) if sends else set(runs)
    for record in source.record_lines(runs):
        is_meant = chosen.kinds is None or record.kind in chosen.kinds
        is_meant = is_meant and not drop.takes(record.line)
        # Who does not know who began a run could not take words about it back when it is purged.
        is_meant = is_meant and (record.run in judged or record.kind == KIND)
        if record.line in held:
            known.add(record.run)
        if is_meant and line_key(record.line) not in there:
            lacking[record.run] = lacking.get(record.run, 0) + 1
            lines += [record.line] if sends else []
            if record.kind == "run.begin":
                begun.add(record.run)
    left = LeftOut(store, find_remote(store.repo, remote), sends=sends)
    late = known.intersection(left.find(chosen))
    moves = [
        Move(run, run in begun, lacking.get(run, 0))
        for run in runs
        if run in lacking or run in late
    ]
    return Plan(sends, chosen._replace(runs=[move.run for move in moves]), moves, lines)


def find_put_away(
    store: Store, source: Catalog, target: Catalog, held: Iterable[bytes], *, sends: bool
) -> list[str]:
    """Runs that one side has, and the other has put away or purged: that word goes, too.

    `held`: as for `plan_copy`.
    """
    shown = set(source.find(()))
    others = {*target.find((), put_away=True), *filter(None, map(run_of, held))}
    if sends:
        others -= store.private
    told = source.record_lines(sorted(others - shown, reverse=True))
    return list(dict.fromkeys(record.run for record in told))


def make_copy(
    store: Store,
    catalog: Catalog,
    remote: str,
    plan: Plan,
    observer: Observer,
    *,
    allow_secrets: bool,
    here: Repository | None = None,
) -> bool:
    """Move what a plan says; whether the other side gave something up. `here`: as for
    `remove_files`.

    Raises: as `push_runs` and `fetch_chosen`.
    """
    gave_up = False
    if plan.sends:
        pushed = _send(
            store, catalog, remote, plan, observer, allow_secrets=allow_secrets, here=here
        )
        gave_up = pushed.gave_up
    else:
        _, parts, kinds = plan.chosen
        fetch_chosen(store, catalog, remote, plan.chosen.runs, observer, parts, kinds)
    LeftOut(store, find_remote(store.repo, remote), sends=plan.sends).note(plan.chosen)
    return gave_up


def _send(
    store: Store,
    catalog: Catalog,
    remote: str,
    plan: Plan,
    observer: Observer,
    *,
    allow_secrets: bool,
    here: Repository | None,
) -> Pushed:
    """Send the lines of a plan, whatever the remote is remembered to have."""
    found = find_remote(store.repo, remote)
    with sharing(store):
        if store.journals():
            store.flush()
        note_name(store, found)

        def send() -> Pushed:
            meet_again(store, catalog, found, observer)
            listed = list_remote(store.repo, found, observer)
            return push_lines(
                *(store, catalog, found, plan.chosen, _lines_of(catalog, plan), listed, observer),
                allow_secrets=allow_secrets,
            )

        pushed = mending(store, catalog, observer, send)
        note_given_back(store, found)
        remove_files(store, catalog, found, observer, here)
    return pushed


def require_clean_copy(
    store: Store, catalog: Catalog, remote: str, plan: Plan, listed: Refs
) -> None:
    """Look through what a plan would send to where `listed` is, and send nothing.

    Raises: SecretsFoundError.
    """
    known = still_there(tracking_refs(store.repo, find_remote(store.repo, remote)), listed)
    require_clean(store, catalog, _lines_of(catalog, plan), plan.chosen, known)


def _lines_of(catalog: Catalog, plan: Plan) -> list[bytes]:
    whole = [move.run for move in plan.moves if not move.records]
    return [*plan.lines, *(record.line for record in catalog.record_lines(whole))]


def offer_runs(store: Store, catalog: Catalog, again: Collection[str] = ()) -> None:
    """Let all that came into a folder be had from there by others.

    What a fetch brings lies where nobody else looks. So the same lines go into a lane of the folder
    as well, as if somebody had copied them there; those of the runs in `again` once more, because
    something that goes with them has come since. What was said of a run waits until the run comes.
    """
    with sharing(store):
        catalog.refresh()
        tips = [oid for ref, oid in store.read_tips().items() if ref.startswith(f"{LOCAL}/")]
        offered = read_tip_lines(store, tips)
        news = [
            (record.run, record.kind, record.line)
            for record in catalog.record_lines()
            if record.run not in store.private
            and (record.line not in offered or record.run in again)
        ]
        begun = catalog.begun({run for run, *_ in news})
        lines = [line for run, kind, line in news if run in begun or kind == KIND]
        if not lines:
            return
        parcels, _ = pack_parcels(store, lines, find_said(store, None, catalog))
        with store.writing():
            lane = out_lane(store.dir / "lane.json", store.repo.common_dir, _HERE)
            extend_lane(store.repo, f"{LOCAL}/{lane}", store.clock(), parcels)
