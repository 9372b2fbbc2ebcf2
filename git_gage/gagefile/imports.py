"""Which files of a project a Python file imports, told from its text alone: files may be many."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|.*)|import[ \t]+(.*))",
    re.MULTILINE,
)


class Imports(NamedTuple):
    """Files that a file imports; `as_module`: it finds them only when it is run by `-m`."""

    files: frozenset[str]
    as_module: bool


def read_imports(path: str, text: str, names: Container[str]) -> Imports:
    """What the Python file at `path` imports of the files in `names`, relative to the project."""
    own, top, relative = set[str](), set[str](), set[str]()
    folder = path.split("/")[:-1]
    for dots, module in _find_modules(text):
        if dots:
            relative.update(_find_files(folder[: len(folder) + 1 - dots], module, names))
            continue
        found = list(_find_files(folder, module, names))
        own.update(found)
        if folder and not found:
            top.update(_find_files([], module, names))
            own.update(_find_files(["src"], module, names))
    as_module = bool(relative) or (bool(top) and not own)
    return Imports(frozenset(own | top | relative), as_module)


def _find_modules(text: str) -> Iterator[tuple[int, str]]:
    """How many dots an import begins with, and the module it names."""
    for dots, module, names, modules in _IMPORT.findall(text):
        if modules:
            for name in _split(modules):
                yield 0, name
            continue
        yield len(dots), module
        for name in _split(names):
            yield len(dots), f"{module}.{name}" if module else name


def _split(names: str) -> Iterator[str]:
    """`(a as b, c)  # why` is a and c."""
    text = re.sub(r"#.*", "", names)
    for part in text.strip().strip("()").split(","):
        words = part.split()
        if words and re.fullmatch(r"[\w.]+", words[0]):
            yield words[0]


def _find_files(folder: list[str], module: str, names: Container[str]) -> Iterator[str]:
    """Files of a module and of the packages it is in, looked for from a folder."""
    parts = module.split(".") if module else []
    for length in range(1, len(parts) + 1):
        place = "/".join([*folder, *parts[:length]])
        for name in (f"{place}.py", f"{place}/__init__.py"):
            if name in names:
                yield name
