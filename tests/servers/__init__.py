"""Real servers on loopback that tests send files to; each ends with whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]


class Server(NamedTuple):
    """Where it listens, and the folder that is its memory; `fault` is what it is told to do."""

    url: str
    folder: Path
    process: subprocess.Popen[str]

    def fault(self, what: str) -> None:
        """Let what comes next fail: an HTTP status and a body behind it, `die`, `cut`; "": none."""
        (self.folder / "fault").write_text(what)


@contextmanager
def serve(name: str, folder: Path) -> Iterator[Server]:
    """A server of this folder (`lfs`, `s3`); it ends when its standard input does."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-W", "ignore", "-m", f"tests.servers.{name}", str(folder)]
    pipe = subprocess.PIPE
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=log, env=environ, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, (folder / "log").read_text()
        yield Server(f"http://127.0.0.1:{port}", folder, process)
        process.stdin.close()
