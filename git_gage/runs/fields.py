"""Config values in the exec of an operation: `{name}`, safe for the shell that reads them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

from git_gage.errors import RequestError

FIELD = re.compile(r"\{([A-Za-z_][\w.-]*)\}")
_BRACES = re.compile(r"\{\{|\}\}|(?<!\$)\{([A-Za-z_][\w.-]*)\}")
_FOR_DOUBLE_QUOTES = re.compile(r'([\\$"`])')
_HERE_DOCUMENT = re.compile(r"<<(?!<)")


def fill_words(words: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """Words of a program with their fields filled in; nothing reads them again."""
    return tuple(_fill(word, values, lambda _at, text: text) for word in words)


def fill_shell(text: str, values: Mapping[str, str]) -> str:
    """A text for the shell with its fields filled in: each value stays one word, whatever it holds.

    Raises: RequestError for a field in a place where that cannot be done.
    """
    quoting = _Quoting(text)
    return _fill(text, values, quoting.quote)


def has_field(text: str, names: Mapping[str, str]) -> bool:
    """Whether a text holds a field for one of these names."""
    return any(match[1] in names for match in _BRACES.finditer(text))


def _fill(text: str, values: Mapping[str, str], quote: Callable[[int, str], str]) -> str:
    """Only names that are known are fields: `${HOME}` and the braces of other languages stay."""
    if not has_field(text, values) and not _is_escaped(text, values):
        return text

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0][0]
        return quote(match.start(), values[name]) if name in values else match[0]

    return _BRACES.sub(replace, text)


def _is_escaped(text: str, values: Mapping[str, str]) -> bool:
    return any("{{" + name + "}}" in text for name in values)


class _Quoting:
    """Which quotes a place of a shell text is in. Source: POSIX, Shell Command Language, 2.2."""

    def __init__(self, text: str) -> None:
        self._text = text
        here = _HERE_DOCUMENT.search(text)
        self._here = len(text) if here is None else here.start()
        self._states = dict(self._walk())

    def quote(self, at: int, value: str) -> str:
        state = self._states[at]
        if at > self._here or state == "command":
            where = "in a here-document" if at > self._here else "in a command inside of quotes"
            name = self._text[at : self._text.index("}", at) + 1]
            raise RequestError(
                f"'{name}' cannot be filled in {where}",
                hint=f"first put it into a variable: v={name}",
            )
        if state == '"':
            return _FOR_DOUBLE_QUOTES.sub(r"\\\1", value)
        if state == "'":
            return value.replace("'", "'\\''")
        return shlex.quote(value)

    def _walk(self) -> list[tuple[int, str]]:
        """The state at each opening brace."""
        text, state, found, at = self._text, "", [], 0
        before = " "
        while at < len(text):
            char = text[at]
            if char == "{":
                found.append((at, state))
            if char == "\\" and state != "'":
                at += 2
                before = "\\"
                continue
            if state == "" and char == "#" and before in " \t\n;|&(":
                at = text.find("\n", at) if "\n" in text[at:] else len(text)
                continue
            state = _next_state(state, char, text[at : at + 2])
            before = char
            at += 1
        return found


def _next_state(state: str, char: str, pair: str) -> str:
    if state == "command":
        # To its end we trust nothing: a command in quotes is read twice.
        return state
    if state == '"':
        if char == "`" or pair == "$(":
            return "command"
        return "" if char == '"' else state
    if state == "'":
        return "" if char == "'" else state
    return char if char in "'\"" else state
