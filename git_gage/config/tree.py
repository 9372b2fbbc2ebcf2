"""A document of keys and values as a tree that knows where in the file everything stands."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any, NamedTuple

from git_gage.errors import ConfigError

MAX_DEPTH = 100
"""Tables and arrays inside each other that a document may have, whatever its format."""


class DocumentError(ConfigError):
    """A document cannot be read; `message` says why, without the place.

    line, column: 1-based, the column in characters; offset: bytes from the start of the file.
    """

    def __init__(self, message: str, data: bytes, offset: int) -> None:
        super().__init__(message)
        self.offset = offset
        self.line, self.column = line_column(data, offset)


class DuplicateKeyError(DocumentError):
    """A table has a key twice; the offset is that of the second."""


class Node(NamedTuple):
    """A value: kind is table, array, text, int, float, bool, null or date.

    start, end: byte offsets; of a TOML table that has no braces, those of its `[header]` or key.
    entries: what a table or array holds; spelled: the source text of any other kind.
    """

    kind: str
    value: Any
    start: int
    end: int
    entries: tuple[Entry, ...] = ()
    spelled: str = ""


class Entry(NamedTuple):
    """What a table or array holds; key_start and key_end are those of the item in an array."""

    key: str | int
    key_start: int
    key_end: int
    node: Node


def find(node: Node, path: Sequence[str | int]) -> Entry | None:
    """The entry at a path of keys and indexes, None if there is none (or the path is empty)."""
    found: Entry | None = None
    for key in path:
        # An index is no key: True == 1, and a table may have the key "1".
        matches = (
            entry for entry in node.entries if (entry.key, type(entry.key)) == (key, type(key))
        )
        found = next(matches, None)
        if found is None:
            return None
        node = found.node
    return found


def line_column(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte offset, as editors count them: from 1, in characters."""
    start = data.rfind(b"\n", 0, offset) + 1
    if start == 0 and data.startswith(codecs.BOM_UTF8):
        start = min(len(codecs.BOM_UTF8), offset)
    column = len(data[start:offset].decode(errors="replace")) + 1
    return data.count(b"\n", 0, offset) + 1, column


def decode(data: bytes) -> tuple[str, int]:
    """The text of a document and the bytes before it, which are a byte order mark or nothing.

    Raises: DocumentError if it is not UTF-8.
    """
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    try:
        return data[mark:].decode(), mark
    except UnicodeDecodeError as error:
        raise DocumentError("not text in UTF-8", data, mark + error.start) from error


def first_line(text: str) -> str:
    """The start of a key or value, as a message quotes it."""
    line = text.partition("\n")[0].rstrip("\r")
    return line if len(line) <= 40 else f"{line[:39]}…"


def given_twice(data: bytes, key: str, offset: int) -> DuplicateKeyError:
    return DuplicateKeyError(f"key '{first_line(key)}' is given twice", data, offset)
