"""Which lines of a program's output are metrics."""

from __future__ import annotations

import errno
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.gagefile.printed import Patterns, read_patterns
from git_gage.metrics.output import OutputScanner


class Printed:
    """What is found in lines that a program prints."""

    def __init__(self, folder: Path, patterns: Patterns = Patterns()) -> None:  # noqa: B008
        self.metrics_file, self.attributes_file = folder / "m.jsonl", folder / "a.jsonl"
        self.scanner = OutputScanner(self.metrics_file, self.attributes_file, patterns)

    def feed(self, *lines: bytes) -> None:
        for line in lines:
            self.scanner.feed(line, 17.25)
        self.scanner.flush()

    def metrics(self) -> list[dict[str, Any]]:
        self.scanner.close()
        return _read(self.metrics_file)

    def attributes(self) -> list[dict[str, Any]]:
        self.scanner.close()
        return _read(self.attributes_file)


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def printed(tmp_path: Path) -> Printed:
    return Printed(tmp_path)


def scan(*lines: bytes) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        printed = Printed(Path(folder))
        printed.feed(*lines)
        printed.scanner.close()
        found = {name: value for line in printed.metrics() for name, value in line.items()}
    found.pop("_at", None)
    return found


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (b"loss: 0.25", "loss", 0.25),
        (b"loss: 3", "loss", 3),
        (b"  val loss:\t-1.5e-3  ", "val loss", -0.0015),
        (b"accuracy: 1.\r", "accuracy", 1.0),
        (b"x: .5", "x", 0.5),
        (b"x: +7", "x", 7),
        (b"val/top-5.acc: 1E5", "val/top-5.acc", 1e5),
        (b"_private: 0", "_private", 0),
        (b"loss: inf", "loss", math.inf),
        (b"loss: -Infinity", "loss", -math.inf),
        (b"tokens: 9007199254740993", "tokens", 9007199254740993),
        (b"\x1b[32mloss\x1b[0m: \x1b[1;31m0.5\x1b[0m\x1b[K", "loss", 0.5),
        ("größe: 3".encode(), "größe", 3),
        (b"a" * 64 + b": 1", "a" * 64, 1),
    ],
)
def test_line_is_a_metric(line: bytes, name: str, value: float) -> None:
    assert scan(line) == {name: value}


@pytest.mark.parametrize("word", [b"nan", b"NaN", b"-nan", b"NAN"])
def test_nan_is_a_value(word: bytes) -> None:
    assert math.isnan(scan(b"loss: " + word)["loss"])


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no colon here",
        b"12:30",
        b"Started at 12:30",
        b"time: 12:30",
        b"http://localhost:8080",
        b"localhost:8080",
        b"listening on port: 8080, waiting",
        b"Note: see the manual",
        b"epoch 1/20",
        b"epoch 3: 0.5",
        b"3: 0.5",
        b"loss:0.5",
        b"loss : 0.5",
        b"loss: ",
        b"loss: 0.5 (best)",
        b"loss: 50%",
        b"loss: 1_000",
        b"loss: 0x10",
        b"loss: 1e",
        b"loss: .",
        b"loss: 1.2.3",
        b"loss: 1 acc: 2",
        b"two  blanks: 1",
        b"caf\xe9: 1",
        b"_at: 5",
        b"{'loss': 0.5}",
        b"a" * 65 + b": 1",
        b"x: " + b"1" * 65,
        b"x: 1" + b" " * 509,
    ],
)
def test_line_is_no_metric(line: bytes) -> None:
    assert scan(line) == {}


def test_metrics_come_in_the_order_they_were_printed(printed: Printed) -> None:
    printed.feed(b"loss: 3", b"acc: 1", b"loss: 2")

    assert printed.metrics() == [
        {"loss": 3, "_at": 17.25},
        {"acc": 1, "_at": 17.25},
        {"loss": 2, "_at": 17.25},
    ]


def test_a_step_that_is_printed_is_that_of_the_values_after_it(printed: Printed) -> None:
    printed.feed(b"loss: 3", b"step: 10", b"loss: 2", b"acc: 1", b"step: inf", b"loss: 1")

    steps = [(line.get("step"), line.get("loss")) for line in printed.metrics()]
    assert steps == [(None, 3), (10, 2), (10, None), (10, 1)]


def test_a_step_that_no_line_can_have_is_none(printed: Printed) -> None:
    printed.feed(b"step: 3", b"step: 1e30", b"loss: 2")

    assert printed.metrics() == [{"step": 3, "loss": 2, "_at": 17.25}]


