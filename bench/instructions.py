"""Counts the instructions that short commands cost, with callgrind.

It gives the same number on a busy machine as on an idle one. Only our own process is counted, not
the git processes it starts. A developers' virtual environment adds about 4 M to what an installed
git-gage costs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

RUNS = 20
# Most of each is click, and what reads the catalog also needs pathlib, subprocess (to ask git where
# the repository is and what its refs are), sqlite3 and json. How much that is depends on how Python
# was built: 170 M and 210 M without link-time optimisation, about a fifth less with it.
HELP_M, CATALOG_M = 200, 265
NEED = Path(__file__).resolve().parents[1] / ".ci" / "need"


class Case(NamedTuple):
    """A command, and how many million instructions it may cost."""

    name: str
    budget_m: int
    args: tuple[str, ...] = ()
    words: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """What bash sets to ask for a completion of `words`."""
        if not self.words:
            return {}
        position = str(len(self.words.split()))
        asked = {"COMP_WORDS": self.words, "COMP_CWORD": position}
        return {"_GIT_GAGE_COMPLETE": "bash_complete", **asked}


CASES = (
    Case("git gage -h", HELP_M, ("-h",)),
    Case("complete 'git gage '", HELP_M, words="git-gage "),
    Case("complete 'git gage show '", CATALOG_M, words="git-gage show "),
    Case(f"git gage list, {RUNS} runs", CATALOG_M, ("list",)),
)


def make_environ(home: Path) -> dict[str, str]:
    """Nothing from outside: with PYTHONDONTWRITEBYTECODE set every start would compile."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        "PATH": path,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def make_repository(folder: Path, environ: dict[str, str]) -> None:
    """A repository with some runs in it."""
    folder.mkdir()
    commands = [
        ["git", "init", "-q"],
        [
            "git",
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-q",
            "--allow-empty",
            "-m1",
        ],
        *[["git", "gage", "run", "--", "true"]] * RUNS,
    ]
    for command in commands:
        subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)


def count_instructions(command: list[str], folder: Path, environ: dict[str, str]) -> int:
    """Instructions of one process, after a first start that wrote its bytecode and caches."""
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(
        counted, cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


def count_all() -> Iterator[tuple[Case, float]]:
    """Each case with its millions of instructions; none where valgrind cannot count."""
    if sys.platform != "linux":
        return
    subprocess.run([NEED, "valgrind"], check=True)
    program = str(Path(sys.executable).parent / "git-gage")
    with tempfile.TemporaryDirectory() as scratch:
        environ = make_environ(Path(scratch))
        folder = Path(scratch) / "repo"
        make_repository(folder, environ)
        for case in CASES:
            command = [sys.executable, program, *case.args]
            yield case, count_instructions(command, folder, environ | case.environ) / 1e6
