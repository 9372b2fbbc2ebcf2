"""Take out of this clone what redactions and purges say, and let remotes do so.

Source: docs/format.md, "Redaction".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from git_gage.catalog.last_list import LastList
from git_gage.catalog.place import delete_catalog, find_places
from git_gage.errors import RequestError
from git_gage.files.manifest import BULK
from git_gage.files.sidecar import digest_file
from git_gage.records import short_id
from git_gage.runs.liveness import Life, find_host, find_life
from git_gage.runs.stop import refuse_going
from git_gage.secrets import find_secrets, mask_file
from git_gage.share.lanes import (
    Memory,
    digest_refs,
    read_holders,
    recall_name,
    split_ref,
    tips_of,
)
from git_gage.share.peek import forget_peeks
from git_gage.share.redaction import Redaction, find_said, is_of_files
from git_gage.share.take_back import (
    MayHold,
    find_holders,
    find_touched,
    find_unnamed,
    run_of,
    take_back,
)
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import OUT, OWN, TAKEN, parse_ref
from git_gage.store.layout import THUMBS
from git_gage.store.rewrite import (
    Drop,
    delete_refs,
    find_busy_journals,
    group_epochs,
    purge_journals,
    read_holding,
    rewrite_lane,
)
from git_gage.system import remove_file, remove_tree

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

# What a comment was written in, where the editor failed.
_EDITED = "COMMENT_EDITMSG"
_LOOKED_AT_BYTES = 64 << 20


class Redacted(NamedTuple):
    """What was done: remotes that still have it, and lanes of others that do; files that may."""

    redactions: list[Redaction]
    remotes: list[str]
    elsewhere: list[str]
    left: list[str]


def take_out(
    store: Store,
    catalog: Catalog,
    redactions: Sequence[Redaction],
    drop: Drop,
    asked: Collection[str] = (),
) -> Redacted:
    """Take out what was said to go. Hold the store's lock, and that of whoever shares.

    `asked`: remotes, by their names in refs, that may have large files and nothing else of it, as
    all those may that were sent some.
    """
    withdrawn, runs = Withdrawn(store), [each.run for each in redactions]
    withdrawn.begin(runs)
    withdrawn.add_purged(drop.runs)
    withdrawn.add_emptied(each.run for each in redactions if each.emptied)
    said, whole = all(each.said for each in redactions), all(each.whole for each in redactions)
    may_hold = find_holders(store, drop)
    gone, elsewhere = take_back(store, catalog, withdrawn, drop, may_hold, said=said, whole=whole)
    # Nothing of a private run was sent, and no remote is to hear of its files.
    is_shared = any(each.objects and each.run not in store.private for each in redactions)
    holders = read_holders(store) if is_shared else ()
    for name in {*asked, *holders, *withdrawn.remotes()}:
        for each in redactions:
            withdrawn.add_files(name, dict(each.objects))
    withdrawn.save()
    delete_refs(store.repo, gone)
    remotes = [recall_name(store, name) for name in withdrawn.remotes()]
    purge_journals(store.dir / "journal", drop)
    left = list(_clear_files(store, redactions))
    # A copy of this clone can have pushed an epoch of our next name, which has to go there, too.
    asked_for = (ref for name in withdrawn.remotes() for ref in withdrawn.deletes(name))
    taken = {split_ref(ref).epoch for ref in asked_for}
    for prefix, of_lane, looks in _own_lanes(store, drop, may_hold):
        rewrite_lane(store.repo, prefix, of_lane, looks, taken)
    catalog.close()
    _forget(store)
    withdrawn.end(runs)
    withdrawn.save()
    return Redacted(list(redactions), remotes, elsewhere, left)


def begin_taking_out(store: Store, runs: Iterable[str]) -> None:
    """Note it before anything is said of it, so that a push goes on with it after a kill."""
    withdrawn = Withdrawn(store)
    withdrawn.begin(runs)
    withdrawn.save()


def take_out_previews(store: Store, catalog: Catalog, observer: Observer) -> None:
    """Let lanes of this clone have no previews of images that were taken out of their runs.

    Whoever recorded the runs has said so; the next push takes them from remotes. What was looked
    through once is not read again. Hold the lock of whoever shares.
    """
    runs = catalog.redacted()
    found = {name: parse_ref(name) for name in store.read_thumb_tips()} if runs else {}
    ours = (*OWN, OUT)
    refs = [name for name, each in found.items() if each is not None and each.space in ours]
    if not refs:
        return
    memory, tips = Memory(store), store.read_thumb_tips()
    told = digest_refs({**{name: tips[name] for name in refs}, **dict.fromkeys(runs, "")})
    if memory.recall("previews", "looked through") == told:
        return
    said = find_said(store, runs, catalog)
    held = (path for name in refs for path in read_holding(store.repo, {THUMBS: tips[name]}).thumbs)
    going = {path.split("/")[2] for path in held if said.takes_preview(path)} - said.runs
    if not going:
        memory.note("previews", "looked through", told)
        return
    files = (name.partition("/") for name in said.files)
    drop = Drop(
        files=frozenset(
            f"{run}/{name}" for run, _, name in files if run in going and name.startswith(BULK)
        )
    )
    with store.writing():
        withdrawn = Withdrawn(store)
        may_hold = find_holders(store, drop)
        gone, _ = take_back(store, catalog, withdrawn, drop, may_hold, said=True, whole=False)
        withdrawn.save()
        delete_refs(store.repo, gone)
        for prefix, of_lane, looks in _own_lanes(store, drop, may_hold):
            rewrite_lane(store.repo, prefix, of_lane, looks)
    observer.warning(
        "previews of images that were taken out of their runs go from here, too, and with the next"
        " push from remotes"
    )


def would_take_out(store: Store, catalog: Catalog, drop: Drop) -> bool:
    """Whether there is anything here that can go."""
    may_hold = find_holders(store, drop)
    own = (
        (read_holding(store.repo, tips), of_lane)
        for prefix, of_lane, looks in _own_lanes(store, drop, may_hold)
        for tips in group_epochs(store.repo, prefix).values()
        if looks(tips)
    )
    return any(not each.kept for each in find_touched(store, catalog, drop, may_hold)) or any(
        holding.without(of_lane) != holding for holding, of_lane in own
    )


def require_alone(store: Store, redactions: Sequence[Redaction], drop: Drop) -> None:
    """Raises: RequestError where another process, or a run, needs what is to go."""
    for each in redactions:
        if store.state_dir(each.run).exists():
            _refuse_open(each.run, store.state_dir(each.run))
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


def _refuse_open(run: str, state_dir: Path) -> NoReturn:
    life = find_life(state_dir)
    if life in (Life.RUNNING, Life.RUNNING_ELSEWHERE):
        is_here = life is Life.RUNNING
        raise refuse_going(run, None if is_here else f"on '{find_host(state_dir)}'")
    raise RequestError(f"run {short_id(run)} was not closed yet", hint="git gage files")


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


def _own_lanes(store: Store, drop: Drop, may_hold: MayHold) -> Iterator[tuple[str, Drop, MayHold]]:
    """Where all is ours to write, with what goes there, and which epochs may hold that.

    That is our lanes, and those of runs that were taken one by one.
    """
    for space in OWN:
        for lane in store.my_lanes:
            yield f"{space}/{lane}", drop, may_hold
    refs = store.repo.list_refs(TAKEN)
    found = (parse_ref(name) for name in refs)
    lanes = dict.fromkeys((each.remote, each.lane) for each in found if each is not None)
    going = _with_taken_sources(store, drop, tips_of(refs, ["src"]))
    # Where sources go that nobody names, no records tell which epochs have them.
    looks = may_hold if going.snapshots == drop.snapshots else bool
    for remote, lane in lanes:
        yield f"{TAKEN}/{remote}/w/{lane}", going, looks


def _with_taken_sources(store: Store, drop: Drop, tips: Sequence[str]) -> Drop:
    """What goes of runs that were taken one by one: also sources that no other run here has."""
    if not (tips and drop.own_sources):
        return drop
    gone = drop.runs.union(Withdrawn(store).purged())
    return drop._replace(snapshots=frozenset(find_unnamed(store, tips, gone)))


def _clear_files(store: Store, redactions: Sequence[Redaction]) -> Iterator[str]:
    """Delete logs and previews of what was printed; names of files of the runs that hold secrets.

    What a program made is the user's, and stays in the run's directory alone.
    """
    for each in redactions:
        if each.purged or not all(map(is_of_files, each.files)):
            for path in (store.dir / "outputs").glob(f"{each.run}*"):
                path.unlink()
        run_dir = store.run_dir(each.run)
        if each.purged:
            remove_run_dir(store, each.run)
        for sha256, _ in each.objects:
            if f"{BULK}{sha256}" in each.files:
                store.sidecar.remove(sha256)
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
    LastList(store).forget()
    (store.dir / _EDITED).unlink(missing_ok=True)
