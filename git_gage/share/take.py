"""Take chosen runs from a remote, and nothing else that it has.

Their lines come unchanged into a lane of their own (docs/format.md, "Lanes"), with the bulk files
and sources that they name: the remote is asked for those by their ids.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RemoteError
from git_gage.git.quarantine import adopt_packs, release_kept
from git_gage.records import short_id
from git_gage.share.cargo import Cargo, Lacking, pack_parcels
from git_gage.share.fetch import Fetched, fetch_cargo, mending
from git_gage.share.fewer import see_to_gone
from git_gage.share.lanes import CARGO, line_key, note_name, read_tip_lines, sharing, split_ref
from git_gage.share.peek import look_at
from git_gage.share.redaction import find_said
from git_gage.share.transfer import fetch_objects, is_refused
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import TAKEN
from git_gage.store.files import make_folder
from git_gage.store.out import Parcel, extend_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.peek import Peek
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

LANE = "taken"


class Brought(NamedTuple):
    """Source commits that the remote has, and `.keep` files of the packs that came."""

    sources: frozenset[str]
    kept: Sequence[Path] = ()


def fetch_chosen(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    runs: Sequence[str] | None,
    observer: Observer,
    parts: Collection[str] = CARGO,
    kinds: Collection[str] | None = None,
) -> Fetched:
    """Get some runs (full ids, None: all) that a remote has, whoever wrote them.

    `parts`: what comes along, of `src` (sources) and `bulk` (outputs, metrics); what one call left
    out the next one brings. `kinds`: only records of these kinds, None for all.

    Raises: RequestError where no remote can be chosen or nothing can be written; RemoteError with
    git's own text, and nothing changed here.
    """
    with sharing(store):
        return mending(
            store,
            catalog,
            observer,
            lambda: _take(store, catalog, remote, runs, observer, parts, kinds),
        )


def _take(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    runs: Sequence[str] | None,
    observer: Observer,
    parts: Collection[str],
    kinds: Collection[str] | None,
) -> Fetched:
    peek = look_at(store, catalog, remote, observer)
    note_name(store, peek.remote)
    catalog.refresh()
    before, mark = (catalog.count(), catalog.count_records()), catalog.mark()
    here = {line_key(record.line) for record in catalog.record_lines(runs)}
    drop = find_said(store, runs, catalog, peek.catalog)
    theirs = peek.catalog.record_lines(runs)
    meant = (each.line for each in theirs if kinds is None or each.kind in kinds)
    lines = [line for line in meant if not drop.takes(line)]
    lacking = Cargo(store.repo, lines, drop, parts).lacking
    brought = _bring(store, peek, lines, lacking, parts, observer)
    parcels, missing = pack_parcels(store, lines, drop, parts, brought.sources)
    news = [
        each for each in parcels if line_key(each.line) not in here or _completes(each, lacking)
    ]
    with store.writing():
        prefix = f"{TAKEN}/{peek.remote.tracking}/w/{LANE}"
        extend_lane(store.repo, prefix, store.clock(), news)
    for keep in brought.kept:
        release_kept(keep)
    for notice in [*_describe_missing(peek, missing), *catalog.refresh(bulk=True)]:
        observer.warning(notice)
    came = catalog.count() - before[0], catalog.count_records() - before[1]
    if catalog.purged() or Withdrawn(store).purged():
        from git_gage.share.purge import take_in_purges

        came = take_in_purges(store, catalog, came, mark, observer)
    late = any(line_key(each.line) in here and _completes(each, lacking) for each in parcels)
    # A purge that came along has let go of what was looked at.
    seen = peek if peek.store.repo.git_dir.exists() else None
    see_to_gone(store, catalog, peek.remote, peek.listed, observer, peek=seen)
    return Fetched(peek.remote.shown, *came, has_cargo=late)


def _completes(parcel: Parcel, lacking: Lacking) -> bool:
    """Whether a parcel has what its record, which may be here, was without."""
    return parcel.snapshot in lacking.sources or any(oid in lacking.files for _, oid in parcel.bulk)


def _describe_missing(peek: Peek, missing: dict[str, list[str]]) -> list[str]:
    return [
        f"run '{short_id(run)}' came without {', '.join(names)}: not on '{peek.remote.shown}'"
        for run, names in missing.items()
    ]


def _bring(
    store: Store,
    peek: Peek,
    lines: Collection[bytes],
    lacking: Lacking,
    parts: Collection[str],
    observer: Observer,
) -> Brought:
    """Get what is lacking by ids; where the remote does not give it so, whole lanes of it.

    A source that is here and in no lane may be the user's own: a record that names it does not
    make it anybody's. Then the remote's lanes say.
    """
    repo, remote = store.repo, peek.remote
    sizes = repo.object_sizes(lacking.sources)
    here = [oid for oid in lacking.sources if sizes[oid] is not None]
    published = _published(repo, here)
    absent = lacking.sources.difference(here)
    if not (lacking.files or lacking.sources - published):
        return Brought(published)
    if not remote.is_partial and published.issuperset(here):
        try:
            kept = _bring_objects(store, peek, lacking.files, absent, observer)
        except RemoteError as error:
            if not is_refused(error):
                raise
        else:
            return Brought(published | absent, kept)
    kinds = [kind for kind in CARGO if kind in parts]
    fetch_cargo(store, remote, _lanes_of(peek, lines), kinds, observer)
    return Brought(published)


def _bring_objects(
    store: Store,
    peek: Peek,
    files: Collection[str],
    sources: Collection[str],
    observer: Observer,
) -> Sequence[Path]:
    """Fetch objects aside, and take them in as kept packs once all are there."""
    repo, remote = store.repo, peek.remote
    make_folder(store.dir / "cache")
    with tempfile.TemporaryDirectory(prefix="take-", dir=store.dir / "cache") as folder:
        aside = Path(folder)
        if files:
            fetch_objects(repo, remote, files, aside, observer, known=(), strict=True)
        if sources:
            fetch_objects(repo, remote, sources, aside, observer, known=None, strict=False)
        return adopt_packs(repo, aside)


def _published(repo: Repository, commits: Iterable[str]) -> frozenset[str]:
    """Those commits that a branch of a remote is known to have."""
    asked = dict.fromkeys(commits)
    if not asked:
        return frozenset()
    listed = "".join(f"{oid}\n" for oid in asked).encode()
    own = repo.run("rev-list", "--ignore-missing", "--stdin", "--not", "--remotes", input=listed)
    return frozenset(asked).difference(own.decode().split())


def _lanes_of(peek: Peek, lines: Collection[bytes]) -> list[str]:
    """Lanes of the remote that hold some of these lines."""
    wanted = set(lines)
    held = (
        split_ref(ref).lane
        for ref, tip in peek.tips.items()
        if not wanted.isdisjoint(read_tip_lines(peek.store, [tip]))
    )
    return list(dict.fromkeys(held))
