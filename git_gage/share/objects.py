"""Which large files runs have, by what was recorded of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from git_gage.records import path_text, short_id
from git_gage.runs.files import read_filed, read_manifest
from git_gage.runs.withheld import read_withheld

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.store import Store


def find_objects(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str] | None,
    but: Collection[str] = (),
    *,
    taken_out: bool = False,
) -> set[str] | None:
    """sha256 of the files in the manifests of runs (None: all); None if one can't be read.

    Runs in `but` do not count, nor, without `taken_out`, what was taken out of a run.
    """
    found: set[str] = set()
    for run, group in groupby(catalog.record_lines(runs), lambda record: record.run):
        records = [] if run in but else list(group)
        withheld = read_withheld([] if taken_out else records)
        for record in records:
            if record.kind == "run.files":
                manifest = read_manifest(store, record)
                if manifest is None:
                    return None
                digests = (entry.sha256 for entry in manifest.entries)
                found |= {each for each in digests if each and not withheld.takes(each)}
    return found


def name_objects(store: Store, catalog: Catalog, digests: Collection[str]) -> list[str]:
    """What runs call these large files, `<run>:<path>`; those of no run by their digests."""
    names: dict[str, str | None] = {}
    for record in catalog.record_lines():
        manifest = read_manifest(store, record) if record.kind == "run.files" else None
        names |= {
            f"{short_id(record.run)}:{path_text(entry.path)}": entry.sha256
            for entry in (manifest.entries if manifest is not None else ())
            if entry.sha256 in digests
        }
    return [*names, *(each[:12] for each in digests if each not in names.values())]


def find_unneeded(store: Store, catalog: Catalog, runs: Sequence[str]) -> list[str]:
    """Large files here that these runs have, and no other."""
    # A purge that goes on was said already.
    theirs = find_objects(store, catalog, runs, taken_out=True) or set()
    here = [sha256 for sha256 in theirs if store.sidecar.path(sha256).exists()]
    if not here:
        return []
    needed = find_objects(store, catalog, None, runs)
    return [] if needed is None else sorted(set(here) - needed)


def find_sent(store: Store, catalog: Catalog, run: str) -> dict[str, int]:
    """Sizes of the large files of a run that remotes can have, by sha256."""
    filed = read_filed(store, catalog, run)
    large = filed.large if filed is not None else ()
    return {entry.sha256: entry.size for entry in large if entry.sha256 is not None}
