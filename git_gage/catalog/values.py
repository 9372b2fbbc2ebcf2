"""Config values and metrics: as they are shown, and as they are looked up."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from git_gage.catalog.texts import dump, tame
from git_gage.errors import IntegrityError

Value = float | int | str
_INT64 = 2**63


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


def lookup_values(document: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """(field, value) of a run's settings and metrics; numbers where they are numbers."""
    for part in ("config", "metrics"):
        for name, value in document[part].items():
            found = _lookup_value(value)
            if found is not None:
                yield f"{part}.{name}", found


def storable(text: str) -> str:
    """Text that SQLite takes: half a surrogate pair, which JSON can spell, is spelled out."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _lookup_value(value: Any) -> Value | None:
    if value is None:
        return None
    if type(value) is int and -_INT64 <= value < _INT64:
        return value
    if type(value) is float and not math.isnan(value):
        return value
    return storable(value if type(value) is str else dump(value))


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
