"""Bytes that arrive, over several attempts; and which files need not be read again."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from git_gage.errors import IntegrityError
from git_gage.files.meter import Meter
from git_gage.files.notes import Notes, stamp_of
from git_gage.files.sidecar import Sidecar
from git_gage.files.streams import in_parallel, receive

MODEL = b"model" * 100
SHA256 = hashlib.sha256(MODEL).hexdigest()


def serve(content: bytes, asked: list[int]) -> Callable[[int], Iterator[bytes | memoryview]]:
    def open_at(offset: int) -> Iterator[bytes | memoryview]:
        asked.append(offset)
        for at in range(offset, len(content), 100):
            yield content[at : at + 100]

    return open_at


def test_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    sidecar, asked = Sidecar(tmp_path), list[int]()
    sidecar.incoming(SHA256).write_bytes(MODEL[:170])
    receive(sidecar, SHA256, len(MODEL), serve(MODEL, asked))
    assert asked == [170]
    assert sidecar.path(SHA256).read_bytes() == MODEL


def test_what_was_damaged_before_is_asked_for_anew(tmp_path: Path) -> None:
    sidecar, asked = Sidecar(tmp_path), list[int]()
    sidecar.incoming(SHA256).write_bytes(b"\0" * 170)
    receive(sidecar, SHA256, len(MODEL), serve(MODEL, asked))
    assert asked == [170, 0]
    assert sidecar.has(SHA256, len(MODEL))


@pytest.mark.parametrize("content", [MODEL[:-1], MODEL + b"more" * 1000, b"MODEL" * 100])
def test_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    sidecar, asked = Sidecar(tmp_path), list[int]()
    written = 0

    def count(offset: int) -> Iterator[bytes | memoryview]:
        nonlocal written
        for block in serve(content, asked)(offset):
            written += len(block)
            yield block

    with pytest.raises(IntegrityError, match="arrived damaged"):
        receive(sidecar, SHA256, len(MODEL), count)
    assert asked == [0]
    assert written <= len(MODEL) + 100
    assert list(sidecar.list()) == []


def test_notes(tmp_path: Path) -> None:
    file, path = tmp_path / "file", tmp_path / "deep" / "notes"
    file.write_bytes(MODEL)
    stamp = stamp_of(file.stat())
    notes = Notes(path)
    assert not notes.knows(SHA256, stamp)
    notes.add(SHA256, stamp)
    assert notes.knows(SHA256, stamp)
    with path.open("a") as lines:
        lines.write('["torn", 1\n["short", 1]\n7\n')
    assert Notes(path).knows(SHA256, stamp)
    os.utime(file, (1, 1))
    assert not Notes(path).knows(SHA256, stamp_of(file.stat()))


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """What the terminal, and git besides, do when somebody presses Ctrl-C."""
    if sys.platform == "win32":
        pytest.skip("no such signals")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_several_ctrl_c_are_one(ctrl_c: Callable[[], None]) -> None:
    """`timeout` sends it to us and to all of our group; an impatient finger sends more."""
    meter, begun, ended = Meter(9, lambda _: None), list[str](), list[str]()

    def move(name: str) -> None:
        begun.append(name)
        try:
            while True:
                ctrl_c()
                meter.at(name, 1)
        finally:
            for _ in range(50):
                ctrl_c()
                time.sleep(0.001)
            ended.append(name)

    with pytest.raises(KeyboardInterrupt):
        in_parallel(map(str, range(99)), move, meter)
    assert begun
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 99
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_when_the_last_object_is_there(ctrl_c: Callable[[], None]) -> None:
    done: list[str] = []
    in_parallel(["only"], done.append, Meter(9, lambda _: None))
    assert done == ["only"]
    with pytest.raises(KeyboardInterrupt):
        in_parallel(["only"], lambda _: ctrl_c(), Meter(9, lambda _: None))


def test_who_deals_with_ctrl_c_goes_on_doing_so(ctrl_c: Callable[[], None]) -> None:
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    in_parallel(["only"], lambda _: ctrl_c(), Meter(9, lambda _: None))
    assert heard == [signal.SIGINT]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What is no main thread is told nothing, and can set nothing.
    done: list[str] = []
    meter = Meter(9, lambda _: None)
    thread = threading.Thread(target=in_parallel, args=(["only"], done.append, meter))
    thread.start()
    thread.join()
    assert done == ["only"]
