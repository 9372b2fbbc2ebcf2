"""What stands in the place of a file of a run that was taken off this disk.

Source: docs/format.md, "Placeholders".
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.records import encode_path, short_id
from git_gage.safe_paths import check_path
from git_gage.system import remove_file, replace_file, sync_folder

if TYPE_CHECKING:
    from git_gage.files.manifest import Entry
    from git_gage.store import Store

MAX_PLACEHOLDER = 64 << 10
_MAGIC = b'{"git-gage":"dropped",'


class Placeholder(NamedTuple):
    """What a placeholder says: the file it stands for, and which remotes were known to hold it."""

    sha256: str
    size: int
    remotes: tuple[str, ...]


def format_placeholder(run: str, entry: Entry, remotes: Sequence[str]) -> bytes:
    """The content of a placeholder."""
    value = {
        "git-gage": "dropped",
        "run": run,
        "path": encode_path(entry.path),
        "sha256": entry.sha256,
        "size": entry.size,
        "remotes": list(remotes),
        "get": f"git gage files pull {short_id(run)}",
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def is_placeholder(place: Path) -> bool:
    """Whether a plain file stands for another one."""
    try:
        with place.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_placeholder(place: Path) -> Placeholder | None:
    """What a placeholder says; None for anything else.

    Raises: IntegrityError for one that is damaged.
    """
    if place.is_symlink() or not is_placeholder(place):
        return None
    try:
        with place.open("rb") as file:
            value: dict[str, Any] = json.loads(file.read(MAX_PLACEHOLDER))
        remotes = tuple(map(str, value["remotes"]))
        return Placeholder(str(value["sha256"]), int(value["size"]), remotes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"read placeholder '{place}': it is damaged") from error


def put_placeholder(store: Store, run: str, entry: Entry, remotes: Sequence[str]) -> None:
    """Let a placeholder take the place of a file of a run; after a kill either is there, whole.

    Its bytes are on the disk still as long as the sidecar, or another run, has them.
    Raises: IntegrityError where there is no safe place for it; OSError.
    """
    write_whole(make_place(store, run, entry), format_placeholder(run, entry, remotes), 0o444)


def write_whole(place: Path, content: bytes, mode: int) -> None:
    """Write a small file in place of what is there; after a kill either is there, whole.

    Raises: OSError.
    """
    fresh = place.with_name(f".gage-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(mode)
        replace_file(fresh, place)
    finally:
        remove_file(fresh)
    sync_folder(place.parent)


def make_place(store: Store, run: str, entry: Entry) -> Path:
    """Where a file of a run lies, with the folders above it, none of which is a link.

    Raises: IntegrityError.
    """
    top = store.run_dir(run)
    place = top / os.fsdecode(entry.path)
    if not os.path.lexists(place) and (why := check_path(entry.path)):
        raise IntegrityError(f"no file is made for '{os.fsdecode(entry.path)}': {why}")
    top.mkdir(parents=True, exist_ok=True)
    folder = top
    for name in os.fsdecode(entry.path).split("/")[:-1]:
        folder /= name
        try:
            folder.mkdir()
        except FileExistsError:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise IntegrityError(f"'{folder}' is no folder of the run") from None
    return place
