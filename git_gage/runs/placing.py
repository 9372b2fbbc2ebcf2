"""Files of runs laid into their directories: from the sidecar, or from git.

Source: docs/format.md, "Placeholders".
"""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from git_gage.catalog.bulk import read_files
from git_gage.runs.placeholders import (
    NoPlaceError,
    is_placeholder,
    make_place,
    put_placeholder,
    read_placeholder,
    write_whole,
)
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.files.manifest import Entry
    from git_gage.runs.files import Filed
    from git_gage.store import Store

# A stranger makes nobody a program that runs as somebody else.
_READ_ONLY = 0o555


def place_files(store: Store, filed: Filed) -> list[NoPlaceError]:
    """Let all that is here of the files that a run made lie in its directory, wherever it ran.

    What is not here gets a placeholder, so that nobody takes the rest for all; what can have no
    place is given back, for the same reason.
    Raises: IntegrityError where the content of one is damaged; OSError.
    """
    left = []
    for entry in filed.manifest.generated:
        try:
            place = store.run_dir(filed.run) / os.fsdecode(entry.path)
            # One that is there may say who has the file.
            if not place_file(store, filed, entry) and not is_placeholder(place):
                put_placeholder(store, filed.run, entry, ())
        except NoPlaceError as error:
            left.append(error)
    return left


def place_file(store: Store, filed: Filed, entry: Entry) -> bool:
    """Let a file be in the directory of its run; False where it is not here.

    What else is in its place stays, unless it is a placeholder.
    Raises: NoPlaceError; IntegrityError where its content is damaged; OSError.
    """
    assert entry.sha256 is not None, "what is not known cannot be had"
    place = store.run_dir(filed.run) / os.fsdecode(entry.path)
    if os.path.lexists(place) and read_placeholder(place) is None:
        return True
    mode = entry.mode & _READ_ONLY
    if store.sidecar.is_sound(entry.sha256, entry.size):
        with make_place(store, filed.run, entry) as place:
            store.sidecar.put(entry.sha256, place, mode)
        return True
    bound = filed.bound.get(entry.sha256)
    _, content = next(read_files(store, [bound] if bound else []), (None, None))
    if content is not None:
        with make_place(store, filed.run, entry) as place:
            write_whole(place, content, mode)
    return content is not None


def find_obstacle(top: Path, path: bytes) -> bytes:
    """What has to go for a file to be laid out: itself, or the first on the way to it that is no
    folder of the run.
    """
    names = path.split(b"/")
    above = (b"/".join(names[:count]) for count in range(1, len(names)))
    return next((each for each in above if _is_no_folder(top / os.fsdecode(each))), path)


def _is_no_folder(place: Path) -> bool:
    return place.is_symlink() or (place.exists() and not place.is_dir())


def how_to_move(top: Path, path: bytes) -> str:
    """What to type for a file of a run that somebody has changed to make room, and stay."""
    place = top / os.fsdecode(find_obstacle(top, path))
    option = "./" if place.name.startswith("-") else ""
    return clean(f"mv {quote(str(place))} {quote(f'{option}{place.name}.changed')}")
