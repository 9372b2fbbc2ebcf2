"""Chosen runs in one file: a bundle of git's, with lanes as a remote would have them.

Source: gitformat-bundle(5), git-bundle(1); docs/export.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import FETCH, GitError, IntegrityError
from git_gage.records import parse_record
from git_gage.share.bundle_head import ANEW, require_whole_head
from git_gage.share.cargo import describe_missing, pack_parcels
from git_gage.share.fetch import fetch_runs
from git_gage.share.lanes import line_key, read_tip_lines
from git_gage.share.redaction import find_said
from git_gage.share.scratch import packed, scratch
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, Store

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.catalog import Catalog
    from git_gage.share.transfer import Observer


class Brought(NamedTuple):
    """The runs of bundles: those that were not here, that were, and that were purged here.

    `updates`: how many records came of runs that were here.
    """

    new: frozenset[str] = frozenset()
    here: frozenset[str] = frozenset()
    purged: frozenset[str] = frozenset()
    updates: int = 0

    def plus(self, other: Brought) -> Brought:
        """With those of one that is read after it."""
        here = self.here | (other.here - self.new)
        updates = self.updates + other.updates
        return Brought(self.new | other.new, here, self.purged | other.purged, updates)


def write_bundle(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    path: Path,
    observer: Observer,
    *,
    allow_secrets: bool = False,
) -> None:
    """Write all that is known of some runs, and the history of their sources.

    Raises: SecretsFoundError; GitError where the file cannot be written. A file that was there
    stays then.
    """
    catalog.refresh()
    # No remote has this name: what they lack is everything.
    lines = catalog.lines_beyond(runs, "")
    try:
        parcels, missing = pack_parcels(store, lines, find_said(store, runs, catalog))
    except GitError as error:
        error.hint = FETCH  # this disk has lost a source, and whoever has it still gives it again
        raise
    for sentence in describe_missing(missing):
        observer.warning(sentence.replace("is sent without", "goes without"))
    known = store.repo.list_refs("refs/remotes")
    with packed(store, parcels, known, allow_secrets=allow_secrets) as (repo, refs):
        is_other = path.exists() and not path.is_file()
        place = repo.git_dir / "runs.bundle" if is_other else path
        repo.run("bundle", "create", "--quiet", str(place), *refs)
        if is_other:  # git would put a file in the place of a pipe or device
            with place.open("rb") as made, path.open("wb") as file:
                shutil.copyfileobj(made, file)


def read_bundle(store: Store, catalog: Catalog, path: Path, observer: Observer) -> Brought:
    """Get all runs that a bundle has, but for those that were purged here.

    Raises: as `look_into`; RemoteError with git's own text.
    """
    brought = look_into(store, catalog, path)
    fetch_runs(store, catalog, str(path), observer)
    return brought


def look_into(store: Store, catalog: Catalog, path: Path) -> Brought:
    """What a bundle would bring.

    Raises: RequestError where git names objects in another way there; IntegrityError for a file
    that is cut off or damaged.
    """
    require_whole_head(store.repo, path, "import")
    with scratch(store.repo) as repo:
        try:
            repo.run("fetch", "--quiet", "--no-tags", "--", str(path), f"{LOCAL}/*:{LOCAL}/*")
        except GitError as error:
            raise IntegrityError(
                f"import '{path}': it is cut off or damaged: {error.message.partition(': ')[2]}",
                hint=ANEW,
            ) from error
        there = Store(repo)
        lines = read_tip_lines(there, there.read_tips().values())
    begun = {parse_record(line).run for line in lines if b'"kind":"run.begin"' in line}
    purged = begun.intersection(Withdrawn(store).purged())
    here = {run for run in begun - purged if catalog.document(run) is not None}
    updates = 0
    if here:
        known = {line_key(record.line) for record in catalog.record_lines(sorted(here))}
        news = (parse_record(line) for line in lines if line_key(line) not in known)
        updates = sum(record.run in here for record in news)
    return Brought(frozenset(begun - purged - here), frozenset(here), frozenset(purged), updates)
