"""Commits written in one `git fast-import`: one pack, kept until the refs point into it.

Source: git-fast-import(1). `fastimport.unpackLimit=0` keeps the pack whole, and fast-import holds
a `.keep` on it until the refs are updated, so a `git gc --prune=now` beside us deletes nothing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from git_gage.errors import ConflictError
from git_gage.git.repository import Repository, git_environ, git_error

# An early fixed date: our commits come last in `git log --all`, and equal content is equal.
IDENTITY = "git-gage <git-gage@localhost> 946684800 +0000"
# A `git gc --prune=now` also removes the temporary files of whoever is writing a pack just then.
ATTEMPTS = 8
DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
_WHOLE = ("-c", "fastimport.unpackLimit=0")


class Commit(NamedTuple):
    """A commit to put on `ref`. Blobs are bytes, a file to read, or the id of one that is here."""

    ref: str
    message: str
    parent: str | None = None
    merges: tuple[str, ...] = ()
    clear: bool = False
    deletes: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes | Path | str], ...] = ()


def import_commits(repo: Repository, commits: Sequence[Commit]) -> None:
    """Write the commits and move their refs forward, durably.

    Raises: ConflictError if a ref has moved away from the parent; GitError otherwise.
    """
    attempts = 1
    returncode, stderr = _import_once(repo, commits)
    while returncode != 0 and was_pruned(stderr) and attempts < ATTEMPTS:
        attempts += 1
        returncode, stderr = _import_once(repo, commits)
    if b"does not contain" in stderr:
        raise ConflictError(f"update lane: {stderr.decode(errors='replace').strip()}")
    if returncode != 0:
        raise git_error(("fast-import",), returncode, stderr)


def was_pruned(stderr: bytes) -> bool:
    """Whether git failed because its temporary pack was taken away under it."""
    return b"No such file or directory" in stderr


def _import_once(repo: Repository, commits: Sequence[Commit]) -> tuple[int, bytes]:
    process = subprocess.Popen(
        ["git", *DURABLE, *_WHOLE, "fast-import", "--quiet", "--done", "--date-format=raw"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=repo.cwd,
        env=git_environ(repo.environ, None),
    )
    assert process.stdin is not None and process.stderr is not None
    try:
        for commit in commits:
            _write_commit(process.stdin, commit)
        process.stdin.write(b"done\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # fast-import has said why on stderr; that is what the caller gets
    # What a broken pipe left in the buffer has nowhere to go.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    stderr = process.stderr.read()
    process.stderr.close()
    if process.wait() != 0:
        _remove_crash_report(repo, process.pid)
    return process.returncode, stderr


def _write_commit(out: IO[bytes], commit: Commit) -> None:
    # The tag makes each attempt's pack a new one: a keep note left by a kill is never in the way.
    message = f"{commit.message}\n\nattempt {os.urandom(8).hex()}\n".encode()
    out.write(f"commit {commit.ref}\ncommitter {IDENTITY}\n".encode())
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
