"""How Windows reads command lines: each program splits its own, and `cmd` reads them before.

Source: Microsoft, "Parsing C command-line arguments" and "CommandLineToArgvW"; the same, "cmd";
Daniel Colascione, "Everyone quotes command line arguments the wrong way".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from git_gage.errors import RequestError

CMD = ("cmd", "/d", "/s", "/c")
"""What runs one text: without what the user has set to run first, the quotes around it dropped."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:\\@+-]*[A-Za-z0-9_./:@+-]")
_BEFORE_QUOTE = re.compile(r'(\\*)(?="|\Z)')
_FOR_CMD = re.compile(r"[^A-Za-z0-9_./:\\@+ -]")
_ENDS = "\r\n\0\x1a"


def quote_argument(word: str) -> str:
    """A word as a program's start-up code takes it in, whatever it holds; in quotes always."""
    # Backslashes are themselves, but for those before a quote.
    doubled = _BEFORE_QUOTE.sub(r"\1\1", word)
    return '"' + doubled.replace('"', '\\"') + '"'


def join_arguments(words: Sequence[str]) -> str:
    """A command line that a program takes apart into these words."""
    return " ".join(word if _PLAIN.fullmatch(word) else quote_argument(word) for word in words)


def join_for_start(words: Sequence[str]) -> str:
    """The command line that Windows starts these words with; `CMD` gets its text as it is."""
    if len(words) == len(CMD) + 1 and tuple(words[1:4]) == CMD[1:]:
        return f'{join_arguments(words[:4])} "{words[4]}"'
    return join_arguments(words)


def quote_for_cmd(word: str, *, batch: bool) -> str:
    """A word in a text for `cmd` that comes to the program as it is.

    batch: whether the text is a file, where `cmd` reads a percent sign in another way.
    Raises: RequestError for what no such text can hold.
    """
    _require_one_line(word)
    return word if _PLAIN.fullmatch(word) else _escape(quote_argument(word), batch=batch)


def _require_one_line(word: str) -> None:
    if any(end in word for end in _ENDS):
        raise RequestError(
            "a text for cmd cannot hold a value with a line end",
            hint="give exec as a list: it needs no shell",
        )


def _escape(text: str, *, batch: bool) -> str:
    """With a caret before each sign, quotes too: so `cmd` never takes one for its own.

    On a command line a percent sign cannot be escaped, but no variable has a name that begins with
    a caret, and what is no variable stays.
    """
    if batch:
        return _FOR_CMD.sub(lambda sign: "%%" if sign[0] == "%" else f"^{sign[0]}", text)
    parts, after_percent = [], False
    for char in text:
        escaped = after_percent or (char != "%" and _FOR_CMD.match(char))
        parts.append(f"^{char}" if escaped else char)
        after_percent = char == "%"
    return "".join(parts)


class CmdQuoting:
    """Values in a text for `cmd`, each one word or a part of the word that it stands in."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._batch = "\n" in text.strip()

    def quote(self, at: int, value: str) -> str:
        """What takes the place of the field that begins at `at`.

        Raises: RequestError where that cannot be done.
        """
        _require_one_line(value)
        before, after = self._text[:at], self._text[self._text.index("}", at) + 1 :]
        line = before.rpartition("\n")[2]
        if len(line) - len(line.rstrip("^")) & 1:
            raise self._refuse(at, "behind '^'")
        if _is_quoted(line):
            return self._quote_inside(at, value, after)
        if _PLAIN.fullmatch(value):
            return value
        # Backslashes before our quote would escape it.
        escapes = len(line) - len(line.rstrip("\\"))
        return "\\" * escapes + _escape(quote_argument(value), batch=self._batch)

    def _quote_inside(self, at: int, value: str, after: str) -> str:
        if '"' in value or ("%" in value and not self._batch):
            raise self._refuse(at, "between quotes")
        if after.startswith('"'):
            value += value[len(value.rstrip("\\")) :]
        return value.replace("%", "%%")

    def _refuse(self, at: int, where: str) -> RequestError:
        name = self._text[at : self._text.index("}", at) + 1]
        return RequestError(
            f"'{name}' cannot be filled in {where} of a text for cmd",
            hint=f"write {name} without quotes around it: its value gets its own",
        )


def _is_quoted(line: str) -> bool:
    """Whether what follows is between quotes of `cmd`, where a caret is a caret."""
    quoted = escaped = False
    for char in line:
        if escaped:
            escaped = False
        elif char == '"':
            quoted = not quoted
        else:
            escaped = char == "^" and not quoted
    return quoted


def batch_text(text: str) -> str:
    """A text of several lines as a file that `cmd` runs; it is UTF-8, and says so."""
    lines = ["@echo off", "chcp 65001 > nul", *text.splitlines()]
    return "".join(f"{line}\r\n" for line in lines)
