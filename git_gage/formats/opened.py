"""Files of others, opened with care: nothing is followed, and nothing is read without a limit."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from git_gage.config.documents import DocumentError, read_value
from git_gage.formats.model import BrokenError, RunPart, counted
from git_gage.metrics.lines import open_regular
from git_gage.safe_paths import check_path, find_collisions
from git_gage.system import with_slashes

MAX_FILE = 16 << 20
"""Of a file that is read whole."""
MAX_FILES = 100_000
"""So many files of a run are carried."""
_Told = Counter[tuple[str, str]]


def read_bytes(path: Path, limit: int = MAX_FILE) -> bytes:
    """A whole file.

    Raises: BrokenError where it cannot be read, or is longer than `limit` bytes.
    """
    with open_plain(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise BrokenError(f"'{path.name}' is larger than {limit >> 20} MiB")
    return data


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """A plain file to read. A link is none: it may lead to what is nobody's but the user's.

    Raises: BrokenError where it cannot be read.
    """
    try:
        if path.is_symlink() or path.parent.is_symlink():
            raise OSError("it is a symbolic link")
        with open_regular(path) as file:
            yield file
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BrokenError(f"'{path.name}' cannot be read: {reason}") from error


def read_text(path: Path, limit: int = MAX_FILE) -> str:
    """The same as text.

    Raises: BrokenError.
    """
    try:
        return read_bytes(path, limit).decode()
    except UnicodeDecodeError as error:
        raise BrokenError(f"'{path.name}' is not text in UTF-8") from error


def read_object(path: Path, kind: str) -> dict[str, Any]:
    """The table that a file of this kind (yaml, json) holds.

    Raises: BrokenError.
    """
    value = parse(read_bytes(path), kind, path.name)
    if not isinstance(value, dict):
        raise BrokenError(f"'{path.name}' holds no names and values")
    return value


def parse(data: bytes, kind: str, name: str) -> Any:
    """What YAML or JSON says. JSON is read as tools write it: NaN is a number.

    Raises: BrokenError.
    """
    try:
        return json.loads(data) if kind == "json" else read_value(data, kind)
    except DocumentError as error:
        raise BrokenError(f"'{name}': {error.message}") from error
    except (ValueError, RecursionError) as error:
        raise BrokenError(f"'{name}' is not {kind.upper()}") from error


def newest_change(top: Path) -> float:
    """When a file in a folder was changed last, in Unix seconds; 0 where there is none."""
    newest = 0.0
    for path in _walk(os.fsencode(top), b"", Counter()):
        newest = max(newest, os.lstat(os.path.join(os.fsencode(top), path)).st_mtime)
    return newest


def list_parts(
    top: Path, left_out: list[str], *, skip: frozenset[bytes] = frozenset()
) -> list[RunPart]:
    """The plain files in a folder, by their paths, without the folders and files named in `skip`.

    What cannot be carried is told in `left_out`: links, names that no other system takes.
    """
    told: _Told = Counter()
    encoded = os.fsencode(top)
    paths = [path for path in _walk(encoded, b"", told) if path.split(b"/")[0] not in skip]
    clashes = find_collisions(paths) if len(paths) <= MAX_FILES else {}
    kept = []
    for path in paths[:MAX_FILES]:
        if path in clashes or check_path(path) is not None:
            _count(told, "file", " with a name not every system takes")
        else:
            kept.append(RunPart(path, top / os.fsdecode(path)))
    if len(paths) > MAX_FILES:
        told["file", f" beyond the first {MAX_FILES:,}"] = len(paths) - MAX_FILES
    left_out.extend(counted(count, *what) for what, count in told.items())
    return kept


def _walk(top: bytes, folder: bytes, told: _Told) -> Iterator[bytes]:
    """Paths of plain files, with slashes, sorted in each folder."""
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        _count(told, "folder", " not readable")
        return
    for entry in found:
        path = with_slashes(os.path.join(folder, entry.name))
        if entry.is_symlink():
            _count(told, "symbolic link")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(top, path, told)
        elif entry.is_file(follow_symlinks=False):
            yield path
        else:
            _count(told, "special file")


def _count(told: _Told, noun: str, rest: str = "") -> None:
    told[noun, rest] += 1
