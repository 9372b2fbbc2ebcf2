"""Where a project's gagefile is."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = ("gage.toml", "gage.yaml", "gage.yml", "gage.json", "gage.jsonc")
"""What a gagefile is called, the first that there is wins; it may lie in `.gage/` as well."""


def find_gagefile(folder: Path, top: Path) -> Path | None:
    """The gagefile of the nearest folder from `folder` up to `top` that has one."""
    parents = folder.parents
    above = parents[: parents.index(top) + 1] if top in parents else ()
    for place in (folder, *above):
        found = gagefiles_in(place)
        if found:
            return found[0]
    return None


def gagefiles_in(folder: Path) -> list[Path]:
    """All gagefiles of one project folder, that which is used first."""
    places = [folder / ".gage" / name for name in NAMES] + [folder / name for name in NAMES]
    return [place for place in places if os.path.isfile(place)]


def project_of(gagefile: Path) -> Path:
    """The project folder that a gagefile describes."""
    folder = gagefile.parent
    return folder.parent if folder.name == ".gage" else folder


def find_others(path: Path, shown: str) -> list[str]:
    """Warnings of the gagefiles beside the one that is used; `shown`: its path for people."""
    folder = project_of(path)
    others = [place for place in gagefiles_in(folder) if place != path]
    return [
        f"'{other.relative_to(folder).as_posix()}' is not used: the gagefile is '{shown}'"
        for other in others
    ]
