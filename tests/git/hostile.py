"""What a stranger's push could have left on a remote, or a careless copy brought into a clone."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from git_gage.git import open_repository
from git_gage.records import Record
from git_gage.source.digest import digest_tree
from tests.support import git
from tests.unit.catalog import made_up

FOLDER, FILE, PROGRAM, LINK, SUBMODULE = "40000", "100644", "100755", "120000", "160000"
LANE = "strangers0000000"
_DATES = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "x"), ("EMAIL", "x@x"), ("DATE", "@946684800 +0000"))
}


class Entry(NamedTuple):
    """One of a tree, with whatever mode and name."""

    mode: str
    name: bytes
    oid: str


class Stranger:
    """Writes objects and lanes into a repository as only its own program would allow."""

    def __init__(self, repo: Path, space: str = "refs/gage-remotes/origin/w") -> None:
        self.repo = repo
        self.space = space
        self._number = 0

    def blob(self, content: bytes = b"x\n") -> str:
        return self._write("blob", content)

    def tree(self, *entries: Entry) -> str:
        """A tree with these entries and no others, in this order, nothing of them checked."""
        content = b"".join(
            b"%s %s\0%s" % (each.mode.encode(), each.name, bytes.fromhex(each.oid))
            for each in entries
        )
        return self._write("tree", content)

    def files(self, *names: bytes, mode: str = FILE, content: bytes = b"x\n") -> str:
        """A commit of files, or what `mode` makes of them, with names that are taken as they are.

        A name with a slash is a path; two of them give two folders of one name.
        """
        oid = "1" * 40 if mode == SUBMODULE else self.blob(content)
        return self.commit(self.tree(*(self._nested(name, mode, oid) for name in sorted(names))))

    def _nested(self, name: bytes, mode: str, oid: str) -> Entry:
        first, slash, rest = name.partition(b"/")
        if not slash:
            return Entry(mode, name, oid)
        return Entry(FOLDER, first, self.tree(self._nested(rest, mode, oid)))

    def commit(self, tree: str, *parents: str) -> str:
        words = ["commit-tree", tree, "-m", "x", *(f"-p{parent}" for parent in parents)]
        return self._git(*words)

    def bomb(self, levels: int = 10, width: int = 10, leaf: str | None = None) -> str:
        """A commit of a few trees that make width ** levels paths."""
        oid, mode = leaf or self.blob(), FOLDER if leaf else FILE
        for _ in range(levels):
            oid = self.tree(*(Entry(mode, b"%d" % number, oid) for number in range(width)))
            mode = FOLDER
        return self.commit(oid)

    def program(self, snapshot: str, *argv: str, **begin: Any) -> str:
        """A run of this command in this source, as whoever recorded it truly had it; its id."""
        opened = open_repository(self.repo, os.environ)
        tree = git(self.repo, "rev-parse", f"{snapshot}^{{tree}}").strip()
        begin.setdefault("source__digest", digest_tree(opened, tree, (), {}).digest)
        begin |= {"config": {}, "command__argv": list(argv), "source__linked": []}
        return self.run(snapshot, **begin)

    def run(
        self,
        snapshot: str | None = None,
        *,
        bulk: Mapping[str, bytes] | None = None,
        ended: bool = True,
        **begin: Any,
    ) -> str:
        """A run in a lane of its own, with this source and these bulk files; its id."""
        self._number += 1
        begin.setdefault("source__snapshot", snapshot)
        begin.setdefault("source__commit", snapshot)
        begun = made_up.begin(self._number, writer=LANE, **begin)
        bound = {name: self.bind(content) for name, content in (bulk or {}).items()}
        end = [made_up.end(begun, writer=LANE, bulk=bound)] if ended else []
        self.lane([begun, *end], [snapshot] if snapshot else [])
        return begun.run

    def bind(self, content: bytes) -> dict[str, Any]:
        return {
            "oid": self.blob(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }

    def lane(self, records: Iterable[Record], sources: Iterable[str | None] = ()) -> str:
        """A lane of these records that pins these commits; the tip of its log."""
        lines = b"".join(record.line + b"\n" for record in records)
        count = lines.count(b"\n")
        segment = self.tree(Entry(FILE, b"00000000-%d" % count, self.blob(lines)))
        top = self.tree(Entry(FOLDER, b"hot", segment), Entry(FILE, b"v1", self.blob(b"")))
        tip = self.commit(top)
        stem = f"{self.space}/lane{self._number}/202611-01"
        self._git("update-ref", f"{stem}/log", tip)
        for source in sources:
            if source is not None:
                pin = self.commit(self.tree(), source)
                self._git("update-ref", f"{stem}/src", pin)
        return tip

    def _write(self, kind: str, content: bytes) -> str:
        words = ["git", "hash-object", "--literally", "-t", kind, "-w", "--stdin"]
        done = subprocess.run(words, cwd=self.repo, input=content, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def _git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.repo,
            env={**os.environ, **_DATES},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()


def files_below(folder: Path) -> set[str]:
    """Paths of all that lies in a folder, to see what appeared."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refs_of(repo: Path) -> str:
    return git(repo, "for-each-ref")
