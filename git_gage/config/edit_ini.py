"""Values of INI files, listed and set in place, as Python's configparser reads them.

Source: https://docs.python.org/3/library/configparser.html, without interpolation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from git_gage.config.edits import Edit, Leaves, Place, apply_changes, leaves, look_at, spell_like
from git_gage.config.tree import DocumentError, decode, given_twice

if TYPE_CHECKING:
    from git_gage.config.values import Value

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_SECTION = re.compile(r"\[(.+)\]")
_OPTION = re.compile(r"(?P<key>.*?)\s*(?:[=:]\s*(?P<value>.*))?$")


class _Option:
    """The lines of a value, none where there is no `=`, and the bytes they take.

    commented: there are comments between its lines.
    """

    def __init__(self, lines: list[str], start: int, end: int) -> None:
        self.lines, self.start, self.end = lines, start, end
        self.commented = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip()


def list_ini(data: bytes) -> dict[Place, Value]:
    """Every option by section and key (in lower case), typed by its look.

    Raises: DocumentError.
    """
    return {place: look_at(option.text) for place, option in _read(data).items() if option.lines}


def change_ini(data: bytes, changes: Mapping[Place, Value]) -> bytes:
    """The file with some values replaced; every other byte is as it was.

    Raises: DocumentError; RequestError that names all values that cannot be set.
    """
    options = _read(data)

    def edit(place: Place, value: Value) -> tuple[Edit, str]:
        text = _spell(value, options[place])
        return _edit(data, options[place], text), text

    return apply_changes(data, changes, _read_texts, edit)


def _read_texts(data: bytes) -> Leaves:
    found: dict[Place, tuple[type, str]] = {}
    for place, option in _read(data).items():
        found |= leaves(option.text if option.lines else None, place)
    return found


def _edit(data: bytes, option: _Option, text: str) -> Edit:
    bare = not option.lines[0] and data[option.start - 1 : option.start] in (b"=", b":")
    return Edit(option.start, option.end, f"{' ' if bare and text else ''}{text}".encode())


def _spell(value: Value, option: _Option) -> str:
    if not option.lines:
        raise ValueError("it has no '='")
    text = spell_like(value, option.text)
    if text != text.strip() or "\n" in text or "\r" in text:
        raise ValueError("an INI value has one line and no space around it")
    if option.commented:
        raise ValueError("there are comments between the lines of the old one")
    return text


def _read(data: bytes) -> dict[Place, _Option]:
    reader = _Reader(data)
    text, start = decode(data)
    for line in _LINE.findall(text):
        reader.read_line(line, start)
        start += len(line.encode())
    return reader.options


class _Reader:
    """What the lines so far say; `comment` is whether the last one was a comment."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.options: dict[Place, _Option] = {}
        self._sections: set[str] = set()
        self._section = ""
        self._option: _Option | None = None
        self._bare = False
        self._indent = 0
        self._comment = False

    def read_line(self, line: str, start: int) -> None:
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        start += len(line[:indent].encode())
        if text.startswith(("#", ";")):
            self._comment = True
        elif not text:
            if self._option is not None and not self._comment:
                self._option.lines.append("")
        elif self._bare and indent > self._indent:
            raise DocumentError("a key without '=' has no second line", self._data, start)
        elif self._option is not None and indent > self._indent:
            self._option.lines.append(text)
            self._option.end = start + len(text.encode())
            self._option.commented |= self._comment
        else:
            self._indent, self._comment = indent, False
            self._start_line(text, start)

    def _start_line(self, text: str, start: int) -> None:
        self._option, self._bare = None, False
        section = _SECTION.match(text)
        if section is not None:
            self._section = section[1]
            if self._section in self._sections and self._section != "DEFAULT":
                raise given_twice(self._data, f"[{self._section}]", start)
            self._sections.add(self._section)
        elif not self._section:
            raise DocumentError("expected a [section]", self._data, start)
        else:
            self._read_option(text, start)

    def _read_option(self, text: str, start: int) -> None:
        found = _OPTION.match(text)
        assert found is not None
        key = found["key"].lower()
        if not key:
            raise DocumentError("expected a key", self._data, start)
        if (self._section, key) in self.options:
            raise given_twice(self._data, key, start)
        end = start + len(text.encode())
        value = found["value"]
        option = _Option([], end, end) if value is None else _Option([value], end, end)
        option.start = end - len((value or "").encode())
        self.options[self._section, key] = option
        self._option = option if value is not None else None
        self._bare = value is None
