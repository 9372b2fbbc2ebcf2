"""Config values as they are shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from git_gage.catalog.texts import tame
from git_gage.errors import IntegrityError


def read_value(value: Any) -> Any:
    """The native value of a config value as a record holds it, `{"type", "text"}`.

    A text that is not of its type stays text: it is what was given.

    Raises: IntegrityError if it is of another shape.
    """
    if type(value) is not dict:
        raise IntegrityError("read record: a config value is not an object")
    kind, text = value.get("type"), value.get("text")
    if type(kind) is not str or type(text) is not str or kind not in _READERS:
        raise IntegrityError(f"read record: a config value has the type {kind!r}")
    try:
        return _READERS[kind](text)
    except (ValueError, RecursionError):
        return text


def storable(text: str) -> str:
    """Text that SQLite takes: half a surrogate pair, which JSON can spell, is spelled out."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return int(text, 0)  # 0x1f, 0b1, as scripts may spell it


def _read_float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else str(number)


def _read_bool(text: str) -> bool:
    words = {"true": True, "false": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _read_int,
    "float": _read_float,
    "bool": _read_bool,
    "null": lambda _: None,
    "json": lambda text: tame(json.loads(text)),
    "str": str,
}
