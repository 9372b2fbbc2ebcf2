"""A program on Windows: behind pipes, in a job that can be ended as a whole.

It shares the user's console, so Ctrl-C reaches it as Ctrl-C. There is no way to ask a program to
end that works for all of them: whose time is up, or who is stopped, is ended.
"""

from __future__ import annotations

import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Self

assert sys.platform == "win32"

from git_gage import windows
from git_gage.runs.ended import ending_code, read_ending
from git_gage.runs.exit import Console, Exit
from git_gage.runs.interrupts import ENDING
from git_gage.runs.liveness import BEAT_S
from git_gage.runs.output import BOTH, STDERR, STDOUT
from git_gage.runs.pids import job_name
from git_gage.runs.start_windows import start_program

if TYPE_CHECKING:
    import subprocess

    from git_gage.runs.output import OutputLog

_CHUNK = 1 << 16
# Signals are handled between two looks; nothing wakes a thread that waits.
_LOOK_S = 0.1
# How long other processes that the program left behind can keep us once it has ended.
_SILENCE_S = 0.3
_PATIENCE_S = 2.0
_ONE_CTRL_C_S = 0.25


class _Channel(NamedTuple):
    """Our end of what a program prints: the stream it is recorded as, where it is shown."""

    handle: int
    stream: str
    screen: int


def run_program(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: OutputLog,
    console: Console,
    on_start: Callable[[int], object],
    on_beat: Callable[[], object] = bool,
    timeout_s: float | None = None,
) -> Exit:
    """Run a program to its end; what it prints is recorded and shown as it comes.

    A second Ctrl-C ends it and all that it started, and so does the end of its time. `on_start`
    gets its process id; `on_beat` is called every BEAT_S seconds while it goes on.
    Raises: StartError.
    """
    with _Signals() as signals:
        start = time.monotonic()
        channels, streams = _open_channels(console)
        try:
            program = start_program(argv, cwd=cwd, env=_complete(env, cwd), streams=streams)
        finally:
            for stream in {*streams[1:]}:
                os.close(stream)
        watch = _Watch(program, channels, log, on_beat, timeout_s)
        signals.on_second = watch.end
        try:
            on_start(program.pid)
            watch.run()
        finally:
            signals.on_second = None
            watch.close()
    code, name = read_ending(program.returncode)
    return Exit(
        *(code, name),
        interrupted=signals.interrupted,
        duration_s=watch.ended - start,
        timed_out=watch.timed_out,
        log_error=_reason(log.error),
        screen_error=_reason(watch.screen_error),
    )


def _open_channels(console: Console) -> tuple[list[_Channel], tuple[int, int, int]]:
    """Pipes for output and error, one for both where the user has them on one console."""
    both = os.isatty(console.stdout) and os.isatty(console.stderr)
    ours, output = os.pipe()
    channels = [_Channel(ours, BOTH if both else STDOUT, console.stdout)]
    error = output
    if not both:
        ours, error = os.pipe()
        channels.append(_Channel(ours, STDERR, console.stderr))
    return channels, (console.stdin, output, error)


def _complete(env: Mapping[str, str], cwd: Path) -> dict[str, str]:
    # Python holds back what goes into a pipe: it would be shown and recorded late, or never. And
    # what it can say to a console it shall be able to say here.
    helps = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return {**helps, **env, **({"PWD": str(cwd)} if "PWD" in env else {})}


def _reason(error: OSError | None) -> str | None:
    return None if error is None else error.strerror or str(error)


class _Watch:
    """Reads what a program prints until it has ended and let go of its pipes."""

    def __init__(
        self,
        program: subprocess.Popen[bytes],
        channels: Sequence[_Channel],
        log: OutputLog,
        on_beat: Callable[[], object],
        timeout_s: float | None,
    ) -> None:
        self.ended = 0.0
        self.timed_out = False
        self.screen_error: OSError | None = None
        self._program = program
        self._log = log
        self._on_beat = on_beat
        self._beat_at_s = time.monotonic() + BEAT_S
        self._end_at_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        # A console takes UTF-8 only by way of this.
        self._screens: dict[int, BinaryIO] = {
            each.screen: open(each.screen, "wb", buffering=0, closefd=False)  # noqa: SIM115
            for each in channels
        }
        self._gone: set[int] = set()
        self._printed: queue.SimpleQueue[tuple[_Channel, bytes]] = queue.SimpleQueue()
        self._open = len(channels)
        self._job = windows.start_job(job_name(program.pid), int(program._handle))  # type: ignore[attr-defined]  # noqa: SLF001 - Popen tells it in no other way
        for channel in channels:
            threading.Thread(target=self._pump, args=(channel,), daemon=True).start()

    def run(self) -> None:
        while self._program.poll() is None:
            self._take(_LOOK_S)
            self._do_what_is_due()
        self.ended = time.monotonic()
        end_s = self.ended + _PATIENCE_S
        while self._open and time.monotonic() < end_s and self._take(_SILENCE_S):
            pass

    def end(self) -> None:
        """End the program and all that it started."""
        self._job.end(ending_code(signal.SIGTERM))

    def close(self) -> None:
        """A program that we can no longer record does not go on unrecorded."""
        if self._program.poll() is None:
            self.end()
            self._program.wait()
        self._job.close()

    def _do_what_is_due(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._beat_at_s:
            self._on_beat()
            self._beat_at_s = now_s + BEAT_S
        if now_s >= self._end_at_s:
            self.timed_out = True
            self.end()

    def _pump(self, channel: _Channel) -> None:
        """In a thread of its own: hand on what comes, and nothing at the end."""
        data = b"-"
        while data:
            try:
                data = os.read(channel.handle, _CHUNK)
            except OSError:
                data = b""
            self._printed.put((channel, data))
        os.close(channel.handle)

    def _take(self, timeout_s: float) -> bool:
        """Record and show what was printed next; whether there was something in that time."""
        try:
            channel, data = self._printed.get(timeout=timeout_s)
        except queue.Empty:
            return False
        if data:
            self._log.write(channel.stream, data)
            self._show(channel.screen, data)
        else:
            self._open -= 1
        return True

    def _show(self, screen: int, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest and screen not in self._gone:
                rest = rest[self._screens[screen].write(rest) :]
        except OSError as error:
            self._gone.add(screen)
            if not isinstance(error, BrokenPipeError):
                self.screen_error = error


class _Signals:
    """While it is entered, Ctrl-C is the program's, which has it from the console; not ours."""

    def __init__(self) -> None:
        self.interrupted = False
        self.on_second: Callable[[], object] | None = None
        self._first_s: float | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, *ENDING):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _note(self, _number: int, _frame: object) -> None:
        self.interrupted = True
        now_s = time.monotonic()
        if self._first_s is None:
            self._first_s = now_s
        elif now_s - self._first_s > _ONE_CTRL_C_S and self.on_second is not None:
            self.on_second()
