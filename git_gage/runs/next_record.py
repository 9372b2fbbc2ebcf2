"""The next record about a run that there is already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.store import Store


def append_next(
    store: Store,
    catalog: Catalog,
    kind: str,
    run: str,
    body: Mapping[str, Any],
    author: By,
    deps: Sequence[str] = (),
) -> Record:
    """Write a record where this clone's chain about the run goes on.

    Hold the store's lock, with the catalog in step.
    Raises: RequestError where nothing can be written; StorageError when the disk is full.
    """
    chain = catalog.chain(run, store.lane)
    record = store.draft(
        kind,
        run=run,
        body=body,
        by=author,
        lc=chain.lc + 1,
        seq=chain.seq,
        prev=chain.prev,
        deps=deps,
    )
    store.append(record)
    return record
