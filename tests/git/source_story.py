"""What tests of source and stage share: take a snapshot, lay it out again, look at it."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from git_gage.git import Repository, open_repository
from git_gage.git.quarantine import adopt_objects, quarantine_environ
from git_gage.source import Source, capture_source

Files = dict[bytes, tuple[str, bytes]]
"""Path → ("file", "exec" or "link"; content)."""


class Taken(NamedTuple):
    """A captured source, and what is needed to read it."""

    repo: Repository
    source: Source
    quarantine: Path

    @property
    def left_out(self) -> dict[bytes, str]:
        return dict(self.source.left_out)

    @property
    def status(self) -> dict[bytes, str]:
        return dict(self.source.status)

    @property
    def linked(self) -> list[bytes]:
        return [linked.path for linked in self.source.linked]


def take(where: Path, quarantine: Path, environ: Mapping[str, str] | None = None) -> Taken:
    """The source as `git gage run` in that folder would take it."""
    repo = open_repository(where, dict(os.environ) if environ is None else environ)
    return Taken(repo, capture_source(repo, quarantine), quarantine)


def adopt(taken: Taken) -> None:
    """Bring the snapshot into the repository, held by a ref, as the store does."""
    adopt_objects(taken.repo, taken.quarantine)
    taken.repo.run("update-ref", f"refs/kept/{taken.source.snapshot}", str(taken.source.snapshot))


def restore(taken: Taken, target: Path) -> Files:
    """The snapshot in an empty folder, by plain git."""
    target.mkdir()
    (taken.quarantine / "objects").mkdir(parents=True, exist_ok=True)
    env = {
        **os.environ,
        **quarantine_environ(taken.repo, taken.quarantine),
        "GIT_DIR": str(taken.repo.git_dir),
        "GIT_WORK_TREE": str(target),
        "GIT_INDEX_FILE": f"{target}.index",
    }
    assert taken.source.snapshot is not None
    for args in (("read-tree", taken.source.snapshot), ("checkout-index", "--all")):
        subprocess.run(["git", *args], env=env, cwd=target, check=True)
    return list_files(target)


def list_files(folder: Path) -> Files:
    """Everything in a folder but git's own and empty folders."""
    found: Files = {}
    root = os.fsencode(folder)
    for place, folders, names in os.walk(root):
        if b".git" in folders:
            folders.remove(b".git")
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in [*names, *links]:
            path = os.path.join(place, name)
            found[os.path.relpath(path, root)] = _describe(path)
    found.pop(b".git", None)
    return found


def _describe(path: bytes) -> tuple[str, bytes]:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return "link", os.readlink(path)
    with open(path, "rb") as file:
        return "exec" if mode & stat.S_IXUSR else "file", file.read()


@contextmanager
def untouched(top: Path, git_dir: Path | None = None) -> Iterator[None]:
    """Not a byte, time or mode of work tree, index, objects, refs and reflogs changes inside."""
    git_dir = git_dir or top / ".git"
    before = _fingerprint(top, ".git") | _fingerprint(git_dir, "gage")
    yield
    after = _fingerprint(top, ".git") | _fingerprint(git_dir, "gage")
    changed = [path for path in before | after if before.get(path) != after.get(path)]
    assert not changed, changed


def _fingerprint(folder: Path, skipped: str) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        # A newer git tidies up in the background after the commits that a test makes.
        if inside[0] == skipped or path.name == "maintenance.lock":
            continue
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else None
        # git renews the time of an object that is asked for again, so that gc spares it.
        mtime_ns = 0 if inside[0] == "objects" else info.st_mtime_ns
        found[str(path)] = (info.st_mode, mtime_ns, info.st_ino, content)
    return found
