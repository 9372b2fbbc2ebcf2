"""What a program printed, on disk as it comes, and an index of when.

`output` holds the bytes with redrawn lines once, in their last state. `output.idx` has one line a
piece, `<milliseconds since the start> <stream> <bytes>`; the bytes sum to the size of `output`.
Source: docs/format.md, "Bulk files".
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

from git_gage.runs.redraw import MAX_LINE, Piece, Scrollback
from git_gage.system import open_file, replace_file, write_at

STDOUT, STDERR, BOTH = "o", "e", "b"
_ENTRY = re.compile(rb"([0-9]{1,15}) ([oeb]) ([0-9]{1,15})\n")
_CHUNK = 1 << 20
# A clipped log with its marker is within the limit, so that it is not clipped again.
_MARKER_ROOM = 256


class OutputSummary(NamedTuple):
    """Size of a log; a last line without a newline counts."""

    bytes: int
    lines: int


class Entry(NamedTuple):
    """One piece of output: when, through which channel, how many bytes."""

    at_ms: int
    stream: str
    length: int


class OutputLog:
    """Append-only but for the lines a program may still redraw, which are rewritten in place.

    After each write the newest state is on disk, so a kill loses nothing that was written.
    `on_line` gets each line (without its end), and when it was printed, in milliseconds since the
    log was begun, once it is final: out of reach for redraws, or at
    the close. Lines over 64 KiB are recorded, not handed on.
    """

    def __init__(
        self,
        path: Path,
        index_path: Path,
        *,
        on_line: Callable[[bytes, int], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.error: OSError | None = None
        """Why nothing was written any more; lines are still handed to `on_line`."""
        self._closed = False
        self._on_line = on_line
        self._clock = clock
        self._scrollback = Scrollback()
        self._output = _RewrittenFile(path)
        self._index = _RewrittenFile(index_path)
        self._start = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, stream: str, data: bytes, *, tty: bool = False) -> None:
        """Record what came through a stream; from a `tty`, `\\r\\n` is a plain newline."""
        self._scrollback.feed(stream, data, self._now_ms(), tty=tty)
        self._save()
        self._let_go(self._scrollback.take_final())

    def close(self) -> None:
        """Everything becomes final. Closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._scrollback.close(self._now_ms())
        self._save()
        self._let_go(self._scrollback.take_rest())
        self._output.close()
        self._index.close()

    @property
    def final_size(self) -> int:
        """So many bytes of the log will not change any more, and were handed on."""
        return self._output.kept

    def _now_ms(self) -> int:
        return int((self._clock() - self._start) * 1000)

    def _save(self) -> None:
        stored = list(islice(self._scrollback.ended, self._scrollback.stored))
        fresh, live = self._scrollback.unstored(), self._scrollback.live()
        self._scrollback.stored += len(fresh)
        if self.error is not None:
            return
        try:
            # A kill between them leaves bytes without an entry, which read_index mends.
            self._output.put(sum(len(piece.data) for piece in stored), _data(fresh), _data(live))
            self._index.put(
                sum(len(piece.entry) for piece in stored), _entries(fresh), _entries(live)
            )
        except OSError as error:
            self.error = error

    def _let_go(self, pieces: Iterator[Piece]) -> None:
        for piece in pieces:
            self._output.keep(len(piece.data))
            self._index.keep(len(piece.entry))
            if piece.whole:
                for line in piece.data.removesuffix(b"\n").split(b"\n"):
                    if len(line) <= MAX_LINE:
                        self._on_line(line.removesuffix(b"\r"), piece.at_ms)


class _RewrittenFile:
    """A file whose end can change: kept bytes, then stored ones, then live ones."""

    def __init__(self, path: Path) -> None:
        self._handle = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self.kept = self._live_at = self._size = 0
        self._live = b""

    def keep(self, size: int) -> None:
        """So many more bytes are not stored but kept: they no longer count as stored."""
        self.kept += size

    def put(self, stored: int, fresh: bytes, live: bytes) -> None:
        """After the kept and the first `stored` bytes the file is to hold `fresh`, then `live`."""
        start, tail = self.kept + stored, fresh + live
        same = len(self._live) if start == self._live_at and tail.startswith(self._live) else 0
        rest = memoryview(tail)[same:]
        while rest:
            rest = rest[write_at(self._handle, rest, start + len(tail) - len(rest)) :]
        end = start + len(tail)
        if end < self._size:
            os.ftruncate(self._handle, end)
        self._live_at, self._live, self._size = start + len(fresh), live, end

    def close(self) -> None:
        os.close(self._handle)


