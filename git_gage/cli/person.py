"""Whoever gave a command, as far as they can be told and asked something."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.render.progress import Progress


class Person:
    """Told on standard error, asked at the terminal if there is one."""

    def __init__(self, make_progress: Callable[[], Progress]) -> None:
        self._make_progress = make_progress

    def note(self, text: str) -> None:
        """Let them know something."""
        self._make_progress().note(text)

    def warning(self, text: str) -> None:
        """Let them know something that should be looked at."""
        self._make_progress().warning(text)

    @property
    def terminal(self) -> bool:
        """Whether they can be asked, at this moment: a run may have left for the background."""
        return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))

    def ask_secret(self, question: str) -> str:
        """Their answer, which nobody sees."""
        from getpass import getpass

        return getpass(question)
