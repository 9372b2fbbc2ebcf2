"""Take a secret out of what this clone has recorded, and of what it has sent.

A record names its run, so no record can be changed: what a program left goes alone, and so does the
source; where the secret is in what the run was begun or ended with, the run goes as a whole. A
`run.redact` record stays and says so.
Source: docs/format.md, "Redaction".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from git_gage.catalog.bulk import find_bound, open_file
from git_gage.catalog.place import delete_catalog, find_places, find_rows
from git_gage.errors import IntegrityError, RequestError
from git_gage.files.manifest import BULK, WHOLE
from git_gage.files.sidecar import digest_file
from git_gage.records import parse_record, short_id
from git_gage.runs.leaks import find_in_snapshot
from git_gage.runs.liveness import Life, find_life
from git_gage.runs.next_record import draft_next
from git_gage.secrets import find_secrets, mask_file
from git_gage.share.cargo import named_commit
from git_gage.share.lanes import (
    RECORDS,
    Memory,
    digest_refs,
    list_blobs,
    read_tip_lines,
    recall_name,
    sharing,
)
from git_gage.share.objects import find_sent
from git_gage.share.peek import forget_peeks
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, OUT, OWN, SPACES, TAKEN, TRACKING, parse_ref
from git_gage.store.identity import out_lane
from git_gage.store.lane import Lane
from git_gage.store.layout import THUMBS
from git_gage.store.rewrite import (
    Drop,
    Holding,
    delete_refs,
    find_busy_journals,
    group_epochs,
    list_files,
    list_sources,
    purge_journals,
    read_holding,
    rewrite_lane,
    write_epoch,
)
from git_gage.system import remove_file, remove_tree

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.store import Store

OUTPUT, FILES, SOURCE, RUN = "output", "files", "source", "run"
PARTS = (OUTPUT, FILES, SOURCE, RUN)
KIND = "run.redact"
# What a comment was written in, where the editor failed.
EDITED = "COMMENT_EDITMSG"
_SNAPSHOT = re.compile(rb'"snapshot":"([0-9a-f]{40}(?:[0-9a-f]{24})?)"')
_LOOKED_AT_BYTES = 64 << 20
_WHOLE = ("run.begin", "run.start", "run.end")
# Bulk files that are a part of the record itself.
_OF_RECORD = ("begin.json", "end.json", "environment.json")


class Redaction(NamedTuple):
    """What goes of a run: bulk files by name, single records by id, its source, or all of it.

    kinds: which secrets were found; none where the user said what is to go.
    """

    run: str
    records: tuple[Record, ...]
    files: frozenset[str]
    source: str | None
    whole: bool
    ids: frozenset[str]
    kinds: tuple[str, ...]
    said: bool = False
    """Whether whoever recorded the run has said so: then there is nothing to record."""
    purged: bool = False
    """Whether files that the run made go, too."""
    objects: tuple[tuple[str, int], ...] = ()
    """Large files, by digest and size, that remotes are to delete if no other run needs them."""
    emptied: bool = False
    """Whether all its files go and the run stays."""

    @property
    def parts(self) -> list[str]:
        """What goes, in words of the record."""
        found = {
            RUN: self.whole,
            SOURCE: self.source is not None,
            OUTPUT: any(not _is_of_files(name) for name in self.files),
            FILES: bool(self.objects) or any(map(_is_of_files, self.files)),
            "records": bool(self.ids),
        }
        return [RUN] if self.whole else [name for name, there in found.items() if there]


class Redacted(NamedTuple):
    """What was done: remotes that still have it, and lanes of others that do; files that may."""

    redactions: list[Redaction]
    remotes: list[str]
    elsewhere: list[str]
    left: list[str]


def plan_redaction(store: Store, catalog: Catalog, run: str, parts: Sequence[str]) -> Redaction:
    """What has to go of a run; `parts` go in any case.

    Raises: RequestError for a run that is not ours or goes on, and where nothing was found.
    """
    all_records = catalog.records(run)
    records = tuple(record for record in all_records if record.kind != KIND)
    begin = next((record for record in records if record.kind == "run.begin"), None)
    if begin is None:
        raise RequestError(f"run {short_id(run)} was taken out already", hint="git gage push")
    if begin.writer not in store.my_lanes:
        said = _read_said(run, all_records)
        if said is not None:
            return _with_objects(store, catalog, said, ())
        raise RequestError(
            f"run {short_id(run)} was recorded in another clone: it can be redacted there alone",
            hint=f"git gage show {short_id(run)}",
        )
    found = _find_parts(store, run, records, begin)
    if not found.parts and not parts:
        raise RequestError(
            f"no secret was found in run {short_id(run)}",
            hint=f"say what is to go: git gage redact --output {short_id(run)}",
        )
    return _with_objects(store, catalog, _with_parts(found, begin, parts), parts)


def find_said(records: Iterable[Record]) -> Drop:
    """What those who recorded runs have taken out of them: nobody is to send it again.

    `records` are all that are known of these runs.
    """
    known: dict[str, list[Record]] = {}
    for record in records:
        known.setdefault(record.run, []).append(record)
    found = [_read_said(run, of_run) for run, of_run in known.items()]
    return make_drop([each for each in found if each is not None])


def _read_said(run: str, records: Sequence[Record]) -> Redaction | None:
    begin = next((record for record in records if record.kind == "run.begin"), None)
    bodies = [r.body for r in records if r.kind == KIND and begin and r.writer == begin.writer]
    if begin is None or not bodies:
        return None
    others = tuple(record for record in records if record.kind != KIND)
    parts = {part for body in bodies for part in read_texts(body, "parts")}
    names = {name for body in bodies for name in read_texts(body, "files")}
    ids = frozenset(id for body in bodies for id in read_texts(body, "records"))
    source = named_commit(begin) if SOURCE in parts else None
    said = Redaction(run, others, frozenset(names), source, False, ids, (), said=True)
    return _with_parts(said, begin, (RUN,)) if RUN in parts else said


def bulk_names(record: Record) -> list[str]:
    """The bulk files that a record binds, whoever wrote it."""
    bulk = record.body.get("bulk")
    return list(bulk) if type(bulk) is dict else []


def read_texts(body: Mapping[str, Any], key: str) -> list[str]:
    """The texts of a list in a body, whoever wrote it."""
    found = body.get(key)
    return [text for text in found if type(text) is str] if type(found) is list else []


def _find_parts(store: Store, run: str, records: tuple[Record, ...], begin: Record) -> Redaction:
    kinds: list[str] = []
    ids: set[str] = set()
    files: set[str] = set()
    whole = False
    for record in records:
        if found := find_secrets(record.line):
            kinds += [each.kind for each in found]
            whole |= record.kind in _WHOLE
            ids.add(record.id)
        for name in bulk_names(record):
            if found := find_secrets(_read_file(store, record, run, name)):
                kinds += [each.kind for each in found]
                whole |= name in _OF_RECORD
                files |= {name, *_beside(name)}
    snapshot, commit = named_commit(begin), named_commit(begin, "commit")
    seen = [each.kind for each in find_in_snapshot(store.repo, snapshot, commit)]
    kinds += seen
    pinned = snapshot if seen else None
    return Redaction(
        *(run, records, frozenset(files), pinned, whole, frozenset(ids)),
        tuple(dict.fromkeys(kinds)),
    )


def _read_file(store: Store, record: Record, run: str, name: str) -> bytes:
    """A bulk file; nothing of one that is not here, or is not what the record binds."""
    bound = find_bound(record.body, run, name, _LOOKED_AT_BYTES)
    file = None if bound is None else open_file(store, bound)
    if file is None:
        return b""
    with file:
        return file.read()


def _with_parts(found: Redaction, begin: Record, parts: Sequence[str]) -> Redaction:
    names = {name for record in found.records for name in bulk_names(record)}
    whole = found.whole or RUN in parts
    snapshot = named_commit(begin)
    if SOURCE in parts:
        found = found._replace(source=snapshot)
        if snapshot is None:
            raise RequestError(
                f"run {short_id(found.run)} has no source that could go",
                hint=f"git gage show {short_id(found.run)}",
            )
        if snapshot == named_commit(begin, "commit"):
            raise RequestError(
                f"the source of run {short_id(found.run)} is a commit of yours, which stays",
                hint=f"git show {snapshot[:12]}",
            )
    if whole:
        ids = frozenset(record.id for record in found.records)
        return found._replace(whole=True, ids=ids, files=frozenset(names))
    gone = {
        name
        for name in names
        if name not in _OF_RECORD and (FILES if _is_of_files(name) else OUTPUT) in parts
    }
    return found._replace(files=found.files | gone)


def _with_objects(
    store: Store, catalog: Catalog, plan: Redaction, parts: Sequence[str]
) -> Redaction:
    """The same with large files, if all files of the run go, and not only one with a secret."""
    if not (plan.whole or FILES in parts):
        return plan
    objects = tuple(find_sent(store, catalog, plan.run).items())
    return plan._replace(objects=objects, emptied=not plan.whole)


def _is_of_files(name: str) -> bool:
    """Whether a bulk file is one that the run made, or the list of those."""
    return name == WHOLE or name.startswith(BULK)


def _beside(name: str) -> tuple[str, ...]:
    """What says nothing without the file it goes with."""
    return (f"{name}.idx",) if name.startswith(OUTPUT) and not name.endswith(".idx") else ()


def redact_runs(
    store: Store, catalog: Catalog, redactions: Sequence[Redaction], author: By
) -> Redacted:
    """Take it out: of lanes, journals and what lies beside them.

    A kill in the middle leaves what was not reached yet; the same command goes on with it.
    Raises: RequestError where another process or run is in the way, before anything was changed.
    """
    with sharing(store), store.writing():
        store.flush()
        drop = make_drop(redactions)
        require_alone(store, redactions, drop)
        _require_parts(redactions)
        catalog.refresh()
        for each in redactions:
            if not each.said:
                store.append(draft_next(store, catalog, KIND, each.run, _body(each), author))
                catalog.refresh()
        store.flush()
        sent = {
            name
            for each in redactions
            if each.objects and not each.said
            for name in catalog.remotes_of(each.run)
        }
        # What came from a backup tells of remotes of another clone.
        sent &= {remote for _, remote, _, _ in _group(store)}
        return take_out(store, catalog, redactions, drop, sent)


def _require_parts(redactions: Sequence[Redaction]) -> None:
    for each in redactions:
        if not each.said and not each.parts:
            raise RequestError(
                f"run {short_id(each.run)} has nothing of that: there is nothing to take out",
                hint=f"see what it has: git gage show {short_id(each.run)}",
            )


def take_out(
    store: Store,
    catalog: Catalog,
    redactions: Sequence[Redaction],
    drop: Drop,
    asked: Collection[str] = (),
) -> Redacted:
    """Take out what was said to go. Hold the store's lock, and that of whoever shares.

    `asked`: remotes, by their names in refs, that may have large files and nothing else of it.
    """
    withdrawn = Withdrawn(store)
    withdrawn.add_purged(drop.runs)
    withdrawn.add_emptied(each.run for each in redactions if each.emptied)
    said, whole = all(each.said for each in redactions), all(each.whole for each in redactions)
    gone, elsewhere = _withdraw(store, catalog, withdrawn, drop, said=said, whole=whole)
    for name in {*asked, *withdrawn.remotes()}:
        for each in redactions:
            withdrawn.add_files(name, dict(each.objects))
    withdrawn.save()
    delete_refs(store.repo, gone)
    remotes = [recall_name(store, name) for name in withdrawn.remotes()]
    purge_journals(store.dir / "journal", drop)
    left = list(_clear_files(store, redactions))
    may_hold = _search(store, drop)
    of_taken = _with_taken_sources(store, drop)
    for prefix in _own_lanes(store):
        going = of_taken if prefix.startswith(TAKEN) else drop
        rewrite_lane(store.repo, prefix, going, may_hold)
    catalog.close()
    _forget(store)
    return Redacted(list(redactions), remotes, elsewhere, left)


def _body(each: Redaction) -> dict[str, object]:
    body: dict[str, object] = {"parts": each.parts, "kinds": list(each.kinds)}
    if not each.whole:
        body["files"] = sorted(each.files)
        body["records"] = sorted(each.ids)
    return body


def make_drop(redactions: Sequence[Redaction]) -> Drop:
    return Drop(
        ids=frozenset(id for each in redactions for id in each.ids),
        files=frozenset(f"{each.run}/{name}" for each in redactions for name in each.files),
        snapshots=frozenset(each.source for each in redactions if each.source),
        runs=frozenset(each.run for each in redactions if each.whole),
    )


def require_alone(store: Store, redactions: Sequence[Redaction], drop: Drop) -> None:
    """Raises: RequestError where another process, or a run, needs what is to go."""
    for each in redactions:
        if store.state_dir(each.run).exists():
            _refuse_open(short_id(each.run), find_life(store.state_dir(each.run)))
    busy = find_busy_journals(store.dir / "journal", drop)
    if busy:
        raise RequestError(
            f"another git-gage is at work that wrote of these runs ({busy[0]})",
            hint="wait until it has ended",
        )
    going = {each.run for each in redactions}
    found = runs_of_sources(store, drop.snapshots, *OWN)
    sharing_them = {run for run, _ in found if run is not None}
    others = sorted(sharing_them - going)
    if others:
        names = " ".join(map(short_id, (*sorted(going), *others)))
        raise RequestError(
            f"{len(others)} more runs here have the same source",
            hint=f"git gage redact {names}",
        )


def _refuse_open(run: str, life: Life) -> NoReturn:
    if life in (Life.RUNNING, Life.RUNNING_ELSEWHERE):
        raise RequestError(f"run {run} goes on", hint=f"git gage stop {run}")
    raise RequestError(f"run {run} was not closed yet", hint="git gage files")


def runs_of_sources(
    store: Store, snapshots: Collection[str], *spaces: str
) -> list[tuple[str | None, str]]:
    """Runs in lanes of this clone in `spaces` that have one of these sources, each with it.

    None is a run of which a newer git-gage wrote.
    """
    marks = {f'"snapshot":"{oid}"'.encode(): oid for oid in snapshots}
    tips = {
        name: oid
        for name, oid in store.read_tips().items()
        if (found := parse_ref(name)) and found.space in spaces and found.lane in store.my_lanes
    }
    blobs = [blob for found in store.list_blobs(tips.values()).values() for blob in found]
    return [
        (run_of(line), oid)
        for _, lines in store.read_lines(dict.fromkeys(blobs))
        for line in lines
        for mark, oid in marks.items()
        if mark in line
    ]


# -- what was sent ---------------------------------------------------------------------------------


def _withdraw(
    store: Store, catalog: Catalog, withdrawn: Withdrawn, drop: Drop, *, said: bool, whole: bool
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
    touched = sorted(_find_touched(store, catalog, drop), key=lambda each: each.key[0] == OUT)
    written = Holding()
    for each in touched:
        space, remote, lane, _ = each.key
        if space == TRACKING and not each.ours and (each.kept or not said):
            elsewhere.append(f"{recall_name(store, remote)}: lane {lane}, which others write")
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


def _names(touched: _Touched) -> dict[str, str]:
    """Its refs by the names that they have on the remote."""
    _, _, lane, epoch = touched.key
    return {f"{LOCAL}/{lane}/{epoch}/{kind}": oid for kind, oid in touched.tips.items()}


def _write_again(store: Store, prefix: str, touched: _Touched) -> dict[str, str]:
    """Put what else a remote was given run by run into the out lane below `prefix`; its refs."""
    lane, before = Lane(store.repo, prefix), group_epochs(store.repo, prefix)
    write_epoch(lane, touched.key[3], touched.rest, sealed="sealed" in touched.tips)
    return {
        f"{LOCAL}/{prefix.rpartition('/')[2]}/{epoch}/{kind}": oid
        for epoch, tips in group_epochs(store.repo, prefix).items()
        if epoch not in before
        for kind, oid in tips.items()
    }


def _own_lanes(store: Store) -> list[str]:
    """Where all is ours to write: our lanes, and those of runs that were taken one by one."""
    own = [f"{space}/{lane}" for space in OWN for lane in store.my_lanes]
    taken = (parse_ref(name) for name in store.repo.list_refs(TAKEN))
    return [*own, *{f"{TAKEN}/{each.remote}/w/{each.lane}" for each in taken if each is not None}]


def _with_taken_sources(store: Store, drop: Drop) -> Drop:
    """What goes of runs that were taken one by one: also sources that no other run here has."""
    tips = [oid for ref, oid in store.repo.list_refs(TAKEN).items() if ref.endswith("/src")]
    if not (tips and drop.own_sources):
        return drop
    unnamed = set(list_sources(store.repo, tips)) - _named_sources(store, drop.runs)
    return drop._replace(snapshots=frozenset(unnamed))


def _named_sources(store: Store, gone: Collection[str]) -> set[str]:
    """The sources that records here name, of runs that are not gone."""
    refs = store.repo.list_refs(*SPACES)
    lines = read_tip_lines(store, [oid for ref, oid in refs.items() if ref.endswith(RECORDS)])
    return {
        oid.decode()
        for line in lines
        for oid in _SNAPSHOT.findall(line)
        if run_of(line) not in gone
    }


def would_withdraw(store: Store, catalog: Catalog, drop: Drop) -> bool:
    """Whether there is anything here that can go."""
    may_hold = _search(store, drop)
    own = (
        tips
        for prefix in _own_lanes(store)
        for tips in group_epochs(store.repo, prefix).values()
        if may_hold(tips)
    )
    return any(not each.kept for each in _find_touched(store, catalog, drop)) or any(
        holding.without(drop) != holding
        for holding in (read_holding(store.repo, tips) for tips in own)
    )


def find_lone_runs(store: Store, runs: Collection[str]) -> set[str]:
    """Those of some runs of which there are files beside the records of others, or of none.

    A remote lost records, or was rolled back, and a backup may have what came from it. What was
    looked through once is not read again.
    """
    if not runs:
        return set()
    memory, refs = Memory(store), store.repo.list_refs(TRACKING, TAKEN)
    tips = {oid for ref, oid in refs.items() if ref.endswith("/bulk")}
    told = digest_refs(dict.fromkeys(runs, ""))
    whose, *seen = (memory.recall("purges", "looked through") or told).split()
    sizes = store.repo.object_sizes(seen if whose == told else ())
    here = [oid for oid, size in sizes.items() if size is not None]
    fresh = sorted(tips.difference(here))
    files = list_files(store.repo, [*fresh, *(f"^{oid}" for oid in here)]) if fresh else {}
    lone = {path.partition("/")[0] for path in files}.intersection(runs)
    if fresh and not lone:
        memory.note("purges", "looked through", " ".join([told, *sorted(tips)]))
    return lone


def _search(store: Store, drop: Drop) -> Callable[[Mapping[str, str]], bool]:
    """Tells whether an epoch, by its kinds, may hold what is to go: most hold nothing of it.

    The records of all epochs are read once. Where none of them goes there can be previews, or files
    alone of an epoch of which a remote has lost the records.
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


