"""Programs of others that carry files: started, watched, ended with us."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_LOOK_EVERY_S = 0.2


class Said(NamedTuple):
    """How a program ended, and what it wrote; `noted`: to a file, about what it did."""

    returncode: int
    out: str
    err: str
    noted: str = ""

    @property
    def lines(self) -> list[str]:
        """All that was said, each line once, without empty ones."""
        lines = (line.strip() for text in (self.err, self.out) for line in text.splitlines())
        return list(dict.fromkeys(filter(None, lines)))


def run_program(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    watch: Callable[[], None] = lambda: None,
) -> Said:
    """Run a program to its end; `watch` is called several times a second meanwhile.

    Raises: OSError where it cannot be started; what `watch` raises. Then it is ended.
    """
    # Files, because nobody reads while we wait, and a full pipe would stop it.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with subprocess.Popen(
            command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=err
        ) as process:
            try:
                while process.poll() is None:
                    watch()
                    try:
                        process.wait(_LOOK_EVERY_S)
                    except subprocess.TimeoutExpired:
                        pass
            except BaseException:
                process.terminate()
                raise
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Said(process.returncode, *texts)


class Tail:
    """New whole lines of a file that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def lines(self) -> list[str]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                whole, end, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._at += len(whole) + len(end)
        return whole.decode(errors="replace").splitlines()
