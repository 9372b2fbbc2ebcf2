"""The output of a run as it is printed again."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper

import pytest

from git_gage.errors import IntegrityError
from git_gage.render.log import LiveLog, Stamps, clean_log, clean_parts, read_parts, stamp_parts
from git_gage.render.screen import Screen


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


def test_a_character_that_is_cut_in_two_is_whole_again() -> None:
    whole = "größer\n".encode()
    parts = [whole[:3], whole[3:4], whole[4:]]
    assert b"".join(clean_parts(parts)) == whole
    assert b"".join(clean_parts([whole[:3]])) == b"gr\\xc3"


def test_a_log_is_read_in_parts_of_whole_lines() -> None:
    lines = [b"x" * 40_000 + b"\n"] * 3
    parts = list(read_parts(BytesIO(b"".join(lines) + b"last")))
    assert parts == [lines[0] * 2, lines[0] + b"last"]
    long = list(read_parts(BytesIO(b"x" * 200_000)))
    assert [len(part) for part in long] == [131_072, 68_928]


def test_times_go_on_over_parts_and_in_the_middle_of_a_line() -> None:
    index = b"5 o 4\n7 o 6\n9 o 4\n"
    parts = stamp_parts([b"one\ntw", b"ice\n", b"end\n"], Stamps(BytesIO(index)))
    assert b"".join(parts) == b"     0.005  one\n     0.007  twice\n     0.009  end\n"
    tail = stamp_parts([b"ice\nend\n"], Stamps(BytesIO(index)), 6, continued=True)
    assert b"".join(tail) == b"ice\n     0.009  end\n"


# -- while it is written -----------------------------------------------------------------------


class Told:
    """What came to a screen."""

    def __init__(self, *, terminal: bool = False, index: bytes | None = None) -> None:
        self.stream = TextIOWrapper(BytesIO(), "utf-8")
        height = 5 if terminal else None
        screen = Screen(self.stream, 20, height, terminal=terminal)
        self.index = BytesIO(index or b"")
        stamps = None if index is None else Stamps(self.index, growing=True)
        self.log = LiveLog(screen, stamps)

    @property
    def new(self) -> bytes:
        """Since the last time."""
        self.stream.flush()
        buffer = self.stream.buffer
        assert isinstance(buffer, BytesIO)
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text


def test_a_pipe_gets_lines_when_they_have_ended() -> None:
    told = Told()
    told.log.change(0, b"", b"one\ntw")
    assert told.new == b"one\n"
    told.log.change(6, b"", b"o\n10%")
    assert told.new == b"two\n"
    told.log.change(8, b"10%", b"20%")
    assert told.new == b""
    told.log.change(8, b"20%", b"100%\nend")
    assert told.new == b"100%\n"
    told.log.end(16)
    assert told.new == b"end"


def test_a_line_that_was_drawn_again_comes_again_where_nothing_can_be_wiped() -> None:
    told = Told()
    told.log.change(0, b"", b"a 1\nb 1\n")
    told.log.change(4, b"b 1\n", b"b 2\n")
    assert told.new == b"a 1\nb 1\nb 2\n"
    told.log.end(8)
    assert told.new == b""


def test_a_very_long_line_does_not_wait_for_its_end() -> None:
    told = Told(index=b"5 o 70000\n9 o 7\n")
    told.log.change(0, b"", b"x" * 70_000)
    assert told.new == b"     0.005  " + b"x" * 70_000
    told.log.change(70_000, b"", b"xx\nend\n")
    assert told.new == b"xx\n     0.009  end\n"


def test_a_terminal_sees_the_unfinished_line_too() -> None:
    told = Told(terminal=True)
    told.log.change(0, b"", b"one\n\x1b[32m10%\x1b[0m \x07")
    assert told.new == b"one\n10% \\x07"
    told.log.change(4, b"", b" of a very long line")
    assert told.new == b"\r\x1b[K10% \\x07 of a very" + "…".encode()
    told.log.end(60)
    assert told.new == b"\r\x1b[K\x1b[32m10%\x1b[0m \\x07 of a very long line"


def test_a_terminal_takes_back_what_is_drawn_again() -> None:
    told = Told(terminal=True)
    told.log.change(0, b"", b"head\n" + b"a" * 25 + b"\nb 1\n50%")
    assert told.new.endswith(b"b 1\n50%")
    told.log.change(5, b"a" * 25 + b"\nb 1\n50%", b"a\nb 2\n")
    assert told.new == b"\r\x1b[K\x1b[3A\x1b[Ja\nb 2\n"
    told.log.change(7, b"b 2\n" * 9, b"b\n")
    assert told.new == b"\x1b[4A\x1b[Jb\n", "what has left the screen stays"
    told.log.change(9, b"b", b"c\n")
    assert told.new == b"c\n"


def test_times_of_a_log_that_is_still_written() -> None:
    told = Told(index=b"5 o 4\n7 o")
    told.log.change(0, b"", b"one\ntwo\n")
    assert told.new == b"     0.005  one\n     0.005  two\n", "the last time that can be read"
    told.index.seek(6)
    told.index.write(b"8 o 8\n")
    told.log.change(4, b"two\n", b"2\nthree\n")
    assert told.new == b"     0.008  2\n     0.008  three\n"
    told.index.seek(12)
    told.index.write(b"9 o 4\n")
    told.log.change(12, b"", b"end\n")
    assert told.new == b"     0.009  end\n"


def test_times_are_read_anew_where_lines_were_drawn_again() -> None:
    told = Told(index=b"5 o 12\n")
    told.log.change(0, b"", b"a 1\nb 1\nc 1\n")
    told.index.seek(0)
    told.index.write(b"5 o 4\n9 o 8\n")
    told.log.change(4, b"b 1\nc 1\n", b"b 2\nc 2\n")
    assert told.new.endswith(b"     0.009  b 2\n     0.009  c 2\n")
