"""The run directory: a work tree of its own with the exact source, where the program runs.

It has a `.git` file that leads to a private git directory, which shares objects and refs with the
project (`commondir`) and has its own HEAD and index. A program that calls git there needs no
`GIT_*` and finds HEAD and status as the user had them; the user's commits and gc do not touch it,
and `git worktree list` does not show it.

Source: gitrepository-layout(5), "commondir"; gitformat-index(5).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import RequestError
from git_gage.runs.excludes import write_excludes
from git_gage.runs.staged import (
    HALF,
    PLAIN,
    SNAPSHOT_INDEX,
    StagedFiles,
    git_file,
    private_environ,
    save_staged,
    stamp_link,
)
from git_gage.runs.unstage import Outcome, finish_stage, recover_stage
from git_gage.system import remove_tree

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.source import Source
    from git_gage.source.foreign import ForeignFiles

__all__ = ["Outcome", "StagedFiles", "finish_stage", "recover_stage", "stage_source"]

# Below this number of files starting workers costs more than they save.
_WORKERS = ("-c", "checkout.workers=0", "-c", "checkout.thresholdForParallelism=2000")

# gitattributes(5), "Checking-out and checking-in".
_CONVERSIONS = ("filter", "ident", "working-tree-encoding", "eol", "text", "crlf")
_PLAIN = (b"unspecified", b"unset")


def stage_source(
    repo: Repository,
    source: Source,
    run_dir: Path,
    private_git: Path,
    replaced: Mapping[bytes, bytes] | None = None,
    folder: bytes = b"",
) -> StagedFiles:
    """Lay the source out in a new folder as the program would find it in the work tree.

    The snapshot's objects must be in the repository. What is not in the snapshot is linked at its
    own place. `replaced` gives files other content in this run alone; `folder`, where it runs, is
    made in any case. If anything fails, nothing of it stays.

    Raises: RequestError without a snapshot; GitError and OSError, for example on a full disk.
    """
    if source.snapshot is None or repo.work_tree is None:
        raise RequestError("there is no source to stage", hint="run it in a work tree")
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    run_dir.mkdir()
    stage = _Stage(repo, source, os.fsencode(repo.work_tree), run_dir, private_git, folder)
    whole = False
    try:
        staged = stage.stage(source.snapshot, replaced or {})
        whole = True
    finally:
        if not whole:
            # The failure itself is on its way up: what can't be removed must not hide it.
            remove_tree(run_dir, surely=False)
            remove_tree(private_git, surely=False)
    return staged


class _Stage:
    def __init__(
        self,
        repo: Repository,
        source: Source,
        top: bytes,
        run_dir: Path,
        private_git: Path,
        folder: bytes,
    ) -> None:
        self._repo = repo
        self._source = source
        self._top = top
        self._run_dir = run_dir
        self._root = os.fsencode(run_dir)
        self._private = private_git
        self._folder = folder

    def stage(self, snapshot: str, replaced: Mapping[bytes, bytes]) -> StagedFiles:
        self._make_git_dir()
        staged = save_staged(self._describe(replaced), self._private)
        self._check_out(snapshot)
        for link in staged.links:
            self._link(link.path.rstrip(b"/"))
        for folder in staged.folders:
            self._make_folder(folder.rstrip(b"/"))
        for path, content in replaced.items():
            self._replace(path, content)
        self._make_index()
        write_excludes(self._repo, self._source, self._private)
        (self._private / HALF).unlink()
        return staged

    def _describe(self, replaced: Mapping[bytes, bytes]) -> StagedFiles:
        folders = list(self._source.folders)
        if self._folder:
            folders.append(self._folder)
        return StagedFiles(
            top=self._top,
            links=tuple(stamp_link(self._top, linked.path) for linked in self._source.linked),
            folders=tuple(folders),
            replaced={
                path: hashlib.sha256(content).hexdigest() for path, content in replaced.items()
            },
            start_ns=0,
        )

    # -- the git directory ---------------------------------------------------------------------

    def _make_git_dir(self) -> None:
        self._private.mkdir(parents=True)
        (self._private / HALF).touch()
        (self._private / "commondir").write_bytes(os.fsencode(self._repo.common_dir) + b"\n")
        (self._run_dir / ".git").write_bytes(git_file(self._private))
        commit, branch = self._source.commit, self._source.branch
        # An unborn branch under its own name would be born here when the user commits: this one
        # belongs to the run directory alone (git-worktree(1), "REFS").
        unborn = f"refs/worktree/{branch}"
        if (self._repo.common_dir / "reftable").is_dir():
            self._make_reftable()
            name = ("symbolic-ref", "HEAD", unborn)
            self._git(*(("update-ref", "--no-deref", "HEAD", commit) if commit else name))
        else:
            head = commit or f"ref: {unborn}"
            (self._private / "HEAD").write_bytes(os.fsencode(head) + b"\n")

    def _make_reftable(self) -> None:
        """What git expects where refs are in tables. Source: git's documentation of reftable."""
        (self._private / "HEAD").write_text("ref: refs/heads/.invalid\n")
        (self._private / "reftable").mkdir()
        (self._private / "refs").mkdir()
        (self._private / "refs" / "heads").write_text("this repository uses the reftable format\n")

    def _check_out(self, snapshot: str) -> None:
        if self._source.foreign is not None:
            self._lay_out(snapshot, self._source.foreign)
        elif self._source.absent:
            self._git("read-tree", snapshot)
            self._mark_skipped(self._source.absent)
            self._git(*_WORKERS, "checkout-index", "--all", "--force", "--index", "--quiet")
        else:
            self._git(*_WORKERS, "read-tree", "--reset", "-u", snapshot)
        # With its time: by that git tells what was changed right after it was written.
        shutil.copy2(self._private / "index", self._private / SNAPSHOT_INDEX)

    def _lay_out(self, snapshot: str, source: ForeignFiles) -> None:
        """By our own writer, and by git only what the user's filters and line ends change."""
        from git_gage.source.lay_out import write_files, write_links

        absent = frozenset(self._source.absent)
        files = [entry for entry in source.files if entry.path not in absent]
        self._git("read-tree", snapshot)
        self._mark_skipped([*absent, *(path for path, _ in source.left_out)])
        write_files(self._repo, files, self._run_dir)
        if converted := self._find_converted([entry.path for entry in files]):
            words = ("checkout-index", "--force", "--index", "--quiet", "-z", "--stdin")
            self._git(*_WORKERS, *words, input=converted)
        write_links((link for link in source.links if link[0] not in absent), self._run_dir)
        # Sizes and times, which a checkout would have noted.
        self._git("update-index", "-q", "--refresh", ok=(0, 1))

    def _find_converted(self, paths: Iterable[bytes]) -> bytes:
        """Those that git may lay out with other content than it holds, as attributes say."""
        lines = b"".join(path + b"\0" for path in paths)
        if self._git("config", "--get", "core.autocrlf", ok=(0, 1)).strip() == b"true":
            return lines
        found = self._git("check-attr", "-z", "--stdin", *_CONVERSIONS, input=lines).split(b"\0")
        said = zip(found[0::3], found[2::3], strict=False)
        return b"".join(path + b"\0" for path in {path for path, how in said if how not in _PLAIN})

    def _make_index(self) -> None:
        """From the snapshot to the user's own index, so that `git status` says what it said."""
        if self._source.index_info:
            self._git(
                *("update-index", "-z", "--replace", "--index-info"),
                input=self._source.index_info,
            )
        linked = {link.path.rstrip(b"/") for link in self._source.linked}
        # A link in place of a submodule is no change of the user's.
        self._mark_skipped(path for path, _ in self._source.submodules if path in linked)

    def _mark_skipped(self, paths: Iterable[bytes]) -> None:
        if lines := b"".join(path + b"\0" for path in paths):
            self._git("update-index", "-z", "--skip-worktree", "--stdin", input=lines)

    def _git(self, *args: str, input: bytes | None = None, ok: tuple[int, ...] = (0,)) -> bytes:
        env = private_environ(self._repo, self._run_dir, self._private, "index")
        return self._repo.run(*PLAIN, *args, input=input, env=env, cwd=self._run_dir, ok=ok)

    # -- what is not in the snapshot -----------------------------------------------------------

    def _link(self, path: bytes) -> None:
        place, target = os.path.join(self._root, path), os.path.join(self._top, path)
        if not self._make_folder(os.path.dirname(path)):
            return
        if _is_folder(place):
            if os.listdir(place):
                self._link_below(path)
                return
            os.rmdir(place)
        elif os.path.lexists(place):
            os.unlink(place)
        os.symlink(target, place)

    def _link_below(self, folder: bytes) -> None:
        """Some of the folder is in the snapshot: link the rest of it."""
        for name in sorted(os.listdir(os.path.join(self._top, folder))):
            path = folder + b"/" + name
            place = os.path.join(self._root, path)
            if name != b".git" and (_is_folder(place) or not os.path.lexists(place)):
                self._link(path)

    def _make_folder(self, folder: bytes) -> bool:
        """Whether the folder is there, in the run directory itself and not through a link."""
        if not folder:
            return True
        place = os.path.join(self._root, folder)
        if _is_folder(place):
            return True
        if os.path.lexists(place) or not self._make_folder(os.path.dirname(folder)):
            return False
        os.mkdir(place)
        return True

    # -- what the run changes ------------------------------------------------------------------

    def _replace(self, path: bytes, content: bytes) -> None:
        self._unfold(os.path.dirname(path))
        place = os.path.join(self._root, path)
        # A file that is no source has its mode from where it is.
        known = place if os.path.lexists(place) else os.path.join(self._top, path)
        mode = stat.S_IMODE(os.stat(known).st_mode)
        self._make_folder(os.path.dirname(path))
        with open(f"{os.fsdecode(place)}.new", "wb") as file:
            os.chmod(file.name, mode)
            file.write(content)
        os.replace(file.name, place)

    def _unfold(self, folder: bytes) -> None:
        """Turn a link above a file of the run's own into a folder of links."""
        if not folder:
            return
        self._unfold(os.path.dirname(folder))
        place = os.path.join(self._root, folder)
        if os.path.islink(place):
            os.unlink(place)
            os.mkdir(place)
            self._link_below(folder)


def _is_folder(path: bytes) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)
