"""Chosen runs in one file: a bundle of git's, with lanes as a remote would have them.

Source: gitformat-bundle(5), git-bundle(1); docs/export.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.git import open_repository
from git_gage.records import parse_record
from git_gage.share.cargo import describe_missing, pack_parcels
from git_gage.share.delivery import Load
from git_gage.share.fetch import fetch_runs
from git_gage.share.lanes import KINDS, read_tip_lines, refs_below
from git_gage.share.leaks import require_no_leaks
from git_gage.share.redaction import find_said
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, Store
from git_gage.store.identity import new_lane
from git_gage.store.out import extend_lane

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.transfer import Observer

# What git is told of the repository it is called in, and not of the one that is made.
_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


class Brought(NamedTuple):
    """The runs of bundles: those that were not here, that were, and that were purged here."""

    new: frozenset[str] = frozenset()
    here: frozenset[str] = frozenset()
    purged: frozenset[str] = frozenset()

    def plus(self, other: Brought) -> Brought:
        """With those of one that is read after it."""
        here = self.here | (other.here - self.new)
        return Brought(self.new | other.new, here, self.purged | other.purged)


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
    parcels, missing = pack_parcels(store, lines, find_said(runs, catalog))
    for sentence in describe_missing(missing):
        observer.warning(sentence.replace("is sent without", "goes without"))
    with _scratch(store.repo) as repo:
        # Each file has a lane of its own: two of the same runs do not rewrite each other.
        extend_lane(repo, f"{LOCAL}/{new_lane()}", store.clock(), parcels)
        refs = refs_below(repo, LOCAL, KINDS)
        if not allow_secrets:
            known = store.repo.list_refs("refs/remotes")
            require_no_leaks(Store(repo), Load(refs, {}, known, lines))
        repo.run("bundle", "create", "--quiet", str(path), *refs)


def read_bundle(store: Store, catalog: Catalog, path: Path, observer: Observer) -> Brought:
    """Get all runs that a bundle has, but for those that were purged here.

    Raises: GitError where it is none, or damaged; RemoteError with git's own text.
    """
    brought = look_into(store, catalog, path)
    fetch_runs(store, catalog, str(path), observer)
    return brought


def look_into(store: Store, catalog: Catalog, path: Path) -> Brought:
    """What a bundle would bring.

    Raises: GitError where it is none, or damaged.
    """
    with _scratch(store.repo) as repo:
        repo.run("fetch", "--quiet", "--no-tags", "--", str(path), f"{LOCAL}/*:{LOCAL}/*")
        scratch = Store(repo)
        lines = read_tip_lines(scratch, scratch.read_tips().values())
    begun = {parse_record(line).run for line in lines if b'"kind":"run.begin"' in line}
    purged = begun.intersection(Withdrawn(store).purged())
    here = {run for run in begun - purged if catalog.document(run) is not None}
    return Brought(frozenset(begun - purged - here), frozenset(here), frozenset(purged))


@contextmanager
def _scratch(ours: Repository) -> Iterator[Repository]:
    """An empty bare repository that can read the objects of ours."""
    with tempfile.TemporaryDirectory(prefix="git-gage-") as folder:
        place = Path(folder) / "git"
        form = f"--object-format={ours.object_format}"
        ours.run("init", "--quiet", "--bare", form, env={"GIT_DIR": str(place)})
        (place / "objects" / "info").mkdir(exist_ok=True)
        (place / "objects" / "info" / "alternates").write_text(f"{ours.objects_dir}\n")
        (place / "gage").mkdir()
        yield open_repository(place, _without_ours(ours.environ))


def _without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environ.items() if name not in _OURS}
