"""What the program of a run is started with, and how it ended; the same on every system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Console:
    """Where the user is: file descriptors of standard input, output and error."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2


@dataclass(frozen=True, slots=True)
class Exit:
    """How a program ended.

    `exit_code` is what a shell shows: 128 + n after death by signal n, whose name is `signal`.
    `interrupted`: it was sent INT, TERM or HUP by way of us. `timed_out`: it was told to end, or
    killed, because its time was up. `log_error`: why its output is not recorded to the end.
    `screen_error`: why it was not shown to the end, unless the user closed the pipe.
    """

    exit_code: int
    signal: str | None
    interrupted: bool
    duration_s: float
    timed_out: bool = False
    log_error: str | None = None
    screen_error: str | None = None
