"""A colleague's label, path or output must not steer the terminal of whoever looks at it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.safe import clean, clean_output

HARMLESS = re.compile(r"\x1b\[[0-9;:]*m|[\n\t\r]")


@pytest.mark.parametrize(
    "text",
    [
        "wider net",
        "größer",
        "网络",
        "👩‍🚀 up",
        "❤️‍🔥 1️⃣",
        "葛\U000e0100城",
        "zw\u200cnj",
        "",
        "a\u00a0b",
    ],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert clean(text) == text
    assert clean_output(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
        ("\x9b31m", "\\x9b31m"),
        ("nothing\u202egnihton", "nothing\\u202egnihton"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("line\u2028break\ufeff", "line\\u2028break\\ufeff"),
        ("byte \udcff", "byte \\xff"),
        ("half \ud800", "half \\ud800"),
        ("\x7f\x00", "\\x7f\\x00"),
        ("a\ufe0f\ufe0fb", "a\ufe0f\\ufe0fb"),
        ("\u200da\u200d\u200d", "\\u200da\u200d\\u200d"),
        ("\u3164\u034f", "\\u3164\\u034f"),
        ("\U000e0002\U000e0101", "\\U000e0002\U000e0101"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("\x1b[1;31mred\x1b[0m\n", "\x1b[1;31mred\x1b[0m\n"),
        ("10%\r20%\r\n", "10%\r20%\r\n"),
        ("up\x1b[Aand\x1b[2Jaway", "upandaway"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;cm0gLXJm\x1b\\text", "text"),
        ("\x1bPq#0\x1b\\text\x1b(B", "text"),
        ("never ended \x1b]0;title", "never ended "),
        ("bell\x07", "bell\\x07"),
        ("\x1b", "\\x1b"),
    ],
)
def test_output_keeps_its_colours_and_lines_and_nothing_else(printed: str, seen: str) -> None:
    assert clean_output(printed) == seen


@given(st.text(st.characters()))
def test_no_text_whatever_leaves_something_that_is_obeyed(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    left = HARMLESS.sub("", clean_output(text))
    assert clean(left) == left
