"""What a screen can show is found out from the stream, the environment and git's settings."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Iterator
from typing import Any, TextIO

import pytest

from git_gage.render.screen import Screen, find_screen, text_width

UTF8 = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """The side of a terminal that a program writes to."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield stream
    os.close(master)


def pipe(encoding: str = "utf-8") -> TextIO:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def config(**settings: str) -> Any:
    """git, answering what its config says of colours."""
    text = "".join(f"color.{key}\n{value}\0" for key, value in settings.items())
    return lambda *_args, **_options: text.encode()


def test_a_pipe_gets_80_columns_and_no_colour() -> None:
    screen = find_screen(pipe(), UTF8, config(ui="always"))
    assert (screen.width, screen.height, screen.color, screen.terminal) == (80, None, False, False)
    assert screen.unicode


def test_columns_of_the_environment_count() -> None:
    assert find_screen(pipe(), {**UTF8, "COLUMNS": "140"}).width == 140
    assert find_screen(pipe(), {**UTF8, "COLUMNS": "wide"}).width == 80
    assert find_screen(pipe(), {**UTF8, "COLUMNS": "3"}).width == 20
    assert find_screen(pipe(), {**UTF8, "COLUMNS": "0"}).width == 80


def test_a_terminal_tells_its_size_and_takes_colour(terminal: TextIO) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    screen = find_screen(terminal, UTF8, config())
    assert (screen.width, screen.height, screen.color, screen.terminal) == (100, 30, True, True)


def test_a_terminal_without_a_size_is_taken_for_80_by_24(terminal: TextIO) -> None:
    screen = find_screen(terminal, UTF8)
    assert (screen.width, screen.height) == (80, 24)


def test_gits_own_pager_is_a_terminal_that_needs_no_paging() -> None:
    screen = find_screen(pipe(), {**UTF8, "GIT_PAGER_IN_USE": "true", "COLUMNS": "120"}, config())
    assert (screen.width, screen.height, screen.color, screen.terminal) == (120, None, True, True)


@pytest.mark.parametrize(
    ("choice", "settings", "environ", "color"),
    [
        ("auto", {}, {}, True),
        ("auto", {}, {"NO_COLOR": "1"}, False),
        ("auto", {}, {"TERM": "dumb"}, False),
        ("auto", {"ui": "never"}, {}, False),
        ("auto", {"ui": "false", "gage": "always"}, {}, True),
        ("auto", {"gage": "Always"}, {"NO_COLOR": "1"}, True),
        ("auto", {"ui": "auto"}, {"NO_COLOR": "1"}, False),
        ("always", {"gage": "never"}, {"NO_COLOR": "1"}, True),
        ("never", {"gage": "always"}, {}, False),
    ],
)
def test_colour_is_decided_in_gits_order(
    terminal: TextIO,
    choice: str,
    settings: dict[str, str],
    environ: dict[str, str],
    color: bool,
) -> None:
    assert find_screen(terminal, UTF8 | environ, config(**settings), choice).color is color


@pytest.mark.parametrize(
    ("environ", "encoding", "expected"),
    [
        ({"LC_ALL": "C"}, "utf-8", False),
        ({"LC_CTYPE": "de_DE.utf8", "LANG": "C"}, "utf-8", True),
        ({"LANG": "en_GB.UTF-8"}, "utf-8", True),
        ({"LANG": "en_GB.UTF-8"}, "iso-8859-1", False),
        ({}, "utf-8", False),
        ({"LANG": "en_GB.UTF-8", "TERM": "dumb"}, "utf-8", False),
    ],
)
def test_signs_beyond_ascii_need_a_utf8_locale(
    environ: dict[str, str], encoding: str, expected: bool
) -> None:
    assert find_screen(pipe(encoding), environ).unicode is expected


def test_painting_leaves_text_alone_without_colour() -> None:
    plain, colored = Screen(pipe()), Screen(pipe(), color=True)
    assert plain.paint("ok", "green") == "ok"
    assert colored.paint("ok", "green") == "\x1b[32mok\x1b[0m"
    assert colored.paint("ok", None) == "ok"


@pytest.mark.parametrize(
    ("text", "width", "wide", "ascii_"),
    [
        ("label", 5, "label", "label"),
        ("labels", 5, "labe…", "la..."),
        ("网络网络", 5, "网络…", "网..."),
        ("labels", 1, "…", "."),
        ("labels", 0, "", ""),
    ],
)
def test_cut_text_fits_and_says_that_it_was_cut(
    text: str, width: int, wide: str, ascii_: str
) -> None:
    assert Screen(pipe()).cut(text, width) == wide
    assert Screen(pipe(), unicode=False).cut(text, width) == ascii_


def test_widths_are_columns_not_characters() -> None:
    assert [text_width(text) for text in ("abc", "网络", "e\u0301", "👩")] == [3, 4, 1, 2]


def test_what_is_longer_than_the_screen_does_not_fit() -> None:
    screen = Screen(pipe(), width=10, height=4)
    assert screen.fits(b"1\n2\n3\n")
    assert not screen.fits(b"1\n2\n3\n4\n")
    assert not screen.fits(b"one line that is folded twice\n2\n")
    assert Screen(pipe()).fits(b"\n" * 1000)


def test_what_takes_no_column_counts_for_none() -> None:
    screen = Screen(pipe(), width=10, height=4)
    full = "\x1b[32m1234567890\x1b[0m\n" * 3
    assert screen.fits(full.encode())
    assert screen.fits("ä234567890\n".encode() * 3)
    assert not screen.fits("网络网络网x\n".encode() * 2)


def test_what_an_encoding_lacks_is_shown_as_its_number() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="iso-8859-1")
    screen = Screen(stream)
    stream.write("first ")
    screen.write(screen.encode("größer…"))
    assert stream.buffer.getvalue() == b"first gr\xf6\xdfer\\u2026"
