"""Show a file or folder with the program that the user, or the system, has for it.

What a program made may be a program: only what is looked at is opened, whatever it is called
besides; all else is named, and the user decides.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from git_gage.errors import RequestError
from git_gage.lookup import find_program

OPENER = "GAGE_OPENER"
_LOOKED_AT = (
    *(".bmp", ".csv", ".gif", ".jpeg", ".jpg", ".json", ".log", ".md", ".mp3", ".mp4", ".pdf"),
    *(".png", ".tif", ".tiff", ".tsv", ".txt", ".wav", ".webm", ".webp", ".yaml", ".yml"),
)


def find_opener(environ: Mapping[str, str], *, terminal: bool) -> list[str] | None:
    """The command that opens things: the user's own, or the system's where somebody can see it."""
    if own := environ.get(OPENER):
        return shlex.split(own)
    if sys.platform == "win32":
        return ["explorer"] if terminal else None
    seen = sys.platform == "darwin" or any(map(environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    name = "open" if sys.platform == "darwin" else "xdg-open"
    found = find_program(name, environ.get("PATH")) if terminal and seen else None
    return [found] if found else None


def is_looked_at(path: Path) -> bool:
    """Whether to open a thing is to look at it, and starts nothing that is in it."""
    found = path.lstat()
    if stat.S_ISDIR(found.st_mode):
        return True
    is_program = bool(found.st_mode & 0o111) and sys.platform != "win32"
    return stat.S_ISREG(found.st_mode) and not is_program and path.suffix.lower() in _LOOKED_AT


def open_path(command: list[str], path: Path, environ: Mapping[str, str]) -> None:
    """Raises: RequestError where the program cannot be started, or fails."""
    try:
        done = subprocess.run([*command, os.fspath(path)], env=dict(environ), check=False)
    except OSError as error:
        raise RequestError(
            f"cannot start '{command[0]}': {(error.strerror or '').lower()}",
            hint=f"set {OPENER} to a program that opens files",
        ) from error
    # The one of Windows says 1 when all is well.
    if done.returncode and sys.platform != "win32":
        raise RequestError(
            f"'{command[0]}' ended with exit code {done.returncode}",
            hint=f"set {OPENER} to a program that opens files",
        )
