"""Take back what remotes have, or were given, of what is to go: theirs is deleted by the next push.

What else was with it stays: it is elsewhere, or is written once more.
Source: docs/format.md, "Redaction".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.records import parse_record
from git_gage.share.lanes import (
    RECORDS,
    Memory,
    digest_refs,
    list_blobs,
    list_blobs_of,
    read_tip_lines,
    recall_name,
    tips_of,
)
from git_gage.share.redaction import said_of
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, OUT, SPACES, TAKEN, TRACKING, parse_ref
from git_gage.store.identity import out_lane
from git_gage.store.lane import Lane
from git_gage.store.layout import THUMBS
from git_gage.store.rewrite import (
    Drop,
    Holding,
    group_epochs,
    list_files,
    list_sources,
    read_holding,
    write_epoch,
)

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.store import Store

_SOURCES = ("src",)
Key = tuple[str, str, str, str]
"""Of an epoch: its space, the remote by its name in refs, the lane, and its own name."""
MayHold = Callable[[Mapping[str, str]], bool]
"""Tells of an epoch, by its kinds with their tips, whether it may hold what is to go."""

_SNAPSHOT = re.compile(rb'"snapshot":"([0-9a-f]{40}(?:[0-9a-f]{24})?)"')


def take_back(
    store: Store,
    catalog: Catalog,
    withdrawn: Withdrawn,
    drop: Drop,
    may_hold: MayHold,
    *,
    said: bool,
    whole: bool,
) -> tuple[dict[str, str], list[str]]:
    """Note which epochs that remotes have of it are to go there.

    said: whether whoever recorded the runs has done so already; whole: whether runs go as a whole.
    Gives the refs here that are to be forgotten; and where it stays, because others wrote it or
    other runs are there with it.
    """
    elsewhere: list[str] = []
    gone: dict[str, str] = {}
    fresh: dict[str, str] = {}

    def out_prefix(remote: str) -> str:
        # What goes on is in another lane: nobody takes the one for the other by its name.
        if remote not in fresh:
            path, common_dir = store.dir / "lane.json", store.repo.common_dir
            fresh[remote] = out_lane(path, common_dir, remote, fresh=True)
        return f"{OUT}/{remote}/w/{fresh[remote]}"

    # What a remote has first: what is given again of it need not be written once more.
    found = find_touched(store, catalog, drop, may_hold)
    touched = sorted(found, key=lambda each: each.key[0] == OUT)
    written = Holding()
    for each in touched:
        space, remote, lane, _ = each.key
        if space == TRACKING and not each.ours and (each.kept or not said):
            elsewhere.append(name_lane(store, remote, lane))
        if each.kept:
            continue
        gone |= each.refs
        passed_on = space == TRACKING and lane not in store.my_lanes
        is_lost = not (each.held or written.has(each.rest))
        if each.ours and ((passed_on and not _is_alone(each.rest, drop)) or is_lost):
            withdrawn.give_again(remote, _write_again(store, out_prefix(remote), each))
            written = written.with_all(each.rest)
        if space == OUT:
            out_prefix(remote)
            withdrawn.note_given(remote, _names(each))
            continue
        (withdrawn.add if each.ours else withdrawn.leave)(remote, _names(each))
        if each.ours and not (whole and lane in store.my_lanes):
            # A fetch looks through what came for runs that are gone, and for no other redaction;
            # and a lane that was given and taken back is nobody's any more.
            withdrawn.ignore(_names(each))
    return gone, elsewhere


def name_lane(store: Store, remote: str, lane: str) -> str:
    """A lane that stays on a remote (by its name in refs), in words."""
    name = recall_name(store, remote)
    if lane in store.my_lanes | store.out_lanes:
        return f"{name}: lane {lane}, which was put back there: 'git gage sync {quote(name)}'"
    return f"{name}: lane {lane}, which others write"


def _names(touched: Touched) -> dict[str, str]:
    """Its refs by the names that they have on the remote."""
    _, _, lane, epoch = touched.key
    return {f"{LOCAL}/{lane}/{epoch}/{kind}": oid for kind, oid in touched.tips.items()}


def _write_again(store: Store, prefix: str, touched: Touched) -> dict[str, str]:
    """Put what else a remote was given run by run into the out lane below `prefix`; its refs."""
    lane, before = Lane(store.repo, prefix), group_epochs(store.repo, prefix)
    write_epoch(lane, touched.key[3], touched.rest, sealed="sealed" in touched.tips)
    return {
        f"{LOCAL}/{prefix.rpartition('/')[2]}/{epoch}/{kind}": oid
        for epoch, tips in group_epochs(store.repo, prefix).items()
        if epoch not in before
        for kind, oid in tips.items()
    }


class _LookedThrough:
    """What had nothing of some runs when it was read, kept by a name of its own."""

    def __init__(self, store: Store, name: str, runs: Collection[str]) -> None:
        self._memory, self._name = Memory(store), name
        self._of = digest_refs(dict.fromkeys(runs, ""))
        whose, *tips = (self._memory.recall("purges", name) or self._of).split()
        self.tips = tips if whose == self._of else []

    def note(self, tips: Iterable[str]) -> None:
        self._memory.note("purges", self._name, " ".join([self._of, *sorted(tips)]))


def find_lone_runs(store: Store, runs: Collection[str]) -> set[str]:
    """Those of some runs of which there are files beside the records of others, or of none.

    A remote lost records, or was rolled back, and a backup may have what came from it. What was
    looked through once is not read again.
    """
    if not runs:
        return set()
    looked = _LookedThrough(store, "looked through", runs)
    refs = store.repo.list_refs(TRACKING, TAKEN)
    tips = {oid for ref, oid in refs.items() if ref.endswith("/bulk")}
    sizes = store.repo.object_sizes(looked.tips)
    here = [oid for oid, size in sizes.items() if size is not None]
    fresh = sorted(tips.difference(here))
    files = list_files(store.repo, [*fresh, *(f"^{oid}" for oid in here)]) if fresh else {}
    lone = {path.partition("/")[0] for path in files}.intersection(runs)
    if fresh and not lone:
        looked.note(tips)
    return lone


def has_unnamed_sources(store: Store, gone: Collection[str]) -> bool:
    """Whether epochs have sources that no records here name, but those of runs `gone`.

    Not those of this clone's own runs, which are judged as these go. A remote lost the records, or
    each of its refs was put back to a time of its own, and a backup may have what came from it; and
    what was passed on of one run can be the source of another one, which went later. What was
    looked through once is not read again.
    """
    groups = group_given(store, TRACKING, OUT, TAKEN)
    epochs = [refs for key, refs in groups.items() if key[2] not in store.my_lanes]
    tips = {tip for refs in epochs for tip in tips_of(refs, _SOURCES)}
    looked = _LookedThrough(store, "sources looked through", gone)
    fresh = tips.difference(looked.tips)
    # Nearly always they are named by the records beside them: those of all are read last.
    beside = {ref: oid for refs in epochs if fresh & {*refs.values()} for ref, oid in refs.items()}
    sources = find_unnamed(store, sorted(fresh), gone, beside)
    if fresh and not sources:
        looked.note(tips)
    return bool(sources)


def find_unnamed(
    store: Store,
    tips: Iterable[str],
    gone: Collection[str],
    beside: Mapping[str, str] | None = None,
) -> set[str]:
    """Sources of some tips that no records here name, but those of runs `gone`.

    None where this disk has lost records, as they could name any. `beside`: refs to look at first.
    """
    unnamed = set(list_sources(store.repo, list(tips)))
    refs = store.repo.list_refs(*SPACES)
    for each in (beside or {}, refs):
        unnamed -= _named_sources(store, gone, each) if unnamed else set()
    blobs = list_blobs_of(store, tips_of(refs, RECORDS)) if unnamed else {}
    return set() if None in store.repo.object_sizes(blobs).values() else unnamed


def _lanes_of_ours(store: Store, groups: Iterable[Key]) -> frozenset[str]:
    """Lanes that this clone wrote, by what it keeps of itself and by what it gave."""
    given = {lane for space, _, lane, _ in groups if space == OUT}
    return store.my_lanes | store.out_lanes | given


def find_holders(store: Store, drop: Drop) -> MayHold:
    """Most epochs hold nothing of what is to go, so the records of all of them are read once.

    Where none of those goes there can be previews, or files alone of an epoch of which a remote has
    lost the records.
    """
    if drop.snapshots or any(path.partition("/")[0] not in drop.runs for path in drop.files):
        return lambda _: True
    refs = store.repo.list_refs(*SPACES)
    found = list_blobs(store, (oid for ref, oid in refs.items() if ref.endswith(RECORDS)))
    blobs = {oid for oids in found.values() for oid in oids}
    taken = {oid for oid, lines in store.read_lines(blobs) if any(map(drop.takes, lines))}
    holders = {tip for tip, oids in found.items() if not taken.isdisjoint(oids)}
    chains = [oid for ref, oid in refs.items() if ref.endswith("/bulk")]
    files = set(filter(drop.takes_file, list_files(store.repo, chains)))

    def may_hold(tips: Mapping[str, str]) -> bool:
        if THUMBS in tips or not holders.isdisjoint(tips.values()):
            return True
        chain = [tips["bulk"]] if files and "bulk" in tips else []
        return not files.isdisjoint(list_files(store.repo, chain))

    return may_hold


class Touched(NamedTuple):
    """An epoch that a remote has, or was given, with something that is to go.

    `rest` is what else is wanted of it, and `held` whether what stays here has all of that;
    `ours` whether this clone wrote it.
    """

    key: Key
    refs: dict[str, str]
    rest: Holding
    ours: bool
    held: bool = False

    @property
    def tips(self) -> dict[str, str]:
        """Its commits by kind."""
        return {ref.rpartition("/")[2]: oid for ref, oid in self.refs.items()}

    @property
    def kept(self) -> bool:
        """Whether others wrote it, and what else it holds is nowhere else here."""
        return not (self.ours or self.held)


def find_touched(
    store: Store, catalog: Catalog, drop: Drop, may_hold: MayHold
) -> Iterator[Touched]:
    groups, found = group_given(store), []
    own = _lanes_of_ours(store, groups)
    gone = drop.runs.union(Withdrawn(store).purged())
    chains = [tip for refs in groups.values() for tip in tips_of(refs, _SOURCES)]
    unnamed = find_unnamed(store, chains, gone)
    for key, refs in groups.items():
        each = Touched(key, refs, Holding(), key[2] in own)
        # Whose sources these were, is told by records that are elsewhere, or were.
        looks = unnamed and drop.own_sources and key[2] not in store.my_lanes
        sources = list_sources(store.repo, tips_of(refs, _SOURCES)) if looks else ()
        is_lone = not unnamed.isdisjoint(sources)
        if not (is_lone or may_hold(each.tips)):
            continue
        holding = read_holding(store.repo, each.tips)
        rest = holding.without(drop if each.ours else drop.for_others)
        if is_lone or rest != holding:
            found.append(each._replace(rest=_wanted_of(catalog, rest, gone, unnamed)))
    going = {ref for each in found if each.ours for ref in each.refs}
    stays = {ref: oid for ref, oid in store.repo.list_refs(*SPACES).items() if ref not in going}
    all_here = _read_all(store, stays) if going else Holding()
    # What this clone passes on, or has passed on, is not its own: the next purge may take it.
    passed = {ref for key, refs in groups.items() if key[2] in own - store.my_lanes for ref in refs}
    stays = {ref: oid for ref, oid in stays.items() if ref not in passed}
    for each in found:
        if each.ours:
            yield each._replace(held=all_here.has(each.rest))
            continue
        others = {ref: oid for ref, oid in stays.items() if ref not in each.refs}
        held = _read_all(store, others).has(each.rest)
        # Two that hold the same do not both go because of the other one.
        stays = others if held else stays
        yield each._replace(held=held)


def known_remotes(store: Store) -> set[str]:
    """Remotes, by their names in refs, that have lanes or were given runs."""
    return {remote for _, remote, _, _ in group_given(store)}


def group_given(store: Store, *spaces: str) -> dict[Key, dict[str, str]]:
    """The epochs that remotes have or were given, or all in some spaces, with their refs."""
    groups: dict[Key, dict[str, str]] = {}
    for name, oid in store.repo.list_refs(*(spaces or (TRACKING, OUT))).items():
        found = parse_ref(name)
        if found is not None and found.remote is not None:
            key = (found.space, found.remote, found.lane, found.epoch)
            groups.setdefault(key, {})[name] = oid
    return groups


def _is_alone(rest: Holding, drop: Drop) -> bool:
    """Whether nothing of other runs is left in an epoch."""
    return all(run_of(line) in drop.runs for line in rest.lines)


def run_of(line: bytes) -> str | None:
    """The run that a line is about; None where a newer git-gage wrote it."""
    try:
        return parse_record(line).run
    except IntegrityError:
        return None


def _wanted_of(
    catalog: Catalog, rest: Holding, gone: Collection[str], unnamed: Collection[str]
) -> Holding:
    """An epoch of others without what those who recorded it have taken out since.

    Sources are wanted that are not `unnamed` here, in that epoch or elsewhere.
    Runs that somebody says to have purged and that are not `gone` here are wanted as they were:
    nothing else may tell who began them, so it is judged first, with the next fetch.
    """
    runs = dict.fromkeys([*filter(None, map(run_of, rest.lines)), *rest.runs_of_files])
    records = list(catalog.record_lines(list(runs)))
    unjudged = said_of(records).runs.difference(gone)
    said = said_of(each for each in records if each.run not in unjudged)
    rest = rest.without(said._replace(runs=said.runs.union(gone)))
    return rest._replace(snapshots=tuple(oid for oid in rest.snapshots if oid not in unnamed))


def _named_sources(store: Store, gone: Collection[str], refs: Mapping[str, str]) -> set[str]:
    """The sources that records of some refs name, of runs that are not gone."""
    return {
        oid.decode()
        for line in read_tip_lines(store, tips_of(refs, RECORDS))
        for oid in _SNAPSHOT.findall(line)
        if run_of(line) not in gone
    }


def _read_all(store: Store, refs: Mapping[str, str]) -> Holding:
    """All that these refs hold, but previews."""
    tips: dict[str, list[str]] = {}
    for ref, oid in refs.items():
        tips.setdefault(ref.rpartition("/")[2], []).append(oid)
    lines = read_tip_lines(store, [*tips.get("log", ()), *tips.get("sealed", ())])
    files = list_files(store.repo, tips.get("bulk", ()))
    return Holding(tuple(lines), files, tuple(list_sources(store.repo, tips.get("src", ()))))
