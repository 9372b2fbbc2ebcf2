"""The journal: every record is here, synced, before anything else happens with it.

Each process appends to a file of its own and holds a lock on it while it lives; one process at a
time moves what the files hold into git. Source: docs/format.md, "Journal".
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from git_gage.store.files import explained, is_held, make_folder
from git_gage.system import host_name, lock_file, open_file, remove_file, sync_folder

DAY_PREFIX = "day-"
KEEP_S = 24 * 3600


class Journal:
    """This process's own file, made at the first record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = -1
        self._size = 0
        self.name: str | None = None

    def append(self, line: bytes) -> None:
        """Write a record's line so that it survives a power cut.

        Raises: StorageError, with the file as it was, when the disk is full.
        """
        if self._handle < 0:
            self._create()
        with explained(self._folder, "write journal"):
            self._write(line + b"\n")

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _create(self) -> None:
        make_folder(self._folder)
        name = f"{int(time.time() * 1000)}-{os.getpid()}-{os.urandom(3).hex()}.jsonl"
        with explained(self._folder, "write journal"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._handle = open_file(self._folder / name, flags)
            lock_file(self._handle)
            self._write(_header())
            sync_folder(self._folder)
        self.name = name

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._handle, data)
            while written < len(data):
                written += os.write(self._handle, data[written:])
            os.fsync(self._handle)
        except OSError:
            # Half a line would swallow the next record.
            os.ftruncate(self._handle, self._size)
            raise
        self._size += len(data)


def _header() -> bytes:
    head = {"journal": 1, "host": host_name(), "pid": os.getpid()}
    return json.dumps(head).encode() + b"\n"


def list_journals(folder: Path) -> list[str]:
    """Names of the open journals, oldest first."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name for name in names if name.endswith(".jsonl") and name[0].isdigit())


def read_journal(folder: Path, name: str, offset: int) -> tuple[list[bytes], int]:
    """Whole record lines from a byte offset on, and the offset after them.

    A journal that has been moved into git meanwhile reads as empty: its records are in the lanes.
    """
    try:
        with (folder / name).open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    end = data.rfind(b"\n") + 1
    lines = data[:end].split(b"\n")[:-1]
    if offset == 0:
        lines = lines[1:]
    return [line for line in lines if line], offset + end


def retire_journal(folder: Path, name: str, reached: int, now: float) -> None:
    """Move a journal whose writer is gone to the file of its day.

    `reached` is the offset up to which it is in git. Nothing happens where that is not its end:
    since it was read the writer may have added to it and gone; or, where it has no first line yet,
    it was just made, and its lock is about to be taken.
    """
    path = folder / name
    if is_held(path) or read_journal(folder, name, reached)[0]:
        return
    if reached == 0 and now - path.stat().st_mtime < KEEP_S:
        return
    lines, _ = read_journal(folder, name, 0)
    day = folder / f"{DAY_PREFIX}{time.strftime('%Y%m%d', time.gmtime(now))}.jsonl"
    with explained(folder, "keep journal"):
        with day.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        remove_file(path)


def kept_lines(folder: Path, offsets: Mapping[str, int]) -> list[bytes]:
    """Lines of the last day that are in git: what a damaged lane is mended from.

    They are in retired journals, and in open ones up to an offset. Hold the store's lock.
    """
    lines: list[bytes] = []
    for path in sorted(folder.glob(f"{DAY_PREFIX}*.jsonl")):
        lines += [line for line in path.read_bytes().split(b"\n") if line.startswith(b"{")]
    for name in list_journals(folder):
        reached = (folder / name).read_bytes()[: offsets.get(name, 0)]
        lines += reached.split(b"\n")[1:-1]
    return lines


def drop_old_days(folder: Path, now: float) -> None:
    """Delete day files that are not needed any more."""
    for path in list_old_days(folder, now):
        path.unlink(missing_ok=True)


def list_old_days(folder: Path, now: float) -> list[Path]:
    """Day files that nothing was added to for a day, but the newest.

    What went into the lane last can be mended from that alone.
    """
    days = sorted(folder.glob(f"{DAY_PREFIX}*.jsonl"))[:-1]
    return [path for path in days if now - path.stat().st_mtime > KEEP_S]
