"""Look at what a remote has of runs, and copy nothing.

The records that it has, and beats of runs that go on, and nothing else of it, lie in a bare
repository that can be deleted; what is in ours too is read from there. A second look asks for the
tips alone.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import FETCH, GitError, IntegrityError, RemoteError, RunNotFoundError
from git_gage.git.quarantine import quarantine_environ
from git_gage.git.repository import Repository, open_bare
from git_gage.runs.settle import status_now
from git_gage.share.bucket import FOLDER as PLACES
from git_gage.share.lanes import (
    Memory,
    Refs,
    compare_tips,
    kept_as,
    read_tip_lines,
    records_only,
    tracking_refs,
    update_refs,
)
from git_gage.share.remote import find_remote
from git_gage.share.transfer import fetch_objects, list_remote
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, TRACKING, Store
from git_gage.store.beats import SPACE, beats_only, tracked_beat
from git_gage.store.files import Lock, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from git_gage.catalog import Catalog
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer

FOLDER = "cache/peek"
# How trust files looked when we judged last; `App` writes it.
STAMP = "cache/trust.json"


class Peek(NamedTuple):
    """What a remote had a moment ago: `tips` by their names there, what reads their records.

    `listed` are all of its refs of lanes and beats.
    """

    remote: Remote
    tips: Refs
    store: Store
    catalog: Catalog
    listed: Refs


def look_at(
    store: Store,
    catalog: Catalog,
    asked: str | None,
    observer: Observer,
    *,
    has_withdrawn: bool = False,
) -> Peek:
    """The records that a remote has now; what was withdrawn from it is left out.

    `catalog` is ours, and says how others are judged. `has_withdrawn`: that is there, too, and
    whoever asks for it forgets what was seen.
    Raises: RequestError where no remote can be chosen or nothing can be written; RemoteError with
    git's own text; IntegrityError where this disk has lost a part of what it has.
    """
    remote = find_remote(store.repo, asked)
    listed = list_remote(store.repo, remote, observer, f"{LOCAL}/*", f"{SPACE}/*")
    withdrawn = Withdrawn(store)
    withdrawn.note_there(remote.tracking, listed)
    unwanted = set() if has_withdrawn else set(withdrawn.unwanted(remote.tracking))
    tips = {ref: oid for ref, oid in records_only(listed).items() if ref not in unwanted}
    folder = store.dir / FOLDER / f"{remote.tracking.replace('/', '%')}.git"
    with Lock(folder.with_suffix(".lock")).held():
        was_there = (folder / "HEAD").exists()
        try:
            return _look(store, catalog, remote, listed, tips, folder, observer)
        except (GitError, IntegrityError):
            if not was_there:
                raise
        # What git cannot go on from, because somebody deleted a part of it, is made anew.
        forget_peek(folder)
        return _look(store, catalog, remote, listed, tips, folder, observer)


def withheld_lines(store: Store, peek: Peek, observer: Observer) -> dict[bytes, None]:
    """Record lines that a remote has, and that a look at it leaves out.

    They are in what it is to delete, or of which nothing is wanted. Of what git has cleaned up here
    since, the records are asked for, and not kept.
    Raises: RemoteError with git's own text.
    """
    held = {ref: oid for ref, oid in records_only(peek.listed).items() if ref not in peek.tips}
    here = _are_here(store.repo, held.values())
    lacking = [ref for ref, oid in held.items() if oid not in here]
    if not lacking:
        return read_tip_lines(store, held.values())
    folder = store.dir / FOLDER / f"{peek.remote.tracking.replace('/', '%')}.withheld"
    forget_peek(folder)
    try:
        there = Store(_open(store.repo, folder), store.clock)
        fetch_objects(store.repo, peek.remote, lacking, folder, observer, known=(), strict=True)
        return read_tip_lines(there, held.values())
    finally:
        forget_peek(folder)


def not_there(error: RunNotFoundError, shown: str, *, is_partial: bool = False) -> RunNotFoundError:
    """That no run is called so, of a remote that was looked at; is_partial: not at all it has."""
    told = error.message.removesuffix(" here")
    where = f"is shown on '{shown}'" if is_partial else f"on '{shown}'"
    message = told if told == error.message else f"{told} {where}"
    hint = f"see them with 'git gage list --remote {shlex.quote(shown)}'"
    if is_partial:
        hint = f"git gage push {shlex.quote(shown)}"
    return RunNotFoundError(message, hint=hint)


def forget_peeks(store: Store) -> None:
    """Delete all that was seen of remotes."""
    for folder in (FOLDER, PLACES):
        forget_peek(store.dir / folder)


def forget_peek(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _look(
    store: Store,
    catalog: Catalog,
    remote: Remote,
    listed: Refs,
    tips: Refs,
    folder: Path,
    observer: Observer,
) -> Peek:
    there = Store(_open(store.repo, folder), store.clock)
    before = tracking_refs(there.repo, remote)
    if before != tips:
        _bring(store, there, remote, before, tips, observer)
    _bring_beats(store, there, remote, listed, observer)
    seen = catalog.of(there, lambda run: status_now(there, run), remote.tracking)
    notices = seen.refresh()
    if seen.has_unread_lanes():
        _require_whole(catalog, there, remote, tips)
    for notice in notices:
        observer.warning(f"'{remote.shown}': {notice}")
    _judge_anew(store, there, seen)
    return Peek(remote, tips, there, seen, listed)


def _require_whole(catalog: Catalog, there: Store, remote: Remote, tips: Refs) -> None:
    """Raises: IntegrityError where what cannot be read came whole, and this disk has lost it."""
    from git_gage.git.reachable import is_readable  # disks seldom lose anything

    if not is_readable(there.repo, tips.values()):
        catalog.start_anew()  # which finds that, too
        raise IntegrityError(
            f"look at '{remote.shown}': this disk has lost a part of what came from there",
            hint=f"{FETCH} {shlex.quote(remote.shown)}",
        )


def _open(repo: Repository, folder: Path) -> Repository:
    """The bare repository in `folder`, which is made if need be, and sees the objects of `repo`."""
    if not (folder / "HEAD").exists():
        make_folder(folder)
    return open_bare(repo, folder, cwd=folder, env=quarantine_environ(repo, folder))


def _bring(
    store: Store, there: Store, remote: Remote, before: Refs, tips: Refs, observer: Observer
) -> None:
    sizes = there.repo.object_sizes(dict.fromkeys(tips.values()))
    lacking = [ref for ref, oid in tips.items() if sizes[oid] is None]
    if lacking:
        known = _commits_here(there.repo, [before, records_only(tracking_refs(store.repo, remote))])
        fetch_objects(
            *(store.repo, remote, lacking, there.repo.git_dir, observer), known=known, strict=True
        )
    if before and compare_tips(there, before.values(), tips.values()).ahead:
        # The catalog keeps what it has read; here it shall hold what the remote has now.
        shutil.rmtree(there.dir, ignore_errors=True)
        make_folder(there.dir)
    gone = [kept_as(remote, ref) for ref in before if ref not in tips]
    update_refs(there.repo, {kept_as(remote, ref): oid for ref, oid in tips.items()}, gone)
    there.tidy_packs()


def _bring_beats(
    store: Store, there: Store, remote: Remote, listed: Refs, observer: Observer
) -> None:
    """What the remote has of runs that go on; a beat that is replaced meanwhile comes next time."""
    before = there.repo.list_refs(f"{TRACKING}/{remote.tracking}/live")
    beats = _fetch_beats(store, there, remote, listed, observer)
    kept = {tracked_beat(remote.tracking, ref): oid for ref, oid in beats.items()}
    here = _are_here(there.repo, kept.values())
    news = {ref: oid for ref, oid in kept.items() if oid in here and before.get(ref) != oid}
    gone = [ref for ref in before if ref not in kept]
    if news or gone:
        update_refs(there.repo, news, gone)
        there.tidy_packs()


def _fetch_beats(
    store: Store, there: Store, remote: Remote, listed: Refs, observer: Observer
) -> Refs:
    """Get beats that are not here; all that the remote had then, with their commits."""
    beats = beats_only(listed)
    try:
        _fetch_lacking(store, there, remote, beats, observer)
    except RemoteError:
        # A run has ended since they were listed, and its beats are gone.
        beats = beats_only(list_remote(store.repo, remote, observer, f"{SPACE}/*"))
        _fetch_lacking(store, there, remote, beats, observer)
    return beats


def _fetch_lacking(
    store: Store, there: Store, remote: Remote, beats: Refs, observer: Observer
) -> None:
    here = _are_here(there.repo, beats.values())
    lacking = [ref for ref, oid in beats.items() if oid not in here]
    if lacking:
        place = there.repo.git_dir
        fetch_objects(store.repo, remote, lacking, place, observer, known=(), strict=True)


def _are_here(repo: Repository, oids: Iterable[str]) -> set[str]:
    return {oid for oid, found in repo.object_sizes(dict.fromkeys(oids)).items() if found}


def _commits_here(repo: Repository, known: list[Mapping[str, str]] | list[Refs]) -> list[str]:
    oids = dict.fromkeys(oid for refs in known for oid in refs.values())
    return [oid for oid, found in repo.object_sizes(oids).items() if found is not None]


def _judge_anew(store: Store, there: Store, seen: Catalog) -> None:
    """Judge again where trust files have changed since."""
    memory = Memory(there)
    try:
        stamp = (store.dir / STAMP).read_text()
    except FileNotFoundError:
        return
    if memory.recall("trust", STAMP) != stamp:
        make_folder(there.dir)  # not there yet where the remote has no runs
        seen.rejudge()
        make_folder(there.dir)  # where nothing was seen there is none yet
        memory.note("trust", STAMP, stamp)
