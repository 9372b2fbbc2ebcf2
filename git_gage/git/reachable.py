"""What commits lead to, and whether all of it is here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from git_gage.errors import GitError, IntegrityError
from git_gage.git.contents import hash_contents

if TYPE_CHECKING:
    from git_gage.git.repository import Repository


def is_readable(repo: Repository, tips: Iterable[str]) -> bool:
    """Whether all that tips lead to is there, down to the last byte."""
    try:
        for _ in hash_contents(repo, list_objects(repo, tips)):
            pass
    except (GitError, IntegrityError):
        return False
    return True


def is_there(repo: Repository, tips: Iterable[str], *options: str) -> bool:
    """The same, but for what is in files."""
    try:
        list_objects(repo, tips, *options, "--quiet")
    except GitError:
        return False
    return True


def list_objects(repo: Repository, tips: Iterable[str], *options: str) -> list[str]:
    """All that tips lead to.

    Raises: GitError where something of it is not there.
    """
    asked = "".join(f"{oid}\n" for oid in tips).encode()
    words = ("rev-list", "--objects", "--no-object-names", *options, "--stdin")
    return repo.run(*words, input=asked).decode().split()


def lacks_objects(repo: Repository, commit: str) -> bool:
    """Whether something that a commit holds is not here, as far as git can tell.

    Not of its history, nor what of it can be read. A partial clone gets it first, if it can.
    """
    if is_there(repo, [commit], "--no-walk"):
        return False
    words = ("rev-list", "--objects", "--no-object-names", "--no-walk", "--missing=print")
    return b"?" in repo.run(*words, commit, ok=(0, 128))
