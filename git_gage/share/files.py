"""Large files of runs to and from a remote: they travel only when they are asked for.

`here` is the repository whose remotes are meant; the runs may be in another one.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from git_gage.errors import GageError, IntegrityError, RemoteError
from git_gage.files.globs import match_globs
from git_gage.files.transfer import (
    ask_held,
    bring_files,
    explained,
    find_unbrought,
    find_unsent,
    send_files,
)
from git_gage.records import path_text, short_id
from git_gage.runs.content import AbsentFileError, absent_short, find_entry, pull_command
from git_gage.runs.files import NOT_HERE, Filed, find_in_git, find_where, read_filed
from git_gage.runs.placeholders import NoPlaceError, put_placeholder, read_placeholder
from git_gage.runs.placing import place_file
from git_gage.runs.withheld import read_withheld
from git_gage.safe import clean
from git_gage.share.known import find_givers
from git_gage.share.lanes import note_holder, note_name, read_holders, sharing
from git_gage.share.leaks import find_in_objects, refuse_objects
from git_gage.share.private import require_shareable
from git_gage.share.remote import Remote, find_remote, seen_from
from git_gage.share.storage import Storage, find_storage, find_storages
from git_gage.share.take import fetch_chosen
from git_gage.share.transfer import Observer as RefsObserver
from git_gage.share.withdrawn import Withdrawn

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.catalog import Catalog
    from git_gage.files.backends import Backend
    from git_gage.files.manifest import Entry
    from git_gage.files.meter import Moving
    from git_gage.git import Repository
    from git_gage.store import Store


CHANGED = "it was changed in the directory of the run"


class Observer(RefsObserver, Protocol):
    """Whoever tells the user how files move, too."""

    def moving(self, verb: str, moving: Moving) -> None:
        """Hear how far it has come, once a second at most."""


class Large(NamedTuple):
    """A file that a run made and git does not hold."""

    filed: Filed
    entry: Entry

    @property
    def run(self) -> str:
        return self.filed.run

    @property
    def sha256(self) -> str:
        assert self.entry.sha256 is not None
        return self.entry.sha256


class Moved(NamedTuple):
    """What went to or came from a remote, or would.

    files, bytes: contents that were not there; equal ones count once. there: how many were.
    missing: files that could not be had where they were to come from. changed: files that came, or
    are missing here, in the place of which lies what somebody made of them, which stays.
    """

    remote: str
    files: int
    bytes: int
    there: int
    missing: tuple[Large, ...]
    changed: tuple[Large, ...] = ()


class Dropped(NamedTuple):
    """Files whose bytes left this disk, or would; `bytes` is what is free then.

    remotes: who holds how many of them. kept: files that stay, each with the reason. lost: those
    that were here alone, as far as is known. away: remotes that could not be asked.
    """

    files: int
    bytes: int
    remotes: Mapping[str, int]
    kept: tuple[tuple[Large, str], ...]
    lost: tuple[Large, ...]
    away: tuple[str, ...]


def push_files(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    runs: Sequence[str],
    observer: Observer,
    globs: Sequence[str] = (),
    *,
    here: Repository,
    dry_run: bool = False,
    allow_secrets: bool = False,
) -> Moved:
    """Send large files of runs, as far as they are here and not there.

    Raises: RequestError where no remote can be chosen, or it takes none, or a run is private;
    RemoteError; IntegrityError for a file that is damaged here, or changes while it is sent;
    SecretsFoundError, before anything is sent, also where it would be.
    """
    require_shareable(store, runs)
    storage = find_storage(here, remote)
    large = list(_find_wanted(store, catalog, runs, globs))
    kept = {each.sha256: each.entry.size for each in large if _is_kept(store, each)}
    if not allow_secrets:
        _require_no_secrets(store, storage.backend, large, kept)
    if dry_run:
        sent = set(find_unsent(storage.backend, kept))
    else:
        # First, as a push that is cut short leaves some there.
        if kept:
            _note_holder(store, here, storage.remote)
        with _named(large):
            sent = send_files(storage.backend, kept, store.sidecar, observer)
    missing = {each.sha256: each.entry.size for each in large if each.sha256 not in kept}
    # Who has them elsewhere has sent them, perhaps.
    lost = set(missing) - (ask_held(storage.backend, missing) if missing else set())
    return Moved(
        storage.remote.shown,
        len(sent),
        sum(kept[sha256] for sha256 in sent),
        len(kept) + len(missing) - len(sent) - len(lost),
        tuple(each for each in large if each.sha256 in lost),
        tuple(each for each in large if each.sha256 in lost and _is_changed(store, each)),
    )


def fetch_files(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    runs: Sequence[str],
    observer: Observer,
    globs: Sequence[str] = (),
    *,
    here: Repository,
    dry_run: bool = False,
) -> Moved:
    """Get large files of runs that are not here, or were changed; those that lie in the directory
    of a run lie there again, unless something else does.

    What a manifest says is not believed: no more bytes come than it names, with its digest.

    Raises: as `push_files`; RequestError where the disk has no room.
    """
    storage = find_storage(here, remote)
    large = list(_find_wanted(store, catalog, runs, globs))
    sizes = {each.sha256: each.entry.size for each in large}
    wanted = {each.sha256: each.entry.size for each in large if not _is_sound(store, each)}
    changed: tuple[Large, ...] = ()
    if dry_run:
        come, missing = find_unbrought(storage.backend, wanted, store.sidecar)
    else:
        try:
            with _named(large):
                come, missing = bring_files(storage.backend, wanted, store.sidecar, observer)
        except GageError:
            _lay_out(store, large, observer)  # what has come whole until then
            raise
        _lay_out(store, large, observer)
        # Others were looked at before: 'files verify' reads them all.
        changed = tuple(each for each in large if each.sha256 in come and _is_changed(store, each))
    return Moved(
        storage.remote.shown,
        len(come),
        sum(wanted[sha256] for sha256 in come),
        len(sizes) - len(come) - len(missing),
        tuple(each for each in large if each.sha256 in missing),
        changed,
    )


def _lay_out(store: Store, large: Sequence[Large], observer: Observer) -> None:
    """Let files that are here lie in the directories of their runs, as far as there are any."""
    for each in large:
        if store.run_dir(each.run).is_dir():
            try:
                with explained(store.sidecar, "get files"):
                    place_file(store, each.filed, each.entry)
            except NoPlaceError as error:
                observer.warning(error.message)


def fetch_one(
    store: Store, catalog: Catalog, run: str, path: str, observer: Observer, *, here: Repository
) -> bool:
    """Get one file of a run, if it is not here; True where it is a short one, which came into git,
    with the run's output.

    For a large one remotes are asked in turn, the usual one first; for a short one those that the
    run came from.

    Raises: RequestError where the run has no such file, or nobody who is asked has it.
    """
    filed = read_filed(store, catalog, run)
    if filed is None:
        return False  # without a manifest all that there is lies in its directory
    entry = find_entry(filed, path)
    if entry.sha256 is None or entry.is_private or _is_sound(store, Large(filed, entry)):
        return False  # here, or nowhere but where it was made
    if entry.sha256 in filed.bound:
        # Nobody is asked for what was taken out: who opens it is told.
        is_gone = read_withheld(catalog.records(run)).takes(entry.sha256)
        return not is_gone and _fetch_short(store, catalog, filed, entry, observer)
    _fetch_large(store, Large(filed, entry), path, observer, here)
    return False


def _fetch_large(
    store: Store, large: Large, path: str, observer: Observer, here: Repository
) -> None:
    asked: list[str] = []
    away: list[str] = []
    damaged: list[str | None] = []
    for storage in find_storages(here, observer, away):
        name = storage.remote.shown
        try:
            with _named([large]):
                wanted = {large.sha256: large.entry.size}
                if bring_files(storage.backend, wanted, store.sidecar, observer).arrived:
                    return
            asked.append(name)
        except RemoteError as error:
            observer.warning(error.message)
            away.append(name)
        except IntegrityError as error:
            observer.warning(error.message)
            damaged.append(error.hint)
    nowhere = "" if away or damaged else ", nor on a remote"
    elsewhere = f", nor on {', '.join(asked)}" if asked else nowhere
    hints = [
        f"once {each} can be asked: {pull_command(large.run, large.entry.path, each)}"
        for each in away
    ]
    hint = next(iter([*hints, *damaged]), "whoever has it can send it: git gage files push <run>")
    message = f"'{clean(path)}' of run {short_id(large.run)} is not here{elsewhere}"
    raise AbsentFileError(message, hint=hint)


def _fetch_short(
    store: Store, catalog: Catalog, filed: Filed, entry: Entry, observer: Observer
) -> bool:
    asked: list[str] = []
    remotes = iter(find_givers(store, catalog, filed.run))
    while find_where(store, filed, entry, find_in_git(store, filed)) == NOT_HERE:
        remote = next(remotes, None)
        if remote is None:
            raise absent_short(filed.run, entry, f", nor on {', '.join(asked)}" if asked else "")
        asked.append(remote)
        try:
            fetch_chosen(store, catalog, remote, [filed.run], observer, parts=("bulk",))
        except RemoteError as error:
            observer.warning(error.message)
    return bool(asked)


def drop_files(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    observer: Observer,
    globs: Sequence[str] = (),
    *,
    here: Repository,
    remote: str | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> Dropped:
    """Take large files of runs off this disk, if a remote holds them: each is asked now.

    A placeholder takes the place of each in the directory of its run.

    Raises: RequestError, RemoteError where a `remote` that was named cannot be asked.
    """
    large = [
        each
        for each in find_large(store, catalog, runs, globs)
        if _is_kept(store, each) or _is_in_place(store, each)
    ]
    away: list[str] = []
    holders = _ask_all(here, large, observer, remote, away, force=force)
    nowhere = "no remote that could be asked holds it" if away else "no remote holds it"
    if remote is not None:
        nowhere = f"'{find_remote(here, remote).shown}' does not hold it"
    kept: list[tuple[Large, str]] = []
    gone: list[Large] = []
    for each in large:
        if not (force or holders.get(each.sha256)):
            kept.append((each, nowhere))
        elif _is_changed(store, each):
            kept.append((each, CHANGED))
        else:
            gone.append(each)
    used = _used_elsewhere(store, catalog, runs, {each.sha256 for each in gone}, set(holders))
    used |= {each.sha256 for each, _ in kept}
    if not dry_run:
        with explained(store.sidecar, "drop files"):
            _drop(store, gone, holders, used)
    freed = {each.sha256: each.entry.size for each in gone if each.sha256 not in used}
    remotes = Counter(name for each in gone for name in holders.get(each.sha256, ()))
    lost = tuple(each for each in gone if each.sha256 in freed and each.sha256 not in holders)
    return Dropped(len(gone), sum(freed.values()), remotes, tuple(kept), lost, tuple(away))


def find_large(
    store: Store, catalog: Catalog, runs: Sequence[str], globs: Sequence[str]
) -> Iterator[Large]:
    """Large files that the runs made, of those that some glob means; none with a secret."""
    is_meant = match_globs(globs)
    for run in runs:
        filed = read_filed(store, catalog, run)
        if filed is None:
            continue
        for entry in filed.manifest.generated:
            if entry.sha256 not in filed.bound and is_meant(entry.path):
                yield Large(filed, entry)


def _find_wanted(
    store: Store, catalog: Catalog, runs: Sequence[str], globs: Sequence[str]
) -> Iterator[Large]:
    """Those of them that are to be had: none that whoever recorded the run has taken out."""
    gone = Withdrawn(store).without_files()
    for run in runs:
        if run in gone:
            continue
        withheld = read_withheld(catalog.records(run))
        for each in find_large(store, catalog, [run], globs):
            if not withheld.takes(each.sha256):
                yield each


def runs_with_large(store: Store, catalog: Catalog, *, own: bool) -> list[str]:
    """All runs that made large files; `own`: only those begun in this clone, and not private."""
    lanes, private = store.my_lanes, store.private
    return [
        document["id"]
        for document in catalog.each_document()
        if (document.get("files") or {}).get("large", {}).get("count")
        and (not own or (document["writer"] in lanes and document["id"] not in private))
    ]


def _note_holder(store: Store, here: Repository, remote: Remote) -> None:
    """Remember a remote that may have large files of runs which it was not given themselves."""
    remote = seen_from(store.repo, here, remote)
    if remote.tracking not in read_holders(store):
        with sharing(store):
            note_name(store, remote)
            note_holder(store, remote.tracking)


def _is_kept(store: Store, each: Large) -> bool:
    return store.sidecar.has(each.sha256, each.entry.size)


def _is_sound(store: Store, each: Large) -> bool:
    return store.sidecar.is_sound(each.sha256, each.entry.size)


def _require_no_secrets(
    store: Store, backend: Backend, large: Sequence[Large], here: Mapping[str, int]
) -> None:
    """Refuse to send files with secrets in them that are not there already.

    Raises: SecretsFoundError that names them.
    """
    named = {each.sha256: _name_file(each) for each in large if each.sha256 in here}
    found = find_in_objects(store, named)
    if found:
        held = ask_held(backend, {sha256: here[sha256] for sha256 in found})
        refuse_objects({sha256: seen for sha256, seen in found.items() if sha256 not in held})


@contextmanager
def _named(large: Sequence[Large]) -> Iterator[None]:
    """Files that are damaged are called by run and path, and not by the start of a digest."""
    try:
        yield
    except IntegrityError as error:
        names = {each.sha256[:12]: _name_file(each) for each in large}
        message = re.sub(r"\b[0-9a-f]{12}\b", lambda at: names.get(at[0], at[0]), error.message)
        raise IntegrityError(message, hint=error.hint, **error.facts) from error


def _name_file(each: Large) -> str:
    return f"{short_id(each.run)}:{path_text(each.entry.path)}"


def _ask_all(
    here: Repository,
    large: Sequence[Large],
    observer: Observer,
    remote: str | None,
    away: list[str],
    *,
    force: bool,
) -> dict[str, list[str]]:
    """Which remotes hold each object, by their names; one that is `away` is told of.

    Of a `remote` that is named that one alone counts, unless files go whoever holds them.
    """
    wanted = {each.sha256: each.entry.size for each in large}
    holders: dict[str, list[str]] = {}

    def ask(storage: Storage) -> None:
        for sha256 in ask_held(storage.backend, wanted):
            names = holders.setdefault(sha256, [])
            names += [storage.remote.shown] if storage.remote.shown not in names else []

    if remote is not None:
        ask(find_storage(here, remote))
        if not force:
            return holders
    for storage in find_storages(here, observer, away) if wanted else ():
        try:
            ask(storage)
        except RemoteError as error:
            observer.warning(error.message)
            away.append(storage.remote.shown)
    return holders


def _place(store: Store, each: Large) -> Path:
    return store.run_dir(each.run) / os.fsdecode(each.entry.path)


def _is_in_place(store: Store, each: Large) -> bool:
    """Whether the run's directory has the file itself, or what somebody made of it."""
    return os.path.lexists(_place(store, each)) and not _is_dropped(store, each)


