"""Settings as records hold them, and numbers that JSON cannot hold.

Source: docs/format.md, "Text and paths".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

# Beyond it two integers can be the same JSON number (RFC 8259, section 6; RFC 8785 refuses them).
MAX_INT = 2**53 - 1


class Value(NamedTuple):
    """One setting: its type (int, float, str, bool, null or json) and its text.

    Numbers keep Python's spelling (`1e-3`, `1_000`); the text of bool, null and json is JSON.
    """

    type: str
    text: str

    def to_json(self) -> dict[str, str]:
        return {"type": self.type, "text": self.text}


def native(value: Value) -> Any:
    """A setting as a value that JSON can hold.

    Text that is not of the type it claims, as in a record from elsewhere, stays text.
    """
    read = _READERS.get(value.type, str)
    try:
        return read(value.text)
    except (ValueError, RecursionError):
        return value.text


def json_number(number: float) -> int | float | str:
    """The number itself, or its text if JSON cannot hold it: `nan`, `inf`, `-inf`, large ints."""
    if isinstance(number, int):
        return number if abs(number) <= MAX_INT else str(number)
    return number if math.isfinite(number) else str(number)


def json_text(value: Any) -> str:
    """JSON of nested lists, tuples and dicts, with numbers as `json_number` has them."""
    return json.dumps(_encode(value), ensure_ascii=False)


def _encode(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json_number(value)
    return value


def _read_int(text: str) -> int | float | str:
    try:
        number = int(text, 0)
    except ValueError:
        number = int(text)  # 007 is an integer to argparse, but not to Python's grammar
    return json_number(number)


def _read_json(text: str) -> Any:
    return json.loads(
        text,
        parse_int=lambda number: json_number(int(number)),
        parse_float=lambda number: json_number(float(number)),
        parse_constant=_refuse,
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _read_int,
    "float": lambda text: json_number(float(text)),
    "bool": _read_json,
    "null": _read_json,
    "json": _read_json,
}
