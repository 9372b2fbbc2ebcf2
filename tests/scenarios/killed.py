"""Run `git gage …` and kill it with -9 at its n-th touch of the world outside.

Usage: python -m tests.scenarios.killed N PATH ARG…   N = 0: count the touches, write them to PATH.
A touch is a file opened for writing, a write or sync of one, a rename, a removal, a lock, a process
started. An audit hook sees most of them; writes and syncs have no audit event, so they are wrapped.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

EVENTS = {
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "fcntl.flock",
    "shutil.rmtree",
    "subprocess.Popen",
    "sqlite3.connect",
}


class Killer:
    """Counts touches, and dies at the chosen one."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.seen: list[str] = []

    def touch(self, what: str) -> None:
        self.seen.append(what)
        if len(self.seen) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in EVENTS:
            self.touch(event)
        elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            self.touch("open")

    def wrap(self) -> None:
        write, sync = os.write, os.fsync

        def half_write(handle: int, data: Any) -> int:
            self.touch("write: before")
            if len(self.seen) + 1 == self.at and len(data) > 1:
                write(handle, bytes(data)[: len(data) // 2])
            self.touch("write: middle")
            return write(handle, data)

        def touched_sync(handle: int) -> None:
            self.touch("fsync: before")
            sync(handle)
            self.touch("fsync: after")

        os.write, os.fsync = half_write, touched_sync  # type: ignore[assignment]


def main() -> int:
    at, path, *argv = sys.argv[1:]
    from git_gage.cli.app import main as gage

    killer = Killer(int(at))
    killer.wrap()
    sys.addaudithook(killer.audit)
    code = gage(argv)
    killer.at = -1
    Path(path).write_text("\n".join(killer.seen))
    return code


if __name__ == "__main__":
    sys.exit(main())
