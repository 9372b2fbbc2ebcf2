"""Inputs that DVC keeps: a `.dvc` file says which content belongs there. Nothing of DVC is loaded.

Source: DVC's user guide, ".dvc Files"; its `.dir` objects are JSON arrays of {md5, relpath}, sorted
by relpath, and the md5 of such a text is that of the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.config.documents import DocumentError, read_value
from git_gage.lookup import find_program
from git_gage.runs.environ import user_path
from git_gage.runs.inputs.files import absolute_path, measure_dir, measure_file, relative_path
from git_gage.runs.inputs.hashes import DOS_TO_UNIX, hash_files
from git_gage.runs.inputs.model import ChangedInputError, Input, InputError, Search
from git_gage.runs.inputs.walk import walk_files

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency

_STDERR = 2
_NAMED = 3


class _Pointer(NamedTuple):
    """A `.dvc` file: what is to be at `target`. algorithm: how its md5 is made."""

    path: Path
    target: Path
    md5: str
    algorithm: str

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(".dir")


def find_dvcfile(dependency: Dependency, search: Search) -> Input:
    """The file or folder that a `.dvc` file stands for, if it is here and holds what that says.

    It is pulled first where it is not, and the user said so.
    """
    pointer = _read_pointer(_find_pointer(dependency, search))
    problem = _find_problem(pointer, dependency, search)
    if problem is not None and search.pull:
        _pull(pointer, search)
        problem = _find_problem(pointer, dependency, search)
    if problem is not None:
        kind = ChangedInputError if pointer.target.exists() else InputError
        raise kind(problem, hint=f"dvc pull {_shown(pointer.path, search)}")
    measure = measure_dir if pointer.is_folder else measure_file
    relative = relative_path(pointer.target, search)
    return measure(dependency, search, pointer.target, relative)


# -- the pointer ------------------------------------------------------------------------------


def _find_pointer(dependency: Dependency, search: Search) -> Path:
    path = absolute_path(dependency, search)
    pointer = path if path.name.endswith(".dvc") else path.with_name(f"{path.name}.dvc")
    if not pointer.is_file():
        shown = _shown(pointer, search)
        raise InputError(f"there is no '{shown}'", hint=f"dvc add {shown.removesuffix('.dvc')}")
    return pointer


def _read_pointer(path: Path) -> _Pointer:
    """Raises: InputError for what is not laid out as DVC does it."""
    try:
        value = read_value(path.read_bytes(), "yaml")
    except DocumentError as error:
        raise InputError(f"'{path.name}' cannot be read: {error.message}") from error
    outs = value.get("outs") if isinstance(value, Mapping) else None
    match outs:
        case [{"path": str(name), "md5": str(md5), **rest}]:
            folder = path.parent / str(value.get("wdir") or ".")
            algorithm = "md5" if rest.get("hash") == "md5" else DOS_TO_UNIX
            return _Pointer(path, Path(os.path.normpath(folder / name)), md5, algorithm)
    raise InputError(f"'{path.name}' names no single file with an md5")


def _shown(path: Path, search: Search) -> str:
    return os.path.relpath(path, search.repo.cwd)


# -- what is there ----------------------------------------------------------------------------


def _find_problem(pointer: _Pointer, dependency: Dependency, search: Search) -> str | None:
    if not pointer.target.exists():
        return "not here"
    if pointer.target.is_dir() != pointer.is_folder:
        return (
            f"not the {'folder' if pointer.is_folder else 'file'} that '{pointer.path.name}' names"
        )
    return (_check_folder if pointer.is_folder else _check_file)(pointer, dependency, search)


def _check_file(pointer: _Pointer, dependency: Dependency, search: Search) -> str | None:
    top, name = os.fsencode(pointer.target.parent), os.fsencode(pointer.target.name)
    cache = search.cache(dependency, pointer.algorithm)
    (found,) = hash_files(top, [name], cache, algorithm=pointer.algorithm)
    return None if found.digest == pointer.md5 else _changed(pointer, found.digest)


def _check_folder(pointer: _Pointer, dependency: Dependency, search: Search) -> str | None:
    top = os.fsencode(pointer.target)
    paths = walk_files(top, partial(search.tell_left_out, pointer.target))
    cache = search.cache(dependency, pointer.algorithm)
    found = {
        os.fsdecode(each.path): each.digest
        for each in hash_files(top, paths, cache, algorithm=pointer.algorithm)
    }
    listing = [{"md5": found[path], "relpath": path} for path in sorted(found)]
    md5 = hashlib.md5(json.dumps(listing).encode(), usedforsecurity=False).hexdigest() + ".dir"
    if md5 == pointer.md5:
        return None
    return _changed(pointer, md5) + _name_differences(pointer, found)


def _changed(pointer: _Pointer, md5: str) -> str:
    return f"changed input: its md5 is {md5}, and '{pointer.path.name}' says {pointer.md5}"


def _name_differences(pointer: _Pointer, found: Mapping[str, str]) -> str:
    """Which files differ, where DVC's own list of the folder is in its cache."""
    wanted = _read_listing(pointer)
    if wanted is None:
        return ""
    differing = sorted(path for path in {*wanted, *found} if wanted.get(path) != found.get(path))
    names = ", ".join(f"'{path}'" for path in differing[:_NAMED])
    more = f" and {len(differing) - _NAMED} more" if len(differing) > _NAMED else ""
    return f"; not as they were: {names}{more}"


def _read_listing(pointer: _Pointer) -> dict[str, str] | None:
    place = f"{pointer.md5[:2]}/{pointer.md5[2:]}"
    for folder in pointer.path.parents:
        for cache in ("files/md5", "."):
            try:
                listing = json.loads((folder / ".dvc/cache" / cache / place).read_bytes())
                return {str(each["relpath"]): str(each["md5"]) for each in listing}
            except (OSError, ValueError, KeyError, TypeError):
                continue  # it only says more precisely what is wrong
    return None


# -- getting it -------------------------------------------------------------------------------


def _pull(pointer: _Pointer, search: Search) -> None:
    """Let the user's own DVC get it; what it says goes to standard error.

    Raises: InputError where there is no DVC.
    """
    path = user_path(search.repo.environ)
    program = find_program("dvc", path)
    if program is None:
        raise InputError("not here, and there is no 'dvc' on PATH", hint="install DVC")
    subprocess.run(
        [program, "pull", pointer.path.name],
        cwd=pointer.path.parent,
        env={**search.repo.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=_STDERR,
        check=False,
    )
