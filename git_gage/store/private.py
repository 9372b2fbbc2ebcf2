"""Runs that stay in this clone: their records lie in lanes that no push looks at.

Source: docs/format.md, "Private runs".
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from git_gage.store.files import read_json, write_json

FORMAT = 1
_FILE = "private.json"


def read_private(gage_dir: Path) -> frozenset[str]:
    """Ids of the runs that are private."""
    runs = read_json(gage_dir / _FILE).get("runs")
    return frozenset(runs) if isinstance(runs, list) else frozenset()


def write_private(gage_dir: Path, runs: Iterable[str]) -> None:
    """Write down which they are, so that it outlives a power cut. Hold the store's lock."""
    write_json(gage_dir / _FILE, {"format": FORMAT, "runs": sorted(runs)}, durable=True)
