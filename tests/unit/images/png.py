"""PNG files by hand, sound and otherwise."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def head(width: int, height: int, depth: int = 8, color: int = 2, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))


def png(width: int = 2, height: int = 2, *, shade: int = 0) -> bytes:
    """A grey image."""
    rows = (b"\0" + bytes([shade] * width)) * height
    return pack(head(width, height, color=0), chunk(b"IDAT", zlib.compress(rows)))


def pack(*chunks: bytes) -> bytes:
    return b"".join([SIGNATURE, *chunks, chunk(b"IEND")])
