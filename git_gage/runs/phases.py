"""The programs of a run: one, or one for each phase of an operation that has its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from git_gage.records import encode_text
from git_gage.runs.cmd import CMD, batch_text
from git_gage.runs.shebang import read_shebang, read_shebang_on_windows

RUN = "run"
RUNTIME = "stage-runtime"
BEFORE = ("stage-sourcecode", RUNTIME, "stage-dependencies")
FINALIZE = "finalize"
PHASES = (*BEFORE, RUN, FINALIZE)
# What reads a program from its command line as it would from a file.
_TAKES_TEXT = ("sh", "bash", "dash", "zsh", "ksh", "python")
_WINDOWS = sys.platform == "win32"


@dataclass(frozen=True, slots=True)
class Step:
    """What a phase runs: a program with its words, or one text that a shell reads.

    told: the same as it may be recorded and shown, where it holds secrets.
    """

    phase: str
    argv: tuple[str, ...]
    shell: bool = False
    told: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        return {"argv": [encode_text(word) for word in self.shown], "shell": self.shell}

    @property
    def shown(self) -> tuple[str, ...]:
        """Its words without secrets."""
        return self.argv if self.told is None else self.told

    @property
    def needs_file(self) -> bool:
        """Whether its text has to be in a file for the program that reads it."""
        words = self._first_line()
        if not words:
            return self._is_batch
        return os.path.basename(words[-1]).rstrip("0123456789.") not in _TAKES_TEXT

    def command(self, script: str) -> tuple[str, ...]:
        """How the program is started; `script` is the file with its text, where it needs one."""
        if not self.shell:
            return self.argv
        text, words = self.argv[0], self._first_line()
        if not words:
            return self._shell_command(text, script)
        if self.needs_file:
            return (*words, script)
        return (*words, "-c", "\n" + text.partition("\n")[2])

    def words(self, folder: Path) -> tuple[str, ...]:
        """The same, with such a file in `folder`."""
        script = folder / f"exec-{self.phase}{'.cmd' if self._is_batch else ''}"
        if self.needs_file:
            text = batch_text(self.argv[0]) if self._is_batch else self.argv[0]
            script.write_text(text, encoding="utf-8" if _WINDOWS else None, newline="")
        return self.command(str(script))

    def _shell_command(self, text: str, script: str) -> tuple[str, ...]:
        if not _WINDOWS:
            return ("/bin/sh", "-c", text)
        return (*CMD, f'"{script}"' if self._is_batch else text.strip())

    @property
    def _is_batch(self) -> bool:
        """Whether it has several lines for `cmd`, which takes one alone from its command line."""
        return _WINDOWS and self.shell and "\n" in self.argv[0].strip() and not self._first_line()

    def _first_line(self) -> list[str]:
        """The program that a text names to read it; none for the shell."""
        if not self.shell:
            return []
        read = read_shebang_on_windows if _WINDOWS else read_shebang
        return read(self.argv[0].partition("\n")[0])


def log_name(phase: str) -> str:
    """The file that holds what a phase printed; the run itself has `output`."""
    return "output" if phase == RUN else f"output-{phase}"


def steps_before(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Those that come before the program, in their order."""
    return (step for name in BEFORE for step in steps if step.phase == name)


def find_step(steps: tuple[Step, ...], phase: str) -> Step | None:
    return next((step for step in steps if step.phase == phase), None)
