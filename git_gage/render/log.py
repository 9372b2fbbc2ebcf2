"""The recorded output of a run, as it was or as a terminal may see it.

Source: docs/format.md, "Bulk files" (the index).
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from git_gage.errors import IntegrityError
from git_gage.render.screen import text_width
from git_gage.safe import clean_output

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_PIECE = 1 << 16
_ENTRY = re.compile(rb"([0-9]{1,15}) [oeb] ([0-9]{1,15})")
_COLOR = re.compile(r"\x1b\[[0-9;:]*m")


def clean_log(content: bytes) -> bytes:
    """Output with its colours, and without anything else that a terminal would obey."""
    # Part by part: a list of all its lines takes a hundred times what they are long.
    return b"".join(clean_parts(read_parts(BytesIO(content))))


def clean_parts(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same part by part; where a part ends in the middle of a character it waits."""
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    for part in parts:
        yield _cleaned(decoder.decode(part))
    yield _cleaned(decoder.decode(b"", final=True))


def read_parts(file: BinaryIO) -> Iterator[bytes]:
    """A log from where it is on, in parts of whole lines, unless a line is very long."""
    while part := file.read(_PIECE):
        yield part if part.endswith(b"\n") else part + file.readline(_PIECE)


def stamp_parts(
    parts: Iterable[bytes], stamps: Stamps, at: int = 0, *, continued: bool = False
) -> Iterator[bytes]:
    """Output with the time of its first byte before each line.

    `at` is where it begins; `continued`: that is in the middle of a line.
    """
    for part in parts:
        stamped = []
        for line in BytesIO(part):
            stamped += [line] if continued else [stamps.at(at), line]
            at += len(line)
            continued = not line.endswith(b"\n")
        yield b"".join(stamped)


class Stamps:
    """Times of the lines of a log, as its index (opened unbuffered where it still grows) has them.

    A growing index may be seen half written: what can't be read yet has the last time that can.
    """

    def __init__(self, index: BinaryIO, *, growing: bool = False) -> None:
        self._index = index
        self._growing = growing
        self._buffer = b""
        self._place = self._end = self._ms = 0
        # Ends of entries with what follows them, as far back as a program can redraw.
        self._passed: deque[tuple[int, int, int]] = deque([(0, 0, 0)], maxlen=4096)

    def at(self, offset: int) -> bytes:
        """Seconds since the start for a line at this offset; offsets must not go back."""
        while offset >= self._end and self._read_entry():
            pass
        return b"%10.3f  " % (self._ms / 1000)

    def go_back(self, offset: int) -> None:
        """From here on log and index may have changed, and offsets begin anew."""
        while len(self._passed) > 1 and self._passed[-1][0] > offset:
            self._passed.pop()
        self._end, self._place, self._ms = self._passed[-1]
        self._buffer = b""

    def _read_entry(self) -> bool:
        if b"\n" not in self._buffer:
            self._index.seek(self._place)
            self._buffer = self._index.read(_PIECE)
        line, newline, self._buffer = self._buffer.partition(b"\n")
        if not line and not newline:
            return False
        found = _ENTRY.fullmatch(line)
        if found is None or not newline:
            if self._growing:
                return False
            raise IntegrityError("read output.idx: not an index of output")
        self._place += len(line) + 1
        self._ms = int(found[1])
        self._end += int(found[2])
        self._passed.append((self._end, self._place, self._ms))
        return True


class LiveLog:
    """A log on a screen while it is written.

    A line is shown when it has ended; a terminal shows the unfinished one too, and takes back what
    the program draws again. Elsewhere a line that was drawn again comes again.
    """

    def __init__(self, screen: Screen, stamps: Stamps | None = None) -> None:
        self._screen = screen
        self._stamps = stamps
        self._drawn = False
        self._unfinished = b""
        self._long = False

    def change(self, at: int, taken_back: bytes, fresh: bytes) -> None:
        """The last bytes are no longer there; others follow from the offset `at` on."""
        self._wipe()
        if taken_back:
            self._go_up(taken_back)
            self._unfinished, self._long = b"", False
        text = self._unfinished + fresh
        at -= len(self._unfinished)
        cut = text.rfind(b"\n") + 1
        if len(text) - cut > _PIECE:
            cut = len(text)  # nothing draws so long a line again
        self._show(at, text[:cut])
        self._unfinished = text[cut:]
        self._draw()

    def end(self, at: int) -> None:
        """Nothing follows: the unfinished line, which ends at the offset `at`, is whole."""
        self._wipe()
        self._show(at - len(self._unfinished), self._unfinished)
        self._screen.stream.flush()

    def _show(self, at: int, text: bytes) -> None:
        if not text:
            return
        if self._stamps is not None:
            self._stamps.go_back(at)
            text = b"".join(stamp_parts([text], self._stamps, at, continued=self._long))
        self._long = not text.endswith(b"\n")
        self._screen.write(clean_log(text) if self._screen.terminal else text)

    def _draw(self) -> None:
        """Show the unfinished line as far as it fits into one row."""
        if self._unfinished and self._screen.height is not None:
            text = clean_log(self._unfinished).decode("utf-8", "surrogateescape")
            shown = self._screen.cut(_COLOR.sub("", text), self._screen.width - 1)
            self._screen.write(self._screen.encode(shown))
            self._drawn = True
        self._screen.stream.flush()

    def _wipe(self) -> None:
        if self._drawn:
            self._screen.write(b"\r\x1b[K")
            self._drawn = False

    def _go_up(self, taken_back: bytes) -> None:
        """Wipe lines that were shown, as far as they are still on the screen."""
        if self._screen.height is None:
            return
        lines = _cleaned(taken_back.decode("utf-8", "surrogateescape")).decode().split("\n")[:-1]
        rows = sum(map(self._count_rows, lines))
        if rows:
            self._screen.write(b"\x1b[%dA\x1b[J" % min(rows, self._screen.height - 1))

    def _count_rows(self, line: str) -> int:
        return 1 + max(0, text_width(_COLOR.sub("", line)) - 1) // self._screen.width


def _cleaned(text: str) -> bytes:
    return clean_output(text).encode("utf-8", "surrogateescape")