class _Touched(NamedTuple):
    """An epoch that a remote has, or was given, with something that is to go.

    `rest` is what else is wanted of it, and `held` whether what stays here has all of that;
    `ours` whether this clone wrote it.
    """

    key: tuple[str, str, str, str]
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


def _find_touched(store: Store, catalog: Catalog, drop: Drop) -> Iterator[_Touched]:
    groups, looked_at, may_hold = _group(store), [], _search(store, drop)
    given = store.out_lanes.union(key[2] for key in groups if key[0] == OUT)
    own = store.my_lanes | given
    gone = drop.runs.union(Withdrawn(store).purged())
    for key, refs in groups.items():
        each = _Touched(key, refs, Holding(), key[2] in own)
        # Whose sources these are, is told by records that are elsewhere.
        is_lone = drop.own_sources and not each.ours and _has_sources_alone(each.tips)
        if not (is_lone or may_hold(each.tips)):
            continue
        holding = read_holding(store.repo, each.tips)
        rest = holding.without(drop if each.ours else drop.for_others)
        if is_lone or rest != holding:
            looked_at.append((each._replace(rest=rest), holding))
    named = _named_sources(store, gone) if looked_at else ()
    found = []
    for each, holding in looked_at:
        rest = _wanted_of(catalog, each.rest, gone, named)
        if rest != holding:
            found.append(each._replace(rest=rest))
    going = {ref for each in found if each.ours for ref in each.refs}
    stays = {ref: oid for ref, oid in store.repo.list_refs(*SPACES).items() if ref not in going}
    all_here = _read_all(store, stays) if going else Holding()
    for each in found:
        if each.ours:
            yield each._replace(held=all_here.has(each.rest))
            continue
        others = {ref: oid for ref, oid in stays.items() if ref not in each.refs}
        held = _read_all(store, others).has(each.rest)
        # Two that hold the same do not both go because of the other one.
        stays = others if held else stays
        yield each._replace(held=held)


