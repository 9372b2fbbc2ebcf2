"""Objects that a place may hold wrongly, as it looks at no digest itself.

A program of others reads what it sends after we have; what is written to meanwhile goes there as it
is, under the name of what it was. So each object is in doubt before it is sent, and until somebody
has seen that it stayed as it was, or what the place has was read.

Source: docs/format.md, "Sidecar".
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.files.notes import Stamp
from git_gage.files.streams import is_unchanged
from git_gage.system import remove_file, replace_file, sync_folder

if TYPE_CHECKING:
    from git_gage.files.sidecar import Sidecar

_NEW = ".new"


class _Doubt(NamedTuple):
    """An object, where it was sent from, and its stamp then; None once it has changed."""

    sha256: str
    path: str
    stamp: Stamp | None

    @property
    def is_idle(self) -> bool:
        """Whether what was sent is there as it was."""
        return self.stamp is not None and is_unchanged(Path(self.path), self.sha256, self.stamp)


class Doubts:
    """A folder for one place, with a file for each push; losing them may cost an object."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, sidecar: Sidecar, stamps: Mapping[str, Stamp]) -> Path:
        """Doubt what is about to be sent, until `settle`; durable when this returns."""
        path = self._folder / os.urandom(8).hex()
        _write(path, [_Doubt(name, str(sidecar.path(name)), each) for name, each in stamps.items()])
        return path

    def settle(self, path: Path, changed: Collection[str]) -> None:
        """Doubt only these of what was sent: they have changed meanwhile."""
        left = [each._replace(stamp=None) for each in _read(path) if each.sha256 in changed]
        _write(path, left)

    def find(self, names: Collection[str]) -> set[str]:
        """Those of some objects that are in doubt."""
        return {
            each.sha256
            for path in self._files()
            for each in _read(path)
            if each.sha256 in names and not each.is_idle
        }

    def clear(self, sha256: str) -> None:
        """Doubt an object no more: what the place has was read, and is right."""
        for path in self._files():
            doubts = _read(path)
            left = [each for each in doubts if each.sha256 != sha256]
            if left != doubts:
                _write(path, left)

    def _files(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from [path for path in self._folder.iterdir() if path.suffix != _NEW]


def _read(path: Path) -> list[_Doubt]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []  # settled in this moment
    found = (json.loads(line) for line in lines)
    return [_Doubt(name, place, stamp and Stamp(*stamp)) for name, place, stamp in found]


def _write(path: Path, doubts: Collection[_Doubt]) -> None:
    if not doubts:
        remove_file(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}{_NEW}")
    with fresh.open("w") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in doubts)
        file.flush()
        os.fsync(file.fileno())
    replace_file(fresh, path)
    sync_folder(path.parent)
