"""The only door to git: the program, its objects and its refs."""

from __future__ import annotations

from git_gage.git.imports import Commit, import_commits
from git_gage.git.quarantine import adopt_objects, drop_stale_keeps, release_kept
from git_gage.git.repository import Repository, open_repository

__all__ = [
    "Commit",
    "Repository",
    "adopt_objects",
    "drop_stale_keeps",
    "import_commits",
    "open_repository",
    "release_kept",
]
