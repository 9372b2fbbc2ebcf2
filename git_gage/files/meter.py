"""How far a transfer has come: counted by many threads, told calmly."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

# A text that changes more often cannot be read; a speed over less than that jumps about.
EVERY_S, OVER_S, SURE_AFTER_S = 1.0, 10.0, 3.0


class Moving(NamedTuple):
    """Bytes that are there of how many; how fast, and seconds left, once that can be told."""

    done: int
    total: int
    bytes_per_s: float | None
    left_s: float | None


class HaltedError(Exception):
    """Somebody has stopped this transfer: nobody is told of it twice."""


class Meter:
    """Hears how many bytes of each object are there; `tell` hears the sum once a second at most."""

    def __init__(
        self,
        total: int,
        tell: Callable[[Moving], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._there: dict[str, int] = {}
        self._done = 0
        self._began_s = self._told_s = clock()
        self._seen = deque([(self._began_s, 0)])
        self._halted = False

    def halt(self) -> None:
        """Let every other thread end at its next step."""
        self._halted = True

    def go_on(self) -> None:
        """Raises: HaltedError once somebody has stopped all."""
        if self._halted:
            raise HaltedError

    def at(self, name: str, done: int) -> None:
        """So many bytes of this object are there.

        Raises: HaltedError.
        """
        self.go_on()
        with self._lock:
            self._done += done - self._there.get(name, 0)
            self._there[name] = done
            now = self._clock()
            if now - self._told_s < EVERY_S:
                return
            self._told_s = now
            self._tell(self._look(now))

    def _look(self, now: float) -> Moving:
        while len(self._seen) > 1 and now - self._seen[0][0] > OVER_S:
            self._seen.popleft()
        began_s, began = self._seen[0]
        self._seen.append((now, self._done))
        speed = max(self._done - began, 0) / (now - began_s)
        sure = now - self._began_s >= SURE_AFTER_S and speed > 0
        left_s = max(self.total - self._done, 0) / speed if sure else None
        return Moving(self._done, self.total, speed or None, left_s)
