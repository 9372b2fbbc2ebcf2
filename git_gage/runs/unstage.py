"""The close of a run directory: what was staged and is unchanged goes, what the run made stays."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GitError
from git_gage.runs.company import Company, find_company
from git_gage.runs.left import is_as_noted, read_runtime
from git_gage.runs.staged import (
    HALF,
    PLAIN,
    SNAPSHOT_INDEX,
    StagedFiles,
    git_file,
    load_staged,
    private_environ,
    stamp_link,
)
from git_gage.source import is_cache_name
from git_gage.system import leads_to, remove_tree

if TYPE_CHECKING:
    from git_gage.git import Repository

# How many entries of linked folders are looked at for files that the program wrote.
SCAN_BUDGET = 20_000
_CHUNK = 1 << 20
_GITLINK = "160000"


@dataclass(slots=True)
class Outcome:
    """What the run left in its directory, and what it wrote outside of it.

    `modified` are files of the source that the program changed; they count as generated too.
    `written` were reached through a link and changed while the run went on, by whomever.
    `company` are other runs that went on at that time. `unseen` are folders that could not be
    read, or were beyond the budget.
    """

    generated_files: int = 0
    generated_bytes: int = 0
    modified: list[bytes] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    company: Company = field(default_factory=dict)
    unseen: list[bytes] = field(default_factory=list)


class _Staged(NamedTuple):
    mode: str
    oid: str


def finish_stage(
    repo: Repository,
    staged: StagedFiles,
    run_dir: Path,
    private_git: Path,
    until: float | None = None,
    kept: Collection[bytes] = (),
) -> Outcome:
    """Take away what staging made and the run left as it was; keep everything else.

    `kept` are inputs: they stay, and were not made by the run.

    Bytecode caches go too. No link is followed when something is removed. `until` (Unix seconds)
    is when the run ended, if not now: what was written later was not written by it.
    """
    outcome = Outcome()
    _Search(staged, until, outcome).find_written()
    outcome.company = find_company(staged, outcome.written, private_git.parent)
    _Sweep(repo, staged, run_dir, private_git, outcome, kept).sweep()
    remove_tree(private_git, surely=False)
    return outcome


def recover_stage(
    repo: Repository,
    run_dir: Path,
    private_git: Path,
    until: float | None = None,
    kept: Collection[bytes] = (),
) -> Outcome | None:
    """The same for a run whose recorder died; None where nothing was staged, or not all of it."""
    staged = load_staged(private_git)
    if staged is not None and not (private_git / HALF).exists():
        return finish_stage(repo, staged, run_dir, private_git, until, kept)
    if (private_git / HALF).exists():
        # The program was never started: everything there is ours.
        remove_tree(run_dir, surely=False)
    remove_tree(private_git, surely=False)
    return None


# -- outside of the run directory -------------------------------------------------------------


class _Search:
    """Looks for what was written through links between the start of the run and its end."""

    def __init__(self, staged: StagedFiles, until: float | None, outcome: Outcome) -> None:
        self._staged = staged
        # A second more: the file system has its own clock.
        self._until_ns = math.inf if until is None else (until + 1) * 1e9
        self._outcome = outcome
        self._left = SCAN_BUDGET

    def find_written(self) -> None:
        top = self._staged.top
        for link in self._staged.links:
            if link.size is None and os.path.isdir(os.path.join(top, link.path)):
                self._scan(link.path)
                continue
            now = stamp_link(top, link.path)
            if now != link and (now.mtime_ns is None or now.mtime_ns < self._until_ns):
                self._outcome.written.append(link.path)
        self._outcome.written.sort()

    def _scan(self, path: bytes) -> None:
        """Find files of a linked folder that are newer than the run, while the budget lasts."""
        folders = [path.rstrip(b"/")]
        for folder in folders:
            for entry in _list_folder(self._staged.top, folder, self._outcome):
                self._left -= 1
                if self._left < 0:
                    self._outcome.unseen.append(path)
                    return
                if entry.name == b".git" or is_cache_name(entry.name):
                    continue
                below = folder + b"/" + entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append(below)
                elif self._staged.start_ns < _newest(entry) < self._until_ns:
                    self._outcome.written.append(below)


def _newest(entry: os.DirEntry[bytes]) -> int:
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0  # gone again while we looked
    return max(found.st_mtime_ns, found.st_ctime_ns)


def _list_folder(root: bytes, folder: bytes, outcome: Outcome) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(os.path.join(root, folder)) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        outcome.unseen.append(folder + b"/")
        return []


# -- the run directory ------------------------------------------------------------------------


class _Sweep:
    """One walk over a run directory."""

    def __init__(
        self,
        repo: Repository,
        staged: StagedFiles,
        run_dir: Path,
        private_git: Path,
        outcome: Outcome,
        kept: Collection[bytes],
    ) -> None:
        self._kept = kept
        self._repo = repo
        self._staged = staged
        self._run_dir = run_dir
        self._root = os.fsencode(run_dir)
        self._private = private_git
        self._outcome = outcome
        self._noted = read_runtime(private_git.parent)
        self._index: dict[bytes, _Staged] = {}
        self._touched: set[bytes] = set()

    def sweep(self) -> None:
        if not self._run_dir.is_dir():
            return
        if (self._private / SNAPSHOT_INDEX).exists():
            self._read_index()
        folders = [(b"", False)]
        for folder, in_cache in folders:
            for entry in _list_folder(self._root, folder, self._outcome):
                path = folder + b"/" + entry.name if folder else entry.name
                cached = in_cache or is_cache_name(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append((path, cached))
                elif path not in self._kept and not self._take_away(path, entry, cached):
                    self._count(path, entry)
        self._remove_folders(folders)

    def _read_index(self) -> None:
        for line in self._git("ls-files", "-s", "-t", "-z"):
            head, _, path = line.partition(b"\t")
            tag, mode, oid, _ = head.decode().split(" ")
            if tag != "S" and mode != _GITLINK:
                self._index[path] = _Staged(mode, oid)
        # By size, time and inode: a filter that drops what a program wrote, as for the output of
        # notebooks, must not make us drop it.
        question = ("diff-files", "-z", "--name-only", "--ignore-submodules=all")
        try:
            self._touched = set(self._git(*question))
        except GitError:
            # A filter that fails says nothing of the files: each is compared byte for byte.
            self._touched = set(self._index)

    def _git(self, *args: str) -> list[bytes]:
        env = private_environ(self._repo, self._run_dir, self._private, SNAPSHOT_INDEX)
        return self._repo.run(*PLAIN, *args, env=env, cwd=self._run_dir).split(b"\0")[:-1]

    def _take_away(self, path: bytes, entry: os.DirEntry[bytes], cached: bool) -> bool:
        """Whether it was staged and is unchanged, or can always be made again, and is gone now."""
        try:
            if not cached and not self._is_as_staged(path, entry):
                return False
            os.unlink(os.path.join(self._root, path))
        except OSError:
            return False  # it can't be read or removed: it stays, and is counted as what stayed
        return True

    def _is_as_staged(self, path: bytes, entry: os.DirEntry[bytes]) -> bool:
        full = os.path.join(self._root, path)
        if entry.is_symlink() and leads_to(full, os.path.join(self._staged.top, path)):
            return True
        if path in self._staged.replaced:
            return _is_file(entry) and _hash_file(full) == self._staged.replaced[path]
        if path in self._index:
            return path not in self._touched or self._has_content(full, entry, self._index[path])
        return path == b".git" and _is_file(entry) and _read(full) == git_file(self._private)

    def _has_content(self, full: bytes, entry: os.DirEntry[bytes], staged: _Staged) -> bool:
        """Whether a file that was touched holds what git has, byte for byte."""
        if staged.mode == "120000":
            return entry.is_symlink() and self._repo.blob_oid(os.readlink(full)) == staged.oid
        if not _is_file(entry):
            return False
        found = entry.stat(follow_symlinks=False)
        if bool(found.st_mode & stat.S_IXUSR) != (staged.mode == "100755"):
            return False
        head = b"blob %d\0" % found.st_size
        return _hash_file(full, self._repo.object_format, head) == staged.oid

    def _count(self, path: bytes, entry: os.DirEntry[bytes]) -> None:
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # a process that outlived the program took it away
        if is_as_noted(self._noted, path, found):
            return
        self._outcome.generated_files += 1
        if stat.S_ISREG(found.st_mode):
            self._outcome.generated_bytes += found.st_size
        if path in self._index or path in self._staged.replaced:
            self._outcome.modified.append(path)

    def _remove_folders(self, folders: Iterable[tuple[bytes, bool]]) -> None:
        """Folders that staging made go when they are empty; those that the program made stay."""
        made = self._folders_made()
        for folder, in_cache in reversed(list(folders)):
            if in_cache or folder in made:
                try:
                    os.rmdir(os.path.join(self._root, folder))
                except OSError:
                    pass  # not empty: what is in it stays

    def _folders_made(self) -> set[bytes]:
        made = {b"", *(folder.rstrip(b"/") for folder in self._staged.folders)}
        links = (link.path.rstrip(b"/") for link in self._staged.links)
        for path in [*self._index, *self._staged.replaced, *links, *made]:
            folder = os.path.dirname(path)
            while folder not in made:
                made.add(folder)
                folder = os.path.dirname(folder)
        return made


def _is_file(entry: os.DirEntry[bytes]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _hash_file(path: bytes, algorithm: str = "sha256", head: bytes = b"") -> str:
    digest = hashlib.new(algorithm, head, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _read(path: bytes) -> bytes:
    with open(path, "rb") as file:
        return file.read()
