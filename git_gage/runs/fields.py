"""Config values in the exec of an operation: `{name}`, safe for the shell that reads them."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Mapping

from git_gage.errors import RequestError
from git_gage.runs.cmd import CmdQuoting

_BRACES = re.compile(r"\{\{|\}\}|(?<!\$)\{([A-Za-z_][\w.-]*)\}")
_FOR_DOUBLE_QUOTES = re.compile(r'([\\$"`])')
_UNCLEAR = "unclear"
_HERE_DOCUMENT = re.compile(r"<<(?!<)")


def fill_words(
    words: tuple[str, ...], values: Mapping[str, str], *, doubled: bool = False
) -> tuple[str, ...]:
    """Words of a program with their fields filled in; nothing reads them again.

    doubled: whether `{{` stands for a brace also where there is no field.
    """
    return tuple(_fill(word, values, lambda _at, text: text, doubled) for word in words)


def fill_shell(
    text: str,
    values: Mapping[str, str],
    *,
    doubled: bool = False,
    windows: bool = sys.platform == "win32",
) -> str:
    """A text for the shell with its fields filled in: each value stays one word, whatever it holds.

    doubled: as for words; windows: whether `cmd` is to read it.
    Raises: RequestError for a field in a place where that cannot be done.
    """
    # With `#!` another program reads it, and that has the rules of sh.
    for_cmd = windows and not text.startswith("#!")
    quoting = CmdQuoting(text) if for_cmd else _Quoting(text)
    return _fill(text, values, quoting.quote, doubled)


def has_field(text: str, names: Mapping[str, str]) -> bool:
    """Whether a text holds a field for one of these names."""
    return any(match[1] in names for match in _BRACES.finditer(text))


def _fill(
    text: str, values: Mapping[str, str], quote: Callable[[int, str], str], doubled: bool
) -> str:
    """Only names that are known are fields: `${HOME}` and the braces of other languages stay."""
    if not (doubled or has_field(text, values)):
        return text

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0][0]
        return quote(match.start(), values[name]) if name in values else match[0]

    return _BRACES.sub(replace, text)


class _Quoting:
    """Which quotes a place of a shell text is in. Source: POSIX, Shell Command Language, 2.2."""

    def __init__(self, text: str) -> None:
        self._text = text
        here = _HERE_DOCUMENT.search(text)
        self._here = len(text) if here is None else here.start()
        self._states: dict[int, str] = {}
        self._walk()

    def quote(self, at: int, value: str) -> str:
        """A value as one word, or as a part of the word that it stands in."""
        state = self._states[at]
        if at > self._here or state == _UNCLEAR:
            where = "a here-document" if at > self._here else "a command inside of quotes"
            name = self._text[at : self._text.index("}", at) + 1]
            raise RequestError(
                f"'{name}' cannot be filled into {where}",
                hint=f"first put it into a variable: v={name}",
            )
        if state == '"':
            return _FOR_DOUBLE_QUOTES.sub(r"\\\1", value)
        if state == "'":
            return value.replace("'", "'\\''")
        return shlex.quote(value)

    def _walk(self) -> None:
        """Note the state at each opening brace."""
        text, state, at, before = self._text, "", 0, " "
        while at < len(text):
            char, pair = text[at], text[at : at + 2]
            after = at + 1
            if char == "\\" and state != "'":
                after = at + 2
            elif state == "" and char == "#" and before in " \t\n;|&(":
                after = _find(text, "\n", at)
            elif state != "'" and (char == "`" or (pair == "$'" and state == "")):
                after = _find(text, "`", at + 1) + 1 if char == "`" else len(text)
                self._note(at, after, _UNCLEAR)
            elif state == '"' and pair == "$(":
                after = _end_of_command(text, at + 2)
                self._note(at, after, _UNCLEAR)
            elif char == state or (state == "" and char in "'\""):
                state = "" if state else char
            self._note(at, at + 1, state)
            before = char
            at = after

    def _note(self, start: int, end: int, state: str) -> None:
        for at in range(start, min(end, len(self._text))):
            if self._text[at] == "{":
                self._states.setdefault(at, state)


def _find(text: str, char: str, at: int) -> int:
    found = text.find(char, at)
    return len(text) if found < 0 else found


def _end_of_command(text: str, at: int) -> int:
    """Behind the `)` that ends a command; all of the text where quotes or `case` hide which."""
    depth = 1
    for place in range(at, len(text)):
        if text[place] in "'\"\\`" or text.startswith("case", place):
            break
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)
