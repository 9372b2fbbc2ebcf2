"""Whether a run that has no end yet still goes on.

While git-gage records a run it holds a lock on `alive` in the run's state directory. The kernel
drops the lock with the process, so a run whose recorder died is known at once and for sure, on
this machine. What another machine does is known only by its heartbeat: the recorder touches
`alive` now and then.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path
from typing import Any

from git_gage.runs.pids import Process, boot_id, is_alive, mark_process, process_start, read_process
from git_gage.store.files import is_held, read_json, write_json
from git_gage.system import lock_file, open_file, replace_file

ALIVE = "alive"
PROGRAM = "program.json"
OUTPUT = "output"
# Of a run that has ended and whose files are many bytes to measure.
PENDING = "files.pending"
# A directory that has no `alive` for so long belongs to nobody.
STILLBORN_S = 60
BEAT_S = 30
# Another machine that has not moved for so long has missed three beats.
LOST_S = 4 * BEAT_S


class Life(Enum):
    """What is known of a run without an end."""

    RUNNING = "running"
    ENDED_UNSEEN = "ended unseen"
    RUNNING_ELSEWHERE = "running elsewhere"
    ELSEWHERE = "elsewhere"


def hold_alive(state_dir: Path) -> int:
    """Take the lock that says this process records the run; it ends with the process.

    The file gets its name when it is whole and locked, so nobody ever sees it otherwise.
    """
    fresh = state_dir / f"{ALIVE}.new"
    handle = open_file(fresh, os.O_RDWR | os.O_CREAT)
    lock_file(handle)
    pid = os.getpid()
    noted = {**_place(), "pid": pid, "started": process_start(pid)}
    os.write(handle, json.dumps(noted).encode() + b"\n")
    replace_file(fresh, state_dir / ALIVE)
    return handle


def name_state(
    state_dir: Path, place: Path, alive: int, writing: Callable[[], AbstractContextManager[None]]
) -> int:
    """Give a state directory its name; the handle of its lock, which is held as before."""
    if sys.platform == "win32":
        # No folder with an open file gets another name. While nobody else writes, nobody takes
        # the run for one that has ended.
        with writing():
            os.close(alive)
            replace_file(state_dir, place)
            alive = open_file(place / ALIVE, os.O_RDWR)
            lock_file(alive)
        return alive
    state_dir.rename(place)
    return alive


def beat(state_dir: Path) -> None:
    """Let other machines see that the run goes on: due every BEAT_S seconds."""
    try:
        os.utime(state_dir / ALIVE)
    except OSError:
        pass  # a disk that is away for a while costs a beat, not the run


def note_program(state_dir: Path, pid: int) -> None:
    """Remember the program's process, which may outlive this one."""
    write_json(state_dir / PROGRAM, mark_process(pid)._asdict())


def find_life(state_dir: Path) -> Life:
    """What is known of the run whose state directory this is."""
    try:
        return _look(state_dir)
    except PermissionError:
        return Life.ELSEWHERE  # another user's, who lets nobody look


def _look(state_dir: Path) -> Life:
    alive = read_json(state_dir / ALIVE)
    if not alive:
        stillborn = _age_s(state_dir) > STILLBORN_S
        return Life.ENDED_UNSEEN if stillborn else Life.ELSEWHERE
    here = alive.get("host") == socket.gethostname()
    if here and alive.get("boot") != boot_id():
        return Life.ENDED_UNSEEN
    if is_held(state_dir / ALIVE):
        return Life.RUNNING if here else Life.RUNNING_ELSEWHERE
    if not (state_dir / ALIVE).exists():
        # It was closed while we looked: who asks again finds its end.
        return Life.RUNNING if here else Life.RUNNING_ELSEWHERE
    if not here:
        beats = last_sign(state_dir) > time.time() - LOST_S
        return Life.RUNNING_ELSEWHERE if beats else Life.ELSEWHERE
    return Life.RUNNING if find_program(state_dir) else Life.ENDED_UNSEEN


def find_host(state_dir: Path) -> str | None:
    """Name of the machine that records the run; None where nothing of it is here."""
    host = read_json(state_dir / ALIVE).get("host")
    return str(host) if host else None


def find_recorder(state_dir: Path) -> Process | None:
    """The git-gage of this machine that records the run, if it lives."""
    if find_life(state_dir) is not Life.RUNNING or not is_held(state_dir / ALIVE):
        return None
    return read_process(read_json(state_dir / ALIVE))


def find_program(state_dir: Path) -> Process | None:
    """The program, if it lives; the state directory is one of this machine since it started."""
    program = read_process(read_json(state_dir / PROGRAM))
    return program if program is not None and is_alive(program) else None


def last_sign(state_dir: Path) -> float:
    """When the run was last seen to do something: Unix seconds, 0 if never."""
    paths = (state_dir / name for name in (ALIVE, PROGRAM, OUTPUT))
    return max(map(_changed, paths))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _age_s(state_dir: Path) -> float:
    try:
        return time.time() - state_dir.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _place() -> dict[str, Any]:
    return {"host": socket.gethostname(), "boot": boot_id()}
