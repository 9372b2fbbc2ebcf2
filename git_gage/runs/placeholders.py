"""What stands in the place of a file of a run that was taken off this disk.

Source: docs/format.md, "Placeholders".
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.metrics.lines import open_regular
from git_gage.records import encode_path, path_text, short_id
from git_gage.safe import clean
from git_gage.safe_paths import check_file
from git_gage.system import remove_file, replace_file, sync_folder

if TYPE_CHECKING:
    from git_gage.files.manifest import Entry
    from git_gage.store import Store

MAX_PLACEHOLDER = 64 << 10
_MAGIC = b'{"git-gage":"dropped",'
# What a disk says of a name that it does not take: FAT of a `:`, any of a path that is too long.
_NO_NAME = (errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG)


class NoPlaceError(IntegrityError):
    """A file cannot lie in the directory of its run, whatever becomes of the others."""

    def __init__(self, run: str, entry: Entry, why: str) -> None:
        self.entry = entry
        super().__init__(
            f"no file is made for '{path_text(entry.path)}' of run {short_id(run)}: {why}",
            hint="'git gage cat <run>:<path>' prints what it holds",
        )


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
        with open_regular(place) as file:
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
        with open_regular(place) as file:
            value: dict[str, Any] = json.loads(file.read(MAX_PLACEHOLDER))
        remotes = tuple(map(str, value["remotes"]))
        return Placeholder(str(value["sha256"]), int(value["size"]), remotes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"read placeholder '{clean(str(place))}': it is damaged") from error


def put_placeholder(store: Store, run: str, entry: Entry, remotes: Sequence[str]) -> None:
    """Let a placeholder take the place of a file of a run; after a kill either is there, whole.

    Its bytes are on the disk still as long as the sidecar, or another run, has them.
    Raises: NoPlaceError; OSError.
    """
    with make_place(store, run, entry) as place:
        write_whole(place, format_placeholder(run, entry, remotes), 0o444)


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


@contextmanager
def make_place(store: Store, run: str, entry: Entry) -> Iterator[Path]:
    """Where a file of a run is to be written, with the folders above it, none of which is a link.

    Raises: NoPlaceError where one is, or its name is not taken, by the disk neither.
    """
    top = store.run_dir(run)
    place = top / os.fsdecode(entry.path)
    if not os.path.lexists(place) and (why := check_file(entry.path)):
        raise NoPlaceError(run, entry, why)
    try:
        top.mkdir(parents=True, exist_ok=True)
        folder = top
        for name in os.fsdecode(entry.path).split("/")[:-1]:
            folder /= name
            try:
                folder.mkdir()
            except FileExistsError:
                if not stat.S_ISDIR(folder.lstat().st_mode):
                    raise NoPlaceError(
                        run, entry, f"'{clean(str(folder))}' is no folder of the run"
                    ) from None
        yield place
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise
        why = f"this disk takes no such name: {os.strerror(error.errno).lower()}"
        raise NoPlaceError(run, entry, why) from error