def has_sources_alone(store: Store) -> bool:
    """Whether there are epochs of others with sources and nothing that says whose they are.

    A remote lost the records, or the sources alone were put back to what they were.
    """
    tips: dict[str, set[str]] = {}
    for name in store.repo.list_refs(TRACKING):
        epoch, _, kind = name.rpartition("/")
        tips.setdefault(epoch, set()).add(kind)
    return any(map(_has_sources_alone, tips.values()))


def _has_sources_alone(tips: Collection[str]) -> bool:
    return set(tips) == {"src"}


def _group(store: Store) -> dict[tuple[str, str, str, str], dict[str, str]]:
    groups: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for name, oid in store.repo.list_refs(TRACKING, OUT).items():
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
    catalog: Catalog, rest: Holding, gone: Collection[str], named: Collection[str]
) -> Holding:
    """An epoch of others without what those who recorded it have taken out since.

    Sources are wanted that are `named` here, in that epoch or elsewhere.
    Runs that somebody says to have purged and that are not `gone` here are wanted as they were:
    nothing else may tell who began them, so it is judged first, with the next fetch.
    """
    runs = dict.fromkeys([*filter(None, map(run_of, rest.lines)), *rest.runs_of_files])
    records = list(catalog.record_lines(list(runs)))
    unjudged = find_said(records).runs.difference(gone)
    said = find_said(each for each in records if each.run not in unjudged)
    rest = rest.without(said._replace(runs=said.runs.union(gone)))
    return rest._replace(snapshots=tuple(oid for oid in rest.snapshots if oid in named))


