"""Git commands that talk to a remote: they take their time, and the remote has a say."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, NamedTuple

from git_gage.git.repository import Repository, git_command, git_environ

_COUNTER = re.compile(
    r"(?:remote: )?(?:Enumerating|Counting|Compressing|Finding|Writing|Receiving|Resolving|"
    r"Unpacking|Checking|Updating|Total|Delta compression|Expanding|Filtering)\b.*"
    r"(?:\d|done\.|threads)"
)


class Answer(NamedTuple):
    """How a command ended: exit code, standard output, what git and the remote said besides."""

    returncode: int
    out: str
    said: list[str]


def ask_remote(
    repo: Repository,
    *args: str,
    listen: Callable[[str], None],
    input: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Answer:
    """Answer of `git <args>`, whatever its exit code; `listen` gets git's counters as they move."""
    said: list[str] = []
    # Files, because nobody serves the standard streams while we listen to the other channel.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        given.write(input)
        given.seek(0)
        with subprocess.Popen(
            git_command(*args),
            stdin=given,
            stdout=out,
            stderr=subprocess.PIPE,
            cwd=repo.cwd,
            env=git_environ(repo.environ, env),
        ) as process:
            assert process.stderr is not None
            for line in _lines_of(process.stderr):
                if _COUNTER.match(line):
                    listen(line)
                elif line:
                    said.append(line)
        repo.forget_refs()
        out.seek(0)
        return Answer(process.returncode, out.read().decode(errors="replace"), said)


def _lines_of(channel: IO[bytes]) -> Iterator[str]:
    """Lines as they come; a counter that is redrawn (`\\r`) is a line each time."""
    pending = b""
    while chunk := os.read(channel.fileno(), 1 << 16):
        *whole, pending = re.split(rb"[\r\n]", pending + chunk)
        for line in whole:
            yield _read(line)
    yield _read(pending)


def _read(line: bytes) -> str:
    """A line as text; some that git sends end as strings in C do."""
    return line.rstrip(b"\0").decode(errors="replace").rstrip()
