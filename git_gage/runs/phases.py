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

    def words(self, folder: Path) -> tuple[str, ...]:
        """How the program is started; a script that needs a file gets one in `folder`."""
        if not self.shell:
            return self.argv
        text = self.argv[0]
        if not text.startswith("#!"):
            return ("/bin/sh", "-c", text)
        first, _, rest = text.partition("\n")
        words = shlex.split(first[2:])
        if os.path.basename(words[-1]).rstrip("0123456789.") in _TAKES_TEXT:
            return (*words, "-c", f"\n{rest}")
        script = folder / f"exec-{self.phase}"
        script.write_text(text)
        return (*words, str(script))


def log_name(phase: str) -> str:
    """The file that holds what a phase printed; the run itself has `output`."""
    return "output" if phase == RUN else f"output-{phase}"


def steps_before(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Those that come before the program, in their order."""
    return (step for name in BEFORE for step in steps if step.phase == name)


def find_step(steps: tuple[Step, ...], phase: str) -> Step | None:
    return next((step for step in steps if step.phase == phase), None)
