"""Send runs to a remote: all of this clone's, or chosen runs and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from git_gage.share.beats import drop_beats
from git_gage.share.chosen import push_chosen
from git_gage.share.lanes import sharing
from git_gage.share.own import push_own
from git_gage.share.remote import find_remote

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.delivery import Pushed
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


def push_runs(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    runs: Sequence[str],
    observer: Observer,
    *,
    allow_secrets: bool = False,
) -> Pushed:
    """Send runs to a remote; without `runs`, all that this clone has recorded.

    Nothing is ever forced, and nothing that the remote has is sent again.

    Raises: RequestError where no remote can be chosen or nothing can be written; RemoteError with
    git's own text, and nothing changed here; SecretsFoundError, and nothing was sent.
    """
    found = find_remote(store.repo, remote)
    with sharing(store):
        if store.journals():
            store.flush()
        if runs:
            pushed = push_chosen(store, catalog, found, runs, observer, allow_secrets=allow_secrets)
        else:
            pushed = push_own(store, found, observer, allow_secrets=allow_secrets)
        drop_beats(store, found, observer)
    return pushed
