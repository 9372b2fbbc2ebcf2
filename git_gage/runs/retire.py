"""Records that let old comments stay good: what a key signed, by its owner's new key.

Source: docs/format.md, "key.retire".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.records import format_time
from git_gage.runs.next_record import draft_next

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By
    from git_gage.store import Store

KIND = "key.retire"
# Of one record: its body must stay below 32 KiB.
MOST_IDS = 400


def write_retirement(
    store: Store,
    catalog: Catalog,
    signed: Mapping[str, Sequence[str]],
    key: str,
    at: float,
    author: By,
) -> int:
    """Record for each run which of its records (ids) a key signed until it was retired.

    How many records were written. Raises: SigningError; RequestError where nothing can be written.
    """
    written = 0
    with store.writing():
        for run, ids in signed.items():
            for first in range(0, len(ids), MOST_IDS):
                catalog.refresh()
                listed = list(ids[first : first + MOST_IDS])
                body = {"key": key, "at": format_time(at), "records": listed}
                store.append(draft_next(store, catalog, KIND, run, body, author))
                written += 1
        store.flush()
    catalog.refresh()
    return written