def _data(pieces: Iterable[Piece]) -> bytes:
    return b"".join([piece.data for piece in pieces])


def _entries(pieces: Iterable[Piece]) -> bytes:
    return b"".join([piece.entry for piece in pieces])


def read_lines(path: Path) -> Iterator[bytes]:
    """Lines of a log as `on_line` gets them: those over 64 KiB are left out."""
    goes_on = False
    with path.open("rb") as file:
        while part := file.readline(_CHUNK):
            line = part.rstrip(b"\r\n")
            if not goes_on and len(line) <= MAX_LINE:
                yield line
            goes_on = not part.endswith(b"\n")


def summarise_output(path: Path) -> OutputSummary:
    size = lines = 0
    last = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return OutputSummary(size, lines + (last not in (b"", b"\n")))


def read_index(path: Path, output_size: int) -> list[Entry]:
    """The index of a log of that size; lengths always sum to it.

    What a killed writer left is mended: bytes without an entry are one, as of the last time.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    entries: list[Entry] = []
    left, at = output_size, 0
    while left and (found := _ENTRY.match(content, at)):
        entry = Entry(int(found[1]), found[2].decode(), min(int(found[3]), left))
        entries.append(entry)
        left -= entry.length
        at = found.end()
    if left:
        at_ms, stream, _ = entries[-1] if entries else Entry(0, BOTH, 0)
        entries.append(Entry(at_ms, stream, left))
    return entries


def clip_output(path: Path, index_path: Path, limit: int, *, whole: Path | None = None) -> bool:
    """Leave out the middle of a log over `limit` bytes; whether it was left out.

    Start and end are cut at line borders, with a line between them that says how much is missing.
    The log as it was becomes `whole` (beside it, `output.whole`, if not given), its index
    `<whole>.idx`. In any case the index agrees with the log afterwards, also after a kill.
    """
    size = path.stat().st_size
    entries = read_index(index_path, size)
    if size <= limit:
        _replace_file(index_path, [_encode_index(entries)])
        return False
    whole = whole or path.with_name(f"{path.name}.whole")
    whole.parent.mkdir(parents=True, exist_ok=True)
    _copy_file(path, whole)
    _replace_file(whole.with_name(f"{whole.name}.idx"), [_encode_index(entries)])
    head, tail = _read_ends(path, size, (limit - _MARKER_ROOM) // 2)
    left_out = size - len(head) - len(tail)
    # The last parts of the path are the same on every machine.
    place = "/".join(whole.parts[-3:])
    marker = (
        f"[git-gage: {left_out} bytes left out here; the whole output is in {place}]\n".encode()
    )
    if not head.endswith(b"\n"):
        marker = b"\n" + marker
    _replace_file(path, [head, marker, tail])
    before = list(_slice_index(entries, 0, len(head)))
    between = Entry(before[-1].at_ms, BOTH, len(marker))
    after = list(_slice_index(entries, size - len(tail), size))
    _replace_file(index_path, [_encode_index([*before, between, *after])])
    return True


def _read_ends(path: Path, size: int, half: int) -> tuple[bytes, bytes]:
    """Start and end of a file, each at most `half` bytes, of whole lines where there are any."""
    with path.open("rb") as file:
        head = file.read(half)
        file.seek(size - half)
        tail = file.read(half)
    head = head[: head.rfind(b"\n") + 1] or head
    return head, tail[tail.find(b"\n") + 1 :] or tail


def _slice_index(entries: Iterable[Entry], start: int, stop: int) -> Iterator[Entry]:
    at = 0
    for entry in entries:
        length = min(at + entry.length, stop) - max(at, start)
        if length > 0:
            yield entry._replace(length=length)
        at += entry.length


def _encode_index(entries: Iterable[Entry]) -> bytes:
    return "".join(f"{ms} {stream} {length}\n" for ms, stream, length in entries).encode()


def _copy_file(path: Path, target: Path) -> None:
    """Give a file a second name; a copy where the file system knows no second names."""
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _replace_file(path: Path, parts: Iterable[bytes]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.writelines(parts)
    replace_file(fresh, path)
