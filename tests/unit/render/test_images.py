"""Images of a run in a terminal that can draw them, and in others."""

from __future__ import annotations

import io
import re
from base64 import b64decode

import pytest

from git_gage.images.sizes import ImageSize
from git_gage.render.images import find_drawing, format_images
from git_gage.render.screen import Screen
from git_gage.runs.files import RunFile
from git_gage.store.thumbs import Preview

RUN = "0" * 10 + "abcdefg" + "0" * 13
CONTENT = bytes(range(256)) * 30
PREVIEW = Preview(b"plot.png", "ab" * 32, 2048, 640, 480, CONTENT)
HERE = RunFile(b"plot.png", 2048, image=ImageSize(640, 480), preview=PREVIEW)
TERMINAL = Screen(io.StringIO(), height=24, terminal=True)
PIPE = Screen(io.StringIO(), terminal=True)


def drawn(**environ: str) -> str:
    draw = find_drawing(TERMINAL, environ)
    assert draw is not None
    return draw(CONTENT)


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM": "xterm-kitty"},
        {"TERM": "xterm-ghostty"},
        {"TERM_PROGRAM": "ghostty"},
        {"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"},
    ],
)
def test_kitty_is_given_pieces(environ: dict[str, str]) -> None:
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", drawn(**environ))
    assert [keys for keys, _ in pieces] == ["a=T,f=100,q=2,m=1", "m=1", "m=0"]
    assert max(len(text) for _, text in pieces) == 4096
    assert b64decode("".join(text for _, text in pieces)) == CONTENT
    small = find_drawing(TERMINAL, environ)
    assert small is not None
    assert small(b"abc") == "\x1b_Ga=T,f=100,q=2,m=0;YWJj\x1b\\"


@pytest.mark.parametrize("program", ["iTerm.app", "WezTerm"])
def test_iterm_is_given_a_file(program: str) -> None:
    head, _, text = drawn(TERM_PROGRAM=program).partition(":")
    assert head == "\x1b]1337;File=inline=1;size=7680"
    assert (b64decode(text[:-1]), text[-1]) == (CONTENT, "\x07")


@pytest.mark.parametrize("name", ["TMUX", "STY", "ZELLIJ"])
def test_nothing_is_drawn_within_a_multiplexer(name: str) -> None:
    assert find_drawing(TERMINAL, {"TERM": "xterm-kitty", name: "1"}) is None


def test_nothing_is_drawn_where_it_would_be_seen_as_text() -> None:
    assert find_drawing(PIPE, {"TERM": "xterm-kitty"}) is None
    assert find_drawing(TERMINAL, {"TERM": "xterm-256color"}) is None


def test_each_image_says_what_is_here_of_it() -> None:
    files = [
        HERE,
        RunFile(b"a.svg", 3),
        RunFile(b"b\x1b[2J.png", 4),
        HERE._replace(is_here=False),
    ]
    assert format_images(RUN, files, 9, None) == (
        "plot.png  640 x 480, 2.0 KiB\n"
        "a.svg  3 bytes\n"
        "b\\x1b[2J.png  4 bytes, no preview\n"
        "plot.png  640 x 480, 2.0 KiB, preview only\n"
        "and 5 more images, not here\n"
        "without a preview yet: git gage thumbs abcdefg\n"
    )
    assert format_images(RUN, [HERE], 1, lambda content: f"<{len(content)}>") == (
        "plot.png  640 x 480, 2.0 KiB\n<7680>\n"
    )
