"""Going on without the user: a run that survives its terminal."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

assert sys.platform != "win32"

from git_gage.errors import GageError
from git_gage.runs.liveness import hold_alive

STDERR = 2
_READY = b"+"
_BLOCKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class DetachError(GageError):
    """There is no process in the background; nothing goes on."""


def detach(state_dir: Path) -> int | None:
    """Let another process go on with the run in the background, in a session of its own.

    The function returns twice: None in the process that the user waits for, and once the other one
    is ready; in that one, whose standard streams lead nowhere, the handle of the lock on `alive`
    that it holds from now on (`hold_alive`). Call it with one thread, and with nothing open that
    two processes must not share, such as a database.
    Raises: DetachError, in the first process alone.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = os.pipe()
    # Ctrl-C is for the process that the user sees, as long as both can hear it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
    try:
        if os.fork() == 0:
            os.close(ours)
            return _go_on(state_dir, theirs)
        os.close(theirs)
        with open(ours, "rb") as ready:
            if ready.read() != _READY:
                raise DetachError("no process could be left in the background")
        _forget(_BLOCKED)
    except OSError as error:
        os.close(ours)
        os.close(theirs)
        raise DetachError(f"no process for the background: {error.strerror}") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return None


def _forget(numbers: Sequence[int]) -> None:
    """Ctrl-C that came meanwhile came too late: what it would end goes on elsewhere."""
    for number in numbers:
        # What is ignored does not wait any longer.
        signal.signal(number, signal.signal(number, signal.SIG_IGN))


def _close_inherited() -> None:
    """Let go of what whoever started us had open, such as a lock of a script.

    What Python itself opens is not inheritable.
    """
    try:
        handles = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return  # this system does not tell
    for handle in handles:
        try:
            if handle > STDERR and os.get_inheritable(handle):
                os.close(handle)
        except OSError:
            pass  # the listing itself, which is closed by now


def _go_on(state_dir: Path, ready: int) -> int:
    """In the new process: be on one's own, then say so."""
    try:
        os.setsid()
        alive = hold_alive(state_dir)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(STDERR + 1):
            os.dup2(nowhere, stream)
        os.close(nowhere)
        _close_inherited()
        os.write(ready, _READY)
        os.close(ready)
    except OSError:  # pragma: no cover - in a process that is no more
        os._exit(1)  # the one that waits for a sign gets none, and closes the run
    return alive
