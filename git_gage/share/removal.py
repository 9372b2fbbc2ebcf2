"""Large files of runs that are gone leave the place where a remote keeps them.

What is to leave was noted before the runs went, so a push goes on with what was cut short.
Source: docs/deleting.md; docs/format.md, "Redaction".
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from git_gage.errors import GageError, RemoteError, RequestError
from git_gage.share.lanes import recall_name
from git_gage.share.withdrawn import Withdrawn

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from git_gage.catalog import Catalog
    from git_gage.files.backends import Backend
    from git_gage.git import Repository
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


def remove_files(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    observer: Observer,
    here: Repository | None = None,
) -> None:
    """Let a remote delete large files of runs that are gone, if no run here or there has them.

    `here` is the repository whose names of remotes count, if it is not the one with the runs.
    What is in the way is told, and the next push tries again. Hold the lock of sharing.
    """
    withdrawn = Withdrawn(store)
    asked = withdrawn.files(remote.tracking)
    if not asked:
        return
    from git_gage.share.storage import open_backends  # of a few pushes alone, and slow to import

    word = shlex.quote(recall_name(store, remote.tracking))
    try:
        backends = list(open_backends(store.repo, remote, here or store.repo))
        if backends:
            needed = _find_needed(store, catalog, remote, withdrawn.without_files(), observer)
            if needed is None:
                observer.warning(
                    f"large files that were taken back stay on '{remote.shown}':"
                    f" not all lists of files of runs can be read here\n"
                    f"hint: git gage fetch {word} && git gage push {word}"
                )
                return
            free = {sha256: size for sha256, size in asked.items() if sha256 not in needed}
            for backend in backends:
                _remove(backend, free, remote, observer)
    except GageError as error:
        hints = "".join(f"\nhint: {hint}" for hint in (error.hint, f"git gage push {word}") if hint)
        observer.warning(
            f"large files that were taken back may still be on '{remote.shown}':"
            f" {error.message}{hints}"
        )
        return
    withdrawn.note_files_gone(remote.tracking)


def _find_needed(
    store: Store, catalog: Catalog, remote: Remote, gone: Collection[str], observer: Observer
) -> set[str] | None:
    """Files that runs have which are known here, or which the remote has; None if unknown."""
    from git_gage.share.objects import find_objects
    from git_gage.share.peek import look_at

    catalog.refresh()
    peek = look_at(store, catalog, remote.address, observer)
    if catalog.count_unread() or peek.catalog.count_unread():
        return None
    here = find_objects(store, catalog, None, gone)
    there = find_objects(peek.store, peek.catalog, None, gone)
    return None if here is None or there is None else here | there


def _remove(backend: Backend, free: Mapping[str, int], remote: Remote, observer: Observer) -> None:
    try:
        backend.remove(free)
    except RequestError as error:
        from git_gage.files.transfer import ask_held

        stays, why = ("stays", "stay"), ""
        try:
            left = sorted(ask_held(backend, free))
        except RemoteError as refusal:
            # To ask again with each push would free nothing; often nobody ever sent files there.
            left, stays = sorted(free), ("may be", "may be")
            why = f" ({refusal.message.splitlines()[0]})"
        if left:
            count = f"1 large file that was taken back {stays[0]}" if len(left) == 1 else ""
            count = count or f"{len(left):,} large files that were taken back {stays[1]}"
            observer.warning(
                f"{count} on '{remote.shown}': {error.message}{why}\n"
                f"hint: {error.hint}: {' '.join(left)}"
            )
