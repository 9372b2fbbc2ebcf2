"""Processes of this machine, each told apart from every other that had or will have its id."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

if sys.platform == "win32":
    from git_gage import windows

_PROC = Path("/proc/self/stat")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Where there is no /proc (macOS): programs that come with the system.
_PS = "/bin/ps"
_SYSCTL = "/usr/sbin/sysctl"
_FIRST, _LAST = 2, 2**31 - 1


class Process(NamedTuple):
    """A process by its id and start time (None where nobody tells: it is never signalled then)."""

    pid: int
    started: str | None


def mark_process(pid: int) -> Process:
    """The process that has this id now."""
    return Process(pid, process_start(pid))


def read_process(noted: dict[str, Any]) -> Process | None:
    """What a state file says of a process; None where that can't be one."""
    pid, started = noted.get("pid"), noted.get("started")
    if type(pid) is not int or not _FIRST <= pid <= _LAST:
        return None  # ids below stand for groups, for everybody, and for the first of all
    return Process(pid, started if isinstance(started, str) else None)


def is_alive(process: Process) -> bool:
    """Whether it still runs; one that ended and was not waited for does not."""
    if sys.platform == "win32":
        return process.started is not None and process.started == process_start(process.pid)
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, as somebody else's: the start time tells whether it is the one
    return process.started == process_start(process.pid)


if sys.platform == "win32":

    def job_name(pid: int) -> str:
        """What the job of a program is called, for who is to end it."""
        return f"git-gage-{pid}-{process_start(pid)}"

    def end_program(process: Process, code: int) -> bool:
        """End a program with all that it started, with this exit code; whether it was there.

        Raises: PermissionError if it is another user's.
        """
        if not is_alive(process):
            return False
        job, pid = job_name(process.pid), process.pid
        return windows.end_job(job, code) or windows.end_process(pid, code)

else:

    def send_signal(process: Process, number: int, *, group: bool = False) -> bool:
        """Signal a process, or the group that it leads; whether it was there to get it.

        Whoever else has its id by now gets nothing.
        Raises: PermissionError if it is another user's.
        """
        handle = _open_process(process.pid)
        try:
            # The handle came first: it is of the process that is looked at here.
            if process.started is None or not is_alive(process):
                return False
            if group:
                os.killpg(process.pid, number)
            elif handle is None:
                os.kill(process.pid, number)
            else:
                # Only Linux has it, and a handle.
                signal.pidfd_send_signal(handle, number)  # type: ignore[attr-defined,unused-ignore]
        except ProcessLookupError:
            return False
        finally:
            if handle is not None:
                os.close(handle)
        return True

    def _open_process(pid: int) -> int | None:
        """A handle that stays with the process; None where the system has no such thing."""
        open_process: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
        if open_process is None:
            return None
        try:
            return open_process(pid)
        except OSError:
            return None


def process_start(pid: int) -> str | None:
    """When a process started, in words of this system; None if it has ended or nobody tells."""
    if sys.platform == "win32":
        return windows.process_start(pid)
    if not _PROC.exists():
        state, _, started = _ask(_PS, "-o", "stat=,lstart=", "-p", str(pid)).partition(" ")
        return None if state.startswith("Z") else started.strip() or None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def boot_id() -> str | None:
    """What tells this start of the machine from all others; None where nobody tells."""
    if sys.platform == "win32":
        return None  # locks and the start times of processes tell enough
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return _ask(_SYSCTL, "-n", "kern.bootsessionuuid") or None


def _ask(program: str, *words: str) -> str:
    import subprocess

    try:
        done = subprocess.run(
            [program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C", "TZ": "UTC"},
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.decode(errors="replace").strip()
