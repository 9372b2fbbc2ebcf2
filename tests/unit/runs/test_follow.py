"""An output that is read while it is written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.runs import follow
from git_gage.runs.follow import Change, Follower, find_last_lines


class Log:
    """An output and who follows it; `shown` is what a terminal would show of it."""

    def __init__(self, content: bytes = b"", start: int = 0) -> None:
        self.content = content
        self.follower = Follower(self, start)  # type: ignore[arg-type]
        self.shown = b""

    def seek(self, at: int) -> None:
        self._at = at

    def read(self, size: int) -> bytes:
        return self.content[self._at : self._at + size]

    def look(self) -> Change | None:
        change = self.follower.read()
        if change is not None:
            assert self.shown.endswith(change.taken_back)
            kept = len(self.shown) - len(change.taken_back)
            assert change.at == kept
            self.shown = self.shown[:kept] + change.fresh
        return change


def test_what_is_new_comes_once() -> None:
    log = Log(b"one\n")
    assert log.look() == Change(0, b"", b"one\n")
    assert log.look() is None
    log.content += b"two\n"
    assert log.look() == Change(4, b"", b"two\n")


def test_a_line_that_is_drawn_again_is_taken_back_whole() -> None:
    log = Log(b"start\n10%")
    log.look()
    log.content = b"start\n20%\n"
    assert log.look() == Change(6, b"10%", b"20%\n")
    log.content = b"start\n"
    assert log.look() == Change(6, b"20%\n", b"")


def test_bars_above_one_another_are_taken_back_from_the_first_that_changed() -> None:
    log = Log(b"head\na 1\nb 1\n")
    log.look()
    log.content = b"head\na 1\nb 2\nc 1"
    assert log.look() == Change(9, b"b 1\n", b"b 2\nc 1")


def test_a_follower_may_begin_anywhere() -> None:
    log = Log(b"one\ntwo\n", start=4)
    assert log.follower.read() == Change(4, b"", b"two\n")


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_long_log_is_held_in_part_only(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    monkeypatch.setattr(follow, "_KEPT", 100)
    log = Log()
    for number in range(200):
        log.content += b"%06d" % number + end
        log.look()
    assert log.shown == log.content
    assert len(log.follower._seen) <= 100 + 7
    log.content += b"last"
    assert log.look() == Change(len(log.content) - 4, b"", b"last")


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=20)), max_size=20))
def test_whatever_is_rewritten_what_is_shown_is_what_is_there(
    edits: list[tuple[int, bytes]],
) -> None:
    log = Log()
    for back, data in edits:
        log.content = log.content[: max(0, len(log.content) - back)] + data.replace(b" ", b"\n")
        log.look()
        assert log.shown == log.content


@pytest.mark.parametrize(
    ("content", "count", "last"),
    [
        (b"", 3, b""),
        (b"one\ntwo\nthree\n", 2, b"two\nthree\n"),
        (b"one\ntwo\nthree", 2, b"two\nthree"),
        (b"one\n\n\n", 2, b"\n\n"),
        (b"one\ntwo\n", 2, b"one\ntwo\n"),
        (b"one\ntwo\n", 9, b"one\ntwo\n"),
        (b"no newline", 1, b"no newline"),
    ],
)
def test_last_lines_are_found_from_the_end(
    content: bytes, count: int, last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chunk in (1, 3, 1 << 20):
        monkeypatch.setattr(follow, "_CHUNK", chunk)
        assert content[find_last_lines(BytesIO(content), count) :] == last


def test_last_lines_of_a_file_that_is_read_unbuffered(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"one\ntwo\nthree\n")
    with path.open("rb", buffering=0) as file:
        assert find_last_lines(file, 1) == 8
