"""CRC-32C (Castagnoli), which TFRecords are checked with; zlib's crc32 is another one."""

from __future__ import annotations

from functools import cache

_POLYNOMIAL = 0x82F63B78


def masked_crc32c(data: bytes) -> int:
    """The checksum as TFRecords have it: rotated, and a constant added."""
    # A table for two bytes at a time would be faster alone, but does not stay in the processor's
    # cache while events are read: it made them slower.
    table = _table()
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _table() -> list[int]:
    return [_divide(byte) for byte in range(256)]


def _divide(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte
