"""Lock files that a killed git left on refs which are ours to write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.git.repository import Repository

# git holds such a lock for milliseconds, its own gc too.
STALE_S = 60


def drop_stale_locks(repo: Repository, *spaces: str) -> None:
    """Remove old lock files on refs below `spaces` (full names). Hold the lock of who writes them.

    git never takes them away itself, and nothing could be recorded any more.
    """
    oldest = time.time() - STALE_S
    for space in spaces:
        for lock in (repo.common_dir / space).rglob("*.lock"):
            try:
                if lock.stat().st_mtime < oldest:
                    lock.unlink()
            except FileNotFoundError:
                continue  # let go meanwhile
