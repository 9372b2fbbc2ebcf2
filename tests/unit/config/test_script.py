"""Scripts as they lie on disk: encodings, line endings, and those that are no Python."""

from __future__ import annotations

import pytest

from git_gage.config import Value, find_settings
from git_gage.errors import ConfigError
from tests.unit.config.scripts import apply


def test_windows_line_endings_stay() -> None:
    applied = apply(b"# top\r\nlr = 0.1\r\nx = 1\r\n", "lr=0.2")
    assert applied.source == b"# top\r\nlr = 0.2\r\nx = 1\r\n"
    assert applied.diff == (
        "--- a/train.py\n+++ b/train.py\n@@ -1,3 +1,3 @@\n"
        " # top\r\n-lr = 0.1\r\n+lr = 0.2\r\n x = 1\r\n"
    )


def test_mixed_and_old_line_endings_stay() -> None:
    assert apply(b"a = 1\rb = 2\nc = 3\r\nd = 4", "b=20", "d=40").source == (
        b"a = 1\rb = 20\nc = 3\r\nd = 40"
    )


def test_form_feed_and_line_separator_end_no_line() -> None:
    source = "a = '\x0c\u2028'\n\x0cb = 1\n".encode()
    assert apply(source, "b=2").source == source.replace(b"b = 1", b"b = 2")


def test_byte_order_mark_stays() -> None:
    applied = apply(b"\xef\xbb\xbflr = 0.1; name = 'b'\n", "lr=0.2", "name=\u00fc")
    assert applied.source == b"\xef\xbb\xbflr = 0.2; name = '\xc3\xbc'\n"
    assert applied.diff is not None
    assert "\n-lr = 0.1;" in applied.diff


def test_declared_encoding_is_kept() -> None:
    source = "# -*- coding: latin-1 -*-\ncity = 'Köln'; lr = 1\n".encode("latin-1")
    applied = apply(source, "city=Malmö", "lr=2")
    assert applied.source == source.replace(b"K\xf6ln", b"Malm\xf6").replace(b"= 1", b"= 2")
    assert applied.config["city"] == Value("str", "Malmö")


def test_text_that_the_encoding_does_not_have_is_escaped() -> None:
    applied = apply("# coding: ascii\ncity = ''\ncities = []\n", "city=東京", "cities=['東']")
    assert applied.source.splitlines()[1:] == [rb"city = '\u6771\u4eac'", rb'cities = ["\u6771"]']
    applied = apply(b"# coding: shift_jis\nprice = '\x82\xa0'\n", "price=\u00a5")
    assert applied.source.endswith(rb"price = '\xa5'" + b"\n")


def test_diff_says_that_the_last_line_has_no_end() -> None:
    diff = apply(b"lr = 0.1", "lr=0.2").diff
    assert diff == (
        "--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n"
        "-lr = 0.1\n\\ No newline at end of file\n+lr = 0.2\n\\ No newline at end of file\n"
    )


def test_script_whose_name_is_not_utf8_has_a_diff() -> None:
    diff = apply(b"lr = 0.1\n", "lr=0.2", name="caf\udce9.py").diff
    assert diff is not None
    assert diff.startswith("--- a/caf\\udce9.py\n")


def test_warnings_about_the_script_are_left_to_its_own_python() -> None:
    assert apply(b"x = '\\d'\n0 is 0\n").config == {"x": Value("str", "\\d")}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            b"lr = 0.1\nif lr:\n",
            "train.py:2: expected an indented block after 'if' statement on line 2",
        ),
        (b"x = 1\nprint 'hello'\n", "train.py:2: Missing parentheses in call to 'print'"),
        (b"# coding: nonsense\n", "train.py:1: unknown encoding"),
        (b"# coding: rot13\n", "train.py:1: 'rot13' is not a text encoding"),
        (b"# coding: ascii\n\n# \xe9\n", "train.py:3: not in its encoding, ascii"),
        (b"x = 1\n\n\n# \xff\n", "train.py:4: not in its encoding, utf-8"),
        (b"x = 1\0\n", "train.py:1: source code"),
        (b"# coding: utf-7\nx = '+2AA-'\n", "train.py:1: 'utf-8' codec can't encode character"),
        (b"x = " + b"-" * 100_000 + b"1\n", "train.py:1: nested too deeply"),
    ],
    ids=["block", "python 2", "encoding", "no text", "ascii", "bytes", "null", "surrogate", "deep"],
)
def test_script_that_cannot_be_read_is_refused(source: bytes, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_settings(source, "train.py")
    assert caught.value.message.startswith(message)
    assert caught.value.hint == "run it as it is with 'git gage run -- python3 train.py'"


def test_script_whose_bytes_cannot_be_told_is_not_changed() -> None:
    source = b"# coding: utf-7\nname = '~'\nlr = 1\n"  # encoded again, ~ is +AH4-
    assert apply(source).source == source
    with pytest.raises(ConfigError) as caught:
        apply(source, "lr=2")
    assert caught.value.message == "train.py:1: cannot change a script in the encoding utf-7"
