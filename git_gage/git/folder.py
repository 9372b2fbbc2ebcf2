"""A repository by the folder it lies in, wherever the user is.

Whoever names a folder means this one: those above it are not looked at. Source: git(1), "GIT_DIR",
"GIT_CEILING_DIRECTORIES"; git-config(1), "safe.bareRepository", "safe.directory".
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from git_gage.errors import FREE_SPACE, RequestError
from git_gage.git.repository import (
    Repository,
    find_repository,
    git_command,
    git_environ,
    git_error,
)

# What says of a repository that it is another one: git-rev-parse(1), "--local-env-vars".
_LOCAL = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_IMPLICIT_WORK_TREE", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE"),
)
# What `git init --bare` makes.
_INIT = {"HEAD", "branches", "config", "description", "hooks", "info", "objects", "refs"}
# It was named, and so it need not be found.
_NAMED = ("-c", "safe.bareRepository=all")


def open_folder(folder: Path, cwd: Path, environ: Mapping[str, str]) -> Repository | None:
    """The repository in a folder, bare or with a work tree; None where there is nothing yet.

    It has no work tree for us: relative names begin at `cwd`, and nothing there counts as its own.
    Raises: RequestError where the folder holds something else, or is somebody else's.
    """
    if _is_empty(folder):
        return None
    real = os.path.realpath(folder)
    alone = {**_without_repository(environ), "GIT_CEILING_DIRECTORIES": os.path.dirname(real)}
    try:
        found = find_repository(Path(real), alone, options=_NAMED)
    except RequestError as error:
        if "not a git repository" not in error.message:
            raise
        if _is_half_made(folder):
            return None
        raise RequestError(
            f"'{folder}' holds files and is no repository: nothing was done there",
            hint="give a bare repository, or a folder that is empty or not there yet",
        ) from error
    return _point_at(found, cwd, environ)


def make_folder(folder: Path, environ: Mapping[str, str], object_format: str = "sha1") -> None:
    """Make a bare repository of a folder that is empty or not there.

    Raises: GitError in git's own words.
    """
    words = ("init", "--bare", "--quiet", "--template=", f"--object-format={object_format}")
    done = subprocess.run(
        git_command(*words, "--", str(folder)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=git_environ(_without_repository(environ), None),
        check=False,
    )
    if done.returncode:
        error = git_error(("init", str(folder)), done.returncode, done.stderr)
        is_full = "No space left" in error.stderr
        error.hint = FREE_SPACE if is_full else "name a directory where you may write"
        raise error


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return True
    except NotADirectoryError as error:
        file = next(path for path in (folder, *folder.parents) if path.exists())
        raise RequestError(
            f"runs are kept in a folder, and '{file}' is a file",
            hint="name a folder, or one that is not there yet",
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RequestError(f"cannot look into '{folder}': {reason}") from error


def _is_half_made(folder: Path) -> bool:
    """Whether a `git init` began here that was cut short, as by a full disk: the next goes on."""
    names = set(os.listdir(folder))
    if "refs" not in names or not names <= _INIT:
        return False
    return not any(files for name in names for _, _, files in os.walk(folder / name))


def _without_repository(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in _LOCAL}


def _point_at(found: Repository, cwd: Path, environ: Mapping[str, str]) -> Repository:
    """The same, for git calls from anywhere."""
    told = {"GIT_DIR": str(found.common_dir), "GIT_IMPLICIT_WORK_TREE": "0"}
    return Repository(
        cwd=cwd,
        git_dir=found.common_dir,
        common_dir=found.common_dir,
        work_tree=None,
        prefix="",
        object_format=found.object_format,
        bare=found.bare,
        environ={**_without_repository(environ), **told},
    )
