"""Runs that stay in this clone: their records lie in lanes that no push looks at.

Source: docs/format.md, "Private runs".
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from git_gage.store.files import parse_json, read_json, write_json

FORMAT = 1
FILE = "private.json"


def read_private(gage_dir: Path) -> frozenset[str]:
    """Ids of the runs that are private."""
    return _runs_of(read_json(gage_dir / FILE))


def parse_private(content: bytes) -> frozenset[str]:
    """The same of the content of such a file."""
    return _runs_of(parse_json(content))


def _runs_of(said: dict[str, Any]) -> frozenset[str]:
    runs = said.get("runs")
    return frozenset(map(str, runs)) if isinstance(runs, list) else frozenset()


def read_moving(gage_dir: Path) -> list[str]:
    """Ids of the runs of which records may be in both lanes: they are becoming private, or not."""
    runs = read_json(gage_dir / FILE).get("moving")
    return runs if isinstance(runs, list) else []


def write_private(
    gage_dir: Path, runs: Iterable[str], *, moving: Iterable[str] | None = None
) -> None:
    """Write down which they are, so that it outlives a power cut. Hold the store's lock.

    `moving`: see `read_moving`; as it was if None.
    """
    both = read_moving(gage_dir) if moving is None else sorted(moving)
    state = {"format": FORMAT, "runs": sorted(runs), **({"moving": both} if both else {})}
    write_json(gage_dir / FILE, state, durable=True)
