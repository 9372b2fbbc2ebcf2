"""Inputs that are files: of the project, or anywhere on this machine."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.runs.inputs.hashes import Hashed, hash_files
from git_gage.runs.inputs.model import (
    FILES_LISTED,
    Input,
    InputError,
    InputFile,
    Search,
    Tally,
    collect_files,
)
from git_gage.runs.inputs.places import checked_place, place_in_run, require_renamed
from git_gage.runs.inputs.selection import literal_path, select_files
from git_gage.runs.inputs.walk import walk_files
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency


def find_project_files(dependency: Dependency, search: Search) -> Input:
    """Files of the project's folder that match the patterns; copied unless `link` is set."""
    top = os.fsencode(search.project_dir)
    # Runs may lie in the project.
    skip = {os.fsencode(search.store.run_dir("x").parent)}
    tell = partial(search.tell_left_out, search.project_dir)
    try:
        paths = select_files(search.project_dir, dependency.files, tell, skip)
    except InputError as error:
        missing = filter(None, map(literal_path, dependency.files))
        gone = [path for path in missing if not os.path.exists(search.project_dir / path)]
        hint = how_to_get(search.project_dir / gone[0], search) if gone else None
        raise InputError(error.message, hint=hint) from error
    require_renamed(dependency, paths)
    found = hash_files(top, paths, search.cache(dependency))
    files = [
        InputFile(
            place=place_in_run(dependency, each.path),
            sha256=each.digest,
            size=each.size,
            path=search.project_dir / os.fsdecode(each.path),
            mtime_ns=each.mtime_ns,
        )
        for each in found
    ]
    return collect_files(dependency, files, link=bool(dependency.link))


def find_file(dependency: Dependency, search: Search) -> Input:
    """One file, linked unless `link` is false."""
    path, relative = locate(dependency, search)
    if path.is_dir():
        raise InputError("is a folder, not a file", hint=f"write 'dir: {dependency.path}'")
    return measure_file(dependency, search, path, relative)


def find_dir(dependency: Dependency, search: Search) -> Input:
    """A whole folder, linked as one unless `link` is false."""
    path, relative = locate(dependency, search)
    if not path.is_dir():
        raise InputError("is a file, not a folder", hint=f"write 'file: {dependency.path}'")
    return measure_dir(dependency, search, path, relative)


def locate(dependency: Dependency, search: Search) -> tuple[Path, bytes]:
    """A file or folder, and its path below the project; its name if it is outside.

    Raises: InputError if nothing is there.
    """
    path = absolute_path(dependency, search)
    if not path.exists():
        why = "a link that leads nowhere" if path.is_symlink() else "no such file or folder"
        raise InputError(why, hint=how_to_get(path, search))
    return path, relative_path(path, search)


def how_to_get(path: Path, search: Search) -> str:
    """What to do for a file that is missing."""
    shown = os.path.relpath(path, search.repo.cwd)
    if path.with_name(f"{path.name}.dvc").is_file():
        return f"dvc pull {shlex.quote(f'{shown}.dvc')}"
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    if search.repo.run("ls-files", "-z", "--", str(path), env=literal, ok=(0, 128)):
        return f"git restore {shlex.quote(shown)}"
    return f"put it at '{shown}'"


def absolute_path(dependency: Dependency, search: Search) -> Path:
    """The path that a dependency has; links are left: that is where the program looks for it."""
    text = dependency.path or ""
    if text.startswith("~/"):
        text = search.repo.environ.get("HOME", "~") + text[1:]
    return Path(os.path.normpath(search.project_dir / text))


def relative_path(path: Path, search: Search) -> bytes:
    """A path below the project, or the mere name of what is outside."""
    inside = path.is_relative_to(search.project_dir)
    place = path.relative_to(search.project_dir) if inside else path.name
    return with_slashes(os.fsencode(place))


def measure_file(dependency: Dependency, search: Search, path: Path, relative: bytes) -> Input:
    """The input that one file is."""
    name = os.fsencode(path.name)
    (found,) = hash_files(os.fsencode(path.parent), [name], search.cache(dependency))
    shown = relative if dependency.target is None else name
    require_renamed(dependency, [shown])
    place = place_in_run(dependency, shown)
    file = InputFile(place, found.digest, found.size, path, found.mtime_ns)
    return collect_files(dependency, [file], link=dependency.link is not False, path=path)


def measure_dir(dependency: Dependency, search: Search, path: Path, relative: bytes) -> Input:
    """The input that a folder with all that is below it is."""
    require_renamed(dependency, [relative])
    if dependency.target is None or dependency.rename:
        place = place_in_run(dependency, relative)
    else:
        place = checked_place(os.fsencode(dependency.target))
    top = os.fsencode(path)
    walked = walk_files(top, partial(search.tell_left_out, path))
    found = hash_files(top, walked, search.cache(dependency))
    inside = place + b"/"
    whole = dependency.link is not False and not any(
        file.startswith(inside) for file in search.source_files
    )
    return _collect_folder(dependency, place, path, found, whole=whole)


def _collect_folder(
    dependency: Dependency, place: bytes, path: Path, found: Iterable[Hashed], *, whole: bool
) -> Input:
    """`whole`: linked as one. Its digest is over paths in the folder: the same wherever it lies."""
    tally = Tally()
    files: list[InputFile] = []
    for each in found:
        tally.add(each.path, each.digest, each.size)
        if whole and tally.count > FILES_LISTED:
            files.clear()
            continue
        file = InputFile(
            place=place + b"/" + each.path,
            sha256=each.digest,
            size=each.size,
            path=path / os.fsdecode(each.path),
            mtime_ns=each.mtime_ns,
        )
        files.append(file)
    if not tally.count:
        raise InputError("is an empty folder")
    return Input(
        type=dependency.type,
        label=dependency.path or "",
        files=tuple(files),
        digest=tally.digest,
        count=tally.count,
        size=tally.size,
        link=dependency.link is not False,
        path=path,
        folder=place if whole else None,
    )
