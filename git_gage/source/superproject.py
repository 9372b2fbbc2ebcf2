"""The commit of the repository that this one is a submodule of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.git import Repository


def find_superproject(repo: Repository, top: Path) -> str | None:
    """HEAD of the superproject; None where there is none or it has no commit."""
    # Most repositories lie in no other one; looking for that costs no process.
    if not any((folder / ".git").exists() for folder in top.parents):
        return None
    found = repo.run("rev-parse", "--show-superproject-working-tree", cwd=top)
    if not found:
        return None
    folder = Path(found.decode(errors="surrogateescape").removesuffix("\n"))
    env = {"GIT_DIR": str(folder / ".git"), "GIT_WORK_TREE": str(folder)}
    commit = repo.run(*("rev-parse", "--quiet", "--verify", "HEAD"), env=env, cwd=folder, ok=(0, 1))
    return commit.decode().strip() or None
