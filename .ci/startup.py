"""Fails when a short command costs more instructions than it may.

Counts with callgrind, which gives the same number on a busy machine as on an idle one. Only our own
process is counted, not the git processes it starts. The virtual environment of the developers adds
about 4 M to what an installed git-gage costs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

RUNS = 20
# Most of each is click, and what reads the catalog also needs pathlib, subprocess (to ask git where
# the repository is and what its refs are), sqlite3 and json. How much that is depends on how Python
# was built: 170 M and 210 M without link-time optimisation, about a fifth less with it.
HELP_M, CATALOG_M = 200, 265


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


def main() -> int:
    if sys.platform != "linux":
        print("start-up not counted: valgrind counts on Linux only")
        return 0
    subprocess.run([Path(__file__).parent / "need", "valgrind"], check=True)
    program = str(Path(sys.executable).parent / "git-gage")
    over = 0
    with tempfile.TemporaryDirectory() as scratch:
        environ = make_environ(Path(scratch))
        folder = Path(scratch) / "repo"
        make_repository(folder, environ)
        for case in CASES:
            command = [sys.executable, program, *case.args]
            counted_m = count_instructions(command, folder, environ | case.environ) / 1e6
            over += counted_m > case.budget_m
            verdict = "over" if counted_m > case.budget_m else "of"
            print(f"{case.name:<26} {counted_m:6.1f} M instructions, {verdict} {case.budget_m} M")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
