"""What the servers have in common: they listen, fail when they are told to, and end in time."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

FOLDER = Path(sys.argv[1])


class Faulty:
    """An app that does what `FOLDER/fault` says first."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        fault = _read_fault()
        # What is asked is answered, but for an "all"; what is moved is not.
        is_asked = "batch" in environ["PATH_INFO"] or environ["REQUEST_METHOD"] == "HEAD"
        if fault.startswith("all "):
            fault, is_asked = fault.removeprefix("all "), False
        if fault and not is_asked:
            if fault == "die":
                os._exit(1)
            if fault == "cut":
                return self._cut(environ, start)
            # Without the second header git-lfs 3.3 breaks down at a 429.
            head = [("Content-Type", "application/json"), ("Retry-After", "1")]
            status, _, body = fault.partition(" ")
            start(f"{status} Refused", head)
            return [body.encode()]
        answer: Iterable[bytes] = self.app(environ, start)
        return answer

    def _cut(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """The first half of an answer, and then nothing."""
        (FOLDER / "fault").write_text("")
        body = b"".join(self.app(environ, start))
        yield body[: len(body) // 2]
        os._exit(1) if environ["REQUEST_METHOD"] == "PUT" else None


def _read_fault() -> str:
    try:
        return (FOLDER / "fault").read_text()
    except FileNotFoundError:
        return ""


def serve(app: Any) -> None:
    """Listen on a free port, which is told, until standard input ends."""
    server = make_server("127.0.0.1", 0, Faulty(app), threaded=True)
    print(server.server_port, flush=True)

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
    server.serve_forever()
