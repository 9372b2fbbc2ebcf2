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
    chain = catalog.chain(run, store.lane)
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
    )
