"""Small files that stand where the link to an input was, once its run is closed.

Source: docs/format.md, "References".
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError, RequestError
from git_gage.records import decode_path, encode_path, is_run_id, short_id
from git_gage.safe import clean
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.store import Store

_MAGIC = b'{"git-gage":"reference",'
# Nobody's path is as long as this; a file that is larger is no reference.
_MAX_BYTES = 64 << 10
_MAX_STEPS = 32


class Reference(NamedTuple):
    """What a reference says: a file (or folder, with its digest) of a run, or outside of runs.

    path: below the run's directory, below the work tree, or absolute.
    """

    run: str | None
    path: bytes
    digest: str
    size: int
    is_folder: bool


def format_reference(reference: Reference) -> bytes:
    """The content of a reference file."""
    value = {
        "git-gage": "reference",
        "type": "dir" if reference.is_folder else "file",
        "run": reference.run,
        "path": encode_path(reference.path),
        "sha256": reference.digest,
        "size": reference.size,
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def read_reference(path: Path) -> Reference | None:
    """What a reference file says; None for anything else.

    Raises: IntegrityError for one that is damaged; OSError.
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        content = file.read(len(_MAGIC))
        if content != _MAGIC:
            return None
        content += file.read(_MAX_BYTES)
    try:
        return parse_reference(content)
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"read reference '{clean(str(path))}': it is damaged") from error


def parse_reference(content: bytes) -> Reference:
    """What the content of a reference says.

    Raises: ValueError, KeyError, TypeError for one that is damaged.
    """
    return _parse(json.loads(content))


def _parse(value: dict[str, Any]) -> Reference:
    run, path = value["run"], decode_path(value["path"])
    if run is not None and (not is_run_id(run) or leads_out(path)):
        raise ValueError
    return Reference(run, path, str(value["sha256"]), int(value["size"]), value["type"] == "dir")


def leads_out(path: bytes) -> bool:
    """Whether a path that somebody recorded is not below where it begins."""
    return os.path.isabs(path) or b".." in path.split(b"/")


def origin_of(path: Path, run: str | None, store: Store) -> bytes:
    """How a reference names a file: from the run's directory, or the work tree if it is in it."""
    base = store.repo.work_tree if run is None else store.run_dir(run)
    inside = base is not None and path.is_relative_to(base)
    place = path.relative_to(base) if base is not None and inside else path
    return with_slashes(os.fsencode(place))


def follow_reference(path: Path, store: Store) -> tuple[Path, Reference | None]:
    """The file or folder that holds the content, and the last reference on the way to it.

    Without a reference it is `path` itself. What is found is not compared with the digest.

    Raises: RequestError where it is not here; IntegrityError for a damaged one; OSError.
    """
    last = None
    for _ in range(_MAX_STEPS):
        found = read_reference(path)
        if found is None:
            return path, last
        last, path = found, _place_of(found, store)
        if not path.exists():
            raise _not_here(found)
    raise IntegrityError(f"read reference '{clean(str(path))}': too many references in a row")


def _place_of(reference: Reference, store: Store) -> Path:
    text = os.fsdecode(reference.path)
    if reference.run is not None:
        return store.run_dir(reference.run) / text
    return (store.repo.work_tree or store.repo.cwd) / text


def _not_here(reference: Reference) -> RequestError:
    path = clean(os.fsdecode(reference.path))
    if reference.run is None:
        return RequestError(f"'{path}' is not here any more", hint=f"put it back: {path}")
    run = short_id(reference.run)
    return RequestError(f"'{path}' of run {run} is not in this clone", hint=f"git gage show {run}")
