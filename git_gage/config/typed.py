"""Words from the command line as values of a type, and as Python spells them."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from typing import Any

from git_gage.config.values import Value, json_text

NEEDS = {
    "int": "a whole number (int)",
    "float": "a number (float)",
    "bool": "true or false",
    "list": "a list such as [1, 2]",
    "tuple": "a tuple such as (1, 2)",
    "dict": "a dict such as {'a': 1}",
    "set": "a set such as {1, 2}",
    "json": "JSON such as [1, 2]",
    "null": "null",
}
"""What a setting of a type must be given, where not any text will do."""

CONTAINERS = ("list", "tuple", "dict", "set")
"""Kinds of values that hold others."""

_BOOLS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_NUMBER = re.compile(r"[+-]?[.\d][\da-fA-FxXoO_.]*(?:(?<=[eE])[+-]\d+)?", re.ASCII)
_NULLS = ("none", "null")


def read_word(kind: str, text: str) -> Any:
    """The value that a word stands for.

    Raises: ValueError if it is none of this kind.
    """
    if kind in ("str", "bytes"):
        return text if kind == "str" else text.encode()
    if kind == "bool":
        return read_bool(text)
    if kind in ("int", "float"):
        return _read_number(kind, text)
    if kind == "null":
        return guess_word(text)
    if kind == "json":
        return _read_json(text)
    value = read_literal(text)
    if kind_of(value) != kind:
        raise ValueError(text)
    return value


def _read_json(text: str) -> Any:
    """What JSON says; a list, dict or text as Python spells it does as well."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = read_literal(text)
    if kind_of(value) in (None, "bytes"):
        raise ValueError(text)
    return value


def read_bool(text: str) -> bool:
    """True or false, as people spell them.

    Raises: ValueError for any other word.
    """
    word = text.strip().lower()
    if word not in _BOOLS:
        raise ValueError(text)
    return _BOOLS[word]


def guess_word(text: str) -> Any:
    """The value of a word whose type nothing says: a number, true, false, none, else the text."""
    for kind in ("int", "float"):
        try:
            return _read_number(kind, text)
        except ValueError:
            continue
    word = text.strip().lower()
    if word in ("true", "false"):
        return word == "true"
    return None if word in _NULLS else text


def read_literal(text: str) -> Any:
    """The value of a Python literal.

    Raises: ValueError if the text is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(text) from error


def kind_of(value: Any) -> str | None:
    """The kind of setting a literal can be the value of; None for what no record can hold."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        fits = all(isinstance(key, str | int | float | None) and kind_of(key) for key in value)
        return "dict" if fits and all(map(_fits_json, value.values())) else None
    if isinstance(value, list | tuple | set):
        return type(value).__name__ if all(map(_fits_json, value)) else None
    if isinstance(value, str):
        return "str" if is_text(value) else None
    if isinstance(value, bytes):
        return "bytes" if is_text(value.decode(errors="surrogateescape")) else None
    return type(value).__name__ if type(value) in (bool, int, float) else None


def _fits_json(value: Any) -> bool:
    return kind_of(value) not in (None, "bytes")


def is_text(text: str) -> bool:
    """Whether it is Unicode: no byte that was not UTF-8, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_value(value: Any, spelling: str | None = None) -> Value:
    """A value as a record has it; a number keeps its spelling if there is one."""
    if value is None:
        return Value("null", "null")
    if isinstance(value, bool):
        return Value("bool", "true" if value else "false")
    if isinstance(value, str | bytes):
        return Value("str", value if isinstance(value, str) else value.decode())
    if isinstance(value, int | float):
        return Value(type(value).__name__, spelling or str(value))
    return Value("json", json_text(value))


def is_number_literal(text: str) -> bool:
    """Whether Python's grammar has this number, in one piece."""
    if not _NUMBER.fullmatch(text):
        return False
    try:
        return kind_of(read_literal(text)) in ("int", "float")
    except ValueError:
        return False


def shorten(text: str) -> str:
    """A word or literal as a message has it."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def _read_number(kind: str, text: str) -> int | float:
    if kind == "float":
        return float(text)
    return int(text, 0) if is_number_literal(text) else int(text)


def spell_number(number: float, text: str) -> str:
    """The word itself if it is a literal of the number's type, else the number's own literal."""
    if is_number_literal(text) and type(read_literal(text)) is type(number):
        return text
    return spell_value(number)


def spell_value(value: Any, encoding: str = "ascii") -> str:
    """A value as a Python literal in this encoding."""
    if isinstance(value, dict):
        items = (
            f"{spell_value(key, encoding)}: {spell_value(item, encoding)}"
            for key, item in value.items()
        )
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list | tuple | set):
        inside = ", ".join(spell_value(item, encoding) for item in value)
        if isinstance(value, tuple):
            return f"({inside}{',' * (len(value) == 1)})"
        if isinstance(value, set):
            return f"{{{inside}}}" if value else "set()"
        return f"[{inside}]"
    if isinstance(value, str):
        return spell_text(value, '"', encoding)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'  # no literal is nan
    return repr(value)


def spell_text(text: str | bytes, like: str, encoding: str) -> str:
    """A text as a literal with the prefix and quotes of another literal of its type."""
    found = re.match(r"([rRuUbB]*)('''|\"\"\"|'|\")", like)
    assert found is not None
    prefix, quotes = found.groups()
    if isinstance(text, bytes):
        text, encoding = text.decode("latin-1"), "ascii"
    escaped = "".join(_escape(char, quotes[0], encoding) for char in text)
    if "r" in prefix.lower():
        plain = escaped.replace("\\\\", "\\") == text
        if plain and quotes[0] not in text and not text.endswith("\\"):
            return f"{prefix}{quotes}{text}{quotes}"
        prefix = re.sub("[rR]", "", prefix)
    return f"{prefix}{quotes}{escaped}{quotes}"


def _escape(char: str, quote: str, encoding: str) -> str:
    if char in (quote, "\\"):
        return f"\\{char}"
    # There and back: shift_jis turns a yen sign into a backslash.
    if char.isprintable() and char.encode(encoding, "ignore").decode(encoding, "ignore") == char:
        return char
    return char.encode("unicode_escape").decode()
