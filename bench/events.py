"""TensorBoard event files: written for measurements and tests; `python bench/events.py FILE` reads.

What a file of scalars looks like is in git_gage/metrics/event.py and events.py.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from git_gage.metrics.crc32c import masked_crc32c
from git_gage.metrics.events import EventTail

TAGS = ("train/loss", "train/accuracy", "val/loss", "lr")


def write_events(path: Path, count: int) -> None:
    """A file of so many events with one scalar each, as writers make them."""
    events = (
        make_event(make_scalar(TAGS[number % 4], number / 2), step=number // 4, time_s=1.7e9)
        for number in range(count)
    )
    path.write_bytes(b"".join(map(make_record, events)))


def make_record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def make_event(*values: bytes, step: int = 0, time_s: float = 0.0) -> bytes:
    """An event with a summary of these values."""
    summary = b"".join(make_bytes(1, value) for value in values)
    return b"\x09" + struct.pack("<d", time_s) + make_varint(2, step) + make_bytes(5, summary)


def make_scalar(tag: str, value: float) -> bytes:
    return make_bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def make_bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def make_varint(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _varint(value: int) -> bytes:
    places = bytearray()
    while value > 0x7F:
        places.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*places, value])


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(data))


def read_all(paths: Iterable[str]) -> int:
    count = 0
    for path in paths:
        tail = EventTail(Path(path))
        while scalars := tail.read():
            count += len(scalars)
    return count


if __name__ == "__main__":
    print(read_all(sys.argv[1:]))
