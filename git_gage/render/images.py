"""The images of a run: a line for each and, where the terminal can, its preview.

Source: kitty, "Terminal graphics protocol"; iTerm2, "Inline Images Protocol".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.images.sizes import is_drawable
from git_gage.records import short_id
from git_gage.render.amounts import count_text
from git_gage.render.page import shown_bytes, size_of
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen
    from git_gage.runs.files import RunFile

Draw = Callable[[bytes], str]

FETCH = "git gage fetch --files=thumbs"
NEEDS_PILLOW = "previews need Pillow: pip install 'git-gage[thumbs]'"

_KITTY_BYTES = 4096
# They swallow what they do not know, or draw it in the wrong place.
_MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")


def find_drawing(screen: Screen, environ: Mapping[str, str]) -> Draw | None:
    """How this screen is made to draw a PNG; None where it can't, and where it is no terminal."""
    if screen.height is None or any(environ.get(name) for name in _MULTIPLEXERS):
        return None
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if program in ("iTerm.app", "WezTerm"):
        return _draw_iterm
    is_kitty = environ.get("KITTY_WINDOW_ID") or term in ("xterm-kitty", "xterm-ghostty")
    return _draw_kitty if is_kitty or program == "ghostty" else None


def format_images(
    run: str, files: Sequence[RunFile], known: int, draw: Draw | None, *, lacks_pillow: bool = False
) -> str:
    """Images with their sizes and what is here of them; `known` is how many there are in all."""
    parts = [_image(file, draw) for file in files]
    if known > len(files):
        parts.append(f"and {count_text(known - len(files), 'more image')}, not here\n")
    if not files:
        parts.append(f"no images here; previews may be elsewhere: {FETCH}\n")
    if any(_lacks_preview(file) for file in files):
        way = NEEDS_PILLOW if lacks_pillow else f"git gage thumbs {short_id(run)}"
        parts.append(f"without a preview yet: {way}\n")
    return "".join(parts)


def _image(file: RunFile, draw: Draw | None) -> str:
    told = "" if file.is_here else ", preview only"
    told = ", no preview" if _lacks_preview(file) else told
    line = f"{clean(shown_bytes(file.path))}  {size_of(file)}{told}\n"
    return f"{line}{draw(file.preview.content)}\n" if draw and file.preview else line


def _lacks_preview(file: RunFile) -> bool:
    return file.preview is None and is_drawable(file.path)


def _draw_kitty(content: bytes) -> str:
    """In pieces, as the protocol has it; `q=2` is for no answer, which would be typed at us."""
    text = b64encode(content).decode()
    pieces = [text[at : at + _KITTY_BYTES] for at in range(0, len(text), _KITTY_BYTES)]
    keys = ["a=T,f=100,q=2,m=1", *["m=1"] * (len(pieces) - 1)]
    keys[-1] = keys[-1].replace("m=1", "m=0")
    return "".join(f"\x1b_G{key};{piece}\x1b\\" for key, piece in zip(keys, pieces, strict=True))


def _draw_iterm(content: bytes) -> str:
    text = b64encode(content).decode()
    return f"\x1b]1337;File=inline=1;size={len(content)}:{text}\x07"
