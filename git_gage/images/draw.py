"""Previews of images by Pillow, in a process of its own: `python -P -m git_gage.images.draw`.

What decodes an image from anywhere may need all memory, hang or crash; here that ends one process,
and nobody else notices. Paths come on standard input, each ended by NUL; for each a line of JSON is
answered: `{"sha256":…,"size":…,"width":…,"height":…,"preview":BASE64}`, or `null` where it is no
image that can be read.
"""

from __future__ import annotations

import hashlib
import json
import sys
from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image

from git_gage.images.preview import MAX_BYTES, MAX_SIDE

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
_FILE_BYTES, _PIXELS, _MEMORY_BYTES = 64 << 20, 64_000_000, 2 << 30
# Side and colours, the best first; the last takes 2 kB at most, whatever it shows.
_FORMS = ((MAX_SIDE, 0), (MAX_SIDE, 256), (MAX_SIDE, 64), (MAX_SIDE, 32), (96, 32), (64, 16))


def main() -> None:
    _limit_memory()
    # Pillow refuses what has more than twice this.
    Image.MAX_IMAGE_PIXELS = _PIXELS // 2
    for path in sys.stdin.buffer.read().split(b"\0")[:-1]:
        try:
            answer = draw_preview(path)
        except Exception:  # noqa: BLE001 - decoders raise whatever a damaged file makes of them
            answer = None
        # Flushed: whoever takes too long is killed, and what was done up to then counts.
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def draw_preview(path: bytes) -> dict[str, Any] | None:
    """The preview of an image file, and what it is of; None for a file that is too large."""
    with open(path, "rb") as file:
        content = file.read(_FILE_BYTES + 1)
    if len(content) > _FILE_BYTES:
        return None
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        width, height = image.size
        preview = _encode(_flatten(image))
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "width": width,
        "height": height,
        "preview": b64encode(preview).decode(),
    }


def _flatten(image: Image.Image) -> Image.Image:
    """Small, in plain colours, on white: plots on nothing are made for paper."""
    if image.mode[0] in "IF":
        image = _brighten(image)
    elif image.mode in ("1", "P", "PA"):
        image = image.convert("RGBA")
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    colors = image.convert("RGBA" if image.has_transparency_data else "RGB")
    flat = Image.new("RGB", colors.size, "white")
    flat.paste(colors, mask=colors.getchannel("A") if colors.mode == "RGBA" else None)
    return flat


def _brighten(image: Image.Image) -> Image.Image:
    """Depths, masks and the like, whose values mean no brightness: from black to white."""
    low, high = image.getextrema()
    assert isinstance(low, int | float) and isinstance(high, int | float)  # one band, not many
    scale = 255 / (high - low or 1)
    return image.convert("F").point(lambda value: value * scale + -low * scale).convert("L")


def _encode(image: Image.Image) -> bytes:
    """As PNG that is short enough, for fewer colours and pixels if it must be."""
    forms = (_encode_as(image, side, colors) for side, colors in _FORMS)
    return next(content for content in forms if len(content) <= MAX_BYTES)


def _encode_as(image: Image.Image, side: int, colors: int) -> bytes:
    small = image.copy()
    small.thumbnail((side, side))
    file = BytesIO()
    (small.quantize(colors) if colors else small).save(file, "PNG", optimize=True)
    return file.getvalue()


def _limit_memory() -> None:
    # Elsewhere no process gets by with so little, or nobody heeds the limit.
    if sys.platform != "linux":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = _MEMORY_BYTES if most == resource.RLIM_INFINITY else min(most, _MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


if __name__ == "__main__":
    main()
