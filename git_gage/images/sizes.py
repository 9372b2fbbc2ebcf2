"""How large an image is, told by the first bytes of its file.

Source: PNG (ISO/IEC 15948), 11.2.2; GIF89a, 18; JPEG (ITU T.81), B.2.2; WebP
(RFC 9649), 2.5 to 2.7.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

_NAMES = frozenset(
    (b".png", b".jpg", b".jpeg", b".gif", b".webp", b".svg", b".bmp", b".tif", b".tiff")
)
# SOF0 to SOF15, without those numbers that stand for something else.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 200


class ImageSize(NamedTuple):
    """Of an image, in pixels."""

    width: int
    height: int


def is_image(path: bytes) -> bool:
    """Whether a file is an image by its name."""
    return os.path.splitext(path)[1].lower() in _NAMES


def is_drawable(path: bytes) -> bool:
    """Whether a preview can be made of an image, by its name."""
    return is_image(path) and not path.lower().endswith(b".svg")


def read_image_size(path: Path) -> ImageSize | None:
    """Of a PNG, GIF, JPEG or WebP file; None for others, and where its beginning is damaged."""
    with path.open("rb") as file:
        head = file.read(30)
        if len(head) < 30:
            return None
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return ImageSize(_big(head[16:20]), _big(head[20:24]))
        if head.startswith((b"GIF87a", b"GIF89a")):
            return ImageSize(_little(head[6:8]), _little(head[8:10]))
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _read_webp(head)
        return _read_jpeg(file) if head.startswith(b"\xff\xd8") else None


def _read_webp(head: bytes) -> ImageSize | None:
    match head[12:16]:
        case b"VP8X":
            return ImageSize(_little(head[24:27]) + 1, _little(head[27:30]) + 1)
        case b"VP8L":
            bits = _little(head[21:25])
            return ImageSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8 ":
            return ImageSize(_little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF)
    return None


def _read_jpeg(file: BinaryIO) -> ImageSize | None:
    """The size that the first frame names; before it come segments, each with its length."""
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        segment = file.read(9)
        if len(segment) < 9 or segment[0] != 0xFF:
            return None
        if segment[1] in _JPEG_FRAMES:
            return ImageSize(_big(segment[7:9]), _big(segment[5:7]))
        file.seek(_big(segment[2:4]) - 7, os.SEEK_CUR)
    return None


def _big(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little")
