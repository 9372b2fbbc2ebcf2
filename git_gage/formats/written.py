"""Folders that are written for other tools: whole, or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.safe_paths import check_path
from git_gage.system import remove_tree, replace_file

if TYPE_CHECKING:
    from git_gage.formats.model import RunPart, Written


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """A folder that gets its name once all is in it; nothing of it stays if that fails.

    Raises: OSError.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    try:
        yield folder
        folder.chmod(0o755)
        replace_file(folder, place)
    finally:
        remove_tree(folder, surely=False)


def copy_parts(parts: Sequence[RunPart], folder: Path, written: Written) -> None:
    """Copy files of a run to their paths below a folder; names that are unsafe are left out."""
    for part in parts:
        if check_path(part.path) is not None:
            written.left_out += 1
            continue
        copy_file(part.place, folder / os.fsdecode(part.path))


def copy_file(source: Path, target: Path) -> None:
    """A copy with the times of the file, and whether it can be executed; links are not followed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target, follow_symlinks=False)
    found = source.lstat()
    target.chmod(0o755 if found.st_mode & 0o111 else 0o644)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
