"""A remote whose name leads to another place by now: a push goes on from what is there.

There can be lanes of this clone as they were before something was purged or redacted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from git_gage.share.fetch import fetch_lanes
from git_gage.share.lanes import KINDS, Refs, own_refs, tracking_refs
from git_gage.share.whereabouts import see_where
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import parse_ref

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.redaction import Redaction
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


def meet_again(store: Store, catalog: Catalog, remote: Remote, observer: Observer) -> None:
    """Before a push: see what is there if it is another place, and take back what is gone here.

    Hold the sharing lock. Raises: RemoteError with git's own text.
    """
    listed = see_where(store, remote, observer)
    if listed is None:
        return
    if lanes := _find_old_lanes(store, remote, listed):
        from git_gage.share.purge import accept_purges  # places seldom change

        fetch_lanes(store, remote, lanes, observer)
        catalog.refresh()
        accept_purges(store, catalog, observer)
    catalog.refresh()
    withdrawn = Withdrawn(store)
    for each in _find_redactions(store, catalog):
        withdrawn.add_files(remote.tracking, dict(each.objects))
    withdrawn.save()


def _find_old_lanes(store: Store, remote: Remote, listed: Refs) -> list[str]:
    """Lanes of ours of which there are epochs that are neither here nor known to be there."""
    with store.writing():
        known = {**own_refs(store), **tracking_refs(store.repo, remote)}
    lanes = store.my_lanes | store.out_lanes
    found = {ref: parse_ref(ref) for ref in listed.keys() - known.keys()}
    return sorted(
        {each.lane for each in found.values() if each and each.kind in KINDS and each.lane in lanes}
    )


def _find_redactions(store: Store, catalog: Catalog) -> Iterator[Redaction]:
    """What this clone has taken out of its runs."""
    from git_gage.share.redact import with_objects
    from git_gage.share.redaction import read_said

    for run in catalog.redacted():
        records = list(catalog.record_lines([run]))
        is_ours = any(r.kind == "run.begin" and r.writer in store.my_lanes for r in records)
        said = read_said(run, records) if is_ours else None
        if said:
            yield with_objects(store, catalog, said)
