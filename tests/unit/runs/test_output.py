"""What a program printed: on disk as it comes, redrawn lines once."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.runs.output import (
    Entry,
    OutputLog,
    clip_output,
    read_index,
    read_lines,
    summarise_output,
)
from git_gage.runs.redraw import MAX_LINE
from tests.support import scale

UP, DOWN, ERASE = b"\x1b[A", b"\x1b[B", b"\x1b[2K"


class Recorded:
    """A log under test: a clock that is set by hand, and what came out so far."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.path, self.index_path = folder / "output", folder / "output.idx"
        self.now_s = 0.0
        self.lines: list[bytes] = []
        self.log = OutputLog(
            self.path,
            self.index_path,
            on_line=lambda line, _: self.lines.append(line),
            clock=lambda: self.now_s,
        )

    def write(self, *chunks: bytes, stream: str = "o", tty: bool = False) -> bytes:
        for chunk in chunks:
            self.log.write(stream, chunk, tty=tty)
        return self.content

    def close(self) -> bytes:
        self.log.close()
        return self.content

    @property
    def content(self) -> bytes:
        content = self.path.read_bytes()
        assert sum(entry.length for entry in self.index) == len(content)
        return content

    @property
    def index(self) -> list[Entry]:
        return [
            Entry(int(ms), stream, int(length))
            for ms, stream, length in map(str.split, self.index_path.read_text().splitlines())
        ]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path / "log")


def test_output_is_kept_as_printed_with_its_times(recorded: Recorded) -> None:
    recorded.now_s = 0.25
    recorded.write(b"epoch 1\nepo")
    recorded.now_s = 1.5
    recorded.write(b"ch 2\n", b"\xff\x00 not text \x1b[31mred\x1b[0m \x07\x1b]0;title\x07\n")
    recorded.write(b"warning\n", stream="e")
    assert recorded.close() == (
        b"epoch 1\nepoch 2\n\xff\x00 not text \x1b[31mred\x1b[0m \x07\x1b]0;title\x07\nwarning\n"
    )
    assert recorded.index == [(250, "o", 8), (1500, "o", 8), (1500, "o", 37), (1500, "e", 8)]
    assert recorded.lines[:2] == [b"epoch 1", b"epoch 2"]


def test_output_has_each_chunk_on_disk_at_once(recorded: Recorded) -> None:
    assert recorded.write(b"loading") == b"loading"
    assert recorded.write(b" ... done\nnext") == b"loading ... done\nnext"
    assert recorded.lines == []


