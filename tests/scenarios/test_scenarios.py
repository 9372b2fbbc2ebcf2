"""Sessions as a user types them, told in tests/scenarios/*.md and run end to end.

A line that begins with `$ ` in an indented block is a command; what stands below it is all that it
prints, and its exit code in brackets if that is not 0. Runs, times and places differ each time:
`<run 1>` is the id of the first run begun, `<name 1>` its name, `<comment>` the id of any comment,
`<t>` a length of time, and spaces count as one or as several.
`GAGE_REWRITE=1 make test ARGS=tests/scenarios` writes down what is printed now, to be looked at in
`git diff`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import gage_inside, make_repo

HERE = Path(__file__).parent
# The longest ones show what others show, too.
LONG = ("comment_two_people", "list_where", "run_in_background")
STORIES = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.full] if path.stem in LONG else [])
    for path in sorted(HERE.glob("*.md"))
]
REWRITE = os.environ.get("GAGE_REWRITE") == "1"
INDENT = "    "
ENVIRON = {
    "COLUMNS": "109",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
}
VARYING = (
    (re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}( UTC)?"), "<date>"),
    (re.compile(r"\b[0-9]+m [0-9]{2}s\b|\b[0-9]+(?:\.[0-9]+)?[smh]\b"), "<t>"),
    (re.compile(r"^(Commented on 1 run: |.*\bcomment )[0-9a-f]{7}\b"), r"\1<comment>"),
    (re.compile(r"^ +[0-9]+\.[0-9]{3}  "), "<t>  "),
    (re.compile(r"^(on +).*"), r"\1<machine>"),
)


class Session:
    """A shell in a fresh repository; `cd` holds from one command to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.where = make_repo(folder / "repo")
        self.runs: dict[str, str] = {}

    def type(self, command: str) -> list[str]:
        """Lines that a command prints, its exit code after them, without what varies."""
        done = subprocess.run(
            ["bash", "-c", f'{command}\ncode=$?; pwd > "$0"; exit $code', self.folder / "pwd"],
            cwd=self.where,
            env={**os.environ, **ENVIRON},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.where = Path((self.folder / "pwd").read_text().strip())
        self._meet_runs()
        lines = [self._settled(line) for line in done.stdout.splitlines()]
        return [*lines, *([f"[{done.returncode}]"] if done.returncode else [])]

    def _meet_runs(self) -> None:
        found = gage_inside(self.where, "list", "--all", "--json")
        for run in reversed(json.loads(found.out) if found.code == 0 else []):
            if run["id"] not in self.runs:
                number = sum(f"<id {n}>" in self.runs.values() for n in range(1, 100)) + 1
                self.runs[run["id"]] = f"<id {number}>"
                self.runs[run["id"][10:17]] = f"<run {number}>"
                self.runs[run["name"]] = f"<name {number}>"

    def _settled(self, line: str) -> str:
        for text, stand_in in self.runs.items():
            line = line.replace(text, stand_in)
        line = line.replace(str(self.folder), "<folder>")
        line = line.replace(os.environ["PATH"].split(os.pathsep)[0], "<bin>")
        for pattern, stand_in in VARYING:
            line = pattern.sub(stand_in, line)
        return line.rstrip()


def retold(story: str, session: Session) -> Iterator[str]:
    """The story with what its commands print now."""
    for part in re.split(r"^(    \$ .*\n(?:(?:    (?!\$ ).*)?\n)*)", story, flags=re.MULTILINE):
        if not part.startswith(f"{INDENT}$ "):
            yield part
            continue
        command = part.splitlines()[0]
        lines = [command, *(INDENT + line for line in session.type(command[len(INDENT) + 2 :]))]
        ending = part[len(part.rstrip("\n")) :]
        yield "\n".join(lines) + ending


def one_space(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("path", STORIES)
def test_scenario(path: Path, tmp_path: Path) -> None:
    story = path.read_text()
    now = "".join(retold(story, Session(tmp_path)))
    if REWRITE and one_space(now) != one_space(story):
        path.write_text(now)
    else:
        assert one_space(now) == one_space(story)
