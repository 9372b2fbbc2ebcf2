"""What this disk had of a run and cannot read any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from git_gage.errors import GitError
from git_gage.git.contents import hash_readable
from git_gage.store import SPACES
from git_gage.store.rewrite import list_files, list_sources

if TYPE_CHECKING:
    from collections.abc import Collection

    from git_gage.git import Repository


def is_lost(repo: Repository, run: str, names: Collection[str]) -> bool:
    """Whether a lane here has one of these bulk files, and it is gone or damaged.

    Then a fetch of all finds nothing new, and one of the run gets it again.
    """
    refs = repo.list_refs(*SPACES)
    try:
        files = list_files(repo, [oid for ref, oid in refs.items() if ref.endswith("/bulk")])
        held = {oid for name in names if (oid := files.get(f"{run}/{name}")) is not None}
        return len(hash_readable(repo, sorted(held))) < len(held)
    except GitError:
        return True


def is_source_lost(repo: Repository, snapshot: str) -> bool:
    """Whether a lane here has this source, and it is gone; a fetch of its run gets it again."""
    refs = repo.list_refs(*SPACES)
    try:
        return snapshot in list_sources(
            repo, [oid for ref, oid in refs.items() if ref.endswith("/src")]
        )
    except GitError:
        return True
