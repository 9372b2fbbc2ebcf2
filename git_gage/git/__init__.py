"""The only door to git: the program, its objects and its refs."""

from __future__ import annotations

from git_gage.git.imports import Commit, import_commits
from git_gage.git.quarantine import (
    adopt_objects,
    commit_in_quarantine,
    drop_stale_keeps,
    has_objects,
    release_kept,
)
from git_gage.git.repository import Repository, open_repository

__all__ = [
    "Commit",
    "Repository",
    "adopt_objects",
    "commit_in_quarantine",
    "drop_stale_keeps",
    "has_objects",
    "import_commits",
    "open_repository",
    "release_kept",
]
