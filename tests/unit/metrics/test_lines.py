"""Files of lines that a program appends to, read while they grow."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.metrics import lines
from git_gage.metrics.lines import CHUNK, MAX_LINE, LineTail, Point, read_point


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def append(file: Path, data: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(data)


def read(tail: LineTail) -> list[dict[str, Any]]:
    return [each for portion in tail.read() for each in portion]


def test_lines_are_read_as_they_come(file: Path) -> None:
    tail = LineTail(file)
    assert read(tail) == []
    append(file, b'{"loss": 1}\n{"loss":')
    assert read(tail) == [{"loss": 1}]
    append(file, b" 2}\n\n")
    assert read(tail) == [{"loss": 2}]
    assert read(tail) == []
    assert tail.finish() == []
    assert tail.warnings() == []


def test_a_last_line_without_its_end_is_taken_if_it_is_whole(file: Path) -> None:
    append(file, b'{"loss": 1}\n{"loss": 2}')
    tail = LineTail(file)
    assert read(tail) == [{"loss": 1}]
    assert tail.finish() == [{"loss": 2}]
    assert tail.finish() == []
    assert tail.warnings() == []


def test_a_line_that_was_cut_off_is_told(file: Path) -> None:
    append(file, b'{"loss": 1}\n{"los')
    tail = LineTail(file)
    assert read(tail) == [{"loss": 1}]
    assert tail.finish() == []
    assert tail.warnings() == ["'metrics.jsonl': left out its last line, which is not whole"]


@pytest.mark.parametrize(
    "bad",
    [b"{", b"[1]", b"3", b"\xff\xfe", b"\0\0\0", b"[" * 100_000, b'{"n": 1%s}' % (b"0" * 5000)],
)
def test_lines_that_are_no_objects_are_counted(file: Path, bad: bytes) -> None:
    append(file, b'{"loss": 1}\n' + bad + b'\n{"loss": 2}\n')
    tail = LineTail(file)
    assert read(tail) == [{"loss": 1}, {"loss": 2}]
    assert tail.warnings() == ["'metrics.jsonl': left out 1 line that is no object"]


def test_halves_of_an_object_do_not_become_one(file: Path) -> None:
    append(file, b'{"a": 1\n"b": 2}\n{"c": 3},{"d": 4}\n')
    tail = LineTail(file)
    assert read(tail) == []
    assert tail.warnings() == ["'metrics.jsonl': left out 3 lines that are no objects"]


def test_a_line_without_end_is_not_held_in_memory(file: Path) -> None:
    append(file, b"x" * (3 * CHUNK))
    tail = LineTail(file)
    assert read(tail) == []
    assert len(tail._rest) == 0
    append(file, b'x\n{"loss": 1}\n')
    assert read(tail) == [{"loss": 1}]
    assert tail.broken == 1


def test_a_long_line_within_a_portion_is_left_out_too(file: Path) -> None:
    append(file, b'{"x": "%s"}\n{"loss": 1}\n' % (b"y" * MAX_LINE) + b"{\n")
    tail = LineTail(file)
    assert read(tail) == [{"loss": 1}]
    assert tail.broken == 2


def test_a_file_that_begins_again_is_read_again(file: Path) -> None:
    append(file, b'{"loss": 1}\n{"loss": 2}\n')
    tail = LineTail(file)
    read(tail)
    file.write_bytes(b'{"loss": 3}\n')
    assert read(tail) == [{"loss": 3}]


def test_what_is_no_file_is_told(file: Path) -> None:
    os.mkfifo(file)
    tail = LineTail(file)
    assert read(tail) == []
    assert tail.warnings() == ["'metrics.jsonl' was not read to its end: it is not a regular file"]


@given(st.lists(st.dictionaries(st.text(), st.integers()), max_size=20), st.data())
def test_whatever_the_portions_every_line_comes_once(
    tmp_path_factory: pytest.TempPathFactory, given_lines: list[dict[str, int]], data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("lines") / "m"
    tail = LineTail(file)
    content = b"".join(json.dumps(line).encode() + b"\n" for line in given_lines)
    found = []
    at = 0
    while at < len(content):
        size = data.draw(st.integers(1, 40))
        append(file, content[at : at + size])
        found += read(tail)
        at += size
    assert found + tail.finish() == given_lines
    assert tail.warnings() == []


@given(st.binary(max_size=3000))
def test_no_file_is_too_strange(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "strange"
    file.write_bytes(content)
    tail = LineTail(file)
    for line in [*read(tail), *tail.finish()]:
        read_point(line)
    tail.warnings()


# -- what a line says -------------------------------------------------------------------------


def test_values_that_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"step": 3, "_at": 17.5, "loss": 0.5, "val": {"loss": 1, "top": {"5": 0.9}}}
    assert read_point(line) == Point(3, 17.5, {"loss": 0.5, "val.loss": 1, "val.top.5": 0.9}, 0)


def test_numbers_that_json_does_not_hold_are_words() -> None:
    found = read_point({"a": "nan", "b": "-inf", "c": "Infinity", "d": "9007199254740993"})
    assert math.isnan(found.values.pop("a"))
    assert found.values == {"b": -math.inf, "c": math.inf, "d": 9007199254740993}


@pytest.mark.parametrize("value", [None, True, [1], "high", "1_0", "9" * 65, 10**64])
def test_what_is_no_number_is_counted(value: Any) -> None:
    assert read_point({"x": value, "y": 1}) == Point(None, None, {"y": 1}, 1)


@pytest.mark.parametrize("step", ["3", True, 1.5, math.nan, 1 << 63, [3]])
def test_a_step_that_is_none_makes_a_line_that_is_left_out(step: Any) -> None:
    assert read_point({"step": step, "x": 1}) == Point(None, None, {}, 1)


def test_a_step_may_be_a_whole_float() -> None:
    assert read_point({"step": 3.0, "x": 1}).step == 3


@pytest.mark.parametrize("time", ["1", True, math.inf, 1e13])
def test_a_time_that_is_none_is_not_known(time: Any) -> None:
    assert read_point({"_at": time, "x": 1}) == Point(None, None, {"x": 1}, 0)


def test_objects_can_be_deep() -> None:
    line: dict[str, Any] = {"x": 1}
    for _ in range(300):
        line = {"deep": line}
    assert read_point(line) == Point(None, None, {}, 1)


def test_names_have_a_length() -> None:
    assert lines.is_name("n" * 256)
    assert not lines.is_name("n" * 257)
    assert not lines.is_name("")
    assert not lines.is_name("\ud800")
