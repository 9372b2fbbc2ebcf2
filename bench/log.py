"""What a program pays to log metrics with `git_gage.api`, and what is there after a kill."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bench.run import Bench

ROOT = Path(__file__).resolve().parents[1]
POINTS = 300_000
WARM = 1000
# Losses as doubles have them: 17 digits each.
PROGRAM = """\
import random, resource, sys, time
began = time.perf_counter()
from git_gage import api
import_ms = (time.perf_counter() - began) * 1000
losses = [random.random() for _ in range(1000)]
def log(count):
    for step in range(count):
        loss = losses[step % 1000]
        api.log(step=step, {values})
def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
log({warm})
before_kb = peak_kb()
began, began_cpu = time.perf_counter(), time.process_time()
log({calls})
took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
print(import_ms, took_s, cpu_s, peak_kb() - before_kb)
"""
KILLED = """\
import os
from git_gage import api
step = 0
while True:
    api.log(step=step, loss=step / 3)
    os.write(1, b"%d\\n" % step)
    step += 1
"""


class Figure(NamedTuple):
    """A measurement that is no time against a base."""

    what: str
    value: str
    goal: str


def measure_log(bench: Bench) -> None:
    """Add figures for one metric a call, ten a call, and a program that is killed."""
    one = [_log(bench, 1) for _ in range(bench.repeats)]
    ten = [_log(bench, 10) for _ in range(bench.repeats)]
    import_ms, rate, cpu_us, grown_kb, size = map(statistics.median, zip(*one, strict=True))
    _, rate_ten, _, _, size_ten = map(statistics.median, zip(*ten, strict=True))
    for figure in (
        Figure("`import git_gage.api`", f"{import_ms:.1f} ms", "≤ 10 ms"),
        Figure("one metric a call", f"{rate:,.0f} points/s", "≥ 150,000 points/s"),
        Figure("one metric a call, time of the processor", f"{cpu_us:.1f} µs", ""),
        Figure("ten metrics a call", f"{rate_ten:,.0f} points/s", ""),
        Figure("one metric a call, with step and time", f"{size:.1f} bytes a point", "≤ 64"),
        Figure("ten metrics a call, with step and time", f"{size_ten:.1f} bytes a point", ""),
        Figure(f"memory after {POINTS:,} points more", f"{grown_kb:+.0f} kB", "flat"),
        Figure("points lost in 5 × kill -9", str(sum(_kill(bench) for _ in range(5))), "0"),
    ):
        bench.add_figure(figure)


def _start(bench: Bench, program: str) -> tuple[subprocess.Popen[str], Path]:
    """A program in what looks to it like a run, and the file that its metrics go to."""
    path = bench.folder / "metrics"
    path.unlink(missing_ok=True)
    env = {**bench.environ, "PYTHONPATH": str(ROOT), "GAGE_METRICS_FILE": str(path)}
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True), path


def _log(bench: Bench, metrics: int) -> tuple[float, ...]:
    """Milliseconds of the import, points a second, µs a point, kilobytes grown, bytes a point."""
    names = ["loss"] if metrics == 1 else [f"loss{number}" for number in range(metrics)]
    values = ", ".join(f"{name}=loss" for name in names)
    calls = POINTS // metrics
    program, path = _start(bench, PROGRAM.format(values=values, warm=WARM, calls=calls))
    import_ms, took_s, cpu_s, grown_kb = map(float, program.communicate()[0].split())
    with path.open("rb") as file:
        warm = sum(len(file.readline()) for _ in range(WARM))
    size = (path.stat().st_size - warm) / POINTS
    return import_ms, POINTS / took_s, cpu_s * 1e6 / POINTS, grown_kb, size


def _kill(bench: Bench) -> int:
    """How many points that a program knew were logged are not there after it was killed."""
    program, path = _start(bench, KILLED)
    with program:
        assert program.stdout is not None
        told = [program.stdout.readline() for _ in range(5_000)]
        program.send_signal(signal.SIGKILL)
        last = int([*told, *program.stdout][-1])
    logged = {json.loads(line)["step"] for line in path.read_text().splitlines()}
    return len(set(range(last + 1)) - logged)
