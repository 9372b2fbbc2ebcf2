"""Config keys that are declared by name: their values, and what these may be."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.config.edits import to_python
from git_gage.config.typed import as_value, kind_of, shorten
from git_gage.config.values import Value
from git_gage.config.words import Word, read_as, refuse_choice, refuse_word
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.config.model import Declared


def read_declared(declared: Declared, word: Word) -> Value:
    """The value of a key that no file has: as its type or its default says, else by its look.

    Raises: RequestError.
    """
    default = _default(declared)
    kind = word.type or declared.type or (default.type if default is not None else "null")
    try:
        return read_as(kind, word.text)[1]
    except ValueError as error:
        text = default.text if default is not None else None
        raise refuse_word(declared.name, word, kind, text) from error


def default_of(declared: Declared | None, found: Sequence[Value | None]) -> Value | None:
    """The value that a key has if it is not given: as declared, else what all its places hold."""
    default = _default(declared) if declared is not None else None
    if default is not None:
        return default
    return found[0] if found and all(value == found[0] for value in found) else None


def default_word(declared: Declared) -> Word:
    """The declared default as if it had been typed."""
    default = _default(declared)
    assert default is not None
    return Word(default.text, default.type if default.type in ("null", "json") else declared.type)


def check_value(declared: Declared, name: str, text: str, value: Value) -> Iterator[RequestError]:
    """What is wrong with a value of a declared key; `text` is what was typed for it."""
    found = to_python(value)
    if declared.choices is not None and not any(
        found == choice and isinstance(found, bool) == isinstance(choice, bool)
        for choice in declared.choices
    ):
        yield refuse_choice(name, text, map(_spell, declared.choices))
    bounds = (("at least", declared.min, operator.ge), ("at most", declared.max, operator.le))
    for words, bound, fits in bounds:
        if bound is None:
            continue
        if isinstance(found, bool) or not isinstance(found, int | float):
            yield RequestError(f"'{name}' needs a number, not '{shorten(text)}'")
            return
        if not fits(found, bound):  # nan fits nowhere
            yield RequestError(f"'{name}' must be {words} {bound}, not '{shorten(text)}'")


def _default(declared: Declared) -> Value | None:
    if not declared.has_default:
        return None
    default: Any = declared.default
    if kind_of(default) in (None, "bytes"):
        default = str(default)  # a date
    value = as_value(default)
    return Value("float", value.text) if (value.type, declared.type) == ("int", "float") else value


def _spell(choice: Any) -> str:
    return as_value(choice).text if kind_of(choice) is not None else str(choice)
