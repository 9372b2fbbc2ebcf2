"""Values of TOML, JSON and YAML documents, listed and set in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from git_gage.config.documents import Entry, Node, find, read_tree
from git_gage.config.edits import Edit, Leaves, Place, apply_changes, leaves, to_python
from git_gage.config.spellings import respell
from git_gage.config.typed import as_value, is_number_literal, kind_of
from git_gage.config.values import Value


def list_document(data: bytes, kind: str) -> dict[Place, Value]:
    """Every value that is no table or array, and the empty ones of these, by its place.

    Raises: DocumentError.
    """
    nodes = dict(_walk(read_tree(data, kind), ()))
    return {place: _as_setting(node) for place, node in nodes.items() if place and not node.entries}


def list_document_wholes(data: bytes, kind: str) -> dict[Place, Value]:
    """Every array and table that is not empty, by its place; none with a date, JSON has no dates.

    Raises: DocumentError.
    """
    nodes = dict(_walk(read_tree(data, kind), ()))
    return {
        place: as_value(node.value)
        for place, node in nodes.items()
        if place and node.entries and kind_of(node.value) is not None
    }


def _walk(node: Node, place: Place) -> Iterator[tuple[Place, Node]]:
    yield place, node
    for entry in node.entries:
        yield from _walk(entry.node, (*place, entry.key))


def _as_setting(node: Node) -> Value:
    if node.kind == "date":
        return Value("str", str(node.value) if node.spelled.startswith("*") else node.spelled)
    return as_value(node.value, node.spelled if is_number_literal(node.spelled) else None)


def change_document(data: bytes, kind: str, changes: Mapping[Place, Value]) -> bytes:
    """The document with some values replaced; every other byte is as it was.

    A whole array or table can be set with a json value.
    Raises: DocumentError; RequestError that names all values that cannot be set.
    """
    tree = read_tree(data, kind)

    def edit(place: Place, value: Value) -> tuple[Edit | None, Any]:
        entry = find(tree, place)
        if entry is None:
            raise KeyError(place)
        wanted = to_python(value)
        if leaves(wanted) == leaves(entry.node.value):
            return None, wanted
        spelling = respell(kind, value, entry.node, flow=_is_flow(tree, place, data))
        return _edit(data, kind, entry, spelling.text), spelling.value

    def read(changed: bytes) -> Leaves:
        return leaves(read_tree(changed, kind).value)

    return apply_changes(data, changes, read, edit)


def _is_flow(tree: Node, place: Place, data: bytes) -> bool:
    """Whether brackets or braces are around a place; an anchor or tag hides them."""
    holders = (find(tree, place[:depth]) for depth in range(1, len(place)))
    nodes = [tree, *(entry.node for entry in holders if entry is not None)]
    return any(data[node.start : node.start + 1] in (b"[", b"{", b"&", b"!") for node in nodes)


def _edit(data: bytes, kind: str, entry: Entry, spelling: str) -> Edit:
    _, _, key_end, node = entry
    start = node.start
    if kind == "yaml" and node.entries and isinstance(entry.key, str):
        # Items below a key may stand as far left as it does, brackets may not.
        colon = data.index(b":", key_end) + 1
        start = colon if not data[colon:start].strip() else start
    gap = " " if start < node.start or start == node.end else ""
    return Edit(start, node.end, f"{gap}{spelling}".encode())
