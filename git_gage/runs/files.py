"""The files in the directory of a run: what it made, and what it was given.

Source: docs/format.md, "run.files", "References".
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.bulk import Bound, find_bound, read_documents
from git_gage.catalog.documents import end_rank
from git_gage.errors import GageError, IntegrityError, RequestError
from git_gage.files.globs import match_globs
from git_gage.files.manifest import BULK, GENERATED, WHOLE, Entry, Manifest, parse_manifest
from git_gage.images.sizes import ImageSize, is_image, read_image_size
from git_gage.records import short_id
from git_gage.runs.inputs import follow_reference, path_bytes
from git_gage.runs.inputs.choice import COMMIT
from git_gage.runs.inputs.reference import Reference, read_reference
from git_gage.runs.left import walk_left
from git_gage.runs.links import follow_links
from git_gage.runs.placeholders import MAX_PLACEHOLDER, is_placeholder
from git_gage.runs.results import KEPT

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.records import Record
    from git_gage.runs.inputs.model import Runs
    from git_gage.store import Store
    from git_gage.store.thumbs import Gallery, Preview


# As long as a list that is made can be.
_MANIFEST_BYTES = 64 << 20
HERE, IN_GIT, NOT_HERE = _FARTHEST = "here", "in git", "not here"


class RunFile(NamedTuple):
    """A file of a run; `path` is below its directory.

    size: of a reference what it stands for. link: where a symbolic link leads. is_input: the run
    was given it. is_here: what it stands for can be read. image: its size, if it is one. preview:
    one that is here. role, sha256: as its manifest has them. where: `here`, `in git` or `not here`.
    is_unrecorded: the manifest does not know what is in it.
    """

    path: bytes
    size: int
    link: bytes | None = None
    reference: Reference | None = None
    is_input: bool = False
    is_here: bool = True
    image: ImageSize | None = None
    preview: Preview | None = None
    role: str = GENERATED
    sha256: str | None = None
    where: str = HERE
    is_unrecorded: bool = False


class Filed(NamedTuple):
    """The manifest of a run, and the bulk files, by digest, that hold its short files."""

    run: str
    manifest: Manifest
    bound: Mapping[str, Bound]

    @property
    def large(self) -> list[Entry]:
        """Files that the run made and that travel on request: git does not get them."""
        return [each for each in self.manifest.generated if each.sha256 not in self.bound]

    @property
    def made(self) -> list[Entry]:
        """Plain files that the run made, also those whose content is not known."""
        entries = self.manifest.entries
        return [each for each in entries if each.role == GENERATED and each.link is None]


def read_filed(store: Store, catalog: Runs, run: str) -> Filed | None:
    """What was recorded of the files of a run, wherever it ran; None where that is not here."""
    records = catalog.records(run)
    begin = next((record for record in records if record.kind == "run.begin"), None)
    if begin is None:
        return None
    filed = [record for record in records if record.kind == "run.files"]
    for record in sorted(filed, key=lambda record: end_rank(record, begin.writer)):
        manifest = read_manifest(store, record)
        if manifest is not None:
            wanted = {entry.sha256 for entry in manifest.generated}
            bounds = ((each, find_bound(record.body, run, f"{BULK}{each}")) for each in wanted)
            return Filed(
                run,
                manifest,
                {sha256: bound for sha256, bound in bounds if bound and bound.sha256 == sha256},
            )
    return None


def require_meant(
    store: Store, catalog: Catalog, runs: Sequence[str], globs: Sequence[str]
) -> None:
    """Raises: RequestError where globs mean no file of any of the runs, as far as these are known.

    Of a run that goes on, or that came without its list of files, nothing can be said; one that is
    staged has made none.
    """
    is_meant = match_globs(globs)
    for run in runs if globs else ():
        filed = read_filed(store, catalog, run)
        if filed is not None and any(is_meant(each.path) for each in filed.manifest.entries):
            return
        document = catalog.document(run) or {}
        generated = document.get("generated")
        is_unknown = generated is None and document.get("status") != "staged"
        if filed is None and (is_unknown or (generated and generated["files"])):
            return
    if runs and globs:
        first = short_id(runs[0])
        what = f"run {first} has no such" if len(runs) == 1 else "none of these runs has such a"
        raise RequestError(f"{what} file", hint=f"git gage ls-files {first}")


def read_manifest(store: Store, record: Record) -> Manifest | None:
    """The list of files that a `run.files` has; None where it is not here, or makes no sense."""
    bound = find_bound(record.body, record.run, WHOLE, _MANIFEST_BYTES)
    body = record.body
    if bound is not None:
        _, body = next(read_documents(store, [bound]), (None, {}))
    try:
        return parse_manifest(body)
    except IntegrityError:
        return None  # not here, or nothing that anybody could lay out


def list_files(store: Store, catalog: Catalog, document: Mapping[str, Any]) -> list[RunFile]:
    """Files of a run, by their paths: what it left, or what is in its directory as long as it goes
    on.

    Left out are what git-gage keeps there, and what a run that goes on was laid out with.
    """
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        return list(_read_files(store, document, _list_paths(store, document)))
    return list(_list_filed(store, filed, filed.manifest.entries))


def list_made(store: Store, catalog: Catalog, document: Mapping[str, Any]) -> list[RunFile]:
    """Those of them that the run made."""
    return [file for file in list_files(store, catalog, document) if not file.is_input]


def is_as_recorded(files: Sequence[RunFile], document: Mapping[str, Any]) -> bool:
    """Whether files that a run made are as many, with as many bytes, as its record says."""
    recorded = document["generated"]
    found = {"files": len(files), "bytes": sum(file.size for file in files)}
    return {key: recorded[key] for key in found} == found


def list_images(
    store: Store, catalog: Catalog, document: Mapping[str, Any], most: int
) -> Iterator[RunFile]:
    """Images among the first `most` files that a run made."""
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        paths = islice(_list_paths(store, document), most)
        files = _read_files(store, document, filter(is_image, paths))
    else:
        images = [each for each in filed.made[:most] if is_image(each.path)]
        files = _list_filed(store, filed, images)
    return (file for file in files if not file.is_input and file.link is None)


def has_images(run_dir: Path, most: int) -> bool:
    """Whether there are images, by their names, among the first `most` files of a directory."""
    paths = islice(walk_left(os.fsencode(run_dir), frozenset([os.fsencode(KEPT)])), most)
    return any(map(is_image, paths))


def read_filed_of(store: Store, catalog: Runs, document: Mapping[str, Any]) -> Filed | None:
    """The same of a run object, which says whether there can be something."""
    return read_filed(store, catalog, document["id"]) if document["files"] is not None else None


# -- as the manifest says --------------------------------------------------------------------------


def _list_filed(store: Store, filed: Filed, entries: Sequence[Entry]) -> Iterator[RunFile]:
    top = store.run_dir(filed.run)
    in_git = find_in_git(store, filed)
    has_links = any(each.link is not None and each.sha256 is None for each in entries)
    links = _find_links(store, filed, in_git) if has_links else {}
    for entry in entries:
        place = top / os.fsdecode(entry.path)
        if entry.link is not None:
            yield _filed_link(store, place, entry, links.get(entry.path))
            continue
        where = find_where(store, filed, entry, in_git)
        on_disk = where == HERE and is_image(entry.path) and is_in_place(place, entry)
        yield RunFile(
            entry.path,
            entry.size,
            is_input=entry.role != GENERATED,
            is_here=where != NOT_HERE,
            image=read_image_size(place) if on_disk else None,
            role=entry.role,
            sha256=entry.sha256,
            where=where,
            is_unrecorded=entry.is_unrecorded,
        )


def _find_links(store: Store, filed: Filed, in_git: frozenset[str]) -> dict[bytes, str]:
    """Where that is which the links of a run stand for, if it is a file or folder of the run.

    A folder is where the one of its files is that is farthest away.
    """
    entries = {entry.path: entry for entry in filed.manifest.entries}
    found: dict[bytes, str] = {}
    for entry in filed.manifest.entries:
        if entry.link is None:
            where = find_where(store, filed, entry, in_git)
        elif entry.sha256 is not None:
            place = store.run_dir(filed.run) / os.fsdecode(entry.path)
            where = HERE if _leads_somewhere(store, place) else NOT_HERE
        else:
            continue
        names = entry.path.split(b"/")
        for count in range(len(names) + 1):
            path = b"/".join(names[:count])
            found[path] = max(found.get(path, HERE), where, key=_FARTHEST.index)
    targets = ((each, follow_links(filed.run, entries, each)) for each in entries)
    return {path: found[target] for path, target in targets if target in found}


def _filed_link(store: Store, place: Path, entry: Entry, where: str | None) -> RunFile:
    """A symbolic link, which has no digest, or a reference.

    where: where that is what a link stands for, if the run has it.
    """
    assert entry.link is not None
    if entry.sha256 is None:
        where = where or (HERE if _exists(place) else NOT_HERE)
        is_here = where != NOT_HERE
        return RunFile(
            entry.path,
            0,
            entry.link,
            is_input=entry.role != GENERATED,
            is_here=is_here,
            role=entry.role,
            where=where,
        )
    try:
        reference = read_reference(place)
    except (GageError, OSError):
        reference = None
    is_here = reference is not None and _leads_somewhere(store, place)
    return RunFile(
        entry.path,
        entry.size,
        reference=reference or Reference(None, entry.link, entry.sha256, entry.size, False),
        is_input=True,
        is_here=is_here,
        role=entry.role,
        sha256=entry.sha256,
        where=HERE if is_here else NOT_HERE,
    )


def find_in_git(store: Store, filed: Filed) -> frozenset[str]:
    """Digests of the short files that git holds here."""
    sizes = store.repo.object_sizes({bound.oid for bound in filed.bound.values()})
    return frozenset(
        sha256 for sha256, bound in filed.bound.items() if sizes[bound.oid] == ("blob", bound.size)
    )


def find_where(store: Store, filed: Filed, entry: Entry, in_git: frozenset[str]) -> str:
    """Where the content of a file is to be had, told by sizes: no content is read."""
    if is_in_place(store.run_dir(filed.run) / os.fsdecode(entry.path), entry):
        return HERE
    if entry.sha256 is not None and store.sidecar.has(entry.sha256, entry.size):
        return HERE
    return IN_GIT if entry.sha256 in in_git else NOT_HERE


def is_in_place(place: Path, entry: Entry) -> bool:
    """Whether a file is in the directory of its run, by its size, and no placeholder of it.

    Any is that nobody could read when the run ended: it may have grown since.
    """
    try:
        found = place.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(found.st_mode):
        return False
    if not entry.is_unrecorded and found.st_size != entry.size:
        return False
    return found.st_size > MAX_PLACEHOLDER or not is_placeholder(place)


# -- as they are there -----------------------------------------------------------------------------


def with_previews(files: Iterable[RunFile], gallery: Gallery) -> list[RunFile]:
    """Files with their previews, and behind them the images of which only a preview is here."""
    left = {preview.path: preview for preview in gallery.previews}
    here = [_with_preview(file, left.pop(file.path, None)) for file in files]
    absent = [
        RunFile(
            preview.path,
            preview.size,
            is_here=False,
            where=NOT_HERE,
            image=ImageSize(preview.width, preview.height),
            preview=preview,
        )
        for preview in left.values()
    ]
    return here + absent


def _with_preview(file: RunFile, preview: Preview | None) -> RunFile:
    if preview is None or file.image is not None:
        return file._replace(preview=preview)
    return file._replace(preview=preview, image=ImageSize(preview.width, preview.height))


def _list_paths(store: Store, document: Mapping[str, Any]) -> Iterator[bytes]:
    run_dir = store.run_dir(document["id"])
    given = _given_paths(store.repo, document, run_dir) | {os.fsencode(KEPT)}
    return walk_left(os.fsencode(run_dir), given)


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


def _read_file(store: Store, place: Path, path: bytes) -> RunFile | None:
    found = place.lstat()
    if stat.S_ISLNK(found.st_mode):
        return RunFile(path, 0, link=os.fsencode(os.readlink(place)), is_here=_exists(place))
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


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:
        return False  # a link that leads to itself


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
    """Sizes of the files that may have been copied for the run, by path."""
    folder = path_bytes(document["command"]["cwd"] or ".")
    return {
        posixpath.normpath(posixpath.join(folder, path_bytes(file["path"]))): file.get("size")
        for each in document["inputs"]
        for file in each["files"]
    }