def test_output_holds_a_progress_bar_once(recorded: Recorded) -> None:
    recorded.write(b"start\n")
    for step in range(10_001):
        newest = recorded.write(b"\r%3d%%|%-10s|" % (step // 100, b"#" * (step // 1000)))
        assert newest.startswith(b"start\n")
        assert len(newest) < 30
    assert newest == b"start\n100%|##########|"
    assert recorded.write(b"\nend\n") == b"start\n100%|##########|\nend\n"
    recorded.close()
    assert recorded.lines == [b"start", b"100%|##########|", b"end"]


def test_output_redrawn_shorter_leaves_nothing_of_the_longer(recorded: Recorded) -> None:
    assert recorded.write(b"downloading 99%", b"\r", b"done") == b"done"
    assert recorded.index == [(0, "o", 4)]


def test_output_line_has_the_time_of_its_last_change(recorded: Recorded) -> None:
    recorded.write(b"bar 0%")
    recorded.now_s = 2.0
    recorded.write(b"\rbar 50%")
    recorded.now_s = 3.0
    recorded.write(b"\rbar 100%\n")
    assert recorded.index == [(3000, "o", 9)]


def test_output_from_a_pipe_keeps_carriage_returns_at_line_ends(recorded: Recorded) -> None:
    assert recorded.write(b"a\r\nb\r\n", b"c\r", b"\nd") == b"a\r\nb\r\nc\r\nd"
    recorded.close()
    assert recorded.lines == [b"a", b"b", b"c", b"d"]


def test_output_from_a_terminal_has_plain_newlines(recorded: Recorded) -> None:
    assert recorded.write(b"a\r\nb\r", b"\nc\r\r\n", tty=True) == b"a\nb\nc\n"


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        pytest.param(b"gone\r\x1b[K", b"", id="to the end, from the start"),
        pytest.param(b"stays\x1b[K", b"stays", id="to the end, at the end"),
        pytest.param(b"gone\x1b[1K", b"", id="to the start, at the end"),
        pytest.param(b"stays\r\x1b[1K", b"stays", id="to the start, at the start"),
        pytest.param(b"gone\x1b[2Knew", b"new", id="all"),
        pytest.param(b"gone\x1b[Gnew", b"new", id="first column"),
        pytest.param(b"text\x1b[7Gmore", b"text\x1b[7Gmore", id="other column"),
        pytest.param(b"one\ntwo\x1b[2Jend", b"one\ntwo\x1b[2Jend", id="whole screen"),
        pytest.param(b"bar\r\x1b[0m\n", b"bar\x1b[0m\n", id="colour alone erases nothing"),
        pytest.param(b"bar\r\x1b[32mnew", b"\x1b[32mnew", id="colour of the new text"),
        pytest.param(b"bar\r\x1b[?25l\x1b[32mnew", b"\x1b[?25l\x1b[32mnew", id="cursor hidden"),
        pytest.param(b"bar\r", b"bar", id="nothing after the return"),
        pytest.param(b"half\x1b[3", b"half\x1b[3", id="unfinished sequence"),
        pytest.param(b"\x1bchar", b"\x1bchar", id="sequence we do not know"),
    ],
)
def test_output_erases_as_a_terminal_does(recorded: Recorded, printed: bytes, left: bytes) -> None:
    recorded.write(printed)
    assert recorded.close() == left


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        pytest.param(b"a\nb\n" + UP + b"new b\n", b"a\nnew b\n", id="up one"),
        pytest.param(b"a\nb\n\x1b[2Fnew a\n", b"new a\nb\n", id="lines up"),
        pytest.param(b"a\nb" + UP + b"+", b"a+\nb", id="up at the end of a line"),
        pytest.param(b"a\nb\n\x1b[9Anew a", b"new a\nb\n", id="not above the first line"),
        pytest.param(b"a\nb\nc\n\x1b[3A\x1b[Jnew\n", b"new\n", id="erase below"),
        pytest.param(b"a\nb\nc\n\x1b[3A" + DOWN + b"\rnew", b"a\nnew\nc\n", id="down"),
        pytest.param(b"a\nb\nc\n\x1b[3A\x1b[9Enew", b"a\nb\nc\nnew", id="not below the last"),
        pytest.param(b"a\r\nb\r\n" + UP + b"new\r\n", b"a\r\nnew\r\n", id="line ends of windows"),
        pytest.param(b"a\nb\n" + (ERASE + UP) * 2 + ERASE + b"end", b"end\n", id="erased rows"),
        pytest.param(
            b"a\nb\n \n\x1b[?25h" + (UP + ERASE) * 3 + b"end", b"end\n", id="invisible rows"
        ),
    ],
)
def test_output_redraws_lines_above(recorded: Recorded, printed: bytes, left: bytes) -> None:
    recorded.write(printed)
    assert recorded.close() == left


def test_output_of_bars_above_one_another_is_one_line_a_bar(recorded: Recorded) -> None:
    recorded.write(b"begin\n")
    for step in range(101):
        for bar in range(3):
            down, up = b"\n" * bar, UP * bar
            recorded.write(down + b"\rbar %d: %3d%%" % (bar, step) + up)
    expected = b"begin\nbar 0: 100%\nbar 1: 100%\nbar 2: 100%"
    assert recorded.content == expected
    recorded.write(b"\n\n\nend\n")
    assert recorded.close() == expected + b"\nend\n"
    assert recorded.lines == (expected + b"\nend").split(b"\n")


