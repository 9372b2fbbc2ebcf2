"""What people say about runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By
    from git_gage.store import Store

LABEL = "label"


def set_label(
    store: Store, catalog: Catalog, runs: Sequence[str], text: str | None, author: By
) -> None:
    """Give runs a label, or take it away (None).

    Raises: RequestError where nothing can be written.
    """
    with store.writing():
        catalog.refresh()
        for run in runs:
            _write_label(store, catalog, run, text, author)
        store.flush()
    catalog.refresh()


def _write_label(store: Store, catalog: Catalog, run: str, text: str | None, author: By) -> None:
    chain = catalog.chain(run, store.lane)
    record = store.draft(
        "attr.del" if text is None else "attr.set",
        run=run,
        body={"name": LABEL} if text is None else {"name": LABEL, "value": text},
        by=author,
        lc=chain.lc + 1,
        seq=chain.seq,
        prev=chain.prev,
        deps=chain.label_records,
    )
    store.append(record)


def add_tags(
    store: Store, catalog: Catalog, runs: Sequence[str], tags: Sequence[str], author: By
) -> None:
    """Give runs tags; one that a run has already stays one.

    Raises: RequestError where nothing can be written.
    """
    with store.writing():
        for run in runs:
            for tag in dict.fromkeys(tags):
                catalog.refresh()
                chain = catalog.chain(run, store.lane)
                record = store.draft(
                    "tag.add",
                    run=run,
                    body={"tag": tag},
                    by=author,
                    lc=chain.lc + 1,
                    seq=chain.seq,
                    prev=chain.prev,
                )
                store.append(record)
        store.flush()
    catalog.refresh()
