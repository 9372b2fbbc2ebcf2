"""The commit that holds the exact working state, made beside the repository.

A copy of the user's index becomes the snapshot. New objects go to the quarantine folder alone, so
nothing unreferenced lies in the repository for a `git gc --prune=now` to take.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.git.quarantine import quarantine_environ
from git_gage.source.asking import Question, ask_together
from git_gage.source.digest import LIST_FILES
from git_gage.source.status import ZERO_MODE, Status

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.source.selection import Selection

MESSAGE = "gage snapshot"
IDENTITY = "git-gage <git-gage@localhost>"
UNBORN_DATE = "946684800 +0000"

# A split index would write into the user's git directory; over bigFileThreshold git writes packs,
# and the store adopts loose objects. On Windows it must be below 4 GiB.
_NEVER_PACKED = "4095m" if sys.platform == "win32" else "100g"
PLAIN = ("-c", "core.splitIndex=false", "-c", f"core.bigFileThreshold={_NEVER_PACKED}")
COUNT_LINES = ("diff-tree", "-r", "-M", "--shortstat", "--no-ext-diff", "--no-textconv")


class Head(NamedTuple):
    """The commit that HEAD names. `date` as commits spell it: seconds and zone."""

    commit: str
    tree: str
    date: str


class Snapshot(NamedTuple):
    """A commit with the working state; lines count from HEAD; `listing` as LIST_FILES gives it."""

    commit: str
    tree: str
    insertions: int = 0
    deletions: int = 0
    listing: bytes | None = None


class SnapshotIndex:
    """A copy of the user's index in the quarantine folder."""

    def __init__(self, repo: Repository, top: Path, quarantine: Path) -> None:
        self._repo = repo
        self._top = top
        self._quarantine = quarantine
        self._path = quarantine / "index"
        self.env = {
            **top_environ(repo, top),
            **quarantine_environ(repo, quarantine),
            "GIT_INDEX_FILE": str(self._path),
        }

    def copy(self) -> None:
        """Take the user's index as it is now; one that does not exist is empty."""
        (self._quarantine / "objects").mkdir(parents=True, exist_ok=True)
        real = self._top / self._repo.environ.get("GIT_INDEX_FILE", self._repo.git_dir / "index")
        try:
            found = real.stat()
            self._path.write_bytes(real.read_bytes())
        except FileNotFoundError:
            return
        # git tells "changed right after it was added" by the time of the index file itself.
        os.utime(self._path, ns=(found.st_atime_ns, found.st_mtime_ns))

    def reveal(self, assumed: Iterable[bytes], skipped: Iterable[bytes]) -> None:
        """Let git look at files that the user told it not to look at."""
        self._mark("--no-assume-unchanged", assumed)
        self._mark("--no-skip-worktree", skipped)

    def _mark(self, option: str, paths: Iterable[bytes]) -> None:
        if lines := _lines(paths):
            self._git(*PLAIN, "update-index", "-z", option, "--stdin", input=lines)

    def apply(self, selection: Selection) -> None:
        """Make the copy hold the working state."""
        # What goes away goes first: a file may stand where a folder was.
        settled = sorted(selection.settled, key=lambda item: item[1].mode != ZERO_MODE)
        lines = b"".join(index_line(has.mode, has.oid, 0, path) for path, has in settled)
        if lines:
            self._git(*(*PLAIN, "update-index", "-z", "--replace", "--index-info"), input=lines)
        if selection.added:
            self._git(
                *(*PLAIN, "update-index", "-z", "--add", "--remove", "--replace"),
                *("--ignore-skip-worktree-entries", "--stdin"),
                input=_lines(selection.added),
            )

    def write_tree(self) -> str:
        # Objects of a partial clone that are not here are on its remote: no reason to get them.
        return self._git(*PLAIN, "write-tree", "--missing-ok").decode().strip()

    def write_commit(self, tree: str, head: Head | None) -> Snapshot:
        """The snapshot: equal states give equal commits, whoever makes them and whenever."""
        date = head.date if head else UNBORN_DATE
        parent = f"parent {head.commit}\n" if head else ""
        people = f"author {IDENTITY} {date}\ncommitter {IDENTITY} {date}\n"
        text = f"tree {tree}\n{parent}{people}\n{MESSAGE}\n"
        before = head.tree if head else self._repo.empty_tree()
        questions = (
            Question(("hash-object", "-t", "commit", "-w", "--stdin"), input=text.encode()),
            Question((*COUNT_LINES, before, tree)),
            Question((*LIST_FILES, tree)),
        )
        commit, counts, listing = ask_together(self._repo, questions, self.env, self._top)
        return Snapshot(
            commit=commit.decode().strip(),
            tree=tree,
            insertions=_count(rb"(\d+) insertion", counts),
            deletions=_count(rb"(\d+) deletion", counts),
            listing=listing,
        )

    def _git(self, *args: str, input: bytes | None = None) -> bytes:
        return self._repo.run(*args, input=input, env=self.env, cwd=self._top)


def top_environ(repo: Repository, top: Path) -> dict[str, str]:
    """Variables that make git work from the top of the work tree, whatever the caller exported."""
    return {"GIT_DIR": str(repo.git_dir), "GIT_WORK_TREE": str(top)}


def index_info(status: Status, selection: Selection, null_oid: str) -> bytes:
    """What turns an index of the snapshot into the user's own, for `update-index --index-info`."""
    gone = set(selection.added)
    lines = []
    for change in status.changes:
        gone.discard(change.path)
        unmerged = len(change.staged) > 1
        if unmerged or change.staged[0].mode == ZERO_MODE:
            gone.add(change.path)
        lines += [
            index_line(version.mode, version.oid, stage, change.path)
            for stage, version in enumerate(change.staged, 1 if unmerged else 0)
            if version.mode != ZERO_MODE
        ]
    # What goes away goes first: a file may stand where the snapshot has a folder.
    removals = [index_line(ZERO_MODE, null_oid, 0, path) for path in sorted(gone)]
    return b"".join(removals + lines)


def index_line(mode: str, oid: str, stage: int, path: bytes) -> bytes:
    return f"{mode} {oid} {stage}\t".encode() + path + b"\0"


def _lines(paths: Iterable[bytes]) -> bytes:
    return b"".join(path + b"\0" for path in paths)


def _count(pattern: bytes, out: bytes) -> int:
    found = re.search(pattern, out)
    return int(found[1]) if found else 0
