"""Whether a run that has no end yet still goes on.

While git-gage records a run it holds a lock on `alive` in the run's state directory. The kernel
drops the lock with the process, so a run whose recorder died is known at once and for sure, on
this machine; what another machine does we do not judge.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from enum import Enum
from pathlib import Path
from typing import Any

from git_gage.store.files import is_held, read_json, write_json

ALIVE = "alive"
PROGRAM = "program.json"
# A directory that has no `alive` for so long belongs to nobody.
STILLBORN_S = 60
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Life(Enum):
    """What is known of a run without an end."""

    RUNNING = "running"
    ENDED_UNSEEN = "ended unseen"
    ELSEWHERE = "elsewhere"


def hold_alive(state_dir: Path) -> int:
    """Take the lock that says this process records the run; it ends with the process.

    The file gets its name when it is whole and locked, so nobody ever sees it otherwise.
    """
    fresh = state_dir / f"{ALIVE}.new"
    handle = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o666)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, json.dumps({**_place(), "pid": os.getpid()}).encode() + b"\n")
    fresh.rename(state_dir / ALIVE)
    return handle


def note_program(state_dir: Path, pid: int) -> None:
    """Remember the program's process, which may outlive this one."""
    write_json(state_dir / PROGRAM, {"pid": pid, "started": _process_start(pid)})


def find_life(state_dir: Path) -> Life:
    """What is known of the run whose state directory this is."""
    alive = read_json(state_dir / ALIVE)
    if not alive and _age_s(state_dir) > STILLBORN_S:
        return Life.ENDED_UNSEEN
    if not alive or alive.get("host") != _place()["host"]:
        return Life.ELSEWHERE
    if alive.get("boot") != _place()["boot"]:
        return Life.ENDED_UNSEEN
    if is_held(state_dir / ALIVE) or _program_lives(state_dir):
        return Life.RUNNING
    return Life.ENDED_UNSEEN


def _program_lives(state_dir: Path) -> bool:
    program = read_json(state_dir / PROGRAM)
    if not isinstance(program.get("pid"), int):
        return False
    try:
        os.kill(program["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, as somebody else's: the start time below tells whether it is ours
    return program.get("started") == _process_start(program["pid"])


def _age_s(state_dir: Path) -> float:
    try:
        return time.time() - state_dir.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _process_start(pid: int) -> str | None:
    """Start time of a process in ticks since boot; None where /proc does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    # A zombie has ended: only its parent has not looked yet.
    return None if fields[0] == "Z" else fields[19]


def _place() -> dict[str, Any]:
    try:
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        boot = None
    return {"host": socket.gethostname(), "boot": boot}
