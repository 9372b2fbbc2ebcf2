"""What people say about runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from git_gage.runs.next_record import append_next

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
    kind = "attr.del" if text is None else "attr.set"
    body = {"name": LABEL} if text is None else {"name": LABEL, "value": text}
    with store.writing():
        catalog.refresh()
        for run in runs:
            deps = catalog.chain(run, store.lane).label_records
            append_next(store, catalog, kind, run, body, author, deps)
        store.flush()
    catalog.refresh()


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
                append_next(store, catalog, "tag.add", run, {"tag": tag}, author)
        store.flush()
    catalog.refresh()
