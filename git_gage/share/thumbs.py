"""Previews of images to and from a remote: they travel only when they are asked for.

A preview can be made again. So a fetch takes what the remote has now, whatever it had before, and
a push leaves to others what they write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.git.trees import TooLargeError, TreeReader
from git_gage.runs.thumbs import find_gallery
from git_gage.share.fetch import find_unwanted
from git_gage.share.lanes import (
    Refs,
    find_out_lane,
    kept_as,
    refs_below,
    sharing,
    split_ref,
    still_there,
    update_refs,
)
from git_gage.share.remote import Remote, find_remote
from git_gage.share.take_out import take_out_previews
from git_gage.share.transfer import fetch_refs, list_remote, make_refusal, push_refs
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, OUT, TRACKING
from git_gage.store.layout import THUMBS
from git_gage.store.out import extend_galleries
from git_gage.store.thumbs import Gallery, read_gallery

# All previews of an epoch full of runs with many images.
_MAX_FILES = 500_000

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.transfer import Observer, Outcome
    from git_gage.store import Store


def fetch_thumbs(store: Store, remote: str | None, observer: Observer) -> int:
    """Get the previews that a remote has, of all runs; how many are new here.

    Raises: RequestError where no remote can be chosen or nothing can be written; RemoteError with
    git's own text.
    """
    found = find_remote(store.repo, remote)
    with sharing(store):
        before = _known(store.repo, found)
        _bring(store, found, "*", observer)
        return _count(store.repo, _known(store.repo, found), before)


def push_thumbs(
    store: Store, catalog: Catalog, remote: str | None, runs: Sequence[str], observer: Observer
) -> int:
    """Send previews of runs, without `runs` all that were made in this clone; how many were sent.

    Raises: as `push_runs`.
    """
    found = find_remote(store.repo, remote)
    with sharing(store):
        take_out_previews(store, catalog, observer)
        if runs:
            galleries = {run: find_gallery(store, catalog, run) for run in runs}
            return _push_chosen(store, found, galleries, observer)
        return _push_own(store, found, observer)


def would_push(
    store: Store, catalog: Catalog, remote: Remote, runs: Sequence[str], there: Refs
) -> bool:
    """Whether `push_thumbs` would send any to a remote that has the refs `there`."""
    known = _known(store.repo, remote)
    if runs:
        galleries = {run: find_gallery(store, catalog, run) for run in runs}
        return bool(_lacking(store.repo, remote, galleries, still_there(known, there)))
    return _count(store.repo, _own(store), known) > 0


def would_fetch(store: Store, remote: Remote, there: Refs) -> bool:
    """Whether `fetch_thumbs` would get any from a remote that has the refs `there`."""
    known, unwanted = _known(store.repo, remote), Withdrawn(store).unwanted(remote.tracking)
    news = {ref for ref, oid in there.items() if known.get(ref) != oid}
    return any(ref.endswith(f"/{THUMBS}") for ref in news.difference(unwanted))


def _own(store: Store) -> Refs:
    mine = refs_below(store.repo, LOCAL, (THUMBS,))
    return {ref: oid for ref, oid in mine.items() if split_ref(ref).lane in store.my_lanes}


def _push_own(store: Store, remote: Remote, observer: Observer) -> int:
    known = _known(store.repo, remote)
    updates = _own(store)
    outcome, sent = _push(store, remote, updates, known, observer)
    if outcome is not None and outcome.behind:
        for lane in dict.fromkeys(split_ref(ref).lane for ref in outcome.behind):
            told = f"previews in lane '{lane}' are written by a copy of this clone too: not sent"
            observer.warning(told)
        updates = {ref: oid for ref, oid in updates.items() if ref not in outcome.behind}
        outcome, sent = _push(store, remote, updates, known, observer)
    _require(remote, outcome)
    return sent


def _push_chosen(
    store: Store, remote: Remote, galleries: Mapping[str, Gallery], observer: Observer
) -> int:
    lane, outcome, sent = _give(store, remote, galleries, observer)
    if outcome is not None and outcome.behind:
        # We were killed before we noted our last push.
        _bring(store, remote, f"{lane}/*", observer)
        _, outcome, sent = _give(store, remote, galleries, observer)
    _require(remote, outcome)
    return sent


def _give(
    store: Store, remote: Remote, galleries: Mapping[str, Gallery], observer: Observer
) -> tuple[str, Outcome | None, int]:
    """Put what the remote lacks into its out lane, which begins as the remote has it, and push."""
    tracked = _known(store.repo, remote)
    known = still_there(tracked, list_remote(store.repo, remote, observer))
    with store.writing():
        lane = find_out_lane(store, remote, tracked, known)
        space = f"{OUT}/{remote.tracking}/w"
        there = {ref: oid for ref, oid in known.items() if split_ref(ref).lane == lane}
        present = refs_below(store.repo, space, (THUMBS,))
        update_refs(
            store.repo,
            {kept_as(remote, ref, OUT): oid for ref, oid in there.items()},
            [kept_as(remote, ref, OUT) for ref in present if ref not in there],
        )
        lacking = _lacking(store.repo, remote, galleries, known)
        if lacking:
            extend_galleries(store.repo, f"{space}/{lane}", store.clock(), lacking)
        updates = refs_below(store.repo, space, (THUMBS,))
    return lane, *_push(store, remote, updates, known, observer)


def _lacking(
    repo: Repository, remote: Remote, galleries: Mapping[str, Gallery], known: Refs
) -> dict[str, Gallery]:
    """What of some galleries no lane of the remote has, as far as we know."""
    tips = {kept_as(remote, ref): oid for ref, oid in known.items()}
    left = {}
    for run, gallery in galleries.items():
        there = read_gallery(repo, run, tips, "").known
        previews = [each for each in gallery.previews if (each.path, each.sha256) not in there]
        if previews:
            left[run] = gallery._replace(previews=tuple(previews))
    return left


def _push(
    store: Store, remote: Remote, updates: Refs, known: Refs, observer: Observer
) -> tuple[Outcome | None, int]:
    """What became of the refs that are new to the remote, and how many previews they took there."""
    news = {ref: oid for ref, oid in updates.items() if known.get(ref) != oid}
    if not news:
        return None, 0
    outcome = push_refs(store.repo, remote, news, {}, observer)
    if not outcome.accepted:
        return outcome, 0
    update_refs(store.repo, {kept_as(remote, ref): oid for ref, oid in news.items()}, ())
    return outcome, _count(store.repo, news, known)


def _require(remote: Remote, outcome: Outcome | None) -> None:
    if outcome is not None and not outcome.accepted:
        raise make_refusal(remote, outcome)


def _bring(store: Store, remote: Remote, lanes: str, observer: Observer) -> None:
    ref = f"{LOCAL}/{lanes}/{THUMBS}"
    specs = [f"+{ref}:{kept_as(remote, ref)}"]
    specs += [f"^{name}" for name in find_unwanted(store, remote, observer)]
    fetch_refs(store.repo, remote, specs, observer, strict=True)


def _known(repo: Repository, remote: Remote) -> Refs:
    return refs_below(repo, f"{TRACKING}/{remote.tracking}/w", (THUMBS,))


def _count(repo: Repository, tips: Refs, before: Refs) -> int:
    """Previews that the refs have now and had not before."""
    return sum(
        len(_list_previews(repo, oid) - _list_previews(repo, before.get(ref)))
        for ref, oid in tips.items()
        if before.get(ref) != oid
    )


def _list_previews(repo: Repository, tip: str | None) -> set[bytes]:
    if tip is None:
        return set()
    try:
        files = TreeReader(repo).list_files(tip, most=_MAX_FILES)
    except TooLargeError:
        return set()  # no previews of ours: nobody reads them
    return {file.path for file in files if file.path.endswith(b".png")}
