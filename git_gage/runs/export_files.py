"""Files of a run copied to a folder of the user's, who may do with them what they like."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError, RequestError
from git_gage.files.globs import match_globs
from git_gage.files.manifest import GENERATED
from git_gage.records import path_text, short_id
from git_gage.runs.content import AbsentFileError, ChangedFileError, open_entry
from git_gage.runs.files import NOT_HERE, Filed, read_filed_of
from git_gage.safe import clean
from git_gage.safe_paths import check_file, check_link, find_collisions
from git_gage.system import remove_file, replace_file

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.files.manifest import Entry
    from git_gage.store import Store

CHANGED = "changed here, and not what was recorded"
_BLOCK = 1 << 20
_SHOWN = 5


class Exported(NamedTuple):
    """How many files were copied, with how many bytes; those that could not be, and why.

    absent: what is said of each of those that are not here.
    """

    files: int
    size: int
    left: list[tuple[str, str]]
    absent: list[AbsentFileError]


def export_files(
    store: Store,
    catalog: Catalog,
    document: Mapping[str, Any],
    folder: Path,
    globs: Sequence[str],
    *,
    force: bool,
) -> Exported:
    """Copy what a run made, or those of it that are meant, as files that can be written.

    Raises: RequestError where nothing is meant, or something is in the way; then nothing was
    copied. OSError; IntegrityError for what is not what was recorded.
    """
    run = short_id(document["id"])
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        raise RequestError(
            f"nothing is recorded of files of run {run}", hint=f"git gage show {run} --files"
        )
    is_meant = match_globs(globs)
    entries = [
        each for each in filed.manifest.entries if each.role == GENERATED and is_meant(each.path)
    ]
    if not entries:
        raise RequestError(f"run {run} has no such file", hint=f"git gage ls-files {run}")
    refused = _find_refused(entries) if catalog.is_foreign(document["id"]) else {}
    entries = [each for each in entries if each.path not in refused]
    _require_places(folder, entries)
    if not force:
        _require_room(folder, entries)
    done = _Export(store, filed, folder).export(entries)
    return done._replace(left=[*((_shown(path), why) for path, why in refused.items()), *done.left])


class _Export:
    def __init__(self, store: Store, filed: Filed, folder: Path) -> None:
        self._store = store
        self._filed = filed
        self._folder = folder
        self._absent: list[AbsentFileError] = []

    def export(self, entries: Sequence[Entry]) -> Exported:
        files = size = 0
        left = []
        for entry in entries:
            why = self._export_one(entry)
            if why is None:
                files, size = files + 1, size + entry.size
            else:
                left.append((_shown(entry.path), why))
        return Exported(files, size, left, self._absent)

    def _export_one(self, entry: Entry) -> str | None:
        """Why a file is not copied."""
        if entry.link is not None and (why := check_link(entry.path, entry.link, "the run")):
            return why
        place = self._folder / os.fsdecode(entry.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".gage-{os.getpid()}-{os.urandom(4).hex()}")
        try:
            if entry.link is not None:
                os.symlink(entry.link, fresh)
            else:
                self._copy(entry, fresh)
            replace_file(fresh, place)
        except ChangedFileError as error:
            if error.hint:
                self._absent.append(error)
            return CHANGED
        except AbsentFileError as error:
            if entry.stays_because:
                return f"{NOT_HERE}; {entry.stays_because}"
            self._absent.append(error)
            return NOT_HERE
        except OSError as error:
            # What fails in the middle of a file does not say where.
            where = error.filename or str(self._folder)
            raise OSError(error.errno, error.strerror, where) from error
        finally:
            remove_file(fresh)
        return None

    def _copy(self, entry: Entry, fresh: Path) -> None:
        # Whatever was recorded: a file of the user's can be written, and is nobody else's tool.
        mode = (entry.mode | stat.S_IWUSR) & 0o777
        if entry.sha256 is not None and self._store.sidecar.is_sound(entry.sha256, entry.size):
            self._store.sidecar.put(entry.sha256, fresh, mode)
            return
        digest = hashlib.sha256()
        with open_entry(self._store, self._filed, entry) as read, fresh.open("xb") as write:
            while block := read.read(_BLOCK):
                digest.update(block)
                write.write(block)
        if entry.sha256 not in (None, digest.hexdigest()):
            raise IntegrityError(
                f"'{_shown(entry.path)}' is not what the run made",
                hint=f"git gage files verify {short_id(self._filed.run)}",
            )
        fresh.chmod(mode)


def _require_places(folder: Path, entries: Sequence[Entry]) -> None:
    """Raises: RequestError where a folder is a file or, below `folder`, a link, or a file a folder.

    So it is known before anything is written.
    """
    nearest = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    if not nearest.is_dir():
        raise _in_the_way(nearest, "no folder")
    for path in sorted({above for each in entries for above in _folders_above(each.path)}):
        place = folder / os.fsdecode(path)
        if os.path.lexists(place) and not _is_folder(place):
            raise _in_the_way(place, "no folder")
    for each in entries:
        place = folder / os.fsdecode(each.path)
        if _is_folder(place):
            raise _in_the_way(place, "a folder")


def _folders_above(path: bytes) -> Iterator[bytes]:
    while path := posixpath.dirname(path):
        yield path


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _in_the_way(place: Path, what: str) -> RequestError:
    return RequestError(
        f"'{clean(str(place))}' is in the way: it is {what}", hint="export to another one"
    )


def _find_refused(entries: Sequence[Entry]) -> dict[bytes, str]:
    """Names of a stranger's that are not taken, and why."""
    refused = {each.path: why for each in entries if (why := check_file(each.path))}
    clashes = find_collisions(each.path for each in entries if each.path not in refused)
    return refused | {path: f"the same name as '{_shown(one)}'" for path, one in clashes.items()}


def _require_room(folder: Path, entries: Sequence[Entry]) -> None:
    there = [each.path for each in entries if os.path.lexists(folder / os.fsdecode(each.path))]
    if there:
        names = ", ".join(f"'{_shown(path)}'" for path in there[:_SHOWN])
        more = f" and {len(there) - _SHOWN:,} more" if len(there) > _SHOWN else ""
        raise RequestError(
            f"'{folder}' has them already: {names}{more}", hint="'--force' replaces them"
        )


def _shown(path: bytes) -> str:
    return path_text(path)
