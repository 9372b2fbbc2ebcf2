"""The next record about a run that there is already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import without_key

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.store import Store


def draft_next(
    store: Store,
    catalog: Catalog,
    kind: str,
    run: str,
    body: Mapping[str, Any],
    author: By,
    deps: Sequence[str] = (),
    *,
    signed: bool = True,
) -> Record:
    """A record for the place where this clone's chain about the run goes on, written nowhere yet.

    Hold the store's lock, with the catalog in step. Without `signed` it gets no signature and names
    no key.
    Raises: SigningError.
    """
    writer = _find_writer(store, catalog, run)
    chain = catalog.chain(run, writer)
    return store.draft(
        kind,
        run=run,
        body=body,
        by=author if signed else without_key(author),
        lc=chain.lc + 1,
        seq=chain.seq,
        prev=chain.prev,
        deps=deps,
        signed=signed,
        writer=writer,
    )


def _find_writer(store: Store, catalog: Catalog, run: str) -> str:
    """The lane in whose name this clone speaks of a run.

    Who began an unsigned run is told by the lane alone. A clone that has left that lane since, in
    another place or for a copy that writes it, too, is still the one that began it.
    """
    lane = store.lane
    former = store.my_lanes - {lane}
    begun = catalog.document(run) if former else None
    if begun is None or begun["writer"] not in former or "key" in (begun["author"] or {}):
        return lane
    return str(begun["writer"])