def test_output_of_a_live_table_is_its_last_state(recorded: Recorded) -> None:
    height = 4
    clear = b"\r" + ERASE + (UP + ERASE) * (height - 1)
    for frame in range(50):
        table = b"\r\n".join(b"row %d of frame %d" % (row, frame) for row in range(height))
        recorded.write((clear if frame else b"") + table, tty=True)
    recorded.write(b"\r\n", tty=True)
    assert recorded.close() == b"".join(b"row %d of frame 49\n" % row for row in range(height))


def test_output_can_be_redrawn_in_the_last_64_lines_only(recorded: Recorded) -> None:
    for number in range(200):
        recorded.write(b"line %d\n" % number)
    recorded.write(b"\x1b[500A\rchanged\x1b[500B\r")
    lines = recorded.close().split(b"\n")
    assert lines.index(b"changed") == 200 - 64
    assert lines[0] == b"line 0"
    assert recorded.lines == lines[:-1]


def test_output_of_two_streams_keeps_lines_whole_beside_a_bar(recorded: Recorded) -> None:
    recorded.write(b"\rbar 1%", stream="e")
    assert recorded.write(b"loss: 0.5\nlo") == b"loss: 0.5\nbar 1%lo"
    recorded.write(b"\rbar 2%", stream="e")
    assert recorded.write(b"ss: 0.4\n") == b"loss: 0.5\nloss: 0.4\nbar 2%"
    assert [entry.stream for entry in recorded.index] == ["o", "o", "e"]
    recorded.write(b"\nmore\n" + UP + UP + b"\rbar 3%", stream="e")
    assert recorded.close() == b"loss: 0.5\nloss: 0.4\nbar 3%\nmore\n"


def test_output_line_above_is_redrawn_though_another_stream_printed_since(
    recorded: Recorded,
) -> None:
    recorded.write(b"bar 1%\n", stream="e")
    recorded.write(b"loss: 0.5\n")
    recorded.write(UP + b"bar 2%\n", stream="e")
    assert recorded.close() == b"loss: 0.5\nbar 2%\n"


def test_output_bars_in_progress_stay_in_reach(recorded: Recorded) -> None:
    recorded.write(b"\rbar 0\n\rbar 1" + UP, stream="e")
    for number in range(300):
        recorded.write(b"line %d\n" % number)
    recorded.write(b"\n\rbar 1 done\n", stream="e")
    assert recorded.close().endswith(b"line 299\nbar 0\nbar 1 done\n")
    assert recorded.path.read_bytes().count(b"bar") == 2


def test_output_of_an_endless_line_is_passed_on_in_parts(recorded: Recorded) -> None:
    part = b"x" * 10_000
    for _ in range(20):
        recorded.write(part)
    recorded.write(b"\r" + b"y" * 10, b"\nshort\nlast", b"\n")
    content = recorded.close()
    assert content.endswith(b"x" + b"y" * 10 + b"\nshort\nlast\n")
    assert recorded.lines == [b"short", b"last"]


def test_output_of_an_endless_line_ends_with_others_in_one_chunk(recorded: Recorded) -> None:
    recorded.write(b"x" * (MAX_LINE + 1))
    assert recorded.write(b"x\n").endswith(b"x\n")
    recorded.write(b"y" * (MAX_LINE + 1), b"y\nshort\n")
    # There is no way back above the rest of a long line.
    recorded.write(b"z" * (MAX_LINE + 1), b"zz" + UP + b"\r!\n")
    assert recorded.close().endswith(b"z!\n")
    assert recorded.lines == [b"short"]


def test_output_written_without_end_into_a_line_above_goes_on_below(recorded: Recorded) -> None:
    recorded.write(b"a\nb\nc" + UP + UP, b"x" * (MAX_LINE + 1), b"!")
    assert recorded.close() == b"a" + b"x" * (MAX_LINE + 1) + b"\nb\nc!"


def test_output_holds_few_invisible_sequences_back(recorded: Recorded) -> None:
    recorded.write(b"bar\r" + b"\x1b[?25l\x1b[0m" * 1000 + b"end\n")
    assert recorded.content == b"\x1b[?25l\x1b[0m" * 1000 + b"end\n"


