"""What files hold, as digests; files that nobody has touched since are not read again."""

from __future__ import annotations

import hashlib
import os
import stat
import time
import zlib
from collections.abc import Callable, Generator, Iterable
from io import FileIO
from pathlib import Path
from typing import NamedTuple, TypeAlias

from git_gage.runs.inputs.model import InputError
from git_gage.safe import clean

DOS_TO_UNIX = "md5-dos2unix"
"""How DVC before 3.0 made its md5: over texts without the CR of their line ends."""

# As DVC does it: it reads a file in chunks, and knows texts by how they begin.
_CHUNK = 1 << 20
_START = 512
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"
# Lines of notes that are written together.
_BATCH = 1000
# A file that changes again this soon may keep its time: a clock that ticks slowly.
_RACY_NS = 2_000_000_000


class Hashed(NamedTuple):
    """A file by its path below the folder that was asked for."""

    path: bytes
    digest: str
    size: int
    mtime_ns: int


_Stamp: TypeAlias = tuple[int, ...]
"""What changes whenever a file does: device, inode, size, times of its content and its entry."""


class _Note(NamedTuple):
    path: bytes
    stamp: _Stamp
    digest: str


def hash_files(
    top: bytes,
    paths: Iterable[bytes],
    cache: Path,
    *,
    algorithm: str = "sha256",
    clock: Callable[[], float] = time.time,
) -> Generator[Hashed]:
    """The digest of each path below `top`; the paths come sorted as bytes.

    `cache` is the file that saves work the next time. It is used where a file has the same size,
    times, device and inode as then, and was left alone for two seconds before it was read.

    Raises: InputError for what is no plain file or changes meanwhile; OSError.
    """
    keeper = _Keeper(cache)
    try:
        for path in paths:
            full = os.path.join(top, path)
            stamp = _stamp(full, os.stat(full))
            digest = keeper.find(path, stamp)
            if digest is None:
                digest = _hash_file(full, stamp, algorithm)
            _, _, size, mtime_ns, ctime_ns = stamp
            if max(mtime_ns, ctime_ns) + _RACY_NS < clock() * 1e9:
                keeper.keep(_Note(path, stamp, digest))
            yield Hashed(path, digest, size, mtime_ns)
        keeper.finish()
    finally:
        keeper.close()


def _stamp(path: bytes, found: os.stat_result) -> _Stamp:
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"'{clean(os.fsdecode(path))}' is not a plain file")
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _hash_file(path: bytes, stamp: _Stamp, algorithm: str) -> str:
    with open(path, "rb") as file:
        is_text = algorithm == DOS_TO_UNIX and _is_text(file.read(_START))
        file.seek(0)
        digest = hashlib.new(algorithm.partition("-")[0], usedforsecurity=False)
        while chunk := file.read(_CHUNK):
            digest.update(chunk.replace(b"\r\n", b"\n") if is_text else chunk)
        if _stamp(path, os.fstat(file.fileno())) != stamp:
            raise InputError(f"'{clean(os.fsdecode(path))}' changes while it is read")
    return digest.hexdigest()


def _is_text(start: bytes) -> bool:
    return b"\0" not in start and len(start.translate(None, _TEXT)) <= 0.3 * len(start)


class _Keeper:
    """Notes of the last time, read along with the walk, and a new file of notes beside.

    Nothing of it is needed: what cannot be read is found out again, what cannot be written is
    not kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old = _read_notes(path)
        self._next = next(self._old, None)
        self._fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        self._lines: list[bytes] = []
        self._file = _create(self._fresh)

    def find(self, path: bytes, stamp: _Stamp) -> str | None:
        while self._next is not None and self._next.path < path:
            self._next = next(self._old, None)
        note = self._next
        return note.digest if note is not None and note[:2] == (path, stamp) else None

    def keep(self, note: _Note) -> None:
        numbers = " ".join(map(str, note.stamp))
        line = b"%s %s %s" % (numbers.encode(), note.digest.encode(), note.path)
        self._lines.append(b"%08x %s\0" % (zlib.crc32(line), line))
        if len(self._lines) >= _BATCH:
            self._write()

    def finish(self) -> None:
        """All was seen: the new notes take the place of the old ones."""
        self._write()
        if self._file is not None:
            self._file.close()
            self._file = None
            try:
                self._fresh.replace(self._path)
            except OSError:
                self._fresh.unlink(missing_ok=True)

    def close(self) -> None:
        self._old.close()
        if self._file is not None:
            self._abandon(self._file)

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        if self._file is not None:
            try:
                self._file.write(b"".join(lines))
            except OSError:
                self._abandon(self._file)

    def _abandon(self, file: FileIO) -> None:
        file.close()
        self._file = None
        self._fresh.unlink(missing_ok=True)


def _create(path: Path) -> FileIO | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileIO(path, "wb")
    except OSError:
        return None


def _read_notes(path: Path) -> Generator[_Note]:
    """Notes up to the first one that is damaged."""
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        rest = b""
        while chunk := file.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\0")
            for line in lines:
                crc, _, text = line.partition(b" ")
                if crc != b"%08x" % zlib.crc32(text):
                    return
                *numbers, digest, name = text.split(b" ", 6)
                yield _Note(name, tuple(map(int, numbers)), digest.decode())
