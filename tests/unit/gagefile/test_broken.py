"""Broken gagefiles, the same in TOML, JSON and YAML: what is said of them, and where.

`broken/<name>.txt` has a block for each fault: what is said, what is guessed, and for each format
the line, the first column and the column behind the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from git_gage.gagefile.load import check_file

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(path for path in BROKEN.iterdir() if path.suffix != ".txt")


class Told(NamedTuple):
    """What is said of a fault."""

    line: int
    column: int
    end_column: int
    severity: str
    message: str
    guess: str | None


def read_told(path: Path, kind: str) -> Iterator[Told]:
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        place = re.search(rf"^{kind} (\d+):(\d+)-(\d+)$", block, re.M)
        said = re.match(r"(error|warning): (.*)", block)
        guess = re.search(r"^guess: (.*)$", block, re.M)
        assert said, block
        if place:
            line, column, end = map(int, place.groups())
            yield Told(line, column, end, said[1], said[2], guess[1] if guess else None)


def test_there_are_enough() -> None:
    assert len(FILES) >= 100
    assert {path.suffix for path in FILES} == {".toml", ".json", ".yaml"}
    assert {path.stem for path in FILES} == {path.stem for path in BROKEN.glob("*.txt")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_fault_is_told_with_its_place(path: Path) -> None:
    found = [
        Told(*fault[1:4], fault.severity, fault.message, fault.guess)
        for fault in check_file(path, path.name).faults
    ]
    assert found == list(read_told(path.with_suffix(".txt"), path.suffix[1:]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_place_is_in_the_line(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    for fault in check_file(path, path.name).faults:
        assert fault.source_line == lines[fault.line - 1]
        assert 1 <= fault.column < fault.end_column <= max(len(fault.source_line), 1) + 1
