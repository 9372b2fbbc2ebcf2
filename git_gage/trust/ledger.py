"""What a clone remembers in files: some only grow, a time and a few words a line.

Source: docs/format.md, "On disk".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from git_gage.system import lock_file

# Until the year 5138; longer words are no times.
_TIME_CHARS = 14


def append_notes(path: Path, now: float, notes: Iterable[Sequence[str]]) -> None:
    """Add lines, all or, after a kill, the first of them. Where nothing can be written, none.

    What these files remember helps with later verdicts; a repository that can only be read is
    judged all the same. `now` is Unix seconds; words are without white space.
    """
    ms = int(now * 1000)
    text = "".join(f"{ms} {' '.join(words)}\n" for words in notes).encode()
    if not text:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
    except OSError:
        return
    with file:
        lock_file(file.fileno())
        file.write(_end_of_torn_line(file) + text)


def read_notes(path: Path, words: int) -> Iterator[tuple[float, list[str]]]:
    """Unix seconds and the words of each line that has so many; others, such as a torn one, are
    passed over."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.split("\n"):
        when, *found = line.split(" ")
        is_time = when.isascii() and when.isdigit() and len(when) <= _TIME_CHARS
        if is_time and len(found) == words:
            yield int(when) / 1000, found


def replace_file(path: Path, text: str, *, durable: bool = False) -> None:
    """Write a file whole or not at all; a `durable` one also survives a power cut.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _end_of_torn_line(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    return b"\n" if size and file.read(1) != b"\n" else b""
