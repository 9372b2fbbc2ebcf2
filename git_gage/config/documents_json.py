"""JSON with comments and trailing commas, as a tree with positions.

Source: RFC 8259; `//` and `/* */` stand where space may. NaN and Infinity are read as Python's
json module reads them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from git_gage.config.tree import (
    MAX_DEPTH,
    DocumentError,
    Entry,
    Node,
    decode,
    first_line,
    given_twice,
)

_SPACE = re.compile(rb"[ \t\r\n]*(?:(?://[^\n]*|/\*.*?\*/)[ \t\r\n]*)*", re.DOTALL)
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"', re.DOTALL)
_STRING_START = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*', re.DOTALL)
_WORD = re.compile(rb"[^\s,:\[\]{}\"/]+")
_INT = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[bytes, tuple[str, Any]] = {
    b"true": ("bool", True),
    b"false": ("bool", False),
    b"null": ("null", None),
    b"NaN": ("float", float("nan")),
    b"Infinity": ("float", float("inf")),
    b"-Infinity": ("float", float("-inf")),
}


def read_json(data: bytes) -> Node:
    """The document as a tree.

    Raises: DocumentError with the place of the first fault.
    """
    _, start = decode(data)
    reader = _Reader(data, start)
    reader.skip_space()
    if reader.at_end():
        return Node("table", {}, 0, len(data))
    node = reader.read_value(0)
    reader.skip_space()
    if not reader.at_end():
        raise reader.refuse("expected the end of the file")
    return node


class _Reader:
    """A position in the document that moves over one part of it after the other."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def at_end(self) -> bool:
        return self._position >= len(self._data)

    def refuse(self, message: str, offset: int | None = None) -> DocumentError:
        return DocumentError(message, self._data, self._position if offset is None else offset)

    def skip_space(self) -> None:
        found = _SPACE.match(self._data, self._position)
        assert found is not None
        self._position = found.end()
        if self._data.startswith(b"/*", self._position):
            raise self.refuse("unclosed comment")

    def read_value(self, depth: int) -> Node:
        char = self._peek()
        if char in (b"{", b"["):
            if depth == MAX_DEPTH:
                raise self.refuse("nested too deeply")
            return self._read_table(depth) if char == b"{" else self._read_array(depth)
        if char == b'"':
            return self._read_string()
        return self._read_word()

    def _peek(self) -> bytes:
        return self._data[self._position : self._position + 1]

    def _read_table(self, depth: int) -> Node:
        start = self._position
        entries: dict[str, Entry] = {}
        while not self._ends(start, b"}", bool(entries)):
            if self._peek() != b'"':
                raise self._refuse_key()
            key = self._read_string()
            if key.value in entries:
                raise given_twice(self._data, key.value, key.start)
            self.skip_space()
            if self._peek() != b":":
                raise self.refuse("expected ':' after a key")
            self._position += 1
            self.skip_space()
            node = self.read_value(depth + 1)
            entries[key.value] = Entry(key.value, key.start, key.end, node)
        value = {name: entry.node.value for name, entry in entries.items()}
        return Node("table", value, start, self._position, tuple(entries.values()))

    def _read_array(self, depth: int) -> Node:
        start = self._position
        entries: list[Entry] = []
        while not self._ends(start, b"]", bool(entries)):
            node = self.read_value(depth + 1)
            entries.append(Entry(len(entries), node.start, node.end, node))
        value = [entry.node.value for entry in entries]
        return Node("array", value, start, self._position, tuple(entries))

    def _ends(self, start: int, close: bytes, comma: bool) -> bool:
        """Whether a table or array ends here; if not, the position is at its next part."""
        if not comma:
            self._position += 1
        self.skip_space()
        if comma and self._peek() == b",":
            self._position += 1
            self.skip_space()
            comma = False
        if self.at_end():
            raise self.refuse(f"unclosed '{self._data[start : start + 1].decode()}'", start)
        if self._peek() == close:
            self._position += 1
            return True
        if comma:
            raise self.refuse(f"expected ',' or '{close.decode()}'")
        return False

    def _read_string(self) -> Node:
        start = self._position
        found = _STRING.match(self._data, start)
        if found is None:
            raise self._refuse_string()
        spelled = found[0].decode()
        try:
            value = json.loads(spelled)
            value.encode()
        except ValueError as error:
            message = (
                "half of a surrogate pair" if isinstance(error, UnicodeError) else "bad escape"
            )
            raise self.refuse(f"{message} in a string") from error
        self._position = found.end()
        return Node("text", value, start, found.end(), spelled=spelled)

    def _refuse_string(self) -> DocumentError:
        found = _STRING_START.match(self._data, self._position)
        assert found is not None
        rest = self._data[found.end() : found.end() + 1]
        if rest in (b"", b"\n", b"\r", b"\\"):
            return self.refuse("unclosed string")
        return self.refuse("a control character in a string", found.end())

    def _refuse_key(self) -> DocumentError:
        word = _WORD.match(self._data, self._position) is not None
        return self.refuse("a key needs double quotes" if word else "expected a key")

    def _read_word(self) -> Node:
        start = self._position
        found = _WORD.match(self._data, start)
        if found is None:
            raise self.refuse("expected a value")
        spelled = found[0].decode()
        if found[0] in _WORDS:
            kind, value = _WORDS[found[0]]
        elif not _NUMBER.fullmatch(found[0]):
            raise self.refuse(f"'{first_line(spelled)}' is no value (a text needs double quotes)")
        else:
            kind, value = self._read_number(found[0])
        self._position = found.end()
        return Node(kind, value, start, found.end(), spelled=spelled)

    def _read_number(self, spelled: bytes) -> tuple[str, Any]:
        if not _INT.fullmatch(spelled):
            return "float", float(spelled)
        try:
            return "int", int(spelled)
        except ValueError as error:
            raise self.refuse("a number with too many digits") from error
