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

BUDGET_M = 200
RUNS = 20
COMPLETION = {
    "_GIT_GAGE_COMPLETE": "bash_complete",
    "COMP_WORDS": "git-gage show ",
    "COMP_CWORD": "2",
}
CASES: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("git gage -h", ("-h",), {}),
    ("complete 'git gage show '", (), COMPLETION),
    (f"git gage list, {RUNS} runs", ("list",), {}),
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
        for name, args, extra in CASES:
            command = [sys.executable, program, *args]
            counted_m = count_instructions(command, folder, environ | extra) / 1e6
            over += counted_m > BUDGET_M
            verdict = "over" if counted_m > BUDGET_M else "of"
            print(f"{name:<32} {counted_m:6.1f} M instructions, {verdict} {BUDGET_M} M")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
