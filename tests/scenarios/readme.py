"""The commands of a README, typed in a copy of an example, and what they print.

Blocks of lines that are indented begin with `$ command`; below it stands what it printed once. Ids,
names, times and the like differ each time, and count as equal. GAGE_REWRITE=1 writes down what is
printed now.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support import commit, make_repo

INDENT = "    "
_BLOCK = re.compile(r"^(    \$ .*\n(?:    (?!\$ ).*\n)*)", re.MULTILINE)
_ID = r"(?<![\w-])[0-9a-hjkmnp-tv-z]{7}(?![\w-])"
_NAME = r"[a-z]+-[a-z]+"
_VARYING = (
    (re.compile(r"^(code|source) +[0-9a-f]{7}\b"), r"\1 <commit>"),
    (re.compile(rf"{_ID} +{_NAME}(?![\w-])"), "<run>"),
    (re.compile(rf"\b(run|show|output) {_ID}"), r"\1 <run>"),
    (re.compile(rf"{_ID}(?=  [✓✗])"), "<run>"),
    (re.compile(rf"\| {_NAME} \|"), "| <name> |"),
    (re.compile(r"^(python|on|by|id|digest|snapshot|started|output|files|index) .*"), r"\1 …"),
    (re.compile(r"(?<![\w.])[0-9]+(\.[0-9]+)?[smh]\b"), "<t>"),
    # How many columns a list has room for depends on the names of runs.
    (re.compile(r"^(#  RUN .*  TOOK|(@ )?[0-9]  <run> .*?<t> +<t>).*"), r"\1 …"),
)


class Example:
    """A copy of an example as a repository of its own, and somebody at a shell there."""

    def __init__(self, example: Path, scratch: Path) -> None:
        self.where = scratch / example.name
        shutil.copytree(example, self.where)
        make_repo(self.where, files={}, commit=False)
        commit(self.where, "the example")

    def type(self, command: str) -> list[str]:
        """Lines that a command prints; its exit code after them, if it is not 0."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.where,
            env={**os.environ, "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        tools = os.environ["PATH"].split(os.pathsep)[0]
        lines = [line.rstrip() for line in done.stdout.replace(tools, "/usr/bin").splitlines()]
        return [*lines, *([f"[{done.returncode}]"] if done.returncode else [])]


def retold(readme: str, example: Example) -> Iterator[str]:
    """The README with what its commands print now."""
    for part in _BLOCK.split(readme):
        if not part.startswith(f"{INDENT}$ "):
            yield part
            continue
        command = part.splitlines()[0]
        lines = [command, *(INDENT + line for line in example.type(command[len(INDENT) + 2 :]))]
        yield "".join(f"{line.rstrip()}\n" for line in lines)


def settled(readme: str) -> list[str]:
    """Its lines, without what differs each time."""
    return [_settle(line) for line in readme.splitlines() if line.strip()]


def _settle(line: str) -> str:
    text = line.strip()
    if line.startswith(INDENT) and not text.startswith("$ "):
        for pattern, stand_in in _VARYING:
            text = pattern.sub(stand_in, text)
    return " ".join(text.split())
