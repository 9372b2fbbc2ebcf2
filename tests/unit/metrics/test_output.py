"""Which lines of a program's output are metrics."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.metrics import OutputScanner


def scan(*lines: bytes) -> dict[str, float]:
    scanner = OutputScanner()
    for line in lines:
        scanner.feed(line)
    return {name: metric.last for name, metric in scanner.metrics.items()}


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
        (b"step: 12", "step", 12),
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
        b"caf\xc3\xa9: 1",
        b"{'loss': 0.5}",
        b"a" * 65 + b": 1",
        b"x: " + b"1" * 65,
        b"x: 1" + b" " * 509,
    ],
)
def test_line_is_no_metric(line: bytes) -> None:
    assert scan(line) == {}


def test_metrics_come_in_the_order_they_were_printed() -> None:
    assert list(scan(b"loss: 3", b"acc: 1", b"loss: 2")) == ["loss", "acc"]


def test_names_over_the_limit_are_counted_and_reported() -> None:
    scanner = OutputScanner()
    for number in range(1000):
        scanner.feed(b"m%d: 1" % number)
    assert scanner.warnings() == []
    for line in (b"m999: 2", b"late: 1", b"later: 1", b"late: 2"):
        scanner.feed(line)
    assert len(scanner.metrics) == 1000
    assert scanner.metrics["m999"].last == 2
    assert scanner.left_out == 3
    assert scanner.warnings() == ["only 1,000 metrics were recorded, 3 values of others not"]


@given(st.floats())
def test_what_python_prints_is_read_back(value: float) -> None:
    read = scan(f"x: {value}".encode())["x"]
    assert read == value or (math.isnan(read) and math.isnan(value))


@given(st.binary(max_size=600))
def test_no_output_is_too_strange(line: bytes) -> None:
    scan(line)
    scan(b"x: " + line)
    scan(line + b": 1")
