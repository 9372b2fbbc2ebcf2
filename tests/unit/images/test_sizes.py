"""Sizes of images, from the first bytes of their files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from git_gage.images.sizes import ImageSize, is_image, read_image_size

SIZE = ImageSize(640, 480)
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 640, 480, 8, 2, 0, 0, 0)
    + bytes(4)
)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480) + bytes(20)
JFIF = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
FRAME = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 480, 640) + bytes(10)
LOSSY = b"RIFF\0\0\0\0WEBPVP8 " + bytes(7) + b"\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14) + bytes(9)
EXTENDED = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x7f\x02\0\xdf\x01\0"


@pytest.mark.parametrize(
    "content",
    [
        PNG,
        GIF,
        b"\xff\xd8" + JFIF + FRAME,
        b"\xff\xd8" + FRAME + bytes(9),
        LOSSY,
        LOSSLESS,
        EXTENDED,
    ],
)
def test_sizes_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    assert read_image_size(path) == SIZE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PNG[:20],
        b"BM" + bytes(40),
        b"RIFF\0\0\0\0WEBPVP9 " + bytes(20),
        b"\xff\xd8" + JFIF + bytes(20),
        b"\xff\xd8" + JFIF + FRAME[:5] + b"\0" * 2,
        b"\xff\xd8" + (b"\xff\xe0\0\x02" * 500),
    ],
)
def test_what_is_damaged_has_no_size(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    assert read_image_size(path) is None


def test_images_are_told_by_their_names() -> None:
    assert is_image(b"a/Plot.PNG")
    assert is_image(b"plot.svg")
    assert not is_image(b"png")
    assert not is_image(b"model.pt")
