"""TOML as a tree with positions: tomli judges and gives the values, a scan the places.

Source: https://toml.io/en/v1.0.0, and what tomli reads of 1.1.
"""

from __future__ import annotations

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

_SPACE = re.compile(rb"[ \t]*")
_LINES = re.compile(rb"[ \t\r\n]*(?:#[^\n]*[ \t\r\n]*)*")
_KEY = re.compile(rb"[A-Za-z0-9_-]+|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\n]*'")
# A key without quotes in which they are missing.
_LETTERS = re.compile(rb"[A-Za-z0-9_-]*[\x80-\xff]")
_STRING = re.compile(
    rb'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}'
    rb"|'''[^']*(?:'(?!'')[^']*)*'{3,5}"
    rb'|"(?!"")[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'
    rb"|'(?!'')[^'\n]*'",
    re.DOTALL,
)
_WORD = re.compile(rb"(?:[0-9]{4}-[0-9]{2}-[0-9]{2} (?=[0-9]{2}:))?[^\s,\[\]{}#=\"']+")
_DIGITS = rb"(?:0|[1-9](?:_?[0-9])*)"
_FRACTION = rb"(?:\.[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?"
_BASES = rb"0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*"
_DATE = rb"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = rb"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = _CLOCK + rb"(?::[0-5][0-9](?:\.[0-9]+)?)?"
_ZONE = rb"(?:[Zz]|[-+]" + _CLOCK + rb")?"
_SCALARS = (
    ("bool", re.compile(rb"true|false")),
    ("int", re.compile(rb"[-+]?" + _DIGITS + rb"|" + _BASES)),
    ("float", re.compile(rb"[-+]?(?:inf|nan|" + _DIGITS + _FRACTION + rb")")),
    ("date", re.compile(_DATE + rb"(?:[Tt ]" + _TIME + _ZONE + rb")?|" + _TIME)),
)
_MANY_DIGITS = re.compile(rb"[0-9_]{4000}")
# What tomli says where the scan sees nothing wrong.
_MESSAGES = {
    "Cannot ": "a key is given twice",
    "Escaped character ": "half of a surrogate pair in a string",
    "Found invalid ": "a control character",
    "Illegal ": "a control character",
    "Invalid date ": "no such date",
    "Invalid hex ": "bad escape in a string",
    "Unescaped ": "bad escape in a string",
}


def read_toml(data: bytes) -> Node:
    """The document as a tree.

    Raises: DocumentError with the place of the first fault.
    """
    text, start = decode(data)
    scan = _Scan(data, start)
    try:
        scan.read_document()
    except DocumentError as error:
        values = _read_values(data, text, start, error)
    else:
        values = _read_values(data, text, start, None)
    return _to_node(scan.root, values, data)


def _read_values(data: bytes, text: str, start: int, known: DocumentError | None) -> dict[str, Any]:
    """What tomli reads; if there is a fault, the first one, by a message of ours."""
    import tomli

    try:
        values = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        offset = _find_offset(data, start, error.lineno, error.colno)
        if known is not None and known.offset <= offset:
            raise known from error
        said = (_MESSAGES[each] for each in _MESSAGES if error.msg.startswith(each))
        is_return = data[offset : offset + 1] == b"\r"
        message = "a carriage return without a line feed" if is_return else next(said, "not TOML")
        raise DocumentError(message, data, offset) from error
    except RecursionError as error:
        raise known or DocumentError("nested too deeply", data, start) from error
    except ValueError as error:
        long = _MANY_DIGITS.search(data)
        raise DocumentError(
            "a number with too many digits", data, long.start() if long else start
        ) from error
    if known is not None:
        raise known
    return values


def _find_offset(data: bytes, start: int, line: int, column: int) -> int:
    """The byte offset of tomli's line and column, which count characters."""
    for _ in range(line - 1):
        start = data.index(b"\n", start) + 1
    return start + len(data[start:].decode()[: column - 1].encode())


class _Scalar:
    def __init__(self, kind: str, start: int, end: int) -> None:
        self.kind, self.start, self.end = kind, start, end


