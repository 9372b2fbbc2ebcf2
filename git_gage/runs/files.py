"""The files in the directory of a run: what it made, and what it was given.

Source: docs/format.md, "References".
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import GageError, IntegrityError
from git_gage.images.sizes import ImageSize, is_image, read_image_size
from git_gage.runs.inputs import follow_reference, path_bytes
from git_gage.runs.inputs.choice import COMMIT
from git_gage.runs.inputs.reference import Reference, read_reference
from git_gage.runs.results import KEPT

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.store import Store
    from git_gage.store.thumbs import Gallery, Preview


class RunFile(NamedTuple):
    """A file of a run; `path` is below its directory.

    size: of a reference what it stands for. link: where a symbolic link leads. is_input: the run
    was given it. is_here: what it stands for can be read. image: its size, if it is one. preview:
    one that is here.
    """

    path: bytes
    size: int
    link: bytes | None = None
    reference: Reference | None = None
    is_input: bool = False
    is_here: bool = True
    image: ImageSize | None = None
    preview: Preview | None = None


def list_files(store: Store, document: Mapping[str, Any]) -> Iterator[RunFile]:
    """Files in the directory of a run, by their paths; none where it is not in this clone.

    Left out are what git-gage keeps there, and what a run that goes on was laid out with.
    """
    return _read_files(store, document, _list_paths(store, document))


def list_made(store: Store, document: Mapping[str, Any]) -> list[RunFile]:
    """Those of them that the run made."""
    return [file for file in list_files(store, document) if not file.is_input]


def is_as_recorded(files: Sequence[RunFile], document: Mapping[str, Any]) -> bool:
    """Whether files that a run made are as many, with as many bytes, as its record says."""
    recorded = document["generated"]
    found = {"files": len(files), "bytes": sum(file.size for file in files)}
    return {key: recorded[key] for key in found} == found


def list_images(store: Store, document: Mapping[str, Any], most: int) -> Iterator[RunFile]:
    """Images among the first `most` files that a run made."""
    paths = islice(_list_paths(store, document), most)
    for file in _read_files(store, document, filter(is_image, paths)):
        if not file.is_input and file.link is None:
            yield file


def has_images(run_dir: Path, most: int) -> bool:
    """Whether there are images, by their names, among the first `most` files of a directory."""
    paths = islice(_walk(os.fsencode(run_dir), b"", frozenset([os.fsencode(KEPT)])), most)
    return any(map(is_image, paths))


def with_previews(files: Iterable[RunFile], gallery: Gallery) -> list[RunFile]:
    """Files with their previews, and behind them the images of which only a preview is here."""
    left = {preview.path: preview for preview in gallery.previews}
    here = [file._replace(preview=left.pop(file.path, None)) for file in files]
    absent = [
        RunFile(
            preview.path,
            preview.size,
            is_here=False,
            image=ImageSize(preview.width, preview.height),
            preview=preview,
        )
        for preview in left.values()
    ]
    return here + absent


def _list_paths(store: Store, document: Mapping[str, Any]) -> Iterator[bytes]:
    run_dir = store.run_dir(document["id"])
    given = _given_paths(store.repo, document, run_dir) | {os.fsencode(KEPT)}
    return _walk(os.fsencode(run_dir), b"", given)


def _read_files(
    store: Store, document: Mapping[str, Any], paths: Iterable[bytes]
) -> Iterator[RunFile]:
    top = store.run_dir(document["id"])
    copies = _copied_inputs(document)
    for path in paths:
        try:
            found = _read_file(store, top / os.fsdecode(path), path)
        except FileNotFoundError:
            continue  # a program that goes on took it away
        if found is not None:
            yield found._replace(is_input=found.is_input or copies.get(path) == found.size)


def _walk(top: bytes, folder: bytes, given: frozenset[bytes]) -> Iterator[bytes]:
    """Paths of what is no folder, sorted in each; links are not followed."""
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except FileNotFoundError:
        return
    for name, is_folder in found:
        path = posixpath.join(folder, name)
        if path in given:
            continue
        if is_folder:
            yield from _walk(top, path, given)
        else:
            yield path


def _read_file(store: Store, place: Path, path: bytes) -> RunFile | None:
    found = place.lstat()
    if stat.S_ISLNK(found.st_mode):
        return RunFile(path, 0, link=os.fsencode(os.readlink(place)), is_here=place.exists())
    if not stat.S_ISREG(found.st_mode):
        return None
    try:
        return _look_into(store, place, RunFile(path, found.st_size))
    except (IntegrityError, PermissionError):
        return RunFile(path, found.st_size)  # a file like any other, if not a readable one


def _look_into(store: Store, place: Path, file: RunFile) -> RunFile:
    reference = read_reference(place)
    if reference is None:
        return file._replace(image=read_image_size(place) if is_image(file.path) else None)
    return file._replace(
        size=reference.size,
        reference=reference,
        is_input=True,
        is_here=_leads_somewhere(store, place),
    )


def _leads_somewhere(store: Store, place: Path) -> bool:
    try:
        follow_reference(place, store)
    except GageError:
        return False
    return True


def _given_paths(repo: Repository, document: Mapping[str, Any], run_dir: Path) -> frozenset[bytes]:
    """What a run that has not ended finds in its directory: its source, and links."""
    if document["ended"] is not None or not run_dir.is_dir():
        return frozenset()
    source = document["source"]
    given = {b".git", *(path_bytes(each["path"]).rstrip(b"/") for each in source["linked"])}
    snapshot = source["snapshot"] or ""
    # What a record says is no option of git.
    if COMMIT.fullmatch(snapshot) and repo.object_sizes([snapshot])[snapshot]:
        listing = ("ls-tree", "-r", "-z", "--full-tree", "--name-only", snapshot)
        given.update(repo.run(*listing).split(b"\0")[:-1])
    return frozenset(given)


def _copied_inputs(document: Mapping[str, Any]) -> dict[bytes, Any]:
    """Sizes of the files that were copied for the run, by path."""
    folder = path_bytes(document["command"]["cwd"] or ".")
    return {
        posixpath.normpath(posixpath.join(folder, path_bytes(file["path"]))): file.get("size")
        for each in document["inputs"]
        if not each["link"]
        for file in each["files"]
    }
