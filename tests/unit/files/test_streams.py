"""Bytes that arrive, over several attempts; and which files need not be read again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from git_gage.errors import IntegrityError
from git_gage.files.notes import Notes, stamp_of
from git_gage.files.sidecar import Sidecar
from git_gage.files.streams import receive

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
