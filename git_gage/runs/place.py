"""Where the directory of a run lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.gagefile.model import Gagefile
    from git_gage.git import Repository
    from git_gage.store import Store

# git does not see what is in such a folder, and no run takes it for a part of the project.
_MARKS = {".gitignore": "*\n", ".nocopy": ""}


def choose_run_dir(store: Store, run: str, gagefile: Gagefile | None) -> Path:
    """The folder that is to be made for a run: with the repository, or where the user or the
    gagefile says.

    `store.run_dir` finds it in all cases.
    """
    folder = _find_folder(store.repo, gagefile)
    if folder is None:
        return store.run_dir(run)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _MARKS.items():
        if not (folder / name).exists():
            (folder / name).write_text(text)
    link = store.dir / "runs" / run
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.abspath(folder / run))
    return store.run_dir(run)


def forget_empty_run_dir(store: Store, run: str) -> None:
    """Take away the link to a directory that is not there, because nothing was left in it."""
    link = store.dir / "runs" / run
    if link.is_symlink() and not link.exists():
        link.unlink()


def _find_folder(repo: Repository, gagefile: Gagefile | None) -> Path | None:
    """Where the directories of runs are kept together, if somewhere else."""
    home = repo.environ.get("HOME")
    own = repo.settings.get("gage.runsDir")
    if own is not None:
        return (repo.work_tree or repo.cwd) / _expand(own, home)
    if gagefile is not None and gagefile.runs_dir is not None:
        return gagefile.project_dir / _expand(gagefile.runs_dir, home)
    return None


def _expand(folder: str, home: str | None) -> str:
    return os.path.join(home, folder[2:]) if home and folder.startswith("~/") else folder
