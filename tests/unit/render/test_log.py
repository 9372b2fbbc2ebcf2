"""The output of a run as it is printed again."""

from __future__ import annotations

from io import BytesIO

import pytest

from git_gage.errors import IntegrityError
from git_gage.render.log import Stamps, clean_log, stamp_parts


def test_a_terminal_sees_colours_and_no_other_orders() -> None:
    printed = "\x1b[32mok\x1b[0m größer \x1b]0;title\x07\n".encode() + b"\xff\n"
    assert clean_log(printed) == "\x1b[32mok\x1b[0m größer \n\\xff\n".encode()


def stamp_log(content: bytes, index: bytes) -> bytes:
    return b"".join(stamp_parts([content], Stamps(BytesIO(index))))


def test_each_line_has_the_time_of_its_first_byte() -> None:
    content = b"one\ntwo\nthree, in two pieces\nlast"
    index = b"12 o 8\n1000 e 6\n61500 o 19\n"
    assert stamp_log(content, index) == (
        b"     0.012  one\n     0.012  two\n     1.000  three, in two pieces\n    61.500  last"
    )


def test_an_index_that_ends_early_keeps_its_last_time() -> None:
    assert stamp_log(b"a\nb\nc\n", b"5 o 2\n") == b"     0.005  a\n     0.005  b\n     0.005  c\n"
    assert stamp_log(b"a\n", b"") == b"     0.000  a\n"


@pytest.mark.parametrize("index", [b"12 o\n", b"x o 1\n", b"1 o x\n"])
def test_a_damaged_index_is_said_to_be_one(index: bytes) -> None:
    with pytest.raises(IntegrityError, match="not an index of output"):
        stamp_log(b"a\n", index)