def _read_all(store: Store, refs: Mapping[str, str]) -> Holding:
    """All that these refs hold, but previews."""
    tips: dict[str, list[str]] = {}
    for ref, oid in refs.items():
        tips.setdefault(ref.rpartition("/")[2], []).append(oid)
    lines = read_tip_lines(store, [*tips.get("log", ()), *tips.get("sealed", ())])
    files = list_files(store.repo, tips.get("bulk", ()))
    return Holding(tuple(lines), files, tuple(list_sources(store.repo, tips.get("src", ()))))


# -- what lies beside ------------------------------------------------------------------------------


def _clear_files(store: Store, redactions: Sequence[Redaction]) -> Iterator[str]:
    """Delete logs and previews of what was printed; names of files of the runs that hold secrets.

    What a program made is the user's, and stays in the run's directory alone.
    """
    for each in redactions:
        if each.purged or not all(map(_is_of_files, each.files)):
            for path in (store.dir / "outputs").glob(f"{each.run}*"):
                path.unlink()
        run_dir = store.run_dir(each.run)
        if each.purged:
            remove_run_dir(store, each.run)
        for folder in (run_dir / ".gage", run_dir / ".gage-logged"):
            for path in folder.glob("*") if folder.is_dir() else ():
                mask_file(path)
        for path in _find_in_run_dir(run_dir) if run_dir.is_dir() else ():
            store.sidecar.remove(digest_file(path)[0])
            yield str(path)


def remove_run_dir(store: Store, run: str) -> None:
    """Delete the directory of a run, wherever it is."""
    place, folder = store.dir / "runs" / run, store.run_dir(run)
    if folder.is_dir():
        remove_tree(folder)
    if place.is_symlink():
        remove_file(place)


def _find_in_run_dir(run_dir: Path) -> Iterator[Path]:
    for path in sorted(run_dir.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LOOKED_AT_BYTES:
            continue
        if find_secrets(path.read_bytes()):
            yield path


def _forget(store: Store) -> None:
    """Delete what is derived from records: it is made again, without what is gone."""
    forget_peeks(store)
    for place in find_places(store):
        if place.is_absolute():
            delete_catalog(place)
    for path in filter(None, [find_rows(store), store.dir / EDITED]):
        path.unlink(missing_ok=True)
