"""What many blobs hold, by one process and without a whole blob in our memory."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from git_gage.errors import IntegrityError
from git_gage.git.repository import git_command, git_environ

if TYPE_CHECKING:
    from git_gage.git.repository import Repository

_CHUNK = 1 << 20


def hash_contents(
    repo: Repository, oids: Sequence[str], env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str]]:
    """(oid, sha256 of the content) of each blob, in the order asked for.

    Raises: IntegrityError when a blob is not in the repository.
    """
    for oid, parts in stream_contents(repo, oids, env):
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        yield oid, digest.hexdigest()


def hash_readable(repo: Repository, oids: Sequence[str]) -> dict[str, str]:
    """The same of those that can be read: one that git stops at does not hide others."""
    digests: dict[str, str] = {}
    left = list(oids)
    while left:
        found: dict[str, str] = {}
        try:
            found.update(hash_contents(repo, left))
        except IntegrityError:
            pass  # what comes after it is asked for again
        digests |= found
        left = left[len(found) + 1 :]
    return digests


def stream_contents(
    repo: Repository, oids: Sequence[str], env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """(oid, content in parts) of each blob, in the order asked for; a part is 1 MiB at most.

    Raises: IntegrityError when a blob is not in the repository.
    """
    if not oids:
        return
    process = subprocess.Popen(
        git_command("cat-file", "--batch", "--buffer"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what is damaged is told by whoever asked
        cwd=repo.cwd,
        env=git_environ(repo.environ, env),
    )
    assert process.stdin is not None and process.stdout is not None
    # Asked beside: a full pipe in both directions would stop both sides.
    asking = threading.Thread(target=_ask, args=(process.stdin, oids))
    asking.start()
    try:
        for oid in oids:
            parts = _read_next(process.stdout, oid)
            yield oid, parts
            for _ in parts:
                pass  # what nobody wanted is in the way of the next
    finally:
        process.stdout.close()
        asking.join()
        process.wait()


def _ask(stdin: IO[bytes], oids: Sequence[str]) -> None:
    try:
        with stdin:
            stdin.write("\n".join(oids).encode() + b"\n")
    except BrokenPipeError:
        pass  # nobody reads the answers any more, so nobody misses the rest


def _read_next(stdout: IO[bytes], oid: str) -> Iterator[bytes]:
    head = stdout.readline().split()
    if len(head) != 3:
        raise IntegrityError(
            f"read source: blob '{oid}' is not in the repository", hint="see 'git fsck'"
        )
    left = int(head[2])
    while left:
        part = stdout.read(min(left, _CHUNK))
        if not part:
            raise IntegrityError(f"read source: blob '{oid}' ends early", hint="see 'git fsck'")
        left -= len(part)
        yield part
    stdout.read(1)
