"""What is kept here of remotes, after this disk has lost a part of it.

A tracking ref is a copy of what a remote has. If objects of one are gone or damaged, git stops at
it, whatever is to be fetched or pushed. So its lane is got once more as if nothing of it were
here; what the remote has no longer goes, as far as it can be read, into a lane that is whole.

Source: docs/format.md, "Lanes that this disk has lost".
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import GitError, IntegrityError, RemoteError
from git_gage.git.quarantine import move_damaged, place_packs
from git_gage.git.reachable import is_readable, is_there
from git_gage.git.repository import Repository, open_bare
from git_gage.share.cargo import BULK, SRC, named_commit, pack_parcels, read_line
from git_gage.share.lanes import (
    RECORDS,
    Refs,
    digest_refs,
    list_blobs_of,
    read_tip_lines,
    recall_name,
    sharing,
    tips_of,
    update_refs,
)
from git_gage.share.mend_own import mend_own
from git_gage.share.peek import forget_peeks
from git_gage.share.redaction import find_said
from git_gage.share.remote import find_remote, is_remote
from git_gage.share.transfer import fetch_refs, list_remote
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, OUT, SPACES, TAKEN, TRACKING, parse_ref
from git_gage.store.files import make_folder
from git_gage.store.flush import REPAIRS
from git_gage.store.layout import THUMBS
from git_gage.store.out import Parcel, extend_lane
from git_gage.store.repair import note_ref
from git_gage.store.rewrite import list_files, list_sources

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

# What a lane is got anew by, if one of these is damaged.
_PARTS = (RECORDS, (BULK,), (SRC,), (THUMBS,))


def mend(store: Store, catalog: Catalog, observer: Observer, *, is_away_gone: bool = False) -> bool:
    """Mend what is kept of remotes, and lanes of ours; whether anything had to be.

    Hold the sharing lock. `is_away_gone`: a remote that does not answer has nothing any more.

    Raises: RemoteError with git's own text.
    """
    folder = (store.dir / REPAIRS).parent
    if moved := move_damaged(store.repo, folder):
        observer.warning(
            f"this disk has damaged what git keeps: {moved} of its files are in '{folder}' now"
        )
    broken = _find_broken(store.repo, store.repo.list_refs(TRACKING, TAKEN))
    groups: dict[str, Refs] = {}
    for name, oid in broken.items():
        found = parse_ref(name)
        if found is None:
            # A beat, of which the next one tells more.
            _let_go(store, {name: oid})
        else:
            groups.setdefault(str(found.remote), {})[name] = oid
    for tracking, refs in groups.items():
        _mend_remote(store, catalog, tracking, refs, observer, is_away_gone=is_away_gone)
    given = _find_broken(store.repo, store.repo.list_refs(OUT))
    _let_go(store, given)  # a push goes on from what the remote has of it
    is_mended = mend_own(store, catalog, observer)
    return bool(moved or broken or given) or is_mended


def give_back(
    store: Store, catalog: Catalog, fill: Callable[[Repository], Iterable[str]], observer: Observer
) -> bool:
    """Get again what this disk has lost of any lane, and mend what is left; whether anything was.

    `fill` brings into an empty repository what somebody else has, and gives those tips of which all
    may come here: what is mended can need any part of it. Of the rest comes what a lane here has.

    Hold the sharing lock. Raises: GitError, and what `fill` raises.
    """
    repo = store.repo
    move_damaged(repo, (store.dir / REPAIRS).parent)
    broken = _find_broken(repo, repo.list_refs(*SPACES))
    if not broken:
        return False
    with _aside(store) as aside:
        tips = set(fill(aside))
        alternates = aside.objects_dir / "info" / "alternates"
        make_folder(alternates.parent)
        alternates.write_text(f"{repo.objects_dir}\n")
        whole = broken.keys() - _find_broken(aside, broken).keys()
        wanted = "".join(f"{oid}\n" for oid in tips.union(broken[name] for name in whole)).encode()
        made = aside.git_dir / "made"
        make_folder(made / "pack")
        words = ("pack-objects", "--quiet", "--non-empty", "--revs", str(made / "pack" / "pack"))
        aside.run(*words, input=wanted)
        place_packs(repo, made)
    for lane in _lanes_of(whole):
        observer.warning(f"this disk had lost a part of lane '{lane}': got it again")
    mend(store, catalog, observer, is_away_gone=True)
    forget_peeks(store)  # they read here what is in both
    catalog.start_anew()  # what is gone for good is not listed any more
    return True


def give_back_from(store: Store, catalog: Catalog, remote: str, observer: Observer) -> bool:
    """The same, of all that a remote has.

    Raises: RequestError; RemoteError with git's own text.
    """
    found = find_remote(store.repo, remote)

    def fill(aside: Repository) -> Iterable[str]:
        _fetch_into(aside, store, found, None, observer)
        return aside.list_refs(LOCAL).values()

    with sharing(store):
        return give_back(store, catalog, fill, observer)


def _mend_remote(
    store: Store,
    catalog: Catalog,
    tracking: str,
    broken: Refs,
    observer: Observer,
    *,
    is_away_gone: bool,
) -> None:
    name = recall_name(store, tracking)
    there: Refs = {}
    gone = f"'{name}' has it no longer"
    if is_remote(store.repo, name):
        try:
            there = _get_anew(store, find_remote(store.repo, name), broken, observer)
        except RemoteError:
            if not is_away_gone:
                raise
            gone = f"'{name}' does not answer"
    left = _find_broken(store.repo, broken)
    for lane in _lanes_of(broken.keys() - left.keys()):
        observer.warning(f"this disk had lost a part of lane '{lane}' of '{name}': got it again")
    if not left:
        return
    kept = _keep_readable(store, catalog, tracking, left, there)
    _let_go(store, left)
    for lane in _lanes_of(left):
        observer.warning(f"this disk has lost a part of lane '{lane}', and {gone}")
    observer.warning(
        f"what can be read of that stays ({kept} records that '{name}' has not); "
        f"'{store.dir / REPAIRS}' tells what was there"
    )


def _get_anew(store: Store, remote: Remote, broken: Iterable[str], observer: Observer) -> Refs:
    """Bring all that the remote has of the damaged lanes; its refs with their tips."""
    with _aside(store) as aside:
        there = _fetch_into(aside, store, remote, list(broken), observer)
        place_packs(store.repo, aside.objects_dir)
    return there


def _fetch_into(
    aside: Repository,
    store: Store,
    remote: Remote,
    broken: Collection[str] | None,
    observer: Observer,
) -> Refs:
    """Fetch what the remote has of damaged lanes (None: of any); its refs with their tips."""
    there = list_remote(store.repo, remote, observer)
    unwanted = Withdrawn(store).unwanted(remote.tracking)
    for kinds in _PARTS:
        lanes = _lanes_of(name for name in broken or () if name.rpartition("/")[2] in kinds)
        wanted = [
            f"{ref}:{ref}"
            for ref in there.keys() - set(unwanted)
            if (found := parse_ref(ref)) and found.kind in kinds
            if broken is None or found.lane in lanes
        ]
        if wanted:
            fetch_refs(aside, remote, sorted(wanted), observer, strict=kinds == RECORDS)
    return there


@contextmanager
def _aside(store: Store) -> Iterator[Repository]:
    """An empty repository, to which nothing is here, with the settings of ours."""
    repo = store.repo
    make_folder(store.dir / "cache")
    with tempfile.TemporaryDirectory(prefix="take-", dir=store.dir / "cache") as folder:
        aside = open_bare(repo, Path(folder), cwd=repo.config_base)
        aside.run("config", "include.path", str(repo.common_dir / "config"))
        yield aside


def _keep_readable(store: Store, catalog: Catalog, tracking: str, left: Refs, there: Refs) -> int:
    """Put what can be read of damaged refs, and is in no whole one, into a lane of its own.

    Returns how many records these are.
    """
    repo = store.repo
    known = repo.list_refs(f"{TRACKING}/{tracking}/w", f"{TAKEN}/{tracking}/w")
    epochs = {name.rpartition("/")[0] for name in left}
    of_epochs = {name: oid for name, oid in known.items() if name.rpartition("/")[0] in epochs}
    sizes = repo.object_sizes(dict.fromkeys(there.values()))
    came = {ref: oid for ref, oid in there.items() if sizes[oid] is not None}
    whole = {**{name: oid for name, oid in known.items() if name not in left}, **came}
    lines = _read_lines(store, catalog, of_epochs)
    held = read_tip_lines(store, tips_of(whole, RECORDS))
    files = list_files(repo, tips_of(whole, (BULK,)))
    pins = _readable_sources(repo, tips_of(left, (SRC,)))
    runs = {record.run for record in map(read_line, lines) if record is not None}
    drop = find_said(store, runs, catalog)
    packed, _ = pack_parcels(store, list(lines), drop, (BULK,))
    parcels = [
        parcel._replace(
            bulk=tuple(file for file in parcel.bulk if file[0] not in files),
            snapshot=_find_source(parcel, pins),
        )
        for parcel in packed
    ]
    news = [each for each in parcels if each.line not in held or each.bulk or each.snapshot]
    with store.writing():
        lane = f"mended-{digest_refs(left)[:8]}"
        extend_lane(repo, f"{TAKEN}/{tracking}/w/{lane}", store.clock(), news)
    return sum(each.line not in held for each in news)


def _find_source(parcel: Parcel, pins: Collection[str]) -> str | None:
    record = read_line(parcel.line)
    source = named_commit(record) if record is not None else None
    return source if source in pins else None


def _read_lines(store: Store, catalog: Catalog, refs: Refs) -> dict[bytes, None]:
    """Record lines of some refs, as far as they can be read.

    Which blobs a ref had the catalog knows, where its tip is gone.
    """
    lines: dict[bytes, None] = {}
    for name, oid in refs.items():
        if not name.endswith(RECORDS):
            continue
        try:
            blobs = list_blobs_of(store, [oid])
        except (GitError, IntegrityError):
            blobs = dict.fromkeys(catalog.blobs_of(name))
        lines |= {line: None for _, found in store.read_readable(blobs) for line in found}
    return lines


def _readable_sources(repo: Repository, tips: Iterable[str]) -> list[str]:
    """The sources that some chains hold and that are whole, as far as the chains can be read."""
    found: list[str] = []
    for tip in tips:
        try:
            found += list_sources(repo, [tip])
        except GitError:
            continue  # nothing tells what this one held
    return [oid for oid in found if is_there(repo, [oid])]


def _find_broken(repo: Repository, refs: Mapping[str, str]) -> Refs:
    """Those refs of which objects are missing or damaged.

    Sources have the history of the project below them, of which no file is read.
    """
    broken: Refs = {}
    sources = {name: oid for name, oid in refs.items() if name.endswith(f"/{SRC}")}
    others = {name: oid for name, oid in refs.items() if name not in sources}
    for some, is_whole in ((others, is_readable), (sources, is_there)):
        if not is_whole(repo, some.values()):
            broken |= {name: oid for name, oid in some.items() if not is_whole(repo, [oid])}
    return broken


def _let_go(store: Store, refs: Refs) -> None:
    for name, oid in refs.items():
        note_ref(store.dir / REPAIRS, name, oid)
    update_refs(store.repo, {}, refs)


def _lanes_of(names: Iterable[str]) -> list[str]:
    parsed = map(parse_ref, names)
    return sorted({found.lane for found in parsed if found is not None})
