"""Waiting for runs to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from git_gage.runs.liveness import Life, find_life

LOOK_S = 0.2
_GOING = (Life.RUNNING, Life.RUNNING_ELSEWHERE)


def goes_on(state_dir: Path) -> bool:
    """Whether a run still goes on, here or, as far as its heartbeat tells, elsewhere."""
    return find_life(state_dir) in _GOING


def wait_for_ends(
    state_dirs: Iterable[Path],
    *,
    timeout_s: float | None = None,
    on_end: Callable[[Path], object] = bool,
) -> list[Path]:
    """Wait until the runs with these state directories have ended; those that did not in time.

    `on_end` is told of each that ended, as it ends.
    """
    end_s = None if timeout_s is None else time.monotonic() + timeout_s
    left = list(state_dirs)
    while True:
        for state_dir in [path for path in left if not goes_on(path)]:
            left.remove(state_dir)
            on_end(state_dir)
        now_s = time.monotonic()
        if not left or (end_s is not None and now_s >= end_s):
            return left
        time.sleep(LOOK_S if end_s is None else min(LOOK_S, end_s - now_s))
