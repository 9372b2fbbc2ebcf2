"""Lock files that a killed git left on refs which are ours to write."""

from __future__ import annotations

import os
import time
from pathlib import Path
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
        # Folders go away meanwhile, too, when git packs refs: os.walk passes over them.
        for folder, _, names in os.walk(repo.common_dir / space):
            for name in names:
                if name.endswith(".lock"):
                    _drop_stale(Path(folder, name), oldest)


def _drop_stale(lock: Path, oldest: float) -> None:
    try:
        if lock.stat().st_mtime < oldest:
            lock.unlink()
    except OSError:
        pass  # let go meanwhile, or not ours to remove: git says so