def _is_dropped(store: Store, each: Large) -> bool:
    return read_placeholder(_place(store, each)) is not None


def _is_changed(store: Store, each: Large) -> bool:
    """Whether the run's directory has something else there, which no remote holds."""
    from git_gage.files.sidecar import digest_file

    place = _place(store, each)
    if not _is_in_place(store, each):
        return False
    if place.is_symlink() or not place.is_file():
        return True
    kept = store.sidecar.path(each.sha256)
    if kept.exists() and os.path.samefile(place, kept):
        return not _is_sound(store, each)
    # A file of another size need not be read.
    is_same_size = place.stat().st_size == each.entry.size
    return not is_same_size or digest_file(place)[0] != each.sha256


def _used_elsewhere(
    store: Store, catalog: Catalog, runs: Sequence[str], dropped: set[str], held: set[str]
) -> set[str]:
    """Of some objects those that directories of other runs have as well.

    What no remote holds any other run has that did not drop it: there is no more of it.
    """
    if not dropped:
        return set()
    others = set(runs_with_large(store, catalog, own=False)) - set(runs)
    here = [run for run in others if store.run_dir(run).is_dir()]
    found = find_large(store, catalog, here if dropped <= held else sorted(others), ())
    return {
        each.sha256
        for each in found
        if each.sha256 in dropped
        and (_is_in_place(store, each) or not (each.sha256 in held or _is_dropped(store, each)))
    }


def _drop(
    store: Store, gone: Sequence[Large], holders: dict[str, list[str]], used: set[str]
) -> None:
    # Placeholders first: after a kill in between nothing looks whole that is not.
    for each in gone:
        if _is_in_place(store, each):
            put_placeholder(store, each.run, each.entry, holders.get(each.sha256, ()))
    for sha256 in {each.sha256 for each in gone} - used:
        store.sidecar.remove(sha256)
