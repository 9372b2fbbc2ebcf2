"""Where in its file a config key stands, for people who look for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from git_gage.config.tree import find, line_column

if TYPE_CHECKING:
    from git_gage.config.files import FileKey
    from git_gage.config.opened import Opened


def line_of(place: FileKey, opened: Opened) -> int | None:
    """The line of a key, from 1; None in formats whose lines nobody counts."""
    from git_gage.config.documents import kind_of_file, read_tree

    content = opened.content
    if place.passed:
        return _line_of_option(opened.options[place.name].names or (place.name,), content)
    if place.path.endswith(".py"):
        return _line_of_constant(place, content)
    kind = kind_of_file(place.path)
    entry = find(read_tree(content, kind), place.place) if kind is not None else None
    return line_column(content, entry.key_start)[0] if entry is not None else None


def _line_of_option(names: tuple[str, ...], content: bytes) -> int | None:
    """The first line that has a name of the option as a text."""
    quoted = "|".join(re.escape(name) for name in names)
    found = re.search(rf"(['\"])({quoted})\1".encode(), content)
    return line_column(content, found.start())[0] if found is not None else None


def _line_of_constant(place: FileKey, content: bytes) -> int | None:
    from git_gage.config.constants import find_constants
    from git_gage.config.script import parse_script

    constants, _ = find_constants(parse_script(content, place.path))
    found = constants.get(place.name)
    return found.node.lineno if found is not None else None
