"""TOML, JSON and YAML documents, read into values or into a tree with positions."""

from __future__ import annotations

from typing import Any

from git_gage.config.tree import (
    DocumentError,
    DuplicateKeyError,
    Entry,
    Node,
    find,
    line_column,
)

__all__ = [
    "DocumentError",
    "DuplicateKeyError",
    "Entry",
    "Node",
    "find",
    "kind_of_file",
    "line_column",
    "read_tree",
    "read_value",
]

_KINDS = {
    ".toml": "toml",
    ".json": "json",
    ".jsonc": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}


def kind_of_file(name: str) -> str | None:
    """The kind of document that a file's name says it is: toml, json, yaml, or None."""
    _, dot, ending = name.lower().rpartition(".")
    return _KINDS.get(dot + ending)


def read_tree(data: bytes, kind: str) -> Node:
    """The document with the byte positions of its keys and values; an empty one is a table.

    Raises: DocumentError with the place of the first fault.
    """
    if kind == "toml":
        from git_gage.config.documents_toml import read_toml

        return read_toml(data)
    if kind == "json":
        from git_gage.config.documents_json import read_json

        return read_json(data)
    from git_gage.config.documents_yaml import read_yaml

    return read_yaml(data)


def read_value(data: bytes, kind: str) -> Any:
    """The document as plain values; dates are those of `datetime`.

    Raises: DocumentError as `read_tree` does.
    """
    return read_tree(data, kind).value
