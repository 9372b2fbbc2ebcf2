"""What connects a program with the user: a terminal where the user has one, else a pipe."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

assert sys.platform != "win32"

from git_gage.runs.output import BOTH, STDERR, STDOUT
from git_gage.runs.terminal import Keyboard, copy_size, open_terminal

if TYPE_CHECKING:
    from git_gage.runs.exit import Console


@dataclass(frozen=True, slots=True)
class Source:
    """Our end of what a program prints: the stream it is recorded as, where it is shown.

    Without a stream it is shown only.
    """

    handle: int
    stream: str | None
    screen: int
    tty: bool


class Wires:
    """The standard streams of a program (`streams`), and our ends of them.

    Output and error that the user has in one place are one channel: what is printed stays in
    order. Standard input that is no terminal is handed on as it is.
    """

    def __init__(self, console: Console) -> None:
        self.sources: list[Source] = []
        self.keyboard: Keyboard | None = None
        self._theirs: list[int] = []
        self._ours: list[int] = []
        both = _is_same_place(console.stdout, console.stderr)
        output = self._open_channel(console.stdout, BOTH if both else STDOUT)
        error = output if both else self._open_channel(console.stderr, STDERR)
        self.streams = (self._open_input(console.stdin), output, error)
        place = self._find_terminal()
        self.terminal = None if place is None else self.streams.index(self._theirs[place])
        """Which of the streams is to be the controlling terminal."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_theirs()
        while self._ours:
            os.close(self._ours.pop())

    @property
    def has_pipe(self) -> bool:
        return not all(source.tty for source in self.sources)

    def close_theirs(self) -> None:
        """Leave the program's ends to the program, so that we see when it lets go."""
        while self._theirs:
            os.close(self._theirs.pop())

    def copy_sizes(self) -> None:
        """The user's terminal has a new size: so have the program's."""
        for source in self.sources:
            if source.tty:
                copy_size(source.screen, source.handle)

    def drop(self, source: Source) -> None:
        """Forget a source that has ended.

        It stays open: a program that is about to end must not be hung up on.
        """
        self.sources.remove(source)

    def _open_channel(self, screen: int, stream: str) -> int:
        theirs = self._open_terminal(screen, stream)
        if theirs is None:
            ours, theirs = os.pipe()
            self.sources.append(Source(ours, stream, screen, tty=False))
            self._ours.append(ours)
            self._theirs.append(theirs)
        return theirs

    def _open_terminal(self, screen: int, stream: str | None) -> int | None:
        """The program's end of a new terminal; None where the user or the system has none."""
        if not os.isatty(screen):
            return None
        try:
            ours, theirs = open_terminal(screen)
        except OSError:
            return None
        self.sources.append(Source(ours, stream, screen, tty=True))
        self._ours.append(ours)
        self._theirs.append(theirs)
        return theirs

    def _open_input(self, stdin: int) -> int:
        if not os.isatty(stdin):
            return stdin
        place = self._find_terminal()
        # A terminal for input alone shows only what is printed to /dev/tty, such as a question.
        if place is None and self._open_terminal(stdin, None) is None:
            return stdin
        place = len(self.sources) - 1 if place is None else place
        self.keyboard = Keyboard(stdin, self.sources[place].handle)
        return self._theirs[place]

    def _find_terminal(self) -> int | None:
        return next((place for place, source in enumerate(self.sources) if source.tty), None)


def _is_same_place(one: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False  # one of them is closed
