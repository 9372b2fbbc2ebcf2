"""The programs of a run: one, or one for each phase of an operation that has its own."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from git_gage.records import encode_text

RUN = "run"
BEFORE = ("stage-sourcecode", "stage-runtime", "stage-dependencies")
FINALIZE = "finalize"
PHASES = (*BEFORE, RUN, FINALIZE)
# What reads a program from its command line as it would from a file.
_TAKES_TEXT = ("sh", "bash", "dash", "zsh", "ksh", "python")


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
        return bool(words) and os.path.basename(words[-1]).rstrip("0123456789.") not in _TAKES_TEXT

    def command(self, script: str) -> tuple[str, ...]:
        """How the program is started; `script` is the file with its text, where it needs one."""
        if not self.shell:
            return self.argv
        text, words = self.argv[0], self._first_line()
        if not words:
            return ("/bin/sh", "-c", text)
        if self.needs_file:
            return (*words, script)
        return (*words, "-c", "\n" + text.partition("\n")[2])

    def words(self, folder: Path) -> tuple[str, ...]:
        """The same, with such a file in `folder`."""
        script = folder / f"exec-{self.phase}"
        if self.needs_file:
            script.write_text(self.argv[0])
        return self.command(str(script))

    def _first_line(self) -> list[str]:
        """The program that a text names to read it; none for the shell."""
        if not (self.shell and self.argv[0].startswith("#!")):
            return []
        return shlex.split(self.argv[0].partition("\n")[0][2:])


def log_name(phase: str) -> str:
    """The file that holds what a phase printed; the run itself has `output`."""
    return "output" if phase == RUN else f"output-{phase}"


def steps_before(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Those that come before the program, in their order."""
    return (step for name in BEFORE for step in steps if step.phase == name)


def find_step(steps: tuple[Step, ...], phase: str) -> Step | None:
    return next((step for step in steps if step.phase == phase), None)
