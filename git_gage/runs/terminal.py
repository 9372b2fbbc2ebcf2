"""Terminals: the user's, and the one a program is given in its place."""

from __future__ import annotations

import sys

assert sys.platform != "win32"

import fcntl
import os
import select
import termios

_LINE = 4096


def open_terminal(like: int) -> tuple[int, int]:
    """A new terminal (our side, the program's side) of the size of another.

    It passes on what is printed as it is: the user's own terminal echoes what is typed and turns
    newlines into line ends.
    """
    ours, theirs = os.openpty()
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.ONLCR
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    copy_size(like, ours)
    os.set_blocking(ours, False)
    return ours, theirs


def copy_size(source: int, target: int) -> None:
    """Give a terminal the size of another; its programs get SIGWINCH if that is new."""
    try:
        fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        pass  # the user's terminal is gone: the size stays


def in_foreground(terminal: int) -> bool:
    """Whether this process may read from a terminal without being stopped."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True  # not our controlling terminal: nobody stops us


def show(screen: int, data: bytes) -> None:
    """Write all of it, now.

    Raises: OSError where nobody takes it.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(screen, rest) :]
        except BlockingIOError:
            select.select([], [screen], [])


class Keyboard:
    """What the user types, line by line, on its way to the program's terminal."""

    def __init__(self, terminal: int, program: int) -> None:
        self.terminal = terminal
        self.program = program
        self.unsent = b""
        self.is_open = True

    def read(self) -> None:
        """Take a line that was typed. One without a newline was sent off by Ctrl-D."""
        try:
            typed = os.read(self.terminal, _LINE)
            termios.tcgetattr(self.terminal)
        except (OSError, termios.error):
            # The terminal is gone. (Nothing to read is no sign of it, but Ctrl-D.)
            self.is_open = False
            return
        if not typed.endswith(b"\n"):
            typed += termios.tcgetattr(self.program)[6][termios.VEOF]
        self.unsent = typed

    def send(self) -> None:
        """Pass on as much as the program's terminal takes."""
        try:
            self.unsent = self.unsent[os.write(self.program, self.unsent) :]
        except BlockingIOError:
            pass  # the program does not read yet
