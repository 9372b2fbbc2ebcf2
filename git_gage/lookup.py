"""Programs by their names: where PATH has them."""

from __future__ import annotations

import ntpath
import os
import shutil
import sys
from collections.abc import Callable

# What Windows can start by itself. A name without an ending stands for the first that is there.
STARTED_BY_WINDOWS = (".com", ".exe", ".bat", ".cmd")


def find_program(name: str, path: str | None, mode: int = os.F_OK | os.X_OK) -> str | None:
    """The file that a name stands for on a PATH (None: the system's); None if there is none.

    Unlike Windows' own way it never is one that just lies in the current directory.
    """
    if sys.platform == "win32":
        return find_on_windows(name, os.defpath if path is None else path)
    return shutil.which(name, mode=mode, path=path)


def find_on_windows(
    name: str, path: str, is_file: Callable[[str], bool] = os.path.isfile
) -> str | None:
    """The same by the rules of Windows; a name with a folder is not looked for on `path`."""
    folder, name = ntpath.split(name)
    folders = [folder] if folder else [place.strip('"') for place in path.split(";")]
    names = [name + ending for ending in STARTED_BY_WINDOWS]
    if ntpath.splitext(name)[1]:
        names.insert(0, name)
    elif folder:
        names.append(name)
    places = (ntpath.join(folder, each) for folder in folders if folder for each in names)
    return next((place for place in places if is_file(place)), None)
