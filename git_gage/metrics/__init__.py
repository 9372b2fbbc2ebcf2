"""What came out: numbers from a run's output and from its `summary.json`."""

from __future__ import annotations

from git_gage.metrics.output import OutputScanner
from git_gage.metrics.summary import MetricSummary
from git_gage.metrics.summary_file import Summary, find_printed_summary, find_summary, read_summary

__all__ = [
    "MetricSummary",
    "OutputScanner",
    "Summary",
    "find_printed_summary",
    "find_summary",
    "read_summary",
]
