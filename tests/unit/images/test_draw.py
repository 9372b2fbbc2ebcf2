"""Previews of images of all kinds, by Pillow."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from git_gage.images.draw import _limit_memory, draw_preview
from git_gage.images.preview import MAX_BYTES, check_preview


def draw(image: Image.Image, path: Path) -> Image.Image:
    """The preview of an image that is saved there."""
    image.save(path)
    answer = draw_preview(bytes(path))
    assert answer is not None
    assert (answer["width"], answer["height"]) == image.size
    assert answer["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert answer["size"] == path.stat().st_size
    content = b64decode(answer["preview"])
    assert check_preview(content) is not None
    return Image.open(BytesIO(content)).convert("RGB")


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "webp", "bmp", "tiff"])
def test_each_format_has_previews(tmp_path: Path, kind: str) -> None:
    small = draw(Image.new("RGB", (300, 200), (255, 0, 0)), tmp_path / f"red.{kind}")
    assert small.size == (128, 85)
    red, green, blue = small.tobytes()[:3]
    assert max(green, blue) < 5 < 250 < red


@pytest.mark.parametrize(
    ("mode", "size", "kind"), [("1", (9, 5), "png"), ("P", (9, 5), "gif"), ("CMYK", (9, 5), "jpg")]
)
def test_each_kind_of_pixels_has_previews(
    tmp_path: Path, mode: str, size: tuple[int, int], kind: str
) -> None:
    assert draw(Image.new(mode, size), tmp_path / f"image.{kind}").size == size


def test_what_shines_through_is_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    assert draw(clear, tmp_path / "clear.png").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["I;16", "F"])
def test_depths_are_spread_from_black_to_white(tmp_path: Path, mode: str) -> None:
    deep = Image.linear_gradient("L").convert("F").point(lambda value: value * 20 + 100)
    small = draw(deep.convert("I").convert(mode), tmp_path / "deep.tiff").convert("L")
    pixels = small.tobytes()
    assert pixels[0] < 8 < 247 < pixels[-1]
    assert draw(Image.new(mode, (4, 4)), tmp_path / "flat.tiff").size == (4, 4)


def test_noise_is_made_to_fit(tmp_path: Path) -> None:
    noise = Image.merge("RGB", [Image.effect_noise((600, 600), 200) for _ in "RGB"])
    assert max(draw(noise, tmp_path / "noise.png").size) < 128
    assert (tmp_path / "noise.png").stat().st_size > 50 * MAX_BYTES


def test_very_long_images_keep_a_pixel(tmp_path: Path) -> None:
    assert draw(Image.new("L", (1, 3000)), tmp_path / "long.png").size == (1, 128)


def answers_to(*paths: Path, memory: int | None = None) -> list[Any]:
    """What the process answers; `memory` is a limit it is started with, in bytes."""

    def limit() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    asked = b"".join(bytes(path) + b"\0" for path in paths)
    command = (sys.executable, "-P", "-m", "git_gage.images.draw")
    done = subprocess.run(command, input=asked, capture_output=True, check=True, preexec_fn=limit)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_is_damaged_or_too_large_is_refused(tmp_path: Path) -> None:
    sound = tmp_path / "sound.png"
    Image.effect_noise((200, 200), 50).save(sound)
    torn, text, script, huge = (tmp_path / name for name in ("torn", "text", "eps", "huge"))
    torn.write_bytes(sound.read_bytes()[:9000])
    text.write_text("no image")
    script.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    with huge.open("wb") as file:
        file.truncate((64 << 20) + 1)
    bomb = tmp_path / "bomb.png"
    Image.new("1", (9000, 8000)).save(bomb)
    refused = [torn, text, script, huge, bomb, tmp_path / "nowhere", tmp_path]
    *nothing, something = answers_to(*refused, sound, memory=1 << 30)
    assert nothing == [None] * len(refused)
    assert something["width"] == 200
    assert len(answers_to(sound)) == 1


def test_memory_is_limited_where_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    monkeypatch.setattr(sys, "platform", "darwin")
    _limit_memory()
    assert resource.getrlimit(resource.RLIMIT_AS) == before
