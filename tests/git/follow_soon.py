"""`git gage`, whose first beat goes out once the program has spoken, and not seconds later."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from git_gage.cli.app import main
from git_gage.share import live
from git_gage.store.beats import Beat


class Soon(live.Broadcast):
    @contextmanager
    def follow(self, run: str, look: Callable[[], Beat]) -> Iterator[None]:
        def heard() -> Beat:
            while not ((beat := look()).metrics and beat.attributes and beat.output):
                time.sleep(0.02)
            return beat

        with super().follow(run, heard):
            yield


if __name__ == "__main__":
    live._FIRST_S = 0.01
    live.Broadcast = Soon  # type: ignore[misc]
    sys.exit(main(sys.argv[1:]))
