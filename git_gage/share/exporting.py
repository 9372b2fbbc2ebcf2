"""Runs with all that is here of them, for files of other tools."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.bulk import find_bound, open_file
from git_gage.files.manifest import GENERATED, PRIVATE_CONTENT
from git_gage.files.sidecar import digest_file
from git_gage.formats import jsonl, mlflow, ro_crate, tables, tensorboard
from git_gage.formats.model import OwnRun, RunPart, Written
from git_gage.records import path_text, short_id
from git_gage.runs.close import OUTPUT, OUTPUT_LIMIT
from git_gage.runs.content import AbsentFileError, open_entry
from git_gage.runs.files import HERE, Filed, is_in_place, list_made, read_filed_of
from git_gage.runs.placing import place_files
from git_gage.runs.series import read_series
from git_gage.store.files import explained

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.files.manifest import Entry
    from git_gage.runs.placeholders import NoPlaceError
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

FOLDERS: dict[str, Callable[[Iterator[OwnRun], Path], Written]] = {
    "mlflow": mlflow.write_runs,
    "tensorboard": tensorboard.write_runs,
    "ro-crate": ro_crate.write_runs,
}
NOT_WRITTEN = {
    "mlflow": mlflow.NOT_WRITTEN,
    "tensorboard": tensorboard.NOT_WRITTEN,
    "ro-crate": ro_crate.NOT_WRITTEN,
    "jsonl": jsonl.NOT_WRITTEN,
    "csv": tables.NOT_WRITTEN,
    "parquet": tables.NOT_WRITTEN,
}
"""What each form has no place for."""


def write_folder(
    store: Store,
    catalog: Catalog,
    documents: Iterable[dict[str, Any]],
    form: str,
    target: Path,
    observer: Observer,
    *,
    allow_secrets: bool,
) -> Written:
    """Write runs into a folder, as a tool has them; files with secrets only if these are allowed.

    Raises: RequestError, StorageError where it cannot be written.
    """
    files = form != "tensorboard"
    runs = gather(store, catalog, documents, observer, files=files, allow_secrets=allow_secrets)
    with explained(target, f"write {form}"):
        return FOLDERS[form](runs, target)


def gather(
    store: Store,
    catalog: Catalog,
    documents: Iterable[dict[str, Any]],
    observer: Observer,
    *,
    files: bool,
    allow_secrets: bool = False,
) -> Iterator[OwnRun]:
    """Run objects with their series and, if asked, with their output and files.

    What is not here is told, and which files stay because something in them looks like a secret.
    """
    for document in documents:
        series = read_series(store, catalog, document["id"])
        output = _read_output(store, catalog, document) if files else None
        with tempfile.TemporaryDirectory(prefix="git-gage-") as scratch:
            made = None
            if files:
                made = _list_files(
                    store, catalog, document, Path(scratch), allow_secrets=allow_secrets
                )
            for notice in _describe_lacking(document, series, output, made):
                observer.warning(notice)
            yield OwnRun(document, series or {}, output, made.parts if made else [])


def _describe_lacking(
    document: dict[str, Any], series: object, output: bytes | None, made: _Made | None
) -> Iterator[str]:
    """What a run goes without; `made` is None where its files and output were not asked for."""
    run = short_id(document["id"])
    absent = ["the values of its metrics"] if series is None else []
    if made and output is None and (document["output"] or {}).get("bytes"):
        absent.append("what it printed")
    ways = ["git gage fetch"] if absent else []
    if (
        made
        and not (made.parts or made.left or made.secret)
        and (document["generated"] or {}).get("files")
    ):
        absent.append("its files")
        # Where there is no list of them, that comes as the output does.
        ways = ways if made.absent else ["git gage fetch"]
    elif made and made.absent:
        absent.append(f"{made.absent:,} of its files")
    if made and made.absent:
        ways.append(f"git gage files pull {run}")
    if absent:
        yield f"run {run} goes without {', '.join(absent)}: not here: {' && '.join(ways)}"
    for left in made.left if made else ():
        yield left.message
    for entry in made.secret if made else ():
        name = f"'{path_text(entry.path)}' of run {run}"
        yield f"{name} stays here: {PRIVATE_CONTENT}; '--allow-secrets' takes it along"
    if made and made.links:
        links = "1 symbolic link" if made.links == 1 else f"{made.links:,} symbolic links"
        yield f"run {run} goes without {links}: the form has none"


def _read_output(store: Store, catalog: Catalog, document: dict[str, Any]) -> bytes | None:
    bounds = [
        bound
        for record in catalog.records(document["id"])
        if (bound := find_bound(record.body, document["id"], OUTPUT, OUTPUT_LIMIT)) is not None
    ]
    file = next(filter(None, map(partial(open_file, store), bounds)), None)
    if file is None:
        return None
    with file:
        return file.read()


class _Made(NamedTuple):
    """What a run made: plain files that are here, how many are not, how many links, what has no
    place here, and what stays because of a secret.
    """

    parts: list[RunPart]
    absent: int
    links: int
    left: list[NoPlaceError]
    secret: list[Entry]


def _list_files(
    store: Store,
    catalog: Catalog,
    document: dict[str, Any],
    scratch: Path,
    *,
    allow_secrets: bool,
) -> _Made:
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        return _list_loose(store, catalog, document)
    left = place_files(store, filed)
    unplaced = {error.entry.path for error in left}
    secret = [each for each in filed.made if each.is_private and not allow_secrets]
    stays = unplaced.union(each.path for each in secret)
    plain = [each for each in filed.made if each.path not in stays]
    found = ((each.path, _find_recorded(store, filed, each, scratch)) for each in plain)
    parts = [RunPart(path, place) for path, place in found if place is not None]
    entries = filed.manifest.entries
    links = sum(each.role == GENERATED and each.link is not None for each in entries)
    return _Made(parts, len(plain) - len(parts), links, left, secret)


def _find_recorded(store: Store, filed: Filed, entry: Entry, scratch: Path) -> Path | None:
    """A file that holds what was recorded of another: that itself, if nobody has changed it.

    What git has goes to `scratch`.
    """
    place = store.run_dir(filed.run) / os.fsdecode(entry.path)
    in_place = is_in_place(place, entry)
    if entry.sha256 is None:
        return place if in_place else None
    kept = store.sidecar.path(entry.sha256)
    is_sound = store.sidecar.is_sound(entry.sha256, entry.size)
    # What is the same file need not be read.
    is_same = in_place and is_sound and kept.samefile(place)
    if is_same or (in_place and digest_file(place)[0] == entry.sha256):
        return place
    if is_sound:
        return kept
    try:
        with open_entry(store, filed, entry) as read:
            copy = scratch / f"{entry.sha256}-{entry.mode:o}"
            copy.write_bytes(read.read())
    except AbsentFileError:
        return None
    copy.chmod(entry.mode | stat.S_IWUSR)
    return copy


def _list_loose(store: Store, catalog: Catalog, document: dict[str, Any]) -> _Made:
    """The same of a run that has no list of them: as they lie in its directory."""
    top = store.run_dir(document["id"])
    files = list_made(store, catalog, document)
    plain = [file for file in files if file.link is None]
    made = [
        file for file in plain if file.where == HERE and (top / os.fsdecode(file.path)).is_file()
    ]
    parts = [RunPart(file.path, top / os.fsdecode(file.path)) for file in made]
    return _Made(parts, len(plain) - len(made), len(files) - len(plain), [], [])
