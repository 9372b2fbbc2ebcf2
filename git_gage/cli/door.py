"""Where `git-gage` starts.

A project's environment may have only the module that programs log with (docs/api.md), but pip puts
a `git-gage` beside its Python all the same. Where that is the first on PATH it opens the next.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

# What a shell says of a program that Ctrl-C has ended.
INTERRUPTED = 130


class Inspect(ModuleType):
    """`inspect` for click, which has it take the margin off every help text and no more.

    The real one, with all that it imports, is a good part of a short command. It is loaded for
    anything else, and for a text of several lines.
    """

    def cleandoc(self, text: str) -> str:
        return self.load().cleandoc(text) if "\n" in text else text.expandtabs().lstrip()

    def load(self) -> Any:
        if sys.modules["inspect"] is self:
            del sys.modules["inspect"]
        return import_module("inspect")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.load(), name)


def main() -> int:
    """`git gage`; the exit code."""
    code = _open()
    if code == INTERRUPTED:
        import signal

        # Python, which takes itself apart now, would print where a second one hits it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _open() -> int:
    sys.modules.setdefault("inspect", Inspect("inspect"))
    try:
        try:
            import click  # noqa: F401 - whether what we need is here
        except ModuleNotFoundError:
            return _open_next()
        from git_gage.cli import app

        return app.main()
    except KeyboardInterrupt:  # nothing to tell yet; or a second one, while the first was told
        return INTERRUPTED


def _open_next() -> int:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    # In order and each once: what is opened looks behind itself, so this comes to an end.
    doors = list(dict.fromkeys(os.path.realpath(f"{folder}/git-gage") for folder in folders))
    here = os.path.realpath(sys.argv[0])
    for door in doors[doors.index(here) + 1 if here in doors else 0 :]:
        if os.path.isfile(door) and os.access(door, os.X_OK):
            os.execv(door, [door, *sys.argv[1:]])
    sys.stderr.write(
        "fatal: only the module of git-gage is installed here, and no git-gage elsewhere on PATH\n"
        "hint: python -m pip install git-gage\n"
    )
    return 128
