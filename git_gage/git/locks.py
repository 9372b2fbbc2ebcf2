"""Lock files that a killed git left."""

from __future__ import annotations

import os
import posixpath
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.git.repository import Repository

# git holds such a lock for milliseconds, its own gc too.
STALE_S = 60
_IN_THE_WAY = re.compile(r"nable to create (?:file )?'?(.+)\.(lock|new)'?: File exists")


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


def find_locks(said: str) -> list[str]:
    """Files that git could not write as they were there, and what a killed git leaves with them."""
    found = _IN_THE_WAY.search(said)
    if found is None:
        return []
    path = posixpath.normpath(found[1])
    kinds = ("lock", "new") if path.endswith("/packed-refs") else (found[2],)
    return [f"{path}.{kind}" for kind in kinds]
