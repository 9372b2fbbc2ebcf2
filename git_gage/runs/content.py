"""What one file of a run holds, wherever that is: its directory, the sidecar, git."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import IO, TYPE_CHECKING, Any

from git_gage.catalog.bulk import open_file
from git_gage.errors import ElsewhereError, NotHereError, RequestError
from git_gage.files.globs import make_glob
from git_gage.files.manifest import UNRECORDED
from git_gage.files.sidecar import digest_file
from git_gage.records import encode_path, path_text, short_id, shown_path
from git_gage.runs.files import Filed, is_in_place, list_files, read_filed_of
from git_gage.runs.inputs import follow_reference
from git_gage.runs.links import follow_links
from git_gage.runs.placing import place_file
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.files.manifest import Entry
    from git_gage.store import Store

_LEADS_OUT = "it leads out of the run, or in circles, and what is there is no file of it"


class AbsentFileError(RequestError):
    """The answer is no: the file is known, and what it holds is not here."""

    exit_code = 1


class AbsentShortError(NotHereError, AbsentFileError):
    """The same of a short file: it comes with the output of its run."""


class AbsentLargeError(ElsewhereError, AbsentFileError):
    """The same of a large file: it comes when it is asked for."""


class ChangedFileError(AbsentFileError):
    """The answer is no: what is here of the file is not what was recorded."""


class ChangedLargeError(ElsewhereError, ChangedFileError):
    """The same of a file that the run made: a large one comes when it is asked for."""


def pull_command(
    run: str, path: bytes | None = None, remote: str | None = None, others: Sequence[str] = ()
) -> str:
    """What to type for large files of a run and some others, or for one file of the run, from the
    usual remote or this.
    """
    words = [*map(short_id, (run, *others)), *([remote] if remote else [])]
    words += ["--", make_glob(path)] if path is not None else []
    return f"git gage files pull {' '.join(map(quote, words))}"


def find_entry(filed: Filed, path: str) -> Entry:
    """The file that is meant by a path as it is typed or shown; links of the run are followed.

    Raises: RequestError for a path that the run does not have, and for a folder.
    """
    entries = {entry.path: entry for entry in filed.manifest.entries}
    wanted = os.fsencode(path)
    if wanted not in entries:
        spell = (path_text, lambda each: shown_path(encode_path(each)))
        shown = {text(each): each for each in entries for text in spell}
        wanted = shown.get(path, wanted)
    target = follow_links(filed.run, entries, wanted)
    if target in entries:
        return entries[target]
    if target is not None and any(each.startswith(target and target + b"/") for each in entries):
        raise _a_folder(filed.run, path)
    link = entries[wanted].link if wanted in entries else None
    if link is not None:
        run = short_id(filed.run)
        why = "the run has no such file" if target is not None else _LEADS_OUT
        raise RequestError(
            f"'{clean(path)}' of run {run} is a link to '{path_text(link)}': {why}",
            hint=f"git gage ls-files {run}",
        )
    raise _no_file(filed.run, path)


def open_content(
    store: Store,
    catalog: Catalog,
    document: Mapping[str, Any],
    path: str,
    warn: Callable[[str], None],
) -> IO[bytes]:
    """A file of a run, to be read; `warn` hears what nobody can say of it.

    Raises: RequestError for a path that the run does not have, and for what was taken out of it;
    AbsentFileError.
    """
    run = document["id"]
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        return _find_loose(store, catalog, document, path).open("rb")
    entry = find_entry(filed, path)
    if entry.link is not None:
        if catalog.is_foreign(run):
            raise absent_entry(filed, entry)
        return _open_given(store, run, entry)
    try:
        found = open_entry(store, filed, entry)
        if entry.is_unrecorded:
            warn(_describe_unrecorded(entry))
        return found
    except AbsentFileError as error:
        if "files" in document["redacted"]:
            raise _taken_out(run, path) from error
        raise


def find_place(
    store: Store,
    catalog: Catalog,
    document: Mapping[str, Any],
    path: str,
    warn: Callable[[str], None],
) -> Path:
    """A file of a run on the disk, in the run's directory; it is put there if need be.

    What somebody else put there stays, and `warn` hears of it.
    Raises: as `open_content`.
    """
    run = document["id"]
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        return _find_loose(store, catalog, document, path)
    entry = find_entry(filed, path)
    place = store.run_dir(run) / os.fsdecode(entry.path)
    if entry.is_unrecorded and is_in_place(place, entry):
        warn(_describe_unrecorded(entry))
        return place
    if entry.sha256 is None or entry.link is not None or not place_file(store, filed, entry):
        raise absent_entry(filed, entry)
    is_sound = store.sidecar.is_sound(entry.sha256, entry.size)
    is_ours = is_sound and place.exists() and store.sidecar.path(entry.sha256).samefile(place)
    if not is_ours and not _holds(place, entry):
        verify = f"git gage files verify {short_id(run)}"
        warn(f"'{clean(str(place))}' is not what the run made: '{verify}' tells")
    return place


def open_entry(store: Store, filed: Filed, entry: Entry) -> IO[bytes]:
    """A plain file of a run, to be read: what was recorded, also where somebody has changed it.

    Raises: AbsentFileError.
    """
    place = store.run_dir(filed.run) / os.fsdecode(entry.path)
    in_place = is_in_place(place, entry)
    if entry.sha256 is None:
        if in_place:
            return place.open("rb")
        raise absent_entry(filed, entry)
    if store.sidecar.is_sound(entry.sha256, entry.size):
        return store.sidecar.path(entry.sha256).open("rb")
    if in_place and digest_file(place)[0] == entry.sha256:
        return place.open("rb")
    bound = filed.bound.get(entry.sha256)
    found = None if bound is None else open_file(store, bound)
    if found is not None:
        return found
    if bound is None and (in_place or store.sidecar.has(entry.sha256, entry.size)):
        raise _changed(filed.run, entry)
    raise absent_entry(filed, entry)


def _open_given(store: Store, run: str, entry: Entry) -> IO[bytes]:
    """What a reference stands for, if it is still what the run was given.

    Raises: ChangedFileError; RequestError for a folder.
    """
    place, reference = follow_reference(store.run_dir(run) / os.fsdecode(entry.path), store)
    name = path_text(entry.path)
    if place.is_dir():
        raise _a_folder(run, name)
    if not _holds(place, entry):
        origin = reference and reference.run
        raise ChangedFileError(
            f"'{name}', which run {short_id(run)} was given, was changed since",
            hint=f"git gage files verify {short_id(origin)}" if origin else None,
        )
    return place.open("rb")


def _holds(place: Path, entry: Entry) -> bool:
    """Whether what is recorded of a file is there: what else is there may never end."""
    return place.is_file() and digest_file(place) == (entry.sha256, entry.size)


def _describe_unrecorded(entry: Entry) -> str:
    name = path_text(entry.path)
    return f"'{name}' is here as it is now: {UNRECORDED}"


def _find_loose(store: Store, catalog: Catalog, document: Mapping[str, Any], path: str) -> Path:
    """A file in the directory of a run that has no manifest, as long as it goes on for example."""
    run, top = document["id"], store.run_dir(document["id"])
    known = {
        shown_path(encode_path(each.path)): each for each in list_files(store, catalog, document)
    }
    file = known.get(shown_path(encode_path(os.fsencode(path))), known.get(path))
    if file is None:
        generated = document["generated"]
        if generated is not None and generated["files"] and not top.is_dir():
            raise _absent_large(run, os.fsencode(path))
        raise _no_file(run, path)
    place = Path(os.path.realpath(top / os.fsdecode(file.path)))
    if file.reference is None and not place.is_relative_to(os.path.realpath(top)):
        raise _no_file(run, path)
    if place.is_dir():
        raise _a_folder(run, path)
    if not place.is_file():
        raise _no_file(run, path)
    return follow_reference(place, store)[0]


def _a_folder(run: str, path: str) -> RequestError:
    run = short_id(run)
    return RequestError(
        f"'{clean(path)}' of run {run} is a folder",
        hint=f"see what is in it: git gage ls-files {run}",
    )


def _no_file(run: str, path: str) -> RequestError:
    run = short_id(run)
    return RequestError(f"run {run} has no file '{clean(path)}'", hint=f"git gage ls-files {run}")


def _taken_out(run: str, path: str) -> RequestError:
    run = short_id(run)
    return RequestError(
        f"'{clean(path)}' of run {run} is not here: who recorded the run has taken out files of it",
        hint=f"git gage show {run} --history",
    )


def _changed(run: str, entry: Entry) -> ChangedLargeError:
    name = path_text(entry.path)
    return ChangedLargeError(
        f"'{name}' of run {short_id(run)} was changed here: it is not what was recorded",
        *(run, entry.path),
        # What has a secret in it is nowhere else.
        hint=None if entry.is_private else pull_command(run, entry.path),
    )


def absent_entry(filed: Filed, entry: Entry) -> AbsentFileError:
    """What is said of a plain file whose content is not here."""
    if entry.stays_because:
        name, run = path_text(entry.path), short_id(filed.run)
        return AbsentFileError(
            f"'{name}' of run {run} is not here: {entry.stays_because}",
            hint=f"it can only be where the run was recorded: git gage show {run}",
        )
    if entry.sha256 in filed.bound:
        return absent_short(filed.run, entry)
    return _absent_large(filed.run, entry.path)


def absent_short(run: str, entry: Entry, where: str = "") -> AbsentShortError:
    """What is said of a short file that is not here, nor `where` it was looked for."""
    name = path_text(entry.path)
    return AbsentShortError(f"'{name}' of run {short_id(run)} is not here{where}", run)


def _absent_large(run: str, path: bytes) -> AbsentFileError:
    name = path_text(path)
    message = f"'{name}' of run {short_id(run)} is not here"
    return AbsentLargeError(message, run, path, hint=pull_command(run, path))
