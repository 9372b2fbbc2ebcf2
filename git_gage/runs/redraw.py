"""What a program printed as a terminal would leave it: redrawn lines once, in their last state.

Progress bars rewrite lines: `\\r` goes back to the start of a line, ESC[nA goes up (bars above one
another), ESC[K and ESC[J erase. Columns are not counted: text after `\\r` replaces the whole line.
Source: ECMA-48, 8.3 (CUU, CUD, CNL, CPL, CHA, ED, EL); colours and all other sequences are text.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

# How far back a program can redraw, and how much of it is held in memory at most.
WINDOW_LINES = 64
WINDOW_BYTES = 256 * 1024
# A longer line is passed on in parts, which cannot be redrawn.
MAX_LINE = 64 * 1024
_MAX_HELD = 4096

_SGR = rb"\x1b\[[0-9;:]*m"
_CONTROL = re.compile(rb"\r|\x1b(?!\[[0-9;:]*m)")
_UNFINISHED = re.compile(rb"(?:\r+|\x1b(?:\[[0-?]{0,32}[ -/]{0,4})?)\Z")
# Text that the next `\r` replaces, so that a million redraws in one read are one.
_REPLACED = re.compile(rb"\r[^\r\n\x1b]+(?=\r[^\r\n\x1b])")
_TOKEN = re.compile(
    rb"\r*\n|\r+"
    rb"|\x1b\[[0-9]{0,4}[ABEFGJK]"
    rb"|(?:[^\r\n\x1b]+|" + _SGR + rb")+"
    rb"|\x1b\[[0-?]*[ -/]*[@-~]"
    rb"|\x1b"
)
_MOVE = re.compile(rb"\x1b\[([0-9]{0,4})([ABEFGJK])")
_INVISIBLE = re.compile(rb"(?:\x1b\[[0-?]*[ -/]*[@-~])+")
_LF, _CR, _ESC = b"\n\r\x1b"


class Piece:
    """Bytes that came through one channel at one time: whole lines, or a part of a long one."""

    __slots__ = ("at_ms", "data", "lines", "stream", "whole")

    def __init__(self, stream: str, at_ms: int, data: bytes, lines: int, *, whole: bool) -> None:
        self.stream = stream
        self.at_ms = at_ms
        self.data = data
        self.lines = lines
        self.whole = whole

    @property
    def entry(self) -> bytes:
        """Its line of the index."""
        return b"%d %s %d\n" % (self.at_ms, self.stream.encode(), len(self.data))


class _Row:
    """A line that can still change; the lowest one has no `end` yet."""

    __slots__ = ("at_ms", "end", "text")

    def __init__(self, text: bytes = b"", at_ms: int = 0, end: bytes = b"") -> None:
        self.text = bytearray(text)
        self.at_ms = at_ms
        self.end = end


class _Channel:
    """One stream and its cursor, which is in the first of the `live` rows."""

    def __init__(self, stream: str, *, tty: bool) -> None:
        self.stream = stream
        self.tty = tty
        self.live = [_Row()]
        self.at_start = False
        """Whether the next text replaces the row."""
        self.held = bytearray()
        """Invisible sequences since then: they belong to the text that comes."""
        self.carry = b""
        self.in_long_line = False


class Scrollback:
    """The last lines of all channels, as far as they can still be drawn again.

    `ended` are lines above the cursor of their channel, in the order they ended; the first `stored`
    of them are as they were when the caller last set it. After them come the live rows.
    """

    def __init__(self) -> None:
        self.ended: deque[Piece] = deque()
        self.stored = 0
        self._lines = 0
        self._bytes = 0
        self._channels: dict[str, _Channel] = {}

    def feed(self, stream: str, data: bytes, at_ms: int, *, tty: bool) -> None:
        """Take in what came through a channel; from a `tty`, `\\r\\n` is a plain newline."""
        channel = self._channels.get(stream)
        if channel is None:
            channel = self._channels[stream] = _Channel(stream, tty=tty)
        data = channel.carry + data
        unfinished = _UNFINISHED.search(data, max(0, len(data) - 40))
        channel.carry = b""
        if unfinished is not None:
            data, channel.carry = data[: unfinished.start()], unfinished[0]
            if channel.carry[0] == _CR:
                channel.carry = b"\r"
        self._feed(channel, data, at_ms)

    def live(self) -> list[Piece]:
        """The rows that can change, channel after channel."""
        return [
            _piece_of(channel, row)
            for channel in self._channels.values()
            for row in channel.live
            if row.text or row.end
        ]

    def take_final(self) -> Iterator[Piece]:
        """The oldest pieces, which nothing can redraw any more; they leave."""
        while self.ended and (
            self._lines - self.ended[0].lines >= WINDOW_LINES or self._bytes > WINDOW_BYTES
        ):
            yield self._take_oldest()

    def close(self, at_ms: int) -> None:
        """End all channels: whatever is live stays as it is and becomes final."""
        for channel in self._channels.values():
            if channel.carry and channel.carry != b"\r":
                self._print(channel, channel.carry, at_ms)
            channel.live[0].text += channel.held
            # What was erased below the cursor leaves no empty lines.
            while len(channel.live) > 1 and not _INVISIBLE.sub(b"", channel.live[-1].text).strip():
                channel.live.pop()
            for row in channel.live:
                if row.text or row.end:
                    self._push(_piece_of(channel, row))
            channel.live.clear()

    def take_rest(self) -> Iterator[Piece]:
        while self.ended:
            yield self._take_oldest()

    # -- in: bytes -----------------------------------------------------------------------------

    def _feed(self, channel: _Channel, data: bytes, at_ms: int) -> None:
        if b"\r" in data and (channel.tty or data.count(b"\r") == data.count(b"\r\n")):
            # Line ends are no redraws.
            plain = data.replace(b"\r\n", b"\n")
            data = plain if channel.tty else data
        else:
            plain = data
        resting = len(channel.live) == 1 and not channel.at_start
        if resting and not _has_control(plain):
            self._feed_lines(channel, data, at_ms)
        else:
            self._feed_drawing(channel, data, at_ms)

    def _feed_lines(self, channel: _Channel, data: bytes, at_ms: int) -> None:
        """The short way for what redraws nothing."""
        cut = data.rfind(b"\n") + 1
        row = channel.live[0]
        if cut:
            start = 0
            if channel.in_long_line:
                start = data.find(b"\n") + 1
                self._end_row(channel, data[:start], at_ms)
            if start < cut:
                whole = bytes(channel.live[0].text) + data[start:cut]
                self._push(Piece(channel.stream, at_ms, whole, whole.count(b"\n"), whole=True))
            row = channel.live[0] = _Row()
        if cut < len(data):
            row.text += data[cut:]
            row.at_ms = at_ms
            self._spill(channel)

    def _feed_drawing(self, channel: _Channel, data: bytes, at_ms: int) -> None:
        for token in _TOKEN.findall(_REPLACED.sub(b"", data)):
            if token[-1] == _LF:
                self._break_line(channel, token, at_ms)
            elif token[0] == _CR:
                channel.at_start = True
                channel.held.clear()
            elif token[0] != _ESC or not self._obey(channel, token, at_ms):
                self._print(channel, token, at_ms)

    # -- what a terminal does ------------------------------------------------------------------

    def _print(self, channel: _Channel, text: bytes, at_ms: int) -> None:
        row = channel.live[0]
        if channel.at_start:
            held = channel.held
            if _INVISIBLE.fullmatch(text) and len(held) < _MAX_HELD:
                held += text
                return
            row.text[:] = held
            held.clear()
            channel.at_start = False
        row.text += text
        row.at_ms = at_ms
        self._spill(channel)

    def _break_line(self, channel: _Channel, token: bytes, at_ms: int) -> None:
        channel.live[0].text += channel.held
        channel.held.clear()
        if len(channel.live) > 1:
            self._go_down(channel)
            channel.at_start = True
        else:
            end = b"\r\n" if len(token) > 1 and not channel.tty else b"\n"
            self._end_row(channel, end, at_ms)

    def _obey(self, channel: _Channel, token: bytes, at_ms: int) -> bool:
        """Carry out a sequence that moves or erases; False for one that is like text."""
        move = _MOVE.fullmatch(token)
        if move is None:
            return False
        number, final = int(move[1] or 0), move[2].decode()
        match final:
            case "A" | "F":
                self._go_up(channel, number or 1)
            case "B" | "E":
                for _ in range(min(number or 1, len(channel.live) - 1)):
                    self._go_down(channel)
            case "G" if number <= 1:
                pass
            case "J" if number == 0:
                del channel.live[1:]
                channel.live[0].end = b""
                self._erase(channel, 0, at_ms)
            case "K":
                self._erase(channel, number, at_ms)
            case _:
                return False
        if final in "EFG":
            channel.at_start = True
        return True

    def _erase(self, channel: _Channel, part: int, at_ms: int) -> None:
        """Erase to the end (0), to the start (1) or all (2) of the row."""
        if part == 2 or channel.at_start == (part == 0):
            channel.live[0].text.clear()
            channel.live[0].at_ms = at_ms

    def _go_up(self, channel: _Channel, count: int) -> None:
        if not channel.live[0].text:
            channel.at_start = True
        for _ in range(count):
            row = self._take_back(channel.stream)
            if row is None:
                break
            channel.live.insert(0, row)

    def _go_down(self, channel: _Channel) -> None:
        self._push(_piece_of(channel, channel.live.pop(0)))

    def _end_row(self, channel: _Channel, end: bytes, at_ms: int) -> None:
        row = channel.live[0]
        whole = not channel.in_long_line
        self._push(Piece(channel.stream, at_ms, bytes(row.text) + end, 1, whole=whole))
        channel.live[0] = _Row()
        channel.at_start = channel.in_long_line = False

    def _spill(self, channel: _Channel) -> None:
        """Pass on a line that is too long to be held."""
        if len(channel.live[0].text) <= MAX_LINE:
            return
        while len(channel.live) > 1:
            self._go_down(channel)
        row = channel.live[0]
        if len(row.text) > MAX_LINE:
            self._push(Piece(channel.stream, row.at_ms, bytes(row.text), 0, whole=False))
            channel.live[0] = _Row()
            channel.in_long_line = True

    # -- lines that ended ----------------------------------------------------------------------

    def _push(self, piece: Piece) -> None:
        self.ended.append(piece)
        self._lines += piece.lines
        self._bytes += len(piece.data)

    def _take_oldest(self) -> Piece:
        piece = self.ended.popleft()
        self.stored -= 1
        self._lines -= piece.lines
        self._bytes -= len(piece.data)
        return piece

    def _take_back(self, stream: str) -> _Row | None:
        """The channel's last line that ended, as a row again; None if there is none to redraw."""
        for back, piece in enumerate(reversed(self.ended), 1):
            if piece.stream == stream:
                return self._cut_last_line(len(self.ended) - back) if piece.whole else None
        return None

    def _cut_last_line(self, place: int) -> _Row:
        piece = self.ended[place]
        start = piece.data.rfind(b"\n", 0, len(piece.data) - 1) + 1
        line = piece.data[start:]
        self.stored = min(self.stored, place)
        self._lines -= 1
        self._bytes -= len(line)
        if start:
            rest = piece.data[:start]
            self.ended[place] = Piece(piece.stream, piece.at_ms, rest, piece.lines - 1, whole=True)
        else:
            del self.ended[place]
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
        return _Row(line.removesuffix(end), piece.at_ms, end)

    def unstored(self) -> list[Piece]:
        """The ended lines after the first `stored`."""
        return list(islice(self.ended, self.stored, None))


def _has_control(data: bytes) -> bool:
    return (b"\r" in data or b"\x1b" in data) and _CONTROL.search(data) is not None


def _piece_of(channel: _Channel, row: _Row) -> Piece:
    data = bytes(row.text) + row.end
    # Above the rest of a long line there is no row: it can't be redrawn.
    whole = not channel.in_long_line
    return Piece(channel.stream, row.at_ms, data, 1 if row.end else 0, whole=whole)
