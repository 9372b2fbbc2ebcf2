"""Constants at the top level of a notebook's code cells, listed and set in place.

Source: https://nbformat.readthedocs.io/en/latest/format_description.html, nbformat 4.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.constants import Constant, find_constants
from git_gage.config.documents import DocumentError, Node, find, read_tree
from git_gage.config.edits import (
    Edit,
    Leaves,
    Place,
    apply_changes,
    leaves,
    splice,
    to_python,
)
from git_gage.config.script import Script, parse_script
from git_gage.config.typed import spell_number, spell_text, spell_value
from git_gage.errors import ConfigError

if TYPE_CHECKING:
    from git_gage.config.values import Value

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
# IPython's lines: `%magic`, `!command`, `help?`, and what they give to names.
_MAGIC = re.compile(r"(?P<before>\s*)(?:[%!?]|[^#\s][^#]*\?\s*$)")
_MAGIC_VALUE = re.compile(r"(?P<before>\s*[\w., \[\]()]+=\s*)[%!]")
_CELL_MAGIC = re.compile(r"\s*%%(?!(?:time|capture|prun)\b)")
_MAKE = {"tuple": tuple, "set": set}


class _Piece(NamedTuple):
    """A string of the JSON with source text; start is its place in the text of all code cells."""

    start: int
    node: Node


class _Notebook(NamedTuple):
    """All code cells as one script, and the strings that its text is from."""

    script: Script
    pieces: tuple[_Piece, ...]
    constants: Mapping[Place, Constant]


def list_notebook(data: bytes, name: str) -> dict[Place, Value]:
    """Every plain value of a constant, by its name and the place inside of lists and dicts.

    Raises: DocumentError; ConfigError with cell and line if a cell is no Python.
    """
    constants = _read(data, name).constants
    return {place: each.value for place, each in constants.items() if each.is_leaf}


def list_notebook_wholes(data: bytes, name: str) -> dict[Place, Value]:
    """Every list, dict and the like of a constant, by its name and place.

    Raises: as `list_notebook`.
    """
    constants = _read(data, name).constants
    return {place: each.value for place, each in constants.items() if not each.is_leaf}


def change_notebook(data: bytes, name: str, changes: Mapping[Place, Value]) -> bytes:
    """The notebook with some values replaced; all but the strings they are in is as it was.

    Raises: as `list_notebook`; RequestError that names all values that cannot be set.
    """
    notebook = _read(data, name)

    def edit(place: Place, value: Value) -> tuple[Edit, Any]:
        constant = notebook.constants[place]
        start, end = notebook.script.find(constant.node)
        return Edit(start, end, _spell(constant, value).encode()), to_python(value)

    def read(changed: bytes) -> Leaves:
        return _leaves(_read(changed, name).constants)

    def replace(data: bytes, edits: Iterable[Edit]) -> bytes:
        return splice(data, _edit_pieces(notebook, sorted(edits)))

    return apply_changes(data, changes, read, edit, replace)


def _leaves(constants: Mapping[Place, Constant]) -> Leaves:
    found: dict[Place, tuple[type, str]] = {}
    for place, constant in constants.items():
        if not any(place[:depth] in constants for depth in range(1, len(place))):
            found |= leaves(to_python(constant.value), place)
    return found


def _spell(constant: Constant, value: Value) -> str:
    """A value as Python spells it, near to how the one before it was spelled."""
    wanted = to_python(value)
    if isinstance(wanted, str):
        text = wanted.encode() if constant.kind == "bytes" else wanted
        like = constant.spelling if constant.kind in ("str", "bytes") else '"'
        return spell_text(text, like, "utf-8")
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return spell_number(wanted, value.text)
    if isinstance(wanted, list):
        wanted = _MAKE.get(constant.kind, list)(wanted)
    return spell_value(wanted, "utf-8")


def _edit_pieces(notebook: _Notebook, edits: list[Edit]) -> Iterator[Edit]:
    """Edits of the script as edits of the notebook's strings.

    One over several strings goes to the first of them, the others keep what is left.
    """
    for start, node in notebook.pieces:
        old = node.value
        new, position = "", 0
        for edit in edits:
            first, last = max(edit.start - start, 0), min(edit.end - start, len(old))
            if first < last:
                new += old[position:first]
                new += edit.text.decode() if edit.start >= start else ""
                position = last
        new += old[position:]
        if new != old:
            ascii_only = "\\u" in node.spelled and node.spelled.isascii()
            yield Edit(node.start, node.end, json.dumps(new, ensure_ascii=ascii_only).encode())


def _read(data: bytes, name: str) -> _Notebook:
    tree = read_tree(data, "json")
    # Python looks for a coding line in the first two.
    text = plain = "\n\n"
    pieces: list[_Piece] = []
    for number, source in _find_cells(tree, data):
        cell = ""
        for node in source:
            pieces.append(_Piece(len(text) + len(cell), node))
            cell += node.value
        text += f"{cell}\n"
        plain += f"{_blank_magics(cell, f'{name}: cell {number}')}\n"
    script = parse_script(plain.encode(), name)._replace(text=text, source=text.encode())
    known = find_constants(script).known.values()
    return _Notebook(script, tuple(pieces), {constant.place: constant for constant in known})


def _find_cells(tree: Node, data: bytes) -> Iterator[tuple[int, list[Node]]]:
    """The strings of each code cell, and its number among all cells."""
    cells = find(tree, ["cells"])
    if cells is None or cells.node.kind != "array":
        raise DocumentError("no notebook: it has no 'cells'", data, tree.start)
    for path in (("kernelspec", "language"), ("language_info", "name")):
        language = find(tree, ["metadata", *path])
        if language is not None and language.node.value not in ("python", "ipython"):
            raise DocumentError("no notebook in Python", data, language.node.start)
    for number, cell in enumerate(cells.node.entries, 1):
        kind, source = find(cell.node, ["cell_type"]), find(cell.node, ["source"])
        if kind is None or source is None or kind.node.value != "code":
            continue
        nodes = [entry.node for entry in source.node.entries] or [source.node]
        yield number, [node for node in nodes if node.kind == "text"]


def _blank_magics(cell: str, place: str) -> str:
    """A cell of the same length in which lines for IPython are lines for Python."""
    if _CELL_MAGIC.match(cell):
        return "".join(_blank(line) for line in _LINE.findall(cell))
    lines = _LINE.findall(cell)
    while True:
        fault = _find_fault("".join(lines), place)
        if fault is None:
            return "".join(lines)
        line, message = fault
        if not _replace_magic(lines, min(line, len(lines)) - 1):
            raise ConfigError(f"{place}, line {line}: {message}")


def _find_fault(cell: str, place: str) -> tuple[int, str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(cell)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{place}: nested too deeply, or no text") from error
    return None


def _replace_magic(lines: list[str], index: int) -> bool:
    """Puts Python in the place of a line for IPython, and says whether it was one."""
    while index > 0 and lines[index - 1].rstrip().endswith("\\"):
        index -= 1
    line = lines[index]
    for pattern, stand_in in ((_MAGIC_VALUE, "_"), (_MAGIC, "0")):
        found = pattern.match(line)
        if found is not None:
            start = found.end("before")
            lines[index] = line[:start] + stand_in + _blank(line[start + 1 :])
            while line.rstrip().endswith("\\") and index + 1 < len(lines):
                index += 1
                line, lines[index] = lines[index], _blank(lines[index])
            return True
    return False


def _blank(line: str) -> str:
    return re.sub(r"[^\r\n]", " ", line)
