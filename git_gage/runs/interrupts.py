"""Signals that come while there is no program to pass them on to."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

if sys.platform == "win32":
    # What comes when the console is closed; nothing there sends TERM.
    ENDING = (signal.SIGTERM, signal.SIGBREAK)
else:
    ENDING = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """TERM or HUP came; like Ctrl-C it ends what is going on, and what was begun is closed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = signal.Signals(number)


def signal_of(error: KeyboardInterrupt) -> signal.Signals:
    """Which signal it was."""
    return error.number if isinstance(error, Terminated) else signal.SIGINT


@contextmanager
def raised_signals() -> Iterator[None]:
    """While it is entered TERM and HUP raise Terminated, unless whoever started us ignores them."""
    wanted = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    before = [signal.signal(number, _raise) for number in wanted]
    try:
        yield
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)


def _raise(number: int, _frame: object) -> NoReturn:
    raise Terminated(number)
