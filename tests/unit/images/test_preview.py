"""What is taken for a preview, and what is not."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.images.preview import MAX_BYTES, check_preview
from git_gage.images.sizes import ImageSize
from tests.unit.images.png import SIGNATURE, chunk, head, pack, png

SOUND = png(3, 2)
PIXELS = zlib.compress((b"\0" + bytes(6)) * 2)
DATA = chunk(b"IDAT", PIXELS)


def test_a_small_png_is_a_preview() -> None:
    assert check_preview(SOUND) == ImageSize(3, 2)
    assert check_preview(png(128, 128)) == ImageSize(128, 128)
    assert check_preview(pack(head(2, 2), DATA)) == ImageSize(2, 2)


def test_a_palette_comes_first() -> None:
    few = chunk(b"IDAT", zlib.compress(b"\0\0"))
    palette = chunk(b"PLTE", bytes(6))
    assert check_preview(pack(head(2, 1, 4, 3), palette, chunk(b"tRNS", b"\0"), few)) == (2, 1)
    assert check_preview(pack(head(2, 1, 4, 3), few)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SIGNATURE,
        b"GIF89a" + bytes(40),
        SOUND + b"\x1b]0;title\x07",
        SOUND + chunk(b"IEND"),
        SOUND[:-1],
        SOUND[:20] + b"\1" + SOUND[21:],
        pack(head(2, 2), chunk(b"tEXt", b"\x1b[2J"), DATA),
        pack(DATA, head(2, 2)),
        pack(head(2, 2)),
        pack(head(2, 2), head(2, 2), DATA),
        pack(chunk(b"IHDR", b"short"), DATA),
        pack(head(129, 1), DATA),
        pack(head(0, 2), DATA),
        pack(head(2, 2, depth=16), DATA),
        pack(head(2, 2, color=5), DATA),
        pack(head(2, 2, interlaced=1), DATA),
        pack(head(2, 3), DATA),
        pack(head(2, 1), DATA),
        pack(head(2, 2), chunk(b"IDAT", PIXELS + b"more")),
        pack(head(2, 2), chunk(b"IDAT", PIXELS[:-2])),
        pack(head(2, 2), chunk(b"IDAT", b"no zlib")),
        pack(head(2, 2), chunk(b"IDAT", zlib.compress(b"\5" + bytes(13)))),
        pack(head(128, 128), chunk(b"IDAT", zlib.compress(bytes(4 << 20), 9))),
        pack(head(2, 2), DATA, *[chunk(b"IDAT")] * (MAX_BYTES // 12)),
    ],
)
def test_anything_else_is_none(content: bytes) -> None:
    assert check_preview(content) is None


@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255))
def test_a_changed_byte_is_seen(place: int, change: int) -> None:
    torn = bytearray(SOUND)
    torn[place] ^= change
    assert check_preview(bytes(torn)) is None
