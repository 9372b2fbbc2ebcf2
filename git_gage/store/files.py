"""Small files of the store: written whole or not at all, and the lock they are written under."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from git_gage.errors import FREE_SPACE, GageError, RequestError
from git_gage.system import is_locked, lock_file, open_file, remove_file, replace_file, sync_folder

_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class StorageError(GageError):
    """The disk refused a write; what was there before is untouched."""


@contextmanager
def explained(path: Path, attempt: str) -> Iterator[None]:
    """Turn what the operating system says of a write into an error of ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _READ_ONLY:
            raise RequestError(
                f"{attempt}: no permission to write in '{path}'",
                hint="reading still works, for example 'git gage list'",
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"{attempt}: no space left on the disk of '{path}'",
                hint=FREE_SPACE,
            ) from error
        raise StorageError(f"{attempt}: {error.strerror or error} ('{path}')") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object in a small state file; empty where there is none or it is damaged.

    State files only save work: whatever they say can be found out again from refs and journals.
    """
    try:
        return parse_json(path.read_bytes())
    except FileNotFoundError:
        return {}


def parse_json(content: bytes) -> dict[str, Any]:
    """The same of the content of such a file."""
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any], *, durable: bool = False) -> None:
    """Replace a state file; after a kill it is the old one or the new one, whole.

    After a power cut that is sure only of a `durable` one; others can be found out again.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with explained(path.parent, f"write {path.name}"):
        try:
            with fresh.open("wb") as file:
                file.write(json.dumps(value, sort_keys=True).encode() + b"\n")
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            replace_file(fresh, path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        if durable:
            sync_folder(path.parent)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write what the user wants in a file: that stays as it was until all is written.

    A pipe or device is written as it is, and so is a file in a folder where there can be no other.
    """
    import shutil  # few commands write a file for the user

    target = Path(os.path.realpath(path))
    if (target.exists() and not target.is_file()) or not os.access(target.parent, os.W_OK):
        yield target
        return
    fresh = target.with_name(f".gage-{os.getpid()}.part")
    try:
        yield fresh
        if target.exists():
            shutil.copymode(target, fresh)
        replace_file(fresh, target)
    finally:
        remove_file(fresh)


def make_folder(path: Path) -> None:
    with explained(path, "make folder"):
        path.mkdir(parents=True, exist_ok=True)


class Lock:
    """The clone's write lock, taken again freely by the process that holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._depth = 0
        self._handle = -1

    @contextmanager
    def held(self) -> Iterator[None]:
        if self._depth == 0:
            with explained(self._path.parent, "lock the store"):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._handle = open_file(self._path, os.O_RDWR | os.O_CREAT)
            lock_file(self._handle)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                os.close(self._handle)


def is_held(path: Path) -> bool:
    """Whether a living process on this machine holds the lock on a file.

    The kernel lets go when the holder dies, however it dies, so this can't be fooled by a
    process id that was used again.
    """
    try:
        handle = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return is_locked(handle)
    finally:
        os.close(handle)
