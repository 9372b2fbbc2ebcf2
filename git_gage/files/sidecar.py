"""Large files by what they hold, once each, whichever runs have them.

Objects lie as git-lfs keeps them, so with `lfs.storage` set to the root that program reads and
writes the same ones. A run's file and its object share their bytes wherever the file system can: as
a clone of extents (reflink), else as two names of one inode, which nobody may write any more.

Source: docs/format.md, "Sidecar"; git-lfs, docs/spec.md, "Intercepting Git".
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import IntegrityError
from git_gage.files.notes import Notes, Stamp, stamp_of
from git_gage.system import clone_file, remove_file, replace_file, sync_folder

if TYPE_CHECKING:
    from io import FileIO

# What is read, hashed and written again stays in the processor's cache.
BLOCK = 256 << 10
_NAME = re.compile(r"[0-9a-f]{64}")
_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Sidecar:
    """The store at `root`; nothing is made there before something is put in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where an object is, or would be.

        Raises: IntegrityError for what is no sha256: it may be what somebody else recorded.
        """
        return self.root / "objects" / _check(sha256)[:2] / sha256[2:4] / sha256

    def has(self, sha256: str, size: int) -> bool:
        """Whether the object is here with all its bytes; they are not read."""
        return _size(self.path(sha256)) == size

    def is_sound(self, sha256: str, size: int) -> bool:
        """Whether the object is here as it was put in; it is read if somebody touched it since."""
        place = self.path(sha256)
        if not self.has(sha256, size):
            return False
        stamp = stamp_of(place.stat())
        if not self._sound.knows(sha256, stamp):
            if digest_file(place) != (sha256, size):
                return False
            self._note(sha256, stamp)
        return True

    def list(self) -> Iterator[tuple[str, int]]:
        """sha256 and size of each object, sorted."""
        for path in sorted(self.root.glob("objects/??/??/*")):
            size = _size(path) if _NAME.fullmatch(path.name) else None
            if size is not None and path == self.path(path.name):
                yield path.name, size

    def take(self, path: Path, sha256: str) -> None:
        """Keep a file under its digest, which the caller has just found; `path` stays as it is.

        Both are read-only afterwards. Where the object is here already and sound, the file becomes
        another name of it, so that its bytes are on the disk once.

        Raises: OSError, on a full disk for example; then no byte has changed.
        """
        place = self.path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _WRITE:
            path.chmod(mode & ~_WRITE)
        if _size(place) != _size(path):
            self._fill(place, path)
        elif not os.path.samefile(place, path):
            self._unite(place, path, sha256)
        self._note(sha256, stamp_of(place.stat()))

    def put(self, sha256: str, target: Path, mode: int) -> None:
        """Give an object the name `target`, in place of a file there; folders are made.

        What may be written gets bytes of its own.

        Raises: FileNotFoundError where the object is not here; IntegrityError where it is damaged,
        as far as it was read; OSError.
        """
        place = self.path(sha256)
        before = stamp_of(place.stat())
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = _fresh_name(target.parent)
        try:
            shared = stat.S_IMODE(place.stat().st_mode) == mode and not mode & _WRITE
            if not _clone(place, fresh) and not (shared and _link(place, fresh)):
                _copy(place, fresh, sha256)
            if stat.S_IMODE(fresh.stat().st_mode) != mode:
                fresh.chmod(mode)
            replace_file(fresh, target)
        finally:
            # Two names of one inode: to rename one to the other does nothing at all.
            remove_file(fresh)
        # Another name changes no byte, and the ctime.
        now = stamp_of(place.stat())
        if self._sound.knows(sha256, now._replace(ctime_ns=before.ctime_ns)):
            self._note(sha256, now)

    def incoming(self, sha256: str) -> Path:
        """Where the bytes of an object are gathered while they arrive, over several attempts."""
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / _check(sha256)

    def half(self) -> Iterator[Path]:
        """Files with what is on its way in, or was when something cut it short."""
        for folder in ("incoming", "tmp"):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path != self.root / "incoming" / "lock":
                    yield path

    def accept(self, sha256: str, size: int, part: Path) -> None:
        """Move in what has arrived, which is on the same disk.

        Raises: IntegrityError where it is something else, and then it is gone; OSError.
        """
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = file.tell()
            if (digest, found) == (sha256, size):
                os.fsync(file.fileno())
        if (digest, found) != (sha256, size):
            remove_file(part)
            raise damaged_object(sha256)
        part.chmod(0o444)
        place = self.path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_file(part, place)
        sync_folder(place.parent)
        self._note(sha256, stamp_of(place.stat()))

    def remove(self, sha256: str) -> None:
        """Take an object away, if it is here; other names of its inode stay."""
        remove_file(self.path(sha256))

    def forget(self, sha256: str) -> None:
        """Let an object be read before it counts as sound: a disk that goes bad changes no time."""
        self._note(sha256, Stamp(0, 0, 0, 0))

    @cached_property
    def _sound(self) -> Notes:
        return Notes(self.root / "sound")

    def _note(self, sha256: str, stamp: Stamp) -> None:
        try:
            self._sound.add(sha256, stamp)
        except OSError:
            pass  # who may not write here, or has no room, reads it again

    def _fill(self, place: Path, path: Path) -> None:
        fresh = _fresh_name(self._temporary())
        try:
            if not _clone(path, fresh) and not _link(path, fresh):
                _copy(path, fresh, place.name)
            fresh.chmod(stat.S_IMODE(path.stat().st_mode))
            replace_file(fresh, place)
        finally:
            remove_file(fresh)

    def _unite(self, place: Path, path: Path, sha256: str) -> None:
        """Let a file have the bytes of an object, if these are what they were."""
        with place.open("rb") as file:
            sound = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        if not sound:
            self._fill(place, path)
            return
        found, mine = place.stat(), path.stat()
        fresh = _fresh_name(path.parent)
        try:
            same = (found.st_mode, found.st_dev) == (mine.st_mode, mine.st_dev)
            if _clone(place, fresh):
                fresh.chmod(stat.S_IMODE(mine.st_mode))
                os.utime(fresh, ns=(mine.st_atime_ns, mine.st_mtime_ns))
                replace_file(fresh, path)
            elif same and _link(place, fresh):
                replace_file(fresh, path)
        finally:
            remove_file(fresh)

    def _temporary(self) -> Path:
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def damaged_object(sha256: str, place: Path | None = None) -> IntegrityError:
    """What is said of an object that came as something else; `place`: where it lies, if known."""
    where = place or f"objects/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    return IntegrityError(
        f"receive file {sha256[:12]}: it arrived damaged",
        hint=f"try again; if it stays so, delete '{where}' there: then whoever has the file can "
        "push it again",
        sha256=sha256,
    )


def digest_file(path: Path) -> tuple[str, int]:
    """sha256 and size of a file.

    Raises: OSError.
    """
    with path.open("rb", buffering=0) as file:
        return digest_open_file(file)


def digest_open_file(file: FileIO) -> tuple[str, int]:
    """The same from where a file is open to its end."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(BLOCK))
    size = 0
    while count := file.readinto(block):
        digest.update(block[:count])
        size += count
    return digest.hexdigest(), size


def _check(sha256: str) -> str:
    if _NAME.fullmatch(sha256) is None:
        raise IntegrityError(f"find file '{sha256}': that is no sha256")
    return sha256


def _size(path: Path) -> int | None:
    """Bytes of a plain file; None for anything else."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _fresh_name(folder: Path) -> Path:
    return folder / f".gage-{os.getpid()}-{os.urandom(4).hex()}"


def _clone(source: Path, fresh: Path) -> bool:
    if clone_file(source, fresh):
        return True
    remove_file(fresh)
    return False


def _link(source: Path, fresh: Path) -> bool:
    """Whether a file has another name now: not across disks, nor with too many names already."""
    try:
        os.link(source, fresh)
    except OSError:
        return False
    return True


def _copy(source: Path, fresh: Path, sha256: str) -> None:
    """Copy what has a digest, and see that it still does; durable when this returns."""
    digest = hashlib.sha256()
    with source.open("rb") as read, fresh.open("xb") as write:
        while block := read.read(BLOCK):
            digest.update(block)
            write.write(block)
        write.flush()
        os.fsync(write.fileno())
    if digest.hexdigest() != sha256:
        raise IntegrityError(f"copy file {sha256[:12]}: '{source}' does not hold it any more")
