"""Values of .env files, listed and set in place, as shells and python-dotenv read them alike.

Of a key that is given several times the last counts; what `$` means is left to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from git_gage.config.edits import Edit, Leaves, Place, apply_changes, leaves, look_at, spell_like
from git_gage.config.tree import DocumentError, decode
from git_gage.config.values import Value

_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([^\s=#'\"]+)[ \t]*=[ \t]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\([\\"nrt])')
_REST = re.compile(r"[^\r\n]*")
_COMMENT = re.compile(r"[ \t]+#")
_END = re.compile(r"[ \t]*(?:#.*)?")
_PLAIN = re.compile(r"[\w./:@%+,=-]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class _Assignment(NamedTuple):
    """A value and the characters it takes, quotes among them; quote is empty if it has none."""

    text: str
    quote: str
    start: int
    end: int


def list_env(data: bytes) -> dict[Place, Value]:
    """Every variable; a value is typed by its look, in quotes it is text.

    Raises: DocumentError.
    """
    return {
        place: Value("str", found.text) if found.quote else look_at(found.text)
        for place, found in _read(data).items()
    }


def change_env(data: bytes, changes: Mapping[Place, Value]) -> bytes:
    """The file with some values replaced; every other byte is as it was.

    Raises: DocumentError; RequestError that names all values that cannot be set.
    """
    found = _read(data)
    text, mark = decode(data)

    def edit(place: Place, value: Value) -> tuple[Edit, str]:
        start, end = (mark + len(text[:index].encode()) for index in found[place][2:])
        wanted = spell_like(value, found[place].text)
        return Edit(start, end, _spell(wanted, found[place].quote).encode()), wanted

    return apply_changes(data, changes, _read_texts, edit)


def _read_texts(data: bytes) -> Leaves:
    found: dict[Place, tuple[type, str]] = {}
    for place, assignment in _read(data).items():
        found |= leaves(assignment.text, place)
    return found


def _spell(text: str, quote: str) -> str:
    """A text in the quotes of the one before it, or those that it needs.

    Raises: ValueError if there are none that shells and python-dotenv read alike.
    """
    if not quote and _PLAIN.fullmatch(text):
        return text
    single, double = "'" not in text, not re.search(r"[$`]", text)
    if single and (quote == "'" or not double):
        return f"'{text}'"
    if not double:
        raise ValueError("no quotes can hold both ' and $ or `")
    escaped = re.sub(r'(["\\])', r"\\\1", text).replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _read(data: bytes) -> dict[Place, _Assignment]:
    text, mark = decode(data)
    found: dict[Place, _Assignment] = {}
    position = 0
    while position < len(text):
        key = _KEY.match(text, position)
        if key is not None:
            try:
                assignment = _read_value(text, key.end())
            except ValueError as error:
                offset = mark + len(text[: key.end()].encode())
                raise DocumentError(str(error), data, offset) from error
            found[(key[1],)] = assignment
            position = assignment.end
        rest = _REST.match(text, position)
        assert rest is not None
        position = rest.end() + 1
    return found


def _read_value(text: str, start: int) -> _Assignment:
    quote = text[start : start + 1]
    if quote not in ("'", '"'):
        return _read_plain(text, start)
    quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, start)
    if quoted is None:
        raise ValueError("unclosed string")
    rest = _REST.match(text, quoted.end())
    if rest is not None and not _END.fullmatch(rest[0]):
        raise ValueError("expected the end of the line after a string")
    inner = quoted[1]
    if quote == '"':
        inner = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), inner)
    return _Assignment(inner, quote, start, quoted.end())


def _read_plain(text: str, start: int) -> _Assignment:
    """A value without quotes, up to a comment."""
    while text[start - 1] != "=":
        start -= 1
    rest = _REST.match(text, start)
    assert rest is not None
    value = _COMMENT.split(rest[0], maxsplit=1)[0]
    if value.strip():
        start += len(value) - len(value.lstrip())
    value = value.strip()
    return _Assignment(value, "", start, start + len(value))
