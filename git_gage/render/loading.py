"""How far a first look at many runs has come, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from git_gage.render.screen import text_width

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

# What is over sooner needs no word, and what changes faster nobody reads.
EVERY_S = 1.0
_WIDEST = 40


class Loading:
    """A bar that a person watches; where nobody does, nothing."""

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._due = clock() + EVERY_S
        self._drawn = ""

    def tell(self, share: float | None) -> None:
        """Hear how much is done, from 0 to 1; None: it is over, and the bar goes."""
        if share is None:
            self._draw("")
        elif self._clock() >= self._due:
            self._due = self._clock() + EVERY_S
            self._draw(self._line(share))

    def _line(self, share: float) -> str:
        head = f"reading records {int(share * 100):3}% "
        width = min(_WIDEST, self._screen.width - len(head) - 1)
        full = int(share * width)
        done, left = (self._screen.sign(sign, plain) for sign, plain in (("━", "#"), ("─", ".")))
        return self._screen.cut(head + done * full + left * (width - full), self._screen.width - 1)

    def _draw(self, line: str) -> None:
        if self._screen.height is None or line == self._drawn:
            return
        # Something else may have stood there.
        blank = " " * (self._screen.width - 1 - text_width(line))
        self._screen.stream.write(f"\r{line}{blank}" + "\r" * (not line))
        self._screen.stream.flush()
        self._drawn = line