@pytest.mark.full
@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(b"x" * 60_000, id="one line"),
        pytest.param(b"x" * 79 + b"\n" + b"y" * 80 + b"\r\n", id="lines"),
        pytest.param(b"\rbar 1%" * 8_000, id="redraws"),
        pytest.param(b"\rbar 1%\n\rbar 2%" + UP, id="bars"),
        pytest.param(b"x" * 10_000 + b"\n" + UP, id="long lines redrawn"),
        pytest.param(b"\r" + b"\x1b[0m" * 500, id="colours"),
    ],
)
def test_output_memory_is_bounded(tmp_path: Path, chunk: bytes) -> None:
    total = scale(200_000, 5_000_000)
    chunk *= max(1, 60_000 // len(chunk))
    with OutputLog(tmp_path / "output", tmp_path / "output.idx", on_line=lambda *_: None) as log:
        tracemalloc.start()
        for _ in range(total // len(chunk)):
            log.write("o", chunk)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2_000_000


def test_output_survives_a_kill(tmp_path: Path) -> None:
    script = (
        "import os, sys, signal\n"
        "from pathlib import Path\n"
        "from git_gage.runs.output import OutputLog\n"
        "log = OutputLog(Path('output'), Path('output.idx'), on_line=lambda *_: None)\n"
        "log.write('b', b'epoch 1\\n')\n"
        "log.write('b', b'\\rbar 1%')\n"
        "log.write('b', b'\\rbar 2%')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "output").read_bytes() == b"epoch 1\nbar 2%"
    assert [entry.length for entry in read_index(tmp_path / "output.idx", 14)] == [8, 6]


def test_output_goes_on_without_a_disk(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded.write(b"before\n")
    monkeypatch.setattr(os, "pwrite", _refuse)
    recorded.log.write("o", b"loss: 0.5\n")
    assert recorded.log.error is not None
    assert recorded.log.error.errno == errno.ENOSPC
    monkeypatch.undo()
    recorded.log.write("o", b"loss: 0.4\n")
    # What is missing in the middle must not look as if it never was: nothing follows the gap.
    assert recorded.close() == b"before\n"
    assert recorded.lines == [b"before", b"loss: 0.5", b"loss: 0.4"]
    recorded.log.close()


def test_output_is_closed_by_its_with_block(recorded: Recorded) -> None:
    with recorded.log as log:
        log.write("o", b"no newline")
    assert recorded.lines == [b"no newline"]


def test_summarise_output_counts_a_last_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "output"
    for content, lines in {b"": 0, b"a\n": 1, b"a\nb": 2, b"\n\n": 2}.items():
        path.write_bytes(content)
        assert summarise_output(path) == (len(content), lines)


@pytest.mark.parametrize(
    ("index", "size", "entries"),
    [
        pytest.param("5 o 3\n7 e 4\n", 7, [(5, "o", 3), (7, "e", 4)], id="whole"),
        pytest.param("5 o 3\n7 e 4\n", 9, [(5, "o", 3), (7, "e", 4), (7, "e", 2)], id="behind"),
        pytest.param("5 o 3\n7 e 4\n", 5, [(5, "o", 3), (7, "e", 2)], id="ahead"),
        pytest.param("5 o 3\n7 e 4\n", 3, [(5, "o", 3)], id="far ahead"),
        pytest.param("5 o 3\n7 e", 7, [(5, "o", 3), (5, "o", 4)], id="torn"),
        pytest.param("", 7, [(0, "b", 7)], id="empty"),
        pytest.param(None, 7, [(0, "b", 7)], id="missing"),
        pytest.param("5 o 3\n", 0, [], id="no output"),
    ],
)
def test_index_left_by_a_kill_is_mended(
    tmp_path: Path, index: str | None, size: int, entries: list[tuple[int, str, int]]
) -> None:
    path, index_path = tmp_path / "output", tmp_path / "output.idx"
    path.write_bytes(b"x" * size)
    if index is not None:
        index_path.write_text(index)
    assert read_index(index_path, size) == entries
    assert not clip_output(path, index_path, 1000)
    mended = "".join(f"{ms} {stream} {length}\n" for ms, stream, length in entries)
    assert index_path.read_text() == mended


def test_lines_are_read_back_without_those_that_are_too_long(tmp_path: Path) -> None:
    long = b"x" * (3 << 20)
    lines = (b"a: 1\r\n", long, b" b: 2\n", b"c: 3\n", b"y" * (MAX_LINE + 1), b"\nd: 4")
    (tmp_path / "output").write_bytes(b"".join(lines))
    assert list(read_lines(tmp_path / "output")) == [b"a: 1", b"c: 3", b"d: 4"]


def test_clip_output_leaves_out_the_middle_at_line_borders(recorded: Recorded) -> None:
    for number in range(1000):
        recorded.now_s = number
        recorded.log.write("oe"[number % 2], b"line %03d\n" % number)
    printed, whole = recorded.close(), recorded.path.with_name("gage") / "outputs" / "run"
    assert clip_output(recorded.path, recorded.index_path, 1000, whole=whole)
    clipped = recorded.content
    assert len(clipped) <= 1000
    head, tail = clipped.split(
        b"[git-gage: 8262 bytes left out here; the whole output is in gage/outputs/run]\n"
    )
    assert printed.startswith(head)
    assert printed.endswith(tail)
    assert head.endswith(b"\n")
    assert tail.startswith(b"line ")
    assert whole.read_bytes() == printed
    assert len(read_index(whole.with_name("run.idx"), len(printed))) == 1000
    assert recorded.index[-1] == (999_000, "e", 9)
    assert not clip_output(recorded.path, recorded.index_path, 1000, whole=whole)
    assert whole.read_bytes() == printed


def test_clip_output_cuts_a_line_that_is_longer_than_everything(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.write(b"x" * 5000)
    recorded.close()
    monkeypatch.setattr(os, "link", _refuse)
    assert clip_output(recorded.path, recorded.index_path, 1000)
    head, marker, tail = recorded.content.split(b"\n")
    assert head == tail == b"x" * 372
    assert marker.startswith(b"[git-gage: 4256 bytes left out here")
    assert recorded.path.with_name("output.whole").read_bytes() == b"x" * 5000
    assert [entry.stream for entry in recorded.index] == ["o", "b", "o"]


def _refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


PRINTED = st.lists(
    st.sampled_from(
        [
            *(b"a", b"bc", b" ", b"\n", b"\n", b"\r", b"\r\n", b"\r\r\n", b"\x1b", b"\xff"),
            *(b"\x1b[A", b"\x1b[2A", b"\x1b[B", b"\x1b[E", b"\x1b[F", b"\x1b[G", b"\x1b[J"),
            *(b"\x1b[K", b"\x1b[1K", b"\x1b[2K", b"\x1b[31m", b"\x1b[?25l", b"\x1b[5;5H"),
        ]
    ),
    max_size=60,
).map(b"".join)


@given(printed=PRINTED, sizes=st.lists(st.integers(1, 7), min_size=1), tty=st.booleans())
def test_output_does_not_depend_on_how_it_was_read(
    tmp_path_factory: pytest.TempPathFactory, printed: bytes, sizes: list[int], tty: bool
) -> None:
    folder = tmp_path_factory.mktemp("log")
    whole, parts = Recorded(folder / "whole"), Recorded(folder / "parts")
    whole.write(printed, tty=tty)
    parts.write(*_cut(printed, sizes), tty=tty)
    assert parts.close() == whole.close()
    assert parts.lines == whole.lines == _lines(whole.content)


@given(
    printed=st.binary(max_size=300).filter(lambda data: b"\r" not in data and b"\x1b" not in data)
)
def test_output_that_redraws_nothing_is_kept_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, printed: bytes
) -> None:
    recorded = Recorded(tmp_path_factory.mktemp("log"))
    recorded.write(*_cut(printed, [3, 50, 1]))
    assert recorded.close() == printed


def _cut(data: bytes, sizes: list[int]) -> Iterable[bytes]:
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at, turn = at + size, turn + 1


def _lines(content: bytes) -> list[bytes]:
    return [line.removesuffix(b"\r") for line in content.removesuffix(b"\n").split(b"\n")] * bool(
        content
    )
