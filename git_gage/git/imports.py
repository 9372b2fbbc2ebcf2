"""Commits written in one `git fast-import`: one pack, kept until the refs point into it.

Source: git-fast-import(1). `fastimport.unpackLimit=0` keeps the pack whole, and fast-import holds
a `.keep` on it until the refs are updated, so a `git gc --prune=now` beside us deletes nothing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from git_gage.errors import ConflictError, GitError
from git_gage.git.repository import Repository, git_command, git_environ, git_error

# An early fixed date: our commits come last in `git log --all`, and equal content is equal.
DATE = 946684800
IDENTITY = f"git-gage <git-gage@localhost> {DATE} +0000"
# A `git gc --prune=now` also removes the temporary files of whoever is writing a pack just then.
ATTEMPTS = 8
DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
_FAST_IMPORT = (
    *(*DURABLE, "-c", "fastimport.unpackLimit=0"),
    *("fast-import", "--quiet", "--done", "--date-format=raw"),
)

T = TypeVar("T")


class Commit(NamedTuple):
    """A commit to put on `ref`. Blobs are bytes, a file to read, or the id of one that is here."""

    ref: str
    message: str
    parent: str | None = None
    merges: tuple[str, ...] = ()
    clear: bool = False
    deletes: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes | Path | str], ...] = ()


def import_commits(repo: Repository, commits: Sequence[Commit]) -> list[str]:
    """Write the commits and move their refs forward, durably; the ids of the commits.

    Raises: ConflictError if a ref has moved away from the parent; GitError otherwise.
    """
    return while_pruned(lambda: _import_once(repo, commits))


def while_pruned(write: Callable[[], T]) -> T:
    """Write once more where git's temporary pack was taken away under it.

    Raises: what the last try raised.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return write()
        except GitError as error:
            # What git says where its temporary file is gone.
            if "No such file or directory" not in error.stderr:
                raise
    return write()


def _import_once(repo: Repository, commits: Sequence[Commit]) -> list[str]:
    process = subprocess.Popen(
        git_command(*_FAST_IMPORT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=repo.cwd,
        env=git_environ(repo.environ, None),
    )
    assert process.stdin is not None
    assert process.stdout is not None and process.stderr is not None
    try:
        for mark, commit in enumerate(commits, 1):
            _write_commit(process.stdin, commit, mark)
        # Asked at the end: what is answered in between would wait in a pipe that nobody reads.
        process.stdin.writelines(b"get-mark :%d\n" % mark for mark in range(1, len(commits) + 1))
        process.stdin.write(b"done\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # fast-import has said why on stderr; that is what the caller gets
    # What a broken pipe left in the buffer has nowhere to go.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    ids, stderr = process.stdout.read(), process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    code = process.wait()
    repo.forget_refs()
    if code == 0:
        return ids.decode().split()
    _remove_crash_report(repo, process.pid)
    if b"does not contain" in stderr:
        raise ConflictError(f"update lane: {stderr.decode(errors='replace').strip()}")
    raise git_error(("fast-import",), code, stderr)


def _write_commit(out: IO[bytes], commit: Commit, mark: int) -> None:
    # The tag makes each attempt's pack a new one: a keep note left by a kill is never in the way.
    message = f"{commit.message}\n\nattempt {os.urandom(8).hex()}\n".encode()
    out.write(f"commit {commit.ref}\nmark :{mark}\ncommitter {IDENTITY}\n".encode())
    out.write(b"data %d\n%s\n" % (len(message), message))
    if commit.parent is not None:
        out.write(f"from {commit.parent}\n".encode())
    for merge in commit.merges:
        out.write(f"merge {merge}\n".encode())
    if commit.clear:
        out.write(b"deleteall\n")
    for path in commit.deletes:
        out.write(f"D {path}\n".encode())
    for path, blob in commit.files:
        _write_file(out, path, blob)
    out.write(b"\n")


def _write_file(out: IO[bytes], path: str, blob: bytes | Path | str) -> None:
    if isinstance(blob, str):
        out.write(f"M 100644 {blob} {path}\n".encode())
        return
    out.write(f"M 100644 inline {path}\n".encode())
    if isinstance(blob, bytes):
        out.write(b"data %d\n%s\n" % (len(blob), blob))
        return
    with blob.open("rb") as file:
        out.write(b"data %d\n" % blob.stat().st_size)
        while chunk := file.read(1 << 20):
            out.write(chunk)
        out.write(b"\n")


def _remove_crash_report(repo: Repository, pid: int) -> None:
    (repo.git_dir / f"fast_import_crash_{pid}").unlink(missing_ok=True)
