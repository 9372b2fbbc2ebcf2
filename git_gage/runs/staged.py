"""What staging leaves behind for the close, also for one by another process after a crash."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.git import Repository

NOTE = "gage-staged.json"
# There while staging goes on: the program has not been started yet.
HALF = "gage-half"
# The index as staging made it, which the program can't touch by calling git.
SNAPSHOT_INDEX = "gage-index"

# In a run directory git works by these, whatever the user has set for the project.
PLAIN = (
    *("-c", "core.splitIndex=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.sparseCheckout=false"),
    *("-c", "core.trustctime=true"),
    *("-c", "core.checkStat=default"),
    *("-c", "submodule.recurse=false"),
)


class StagedLink(NamedTuple):
    """A path that leads into the work tree: a file, a folder (no size), or nothing (no time)."""

    path: bytes
    size: int | None
    mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """A run directory as the program finds it.

    `top` is the work tree that links lead to; `folders` were made empty; `replaced` are files that
    the run changes in its copy, with the sha256 of what they became. Nothing that is older than
    `start_ns` was written by the program.
    """

    top: bytes
    links: tuple[StagedLink, ...]
    folders: tuple[bytes, ...]
    replaced: Mapping[bytes, str]
    start_ns: int


def private_environ(
    repo: Repository, run_dir: Path, private_git: Path, index: str
) -> dict[str, str]:
    """Variables for git calls of ours in a run directory, whatever the caller exported."""
    return {
        "GIT_DIR": str(private_git),
        "GIT_COMMON_DIR": str(repo.common_dir),
        "GIT_WORK_TREE": str(run_dir),
        "GIT_INDEX_FILE": str(private_git / index),
    }


def git_file(private_git: Path) -> bytes:
    """What the `.git` file of the run directory says."""
    return b"gitdir: " + os.fsencode(private_git) + b"\n"


def save_staged(staged: StagedFiles, private_git: Path) -> StagedFiles:
    """Keep the note; `start_ns` becomes the file system's own time of this moment."""
    note = private_git / NOTE
    note.write_text(
        json.dumps(
            {
                "top": os.fsdecode(staged.top),
                "links": [[os.fsdecode(path), *rest] for path, *rest in staged.links],
                "folders": _decoded(staged.folders),
                "replaced": {os.fsdecode(path): sha for path, sha in staged.replaced.items()},
            }
        )
    )
    return load_staged(private_git) or staged


def load_staged(private_git: Path) -> StagedFiles | None:
    """The note of a run directory; None where there is none, or only half of one."""
    note = private_git / NOTE
    try:
        kept: dict[str, Any] = json.loads(note.read_bytes())
        start_ns = note.stat().st_mtime_ns
    except (FileNotFoundError, ValueError):
        return None
    return StagedFiles(
        top=os.fsencode(kept["top"]),
        links=tuple(
            StagedLink(os.fsencode(path), size, mtime) for path, size, mtime in kept["links"]
        ),
        folders=tuple(os.fsencode(folder) for folder in kept["folders"]),
        replaced={os.fsencode(path): sha for path, sha in kept["replaced"].items()},
        start_ns=start_ns,
    )


def stamp_link(top: bytes, path: bytes) -> StagedLink:
    """What a linked path is now; the same as before unless somebody wrote to it."""
    try:
        found = os.stat(os.path.join(top, path))
    except OSError:
        return StagedLink(path, None, None)
    if stat.S_ISDIR(found.st_mode):
        return StagedLink(path, None, 0)
    return StagedLink(path, found.st_size, found.st_mtime_ns)


def _decoded(paths: Iterable[bytes]) -> list[str]:
    return [os.fsdecode(path) for path in paths]
