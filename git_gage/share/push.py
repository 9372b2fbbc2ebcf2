"""Send runs to a remote: all of this clone's, or chosen runs and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from git_gage.errors import GageError, RemoteError
from git_gage.share.beats import drop_beats
from git_gage.share.cut_short import finish_cut_short
from git_gage.share.fetch import mending
from git_gage.share.lanes import CARGO, note_name, sharing
from git_gage.share.moved import meet_again
from git_gage.share.own import push_own
from git_gage.share.private import finish_moves, require_shareable
from git_gage.share.remote import find_remote
from git_gage.share.removal import remove_files

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
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
    parts: Collection[str] = CARGO,
    kinds: Collection[str] | None = None,
    here: Repository | None = None,
) -> Pushed:
    """Send runs to a remote; without `runs`, all that this clone has recorded.

    `parts`: what goes along, of `src` (sources) and `bulk` (outputs, metrics); what one push left
    out the next one sends. `kinds`: only records of these kinds, None for all. `here`: as for
    `remove_files`.
    Nothing is ever forced, and nothing that the remote has is sent again.

    Raises: RequestError where no remote can be chosen or nothing can be written; RemoteError with
    git's own text, and nothing changed here; SecretsFoundError, and nothing was sent.
    """
    require_shareable(store, runs)
    found = find_remote(store.repo, remote)
    with sharing(store):
        note_name(store, found)

        def send() -> Pushed:
            if store.journals():
                store.flush()
            finish_moves(store, catalog)
            finish_cut_short(store, catalog, observer)
            meet_again(store, catalog, found, observer)
            if runs or kinds is not None:
                from git_gage.share.chosen import Chosen, push_chosen  # most pushes do without

                chosen = Chosen(runs or None, parts, kinds)
                return push_chosen(
                    store, catalog, found, chosen, observer, allow_secrets=allow_secrets
                )
            return push_own(store, catalog, found, parts, observer, allow_secrets=allow_secrets)

        try:
            pushed = mending(store, catalog, observer, send)
        except GageError as error:
            if not isinstance(error, RemoteError) or error.is_refusal:
                # A run has ended for all that follow it, also where its end may not be sent.
                with suppress(RemoteError):
                    drop_beats(store, found, observer)
            raise
        remove_files(store, catalog, found, observer, here)
        drop_beats(store, found, observer)
    return pushed
