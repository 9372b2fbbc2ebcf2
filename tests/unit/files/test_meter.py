"""How far files have come: seldom, and no surer than it can be known."""

from __future__ import annotations

import io
import time

import pytest

from git_gage.files.meter import HaltedError, Meter, Moving
from git_gage.files.streams import in_parallel
from git_gage.render.progress import Progress
from git_gage.render.screen import Screen

MIB = 1 << 20


def test_told_once_a_second_and_the_rest_once_it_is_sure() -> None:
    now, told = [0.0], list[Moving]()
    meter = Meter(100 * MIB, told.append, lambda: now[0])
    for tenth in range(1, 201):
        now[0] = tenth / 10
        meter.at("one", tenth * MIB // 4)
        meter.at("two", tenth * MIB // 4)
    assert len(told) == 20 - 1 or len(told) == 20
    assert told[0].left_s is None
    assert told[0].bytes_per_s == pytest.approx(5 * MIB, rel=0.1)
    # It goes at 5 MiB a second, whatever was first.
    assert told[-1].left_s == pytest.approx((100 * MIB - told[-1].done) / (5 * MIB), abs=0.5)


def test_what_stands_still_has_no_end() -> None:
    now, told = [0.0], list[Moving]()
    meter = Meter(10, told.append, lambda: now[0])
    now[0] = 60.0
    meter.at("one", 0)
    assert told == [Moving(0, 10, None, None)]


def test_as_a_person_reads_it() -> None:
    stream = io.StringIO()
    progress = Progress(Screen(stream, width=80, height=24))
    progress.moving("Sending", Moving(0, 0, None, None))
    for left_s in (1.2, 17, 300, 7200):
        progress.moving("Sending", Moving(50 * MIB, 100 * MIB, 5 * MIB, left_s))
    shown = [line.strip() for line in stream.getvalue().split("\r") if line]
    assert shown == [
        "Sending files: 0% (0 bytes of 0 bytes)",
        "Sending files: 50% (50.0 MiB of 100.0 MiB), 5.0 MiB/s, 2s left",
        "Sending files: 50% (50.0 MiB of 100.0 MiB), 5.0 MiB/s, 20s left",
        "Sending files: 50% (50.0 MiB of 100.0 MiB), 5.0 MiB/s, 5m left",
        "Sending files: 50% (50.0 MiB of 100.0 MiB), 5.0 MiB/s, 2h left",
    ]


def test_one_failure_stops_the_others() -> None:
    meter = Meter(10, lambda _: None)
    ended = []

    def work(name: str) -> None:
        if name == "bad":
            raise OSError("broken")
        try:
            while True:
                meter.at(name, 1)
                time.sleep(0.001)
        except HaltedError:
            ended.append(name)
            raise

    with pytest.raises(OSError, match="broken"):
        in_parallel(["good", "bad", *map(str, range(20))], work, meter)
    assert "good" in ended
    assert len(ended) < 20
