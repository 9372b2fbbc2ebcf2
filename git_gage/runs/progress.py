"""How much of a run that goes on is done, as its output shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from git_gage.runs.phases import log_name

# Progress bars of tqdm: ` 41%|####      | 41/100 [00:01<00:02, 30.1it/s]`.
_BARS = {"tqdm": re.compile(rb"(?:\A|[\r\n :])([0-9]{1,3})%\|")}
_END_BYTES = 8192


def find_progress(state_dir: Path, kinds: Mapping[str, str]) -> float | None:
    """The share that is done, 0 to 1, of the phase that printed last; None if it does not say.

    kinds: how to read it, by phase.
    """
    logs = [(state_dir / log_name(phase), kind) for phase, kind in kinds.items()]
    there = [(path.stat().st_mtime_ns, path, kind) for path, kind in logs if path.exists()]
    if not there:
        return None
    _, path, kind = max(there)
    found = _BARS[kind].findall(_read_end(path)) if kind in _BARS else []
    return min(1.0, int(found[-1]) / 100) if found else None


def _read_end(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        return file.read()
