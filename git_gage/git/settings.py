"""git's config as it counts in one place: all its layers, and the file each value came from.

Source: git-config(1), "--show-origin", "--show-scope", "FILES".
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from git_gage.git.repository import git_environ, git_error

QUESTION = ("config", "--list", "-z", "--show-scope", "--show-origin")


class Setting(NamedTuple):
    """One value. `key` has section and name in lower case, what is between them as it was written.

    scope: `system`, `global`, `local`, `worktree` or `command` (`git -c`, the environment).
    origin: the file that says so, absolute; None for `command`.
    """

    key: str
    value: str
    scope: str
    origin: str | None

    @property
    def place(self) -> str:
        """Where it was said, for people."""
        return self.origin or "the command line or environment"


class Settings:
    """All values, those that count most last."""

    def __init__(self, entries: Sequence[Setting]) -> None:
        self.entries = entries

    def find(self, key: str) -> Setting | None:
        """The value of a key that counts, with its place."""
        wanted = fold_key(key)
        return next((entry for entry in reversed(self.entries) if entry.key == wanted), None)

    def find_all(self, key: str) -> list[Setting]:
        """The values of a key that can have several: those of the layer that counts, if not empty.

        An empty one stands for none.
        """
        last = self.find(key)
        if last is None:
            return []
        same = (e for e in self.entries if e.key == last.key and e.scope == last.scope)
        return [entry for entry in same if entry.value]

    def get(self, key: str) -> str | None:
        """The value of a key that counts; empty counts as none."""
        found = self.find(key)
        return found.value or None if found else None

    def named(self, section: str, name: str) -> dict[str, list[Setting]]:
        """All values of `section.<x>.name`, by x."""
        start, end = f"{section}.", f".{name}"
        found: dict[str, list[Setting]] = {}
        for entry in self.entries:
            if entry.key.startswith(start) and entry.key.endswith(end):
                middle = entry.key[len(start) : -len(end)]
                if middle:
                    found.setdefault(middle, []).append(entry)
        return found


def fold_key(key: str) -> str:
    """A key as git compares it: case counts only between the first dot and the last."""
    section, _, rest = key.partition(".")
    middle, dot, name = rest.rpartition(".")
    return f"{section.lower()}.{middle}{dot}{name.lower()}"


def parse_settings(answer: bytes, base: Path) -> Settings:
    """What git answers to QUESTION; `base` is where relative names of files begin."""
    return Settings(list(_iter_entries(answer, base)))


def _iter_entries(answer: bytes, base: Path) -> Iterator[Setting]:
    fields = os.fsdecode(answer).split("\0")[:-1]
    for scope, origin, entry in zip(fields[0::3], fields[1::3], fields[2::3], strict=True):
        key, line_end, value = entry.partition("\n")
        # A name that stands alone is a switch that is on.
        value = value if line_end else "true"
        kind, _, name = origin.partition(":")
        file = os.path.normpath(base / name) if kind == "file" else None
        yield Setting(key, value, scope, file)


# -- git, in a repository or not ---------------------------------------------------------------


def read_settings(cwd: Path, environ: Mapping[str, str], base: Path) -> Settings:
    """The config that counts in a folder; `base`: its work tree, or the folder itself.

    Raises: GitError where a file of it cannot be read.
    """
    return parse_settings(_run_git(QUESTION, cwd, environ), base)


def write_setting(cwd: Path, environ: Mapping[str, str], layer: str, key: str, value: str) -> None:
    """Let git write one value into a layer of its config.

    Raises: GitError where it cannot.
    """
    _run_git(("config", f"--{layer}", "--replace-all", "--", key, value), cwd, environ)


def _run_git(args: tuple[str, ...], cwd: Path, environ: Mapping[str, str]) -> bytes:
    done = subprocess.run(
        ["git", *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=cwd,
        env=git_environ(environ, None),
        check=False,
    )
    if done.returncode:
        raise git_error(args, done.returncode, done.stderr)
    return done.stdout


def edit_settings(cwd: Path, environ: Mapping[str, str], layer: str) -> int:
    """Open the file of a layer in the user's editor; git's exit code."""
    args = ["git", "config", f"--{layer}", "--edit"]
    return subprocess.run(args, cwd=cwd, env=dict(environ), check=False).returncode
