"""Where `git-gage` starts.

A project's environment may have only the module that programs log with (docs/api.md), but pip puts
a `git-gage` beside its Python all the same. Where that is the first on PATH it opens the next.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """`git gage`; the exit code."""
    try:
        import click  # noqa: F401 - whether what we need is here
    except ModuleNotFoundError:
        return _open_next()
    from git_gage.cli import app

    return app.main()


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
