"""The first line of a script that names the program which runs it."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

_ENV = ("/usr/bin/env", "/bin/env")


def read_shebang(line: str) -> list[str]:
    """The words behind `#!`, as Linux starts them; none where there is no such line."""
    return shlex.split(line[2:]) if line.startswith("#!") else []


def read_shebang_on_windows(line: str) -> list[str]:
    """The program to look for on PATH and its options: folders of POSIX say nothing there.

    None where there is no such line, or one that is meant for `env` alone.
    """
    words = read_shebang(line.rstrip("\r\n"))
    if words and words[0] in _ENV:
        words = words[2:] if words[1:2] == ["-S"] else words[1:]
        if not words or words[0].startswith("-") or "=" in words[0]:
            return []
    if words and words[0].startswith("/"):
        return [PurePosixPath(words[0]).name, *words[1:]]
    return words
