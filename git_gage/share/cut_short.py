"""What a kill or an error has cut short of a purge or redaction: the next push goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from git_gage.errors import RequestError
from git_gage.share.withdrawn import Withdrawn

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


def finish_cut_short(store: Store, catalog: Catalog, observer: Observer) -> None:
    """Take out what was to go, where somebody began with that. Hold the lock of sharing."""
    runs = Withdrawn(store).going()
    if not runs:
        return
    from git_gage.share.purge import finish_purges  # seldom needed
    from git_gage.share.redact import finish_redactions

    with store.writing():
        store.flush()
        catalog.refresh()
        try:
            finish_purges(store, catalog, runs, observer)
            catalog.refresh()
            finish_redactions(store, catalog, runs)
        except RequestError as error:
            observer.warning(f"not taken out yet: {error.message}")
            return
    withdrawn = Withdrawn(store)
    withdrawn.end(runs)
    withdrawn.save()
