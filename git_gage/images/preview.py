"""What a preview is: a small plain PNG. What comes from others is shown only if it is one.

Source: PNG (ISO/IEC 15948), 5, 10 and 11.2; docs/format.md, "Previews".
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from git_gage.images.sizes import ImageSize

MAX_BYTES, MAX_SIDE = 8192, 128

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colour type: samples of a pixel, and the bits that one may have.
_SAMPLES = {0: (1, (1, 2, 4, 8)), 2: (3, (8,)), 3: (1, (1, 2, 4, 8)), 4: (2, (8,)), 6: (4, (8,))}
_PALETTE = 3
_KNOWN = (b"PLTE", b"tRNS", b"IDAT")
_FILTERS = 5


def check_preview(content: bytes) -> ImageSize | None:
    """Size of a preview, in pixels; None for anything but a small PNG that is whole.

    All of it is looked at: whatever decodes it later meets pixels of that size and nothing else.
    """
    if len(content) > MAX_BYTES or not content.startswith(_SIGNATURE):
        return None
    try:
        head, *body, end = _read_chunks(content)
    except ValueError:
        return None
    kinds = [kind for kind, _ in body]
    if (head[0], end) != (b"IHDR", (b"IEND", b"")) or not set(kinds) <= set(_KNOWN):
        return None
    size, row_bytes = _read_head(head[1], has_palette=kinds[:1] == [b"PLTE"])
    packed = b"".join(data for kind, data in body if kind == b"IDAT")
    return size if size and _holds_rows(packed, size.height, row_bytes) else None


def _read_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk.

    Raises: ValueError where the bytes are no chunks.
    """
    at = len(_SIGNATURE)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        check = content[at + 8 + length : at + 12 + length]
        if zlib.crc32(kind + data).to_bytes(4, "big") != check:
            raise ValueError("a damaged chunk")
        yield kind, data
        at += 12 + length


def _read_head(data: bytes, *, has_palette: bool) -> tuple[ImageSize | None, int]:
    """The size, None if it is none of a preview's, and the bytes of a row."""
    if len(data) != 13:
        return None, 0
    size = ImageSize(int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big"))
    depth, color, *methods = data[8:]
    samples, depths = _SAMPLES.get(color, (0, ()))
    sound = depth in depths and not any(methods) and (color != _PALETTE or has_palette)
    if not sound or not 0 < min(size) <= max(size) <= MAX_SIDE:
        return None, 0
    return size, 1 + (size.width * samples * depth + 7) // 8


def _holds_rows(packed: bytes, rows: int, row_bytes: int) -> bool:
    inflater = zlib.decompressobj()
    try:
        pixels = inflater.decompress(packed, rows * row_bytes + 1)
    except zlib.error:
        return False
    whole = len(pixels) == rows * row_bytes and inflater.eof and not inflater.unused_data
    return whole and max(pixels[::row_bytes]) < _FILTERS
