"""Metrics that a program prints: lines such as `loss: 0.25`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from git_gage.metrics.summary import MetricSummary

if TYPE_CHECKING:
    from git_gage.metrics.summary_file import Summary

MAX_LINE, MAX_NAME, MAX_VALUE = 512, 64, 64
MAX_NAMES = 1000

# The words of a name start with a letter or `_` (so `epoch 3: 0.5` is no metric), and a blank after
# the colon is needed (so `localhost:8080` and `12:30` are none).
_PAIR = re.compile(
    rb"[ \t]*([A-Za-z_][\w./-]*(?: [A-Za-z_][\w./-]*)*):[ \t]+"
    rb"([+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf(?:inity)?|nan)))[ \t\r]*"
)
# Colours and other orders to a terminal (ECMA-48, control sequences).
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")


class OutputScanner:
    """Finds the metrics in a program's output, in memory that does not grow with it.

    A metric is a whole line `name: value`: a name of at most 64 letters, digits, `_ . / -` and
    single blanks, a number as Python or C prints it (also `nan` and `inf`), blanks around it,
    terminal colours anywhere. Other lines, and those over 512 bytes, are none. A line `step: 7` is
    a metric like any other: its last value says how far the run got. The first 1,000 names are
    kept; values of further ones are counted in `left_out`.
    """

    def __init__(self) -> None:
        self.metrics: dict[str, MetricSummary] = {}
        self.left_out = 0

    def feed(self, line: bytes) -> None:
        """Look at one finished line, without its newline."""
        if b":" not in line or len(line) > MAX_LINE:
            return
        if b"\x1b" in line:
            line = _ESCAPES.sub(b"", line)
        found = _PAIR.fullmatch(line)
        if found is None:
            return
        name, text = found.groups()
        if len(name) <= MAX_NAME and len(text) <= MAX_VALUE:
            self._add(name.decode(), _number(text))

    def finish(self, summary: Summary) -> dict[str, MetricSummary]:
        """All metrics of the run. Those of its summary file are final: each ends its metric with
        that value, which counts once more only if it is not what was printed last."""
        for name, value in summary.values.items():
            self.metrics.setdefault(name, MetricSummary()).end_with(value)
        return self.metrics

    def warnings(self) -> list[str]:
        """What somebody should be told: values that were not recorded."""
        if not self.left_out:
            return []
        return [f"only {MAX_NAMES:,} metrics were recorded, {self.left_out:,} values of others not"]

    def _add(self, name: str, value: float) -> None:
        metric = self.metrics.get(name)
        if metric is None:
            if len(self.metrics) >= MAX_NAMES:
                self.left_out += 1
                return
            metric = self.metrics[name] = MetricSummary()
        metric.add(value)


def _number(text: bytes) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