def test_without_anything_found_there_is_no_file(printed: Printed) -> None:
    printed.feed(b"hello")
    printed.scanner.close()

    assert not printed.metrics_file.exists()
    assert printed.scanner.warnings() == []


def test_a_full_disk_is_told_once(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    scanner = OutputScanner(Path("/dev/full"), tmp_path / "a")
    scanner.feed(b"loss: 1", None)
    scanner.flush()
    scanner.feed(b"loss: 2", None)
    scanner.close()

    assert scanner.error is not None
    assert scanner.error.errno == errno.ENOSPC
    assert scanner.warnings() == [
        "metrics in the output are not recorded to the end: No space left on device"
    ]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    scanner = OutputScanner(tmp_path / "file" / "m", tmp_path / "a")
    scanner.feed(b"loss: 1", None)

    (warning,) = scanner.warnings()
    assert warning.startswith("metrics in the output are not recorded to the end: ")


# -- patterns of an operation -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "line", "found"),
    [
        ({"loss": r"loss=\value"}, b"epoch 3 loss=0.25 acc=1", {"loss": 0.25}),
        ({"loss": r"loss=(\value)"}, b"loss=1e-3", {"loss": 0.001}),
        ({"n": r"(\d+) files"}, b"read 12 files", {"n": 12}),
        (r"(\key)=(\value)", b"loss=0.25 acc=1", {"loss": 0.25, "acc": 1}),
        ([r"\key=\value", "ignored:(?P<x>.)"], b"loss=0.25", {"loss": 0.25}),
        ("(?P<loss>[0-9.]+) (?P<acc>[0-9.]+)", b"0.25 0.9", {"loss": 0.25, "acc": 0.9}),
        ({"loss": "loss (.*)"}, b"loss high", {}),
        ({"loss": "loss( .*)?"}, b"loss", {}),
        (False, b"loss: 1", {}),
        ("", b"loss: 1", {}),
        (True, b"loss: 1", {"loss": 1}),
    ],
)
def test_an_operation_says_what_a_metric_looks_like(
    tmp_path: Path, given: Any, line: bytes, found: dict[str, float]
) -> None:
    printed = Printed(tmp_path, read_patterns(given, None))
    printed.feed(line)

    values = {name: value for each in printed.metrics() for name, value in each.items()}
    assert {name: values[name] for name in values if name != "_at"} == found


def test_a_pattern_for_the_step(tmp_path: Path) -> None:
    printed = Printed(tmp_path, read_patterns({"step": r"Epoch \step", "loss": r"L\value"}, None))
    printed.feed(b"Epoch 4 L0.5")

    assert printed.metrics() == [{"step": 4, "loss": 0.5, "_at": 17.25}]


def test_a_step_is_that_of_its_whole_line(tmp_path: Path) -> None:
    patterns = read_patterns({"loss": r"L\value", "step": r"Epoch \step"}, None)
    printed = Printed(tmp_path, patterns)
    printed.feed(b"Epoch 4 L0.5", b"L0.25 (Epoch 5)", b"L0.125")
    found = [(line["step"], line["loss"]) for line in printed.metrics()]
    assert found == [(4, 0.5), (5, 0.25), (5, 0.125)]

    printed = Printed(tmp_path, read_patterns(r"\key=\value", None))
    printed.feed(b"acc=1 step=1 loss=2 step=2 loss=3")
    assert [line["step"] for line in printed.metrics()] == [1, 1, 2]


def test_an_operation_says_what_an_attribute_looks_like(tmp_path: Path) -> None:
    printed = Printed(tmp_path, read_patterns(None, {"device": "using (.*)", "ok": "ok (.*)"}))
    printed.feed(b"using cuda:0", b"loss: 1", b"ok true", b"using 3", b"using nan", b"x" * 5000)

    assert printed.attributes() == [
        {"device": "cuda:0"},
        {"ok": True},
        {"device": 3},
        {"device": "nan"},
    ]
    assert printed.metrics() == [{"loss": 1, "_at": 17.25}]


@given(st.floats())
def test_what_python_prints_is_read_back(value: float) -> None:
    read = scan(f"x: {value}".encode())["x"]
    assert read == value or (math.isnan(read) and math.isnan(value))


@given(st.binary(max_size=600))
def test_no_output_is_too_strange(line: bytes) -> None:
    scan(line)
    scan(b"x: " + line)
    scan(line + b": 1")


@pytest.mark.parametrize("piece", [b"\0", b"\xff", b"a ", b"a: ", b"\x1b[", b"1", b"\t"])
def test_huge_line_is_no_metric_and_takes_no_time(piece: bytes) -> None:
    assert scan(piece * 100_000, b"a: " + piece * 100_000) == {}
