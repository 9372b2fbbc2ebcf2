"""Protocol buffers as they are stored: the fields of a message, whatever they mean."""

from __future__ import annotations

from collections.abc import Iterator

# How a field is stored: the last three bits of its key; the others are its number.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class MalformedError(Exception):
    """The bytes are no message."""


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The key of each field of the message at start:end, and where its content starts and ends.

    Of a varint the value comes in place of the start. Raises MalformedError.
    """
    at = start
    try:
        while at < end:
            key, at = data[at], at + 1
            if key > 0x7F:
                key, at = read_varint(data, at - 1)
            storage = key & 7
            if storage == _BYTES:
                size, at = data[at], at + 1
                if size > 0x7F:
                    size, at = read_varint(data, at - 1)
                first, at = at, at + size
            elif storage == _VARINT:
                first, at = read_varint(data, at)
            elif storage in (_FIXED32, _FIXED64):
                first, at = at, at + (4 if storage == _FIXED32 else 8)
            else:
                raise MalformedError
            if at > end:
                raise MalformedError
            yield key, first, at
    except IndexError:
        raise MalformedError from None


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 64 bits, and where it ends. Raises MalformedError."""
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + place + 1
    raise MalformedError


def signed(value: int) -> int:
    """The int64 that a varint stands for."""
    return value - (1 << 64) if value >> 63 else value
