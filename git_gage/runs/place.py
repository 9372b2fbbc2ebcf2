"""Where the directory of a run lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.gagefile.model import Gagefile
    from git_gage.store import Store

# git does not see what is in such a folder, and no run takes it for a part of the project.
_MARKS = {".gitignore": "*\n", ".nocopy": ""}


def choose_run_dir(store: Store, run: str, gagefile: Gagefile | None) -> Path:
    """The folder that is to be made for a run: with the repository, or where its gagefile says.

    `store.run_dir` finds it in both cases.
    """
    if gagefile is None or gagefile.runs_dir is None:
        return store.run_dir(run)
    folder = gagefile.project_dir / _expand(gagefile.runs_dir, store.repo.environ.get("HOME"))
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


def _expand(folder: str, home: str | None) -> str:
    return os.path.join(home, folder[2:]) if home and folder.startswith("~/") else folder
