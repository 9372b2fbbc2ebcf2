"""Where inputs go in a run directory; two things at one place are refused."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.runs.inputs.model import Input, InputError, InputFile
from git_gage.safe import clean
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency


def place_in_run(dependency: Dependency, path: bytes) -> bytes:
    """Where a file of a dependency goes: its path, renamed, below the dependency's target.

    Raises: InputError as `checked_place`.
    """
    target = os.fsencode(dependency.target or "")
    return checked_place(posixpath.join(target, _rename(dependency, path)))


def require_renamed(dependency: Dependency, paths: Collection[bytes]) -> None:
    """Raises: InputError for names that none of the files has, nor a folder they are in."""
    unused = [old for old, _ in dependency.rename if not any(_is_at(path, old) for path in paths)]
    if unused:
        names = ", ".join(f"'{old}'" for old in unused)
        raise InputError(f"there is no {names} to rename")


def _rename(dependency: Dependency, path: bytes) -> bytes:
    for old, new in dependency.rename:
        if old == "*":
            return os.fsencode(new)
        if _is_at(path, old):
            return os.fsencode(new).rstrip(b"/") + path[len(os.fsencode(old).rstrip(b"/")) :]
    return path


def _is_at(path: bytes, name: str) -> bool:
    place = os.fsencode(name).rstrip(b"/")
    return name == "*" or path == place or path.startswith(place + b"/")


def checked_place(place: bytes) -> bytes:
    """A place in the run directory, in its plain form.

    Raises: InputError where it would be outside, or in a `.git` folder.
    """
    place = posixpath.normpath(with_slashes(place))
    parts = place.split(b"/")
    if os.path.isabs(place) or os.path.splitdrive(place)[0] or parts[0] in (b"..", b"."):
        raise InputError(f"its place '{clean(os.fsdecode(place))}' is not inside the run directory")
    if any(part.lower() == b".git" for part in parts):
        raise InputError(f"its place '{clean(os.fsdecode(place))}' is inside a '.git' folder")
    return place


def settle_places(
    inputs: Sequence[Input], source_files: Collection[bytes], project_dir: Path
) -> tuple[tuple[Input, ...], list[str]]:
    """Inputs whose files that come with the source are marked so, and what clashes.

    `source_files` are the paths of the source that the run gets, below the project's folder.
    """
    linked = {each.folder: each.path for each in inputs if each.folder is not None}
    places = _Places(source_files, project_dir, linked)
    settled = tuple(places.take(each) for each in inputs)
    return settled, places.clashes()


class _Places:
    def __init__(
        self,
        source_files: Collection[bytes],
        project_dir: Path,
        linked: Mapping[bytes, Path | None],
    ) -> None:
        self._source = source_files
        self._top = project_dir
        self._linked = linked
        self._owners: dict[bytes, tuple[str, Path | None]] = {}
        self._clashes: dict[str, None] = {}

    def take(self, each: Input) -> Input:
        if each.folder is not None:
            self._claim(each.folder, each.label, each.path)
            return each
        files = []
        for file in each.files:
            is_staged = self._comes_along(file) or not self._claim(
                file.place, each.label, file.path
            )
            files.append(replace(file, is_staged=is_staged))
        return replace(each, files=tuple(files))

    def _comes_along(self, file: InputFile) -> bool:
        """Whether the source has this very file at this place, or a folder that is linked."""
        if file.place in self._source:
            return file.path == self._top / os.fsdecode(file.place)
        for folder in _folders_above(file.place):
            path = self._linked.get(folder)
            if path is not None:
                return file.path == path / os.fsdecode(file.place[len(folder) + 1 :])
        return False

    def _claim(self, place: bytes, label: str, path: Path | None) -> bool:
        """Whether nothing else is there; what is not the very same is a clash."""
        if place in self._source:
            self._clash(place, "the source code", label)
        if place not in self._owners:
            self._owners[place] = (label, path)
            return True
        if path is None or self._owners[place][1] != path:
            self._clash(place, f"'{self._owners[place][0]}'", label)
        return False

    def _clash(self, place: bytes, one: str, other: str) -> None:
        self._clashes[f"'{clean(os.fsdecode(place))}' would come from {one} and from '{other}'"] = (
            None
        )

    def clashes(self) -> list[str]:
        """What is at one place, or below a place that has something else."""
        for place, (label, _) in self._owners.items():
            for folder in _folders_above(place):
                if folder in self._owners:
                    self._clash(place, f"'{self._owners[folder][0]}'", label)
                elif folder in self._source:
                    self._clash(place, "the source code", label)
        for place in self._source:
            for folder in _folders_above(place):
                if folder in self._owners:
                    self._clash(place, "the source code", self._owners[folder][0])
        return list(self._clashes)


def _folders_above(place: bytes) -> Iterator[bytes]:
    while place := posixpath.dirname(place):
        yield place
