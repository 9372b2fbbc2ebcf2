"""Refs that nobody needs any more: what they hold is all in others.

Source: docs/format.md, "Lanes".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from git_gage.share.lanes import (
    Refs,
    compare_tips,
    is_fork,
    kept_as,
    records_only,
    split_ref,
    tracking_refs,
    update_refs,
)
from git_gage.share.transfer import list_remote
from git_gage.store.rewrite import list_files, list_sources

if TYPE_CHECKING:
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

# Up to so many tracking refs cost nobody anything.
MANY = 200


def replaced_refs(store: Store, old: Refs, new: Refs) -> Refs:
    """Of the refs `old` those of epochs that are not among `new`, where `new` hold all they do."""
    epochs = set(map(_epoch, new))
    over = {ref: oid for ref, oid in old.items() if _epoch(ref) not in epochs and not is_fork(ref)}
    return over if over and _is_held(store, over, new) else Refs()


def forget_gone(store: Store, remote: Remote, observer: Observer) -> None:
    """Forget tracking refs that the remote has no longer, as far as others hold all of it.

    Nothing is asked while there are few.
    """
    known = tracking_refs(store.repo, remote)
    if len(known) <= MANY:
        return
    there = list_remote(store.repo, remote, observer)
    rest = {ref: oid for ref, oid in known.items() if ref in there or is_fork(ref)}
    gone = {ref: oid for ref, oid in known.items() if ref not in rest}
    if gone and _is_held(store, gone, rest):
        update_refs(store.repo, {}, [kept_as(remote, ref) for ref in gone])


def _is_held(store: Store, refs: Refs, others: Refs) -> bool:
    """Whether the others hold all records, files and sources of these."""
    if compare_tips(store, records_only(refs).values(), records_only(others).values()).ahead:
        return False
    repo = store.repo
    files, held = (list_files(repo, _tips(some, "bulk")) for some in (refs, others))
    if files.items() - held.items():
        return False
    pinned, kept = (set(list_sources(repo, _tips(some, "src"))) for some in (refs, others))
    return pinned <= kept


def _epoch(ref: str) -> tuple[str, str]:
    found = split_ref(ref)
    return found.lane, found.epoch


def _tips(refs: Refs, kind: str) -> Sequence[str]:
    return [oid for ref, oid in refs.items() if ref.endswith(f"/{kind}")]