class _Table:
    """closed: has braces; declared: has a header; section: the last of its dotted keys, or 0."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.entries: dict[str, tuple[int, int, _Part]] = {}
        self.closed = self.declared = False
        self.section = 0


class _Array:
    """closed: has brackets, so that no `[[header]]` adds to it."""

    def __init__(self, start: int, end: int, *, closed: bool) -> None:
        self.start, self.end, self.closed = start, end, closed
        self.items: list[_Part] = []


_Part = _Scalar | _Table | _Array
_Key = tuple[str, int, int]


class _Scan:
    """The places of everything in a document; what it lets pass is for tomli to judge."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._section = 1
        self.root = _Table(0, len(data))

    def read_document(self) -> None:
        table = self.root
        while True:
            self._skip(_LINES)
            if self._position >= len(self._data):
                return
            if self._peek() == b"[":
                table = self._read_header()
            else:
                self._read_pair(table, 0)
            self._skip(_SPACE)
            if self._peek() not in (b"", b"\r", b"\n", b"#"):
                raise self._refuse("expected the end of the line")

    def _peek(self) -> bytes:
        return self._data[self._position : self._position + 1]

    def _skip(self, pattern: re.Pattern[bytes]) -> None:
        found = pattern.match(self._data, self._position)
        assert found is not None
        self._position = found.end()

    def _refuse(self, message: str, offset: int | None = None) -> DocumentError:
        return DocumentError(message, self._data, self._position if offset is None else offset)

    def _read_key(self) -> list[_Key]:
        """The parts of a key and where they are; the position is behind it and space."""
        parts: list[_Key] = []
        while True:
            found = _KEY.match(self._data, self._position)
            if found is None or _LETTERS.match(self._data, self._position):
                raise self._refuse_key()
            parts.append((_read_part(found[0].decode()), found.start(), found.end()))
            if len(parts) > MAX_DEPTH:
                raise self._refuse("nested too deeply")
            self._position = found.end()
            self._skip(_SPACE)
            if self._peek() != b".":
                return parts
            self._position += 1
            self._skip(_SPACE)

    def _refuse_key(self) -> DocumentError:
        if self._peek() in (b'"', b"'"):
            return self._refuse("unclosed string")
        if _LETTERS.match(self._data, self._position):
            return self._refuse("a key with letters other than a to z needs quotes")
        return self._refuse("expected a key")

    def _read_header(self) -> _Table:
        start = self._position
        close = b"]]" if self._data.startswith(b"[[", start) else b"]"
        self._section += 1
        self._position += len(close)
        self._skip(_SPACE)
        *parents, last = self._read_key()
        if not self._data.startswith(close, self._position):
            raise self._refuse(f"expected '{close.decode()}'")
        self._position += len(close)
        table = self.root
        for part in parents:
            table = self._open(table, part)
        made = _Table(start, self._position)
        made.declared = True
        if close == b"]]":
            self._append(table, last, made)
            return made
        return self._declare(table, last, made)

    def _open(self, table: _Table, part: _Key) -> _Table:
        """The table behind a part of a header: the last one of an array of tables."""
        name, start, end = part
        _, _, child = table.entries.setdefault(name, (start, end, _Table(start, end)))
        if isinstance(child, _Array) and not child.closed:
            child = child.items[-1]
        if not isinstance(child, _Table) or child.closed:
            raise given_twice(self._data, name, start)
        return child

    def _append(self, table: _Table, part: _Key, made: _Table) -> None:
        name, start, end = part
        fresh = _Array(made.start, made.end, closed=False)
        _, _, array = table.entries.setdefault(name, (start, end, fresh))
        if not isinstance(array, _Array) or array.closed:
            raise given_twice(self._data, name, start)
        array.items.append(made)

    def _declare(self, table: _Table, part: _Key, made: _Table) -> _Table:
        """The table of a header; there may be one that other headers speak of."""
        name, start, end = part
        _, _, child = table.entries.get(name, (start, end, None))
        if isinstance(child, _Table) and not (child.closed or child.declared or child.section):
            made.entries = child.entries
        elif child is not None:
            raise given_twice(self._data, name, start)
        table.entries[name] = (start, end, made)
        return made

    def _read_pair(self, table: _Table, depth: int) -> None:
        *parents, (name, start, end) = self._read_key()
        if self._peek() != b"=":
            raise self._refuse("expected '=' after a key")
        self._position += 1
        for part in parents:
            table = self._open_dotted(table, part)
        if name in table.entries:
            raise given_twice(self._data, name, start)
        self._skip(_SPACE)
        table.entries[name] = (start, end, self._read_part(depth))

    def _open_dotted(self, table: _Table, part: _Key) -> _Table:
        name, start, end = part
        _, _, child = table.entries.setdefault(name, (start, end, _Table(start, end)))
        if (
            not isinstance(child, _Table)
            or child.closed
            or child.declared
            or child.section not in (0, self._section)
        ):
            raise given_twice(self._data, name, start)
        child.section = self._section
        return child

    def _read_part(self, depth: int) -> _Part:
        start = self._position
        if self._peek() == b"{":
            return self._read_table(depth)
        if self._peek() == b"[":
            return self._read_array(depth)
        if self._peek() in (b'"', b"'"):
            return self._read_string()
        found = _WORD.match(self._data, start)
        if found is None:
            raise self._refuse("expected a value")
        kind = next((kind for kind, pattern in _SCALARS if pattern.fullmatch(found[0])), None)
        if kind is None:
            word = first_line(found[0].decode())
            raise self._refuse(f"'{word}' is no value (a text needs quotes)")
        self._position = found.end()
        return _Scalar(kind, start, found.end())

    def _read_string(self) -> _Part:
        found = _STRING.match(self._data, self._position)
        if found is None:
            raise self._refuse("unclosed string")
        self._position = found.end()
        return _Scalar("text", found.start(), found.end())

    def _read_table(self, depth: int) -> _Table:
        table = _Table(self._position, self._position)
        while not self._ends(table.start, b"}", bool(table.entries), depth):
            self._read_pair(table, depth + 1)
        table.end = self._position
        table.closed = True
        return table

    def _read_array(self, depth: int) -> _Array:
        array = _Array(self._position, self._position, closed=True)
        while not self._ends(array.start, b"]", bool(array.items), depth):
            array.items.append(self._read_part(depth + 1))
        array.end = self._position
        return array

    def _ends(self, start: int, close: bytes, comma: bool, depth: int) -> bool:
        """Whether a table or array ends here; if not, the position is at its next part."""
        if depth == MAX_DEPTH:
            raise self._refuse("nested too deeply")
        if not comma:
            self._position += 1
        self._skip(_LINES)
        if comma and self._peek() == b",":
            self._position += 1
            self._skip(_LINES)
            comma = False
        if self._position >= len(self._data):
            raise self._refuse(f"unclosed '{self._data[start : start + 1].decode()}'", start)
        if self._peek() == close:
            self._position += 1
            return True
        if comma:
            raise self._refuse(f"expected ',' or '{close.decode()}'")
        return False


def _read_part(spelled: str) -> str:
    """A part of a key without its quotes; where its escapes are bad, tomli will say so."""
    import tomli

    if not spelled.startswith(('"', "'")):
        return spelled
    try:
        return str(tomli.loads(f"key = {spelled}")["key"])
    except tomli.TOMLDecodeError:
        return spelled


def _to_node(part: _Part, value: Any, data: bytes) -> Node:
    if isinstance(part, _Scalar):
        spelled = data[part.start : part.end].decode()
        return Node(part.kind, value, part.start, part.end, spelled=spelled)
    if isinstance(part, _Array):
        nodes = [_to_node(item, each, data) for item, each in zip(part.items, value, strict=True)]
        entries = tuple(Entry(i, node.start, node.end, node) for i, node in enumerate(nodes))
        return Node("array", value, part.start, part.end, entries)
    entries = tuple(
        Entry(name, start, end, _to_node(child, value[name], data))
        for name, (start, end, child) in part.entries.items()
    )
    return Node("table", value, part.start, part.end, entries)
