"""A program on Linux and macOS: in a session of its own, with a terminal if the user has one."""

from __future__ import annotations

import errno
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

assert sys.platform != "win32"

from git_gage.runs.exit import Console, Exit
from git_gage.runs.liveness import BEAT_S
from git_gage.runs.start_posix import start_program
from git_gage.runs.terminal import in_foreground, show
from git_gage.runs.wires import Source, Wires

if TYPE_CHECKING:
    import subprocess
    from types import FrameType

    from git_gage.runs.output import OutputLog

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FORWARDED = (*_INTERRUPTS, signal.SIGQUIT)
# git sends its helper each signal once more, so one Ctrl-C arrives twice within microseconds.
_ONE_CTRL_C_S = 0.25
_CHUNK = 1 << 16
# How long a program may take to end once its time is up.
GRACE_S = 10.0
# How long other processes that the program left behind can keep us once it has ended.
_SILENCE_S = 0.3
_PATIENCE_S = 2.0
_ENOUGH_BYTES = 4 << 20
_BACKGROUND_S = 1.0
# Nobody looks any more, or nobody ever could.
_GONE = (errno.EPIPE, errno.ECONNRESET, errno.EIO, errno.EBADF)


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

    It leads a session and process group of its own, to which signals to this process are passed;
    a second Ctrl-C kills it. `on_start` gets its process id; `on_beat` is called every BEAT_S
    seconds while it goes on. After `timeout_s` its group is sent TERM, and KILL if it does not end.
    Only for the main thread.
    Raises: StartError.
    """
    with Wires(console) as wires, _Signals(wires.copy_sizes) as signals:
        start = time.monotonic()
        program = start_program(
            argv,
            cwd=cwd,
            env=_complete(env, cwd, wires),
            streams=wires.streams,
            terminal=wires.terminal,
        )
        signals.forward_to(program)
        wires.close_theirs()
        clock = _Clock(program, on_beat, timeout_s)
        watch = _Watch(program, wires, log, signals, clock)
        try:
            on_start(program.pid)
            watch.run()
        finally:
            signals.forward_to(None)
            _end(program)
        duration_s = watch.ended - start
    return Exit(
        *_read_status(program.returncode),
        interrupted=signals.interrupted,
        duration_s=duration_s,
        timed_out=clock.timed_out,
        log_error=_reason(log.error),
        screen_error=_reason(watch.screen_error),
    )


def _complete(env: Mapping[str, str], cwd: Path, wires: Wires) -> dict[str, str]:
    complete = dict(env)
    if "PWD" in env:
        complete["PWD"] = str(cwd)
    if wires.has_pipe:
        # Python holds back what goes into a pipe: it would be shown and recorded late, or never.
        complete.setdefault("PYTHONUNBUFFERED", "1")
    return complete


def _end(program: subprocess.Popen[bytes]) -> None:
    """A program that we can no longer record does not go on unrecorded."""
    if program.returncode is None and _signal_group(program.pid, signal.SIGKILL):
        program.wait()


def _read_status(code: int) -> tuple[int, str | None]:
    if code >= 0:
        return code, None
    try:
        return 128 - code, signal.Signals(-code).name
    except ValueError:
        return 128 - code, f"SIG{-code}"


def _reason(error: OSError | None) -> str | None:
    return None if error is None else error.strerror or str(error)


class _Clock:
    """What is due while a program goes on: signs of life, and its end when its time is up."""

    def __init__(
        self,
        program: subprocess.Popen[bytes],
        on_beat: Callable[[], object],
        timeout_s: float | None,
    ) -> None:
        self.timed_out = False
        now_s = time.monotonic()
        self._program = program
        self._on_beat = on_beat
        self._beat_at_s = now_s + BEAT_S
        self._end_at_s = math.inf if timeout_s is None else now_s + timeout_s

    def tick(self) -> float:
        """Do what is due; seconds until something is again."""
        now_s = time.monotonic()
        if now_s >= self._beat_at_s:
            self._on_beat()
            self._beat_at_s = now_s + BEAT_S
        if now_s >= self._end_at_s:
            self._end(now_s)
        return min(self._beat_at_s, self._end_at_s) - now_s

    def _end(self, now_s: float) -> None:
        number = signal.SIGKILL if self.timed_out else signal.SIGTERM
        self.timed_out = _signal_group(self._program.pid, number) or self.timed_out
        # A program that is stopped would not hear of it.
        _signal_group(self._program.pid, signal.SIGCONT)
        self._end_at_s = now_s + GRACE_S


class _Watch:
    """Reads what a program prints until it has ended and let go of its streams."""

    def __init__(
        self,
        program: subprocess.Popen[bytes],
        wires: Wires,
        log: OutputLog,
        signals: _Signals,
        clock: _Clock,
    ) -> None:
        self.ended = 0.0
        self.screen_error: OSError | None = None
        self._program = program
        self._wires = wires
        self._log = log
        self._signals = signals
        self._clock = clock
        self._gone: set[int] = set()
        self._waited_s = 0.0

    def run(self) -> None:
        while self._program.poll() is None:
            for source in self._wait():
                self._read(source)
        self.ended = time.monotonic()
        self._drain()

    def _drain(self) -> None:
        """Read what is left; who else still holds the streams may print on, but not to us."""
        self._waited_s = size = 0
        while self._waited_s < _PATIENCE_S and size < _ENOUGH_BYTES:
            ready = self._wait(_SILENCE_S)
            if not ready:
                break
            size += sum(map(self._read, ready))

    def _wait(self, silence_s: float | None = None) -> list[Source]:
        """The sources with something to read; none when only a signal or the user spoke up."""
        sources = {source.handle: source for source in self._wires.sources}
        if silence_s is None:
            return self._wait_for_all(sources)
        start = time.monotonic()
        ready, _, _ = select.select(list(sources), [], [], silence_s if sources else 0)
        self._waited_s += time.monotonic() - start
        return [sources[handle] for handle in ready]

    def _wait_for_all(self, sources: Mapping[int, Source]) -> list[Source]:
        reads, writes, timeout_s = [*sources, self._signals.woken], [], self._clock.tick()
        keyboard = self._wires.keyboard
        if keyboard is not None and keyboard.unsent:
            writes.append(keyboard.program)
        elif keyboard is not None and keyboard.is_open:
            if in_foreground(keyboard.terminal):
                reads.append(keyboard.terminal)
            else:
                timeout_s = min(timeout_s, _BACKGROUND_S)
        ready, writable, _ = select.select(reads, writes, [], timeout_s)
        if self._signals.woken in ready:
            self._signals.calm()
        if keyboard is not None and keyboard.terminal in ready:
            keyboard.read()
        if writable and keyboard is not None:
            keyboard.send()
        return [sources[handle] for handle in ready if handle in sources]

    def _read(self, source: Source) -> int:
        """Record and show what there is; its size."""
        try:
            data = os.read(source.handle, _CHUNK)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return 0
            if error.errno != errno.EIO:
                raise
            data = b""  # how Linux says that nobody has the terminal open any more
        if not data:
            self._wires.drop(source)
            return 0
        if source.stream is not None:
            self._log.write(source.stream, data, tty=source.tty)
        self._show(source.screen, data)
        return len(data)

    def _show(self, screen: int, data: bytes) -> None:
        if screen in self._gone:
            return
        try:
            show(screen, data)
        except OSError as error:
            self._gone.add(screen)
            if error.errno not in _GONE:
                self.screen_error = error


class _Signals:
    """While it is entered, signals to this process are the program's; none ends us."""

    def __init__(self, on_resize: Callable[[], object]) -> None:
        self.interrupted = False
        self.woken = -1
        """Readable after a signal, so that waiting ends."""
        self._on_resize = on_resize
        self._program: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._first_ctrl_c_s: float | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.woken, self._waking = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self._waking, False)
        self._waking_before = signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        for number in _FORWARDED:
            self._handle(number, self._forward)
        self._handle(signal.SIGTSTP, self._pause)
        self._handle(signal.SIGWINCH, lambda _number, _frame: self._on_resize())
        # Ignored, the system would throw the program's exit code away.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._waking_before)
        os.close(self.woken)
        os.close(self._waking)

    def forward_to(self, program: subprocess.Popen[bytes] | None) -> None:
        """Whom signals are for from now on; those that came too early follow at once."""
        self._program = program
        early, self._early = self._early, []
        for number in early:
            self._send(number)

    def calm(self) -> None:
        """Forget what woke us."""
        os.read(self.woken, _CHUNK)

    def _handle(self, number: int, handler: Callable[[int, FrameType | None], object]) -> None:
        # What whoever started us had ignored (nohup) stays ignored, by the program too.
        if signal.getsignal(number) is not signal.SIG_IGN:
            self._before[number] = signal.signal(number, handler)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self._send(number)
        if number != signal.SIGINT:
            return
        now_s = time.monotonic()
        if self._first_ctrl_c_s is None:
            self._first_ctrl_c_s = now_s
        elif now_s - self._first_ctrl_c_s > _ONE_CTRL_C_S:
            self._send(signal.SIGKILL)

    def _pause(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: the program stops with us, and goes on with us."""
        # It has no terminal in common with a shell, and SIGTSTP does not stop such a group.
        self._send(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        if self._program is None:
            self._early.append(number)
        elif self._program.returncode is None and _signal_group(self._program.pid, number):
            self.interrupted = self.interrupted or number in _INTERRUPTS


def _signal_group(group: int, number: int) -> bool:
    """Whether somebody was there to get it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
