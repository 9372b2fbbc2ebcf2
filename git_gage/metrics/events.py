"""TensorBoard event files, read while they are written.

Such a file is TFRecords one after the other: the length in 8 bytes and its checksum in 4, so many
bytes of data (an event) and their checksum in 4.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from git_gage.metrics.crc32c import masked_crc32c
from git_gage.metrics.event import Event, Scalar
from git_gage.metrics.lines import open_regular
from git_gage.metrics.protobuf import MalformedError

__all__ = ["EventTail", "Scalar"]

LIMIT = 10_000
# A record over this size, such as a graph or a video, is passed over unread.
MAX_RECORD = 16 << 20
# No protocol buffer is larger: a length that says so is damaged, whatever its checksum.
_MAX_LENGTH = 2 << 30
# Up to this size the checksum of all data is compared; of larger events only where a value comes
# out of them: images have none, and a megabyte takes 0.1 s.
_CHECKED = 64 << 10
# Where a length is damaged, the next record is looked for in so many bytes.
_SEARCHED = 32 << 20
_BLOCK = 1 << 20
MAX_TAGS = 10_000
MAX_TEXTS = 1_000

_HEADER, _FOOTER = 12, 4
_WHY = "damaged, over a limit or no number"
# A length from 1 to 16 MB; its checksum is compared then.
_SMALL_LENGTH = re.compile(rb"(?=(?!\0\0\0)...\0{5}....)", re.DOTALL)


class EventTail:
    """Scalars of one event file, read on from where the last read ended.

    A record that is not all there yet is waited for. One that is damaged is left out, and where
    its length is, the next whose length has the right checksum comes after it. Every value comes
    from data with the right checksum.

    offset: where the next record starts.
    cut: whether its last record is not whole, once nothing comes any more.
    problem: why nothing more is read, if so; it goes away should the file become readable.
    texts: the last text of each name, of the first 1,000.
    skipped: how many places were left out: damaged, no event, or over a limit (16 MB a record,
    10,000 values an event, 256 characters a name); also values that are no number.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.problem: str | None = None
        self.skipped = 0
        self.texts: dict[str, str] = {}
        self.cut = False
        self._size = 0
        self._searched = 0
        self._tags: set[bytes] = set()

    def read(self, limit: int = LIMIT) -> list[Scalar]:
        """The next scalars, none if nothing is new; reading stops after the event with the last.

        Raises OSError where the file cannot be read.
        """
        self.problem = None
        scalars: list[Scalar] = []
        with open_regular(self.path) as file:
            self._size = size = _size(file)
            if size < self.offset:
                self.problem = f"it was cut to {size:,} bytes after {self.offset:,} had been read"
                return []
            file.seek(self.offset)
            while len(scalars) < limit and self._read_record(file, scalars):
                pass
        return scalars

    def finish(self) -> None:
        """Nothing comes any more: a last record that is not all there is left out."""
        self.cut = self.problem is None and self.offset < self._size

    def warnings(self) -> list[str]:
        """What somebody should be told: what the file holds and was not read."""
        told = []
        if self.skipped:
            told.append(
                f"'{self.path.name}': left out {self.skipped:,} of its values or records ({_WHY})"
            )
        if self.cut:
            told.append(f"'{self.path.name}': left out its last record, which is not whole")
        if self.problem is not None:
            told.append(f"'{self.path.name}' was not read to its end: {self.problem}")
        return told

    def _read_record(self, file: BinaryIO, scalars: list[Scalar]) -> bool:
        """Read one record, or pass it over; False where it is not all there."""
        header = file.read(_HEADER)
        if len(header) < _HEADER:
            return False
        length = _read_length(header)
        if length is None:
            return self._pass_damage(file)
        after = self.offset + _HEADER + length + _FOOTER
        if length > MAX_RECORD:
            if after > _size(file):
                return False
            file.seek(after)
            self.skipped += 1
        else:
            data, checksum = file.read(length), file.read(_FOOTER)
            if len(data) + len(checksum) < length + _FOOTER:
                return False
            self._take(data, checksum, scalars)
        self.offset = after
        self._searched = 0
        return True

    def _take(self, data: bytes, checksum: bytes, scalars: list[Scalar]) -> None:
        try:
            event = Event(data, self._tags)
        except MalformedError:
            self.skipped += 1
            return
        of_use = (
            event.scalars
            or event.texts
            or event.declared
            or event.left_out
            or len(data) <= _CHECKED
        )
        if of_use and masked_crc32c(data) != int.from_bytes(checksum, "little"):
            self.skipped += 1
            return
        scalars += event.scalars
        self.texts.update(event.texts if len(self.texts) < MAX_TEXTS else ())
        self.skipped += event.left_out
        if event.declared and len(self._tags) < MAX_TAGS:
            self._tags |= event.declared

    def _pass_damage(self, file: BinaryIO) -> bool:
        """Go on at the next place that starts as a record does; False while there is none."""
        at = max(self._searched, self.offset + 1)
        while at < self.offset + _SEARCHED:
            file.seek(at)
            block = file.read(_BLOCK)
            found = _find_header(block)
            if found is not None:
                self.offset = at + found
                self.skipped += 1
                self._searched = 0
                file.seek(self.offset)
                return True
            at += max(len(block) - _HEADER + 1, 0)
            if len(block) < _BLOCK:
                break
        self._searched = at
        self.problem = f"the record at byte {self.offset:,} is damaged"
        return False


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _find_header(block: bytes) -> int | None:
    starts = (found.start() for found in _SMALL_LENGTH.finditer(block))
    return next((at for at in starts if _read_length(block[at : at + _HEADER]) is not None), None)


@lru_cache(4096)
def _read_length(header: bytes) -> int | None:
    """The length that starts a record; None if it is damaged."""
    length = int.from_bytes(header[:8], "little")
    right = masked_crc32c(header[:8]) == int.from_bytes(header[8:], "little")
    return length if right and length <= _MAX_LENGTH else None
