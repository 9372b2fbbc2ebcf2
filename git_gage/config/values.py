"""Settings as records hold them, and numbers that JSON cannot hold.

Source: docs/format.md, "Text and paths".
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

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


def json_number(number: float) -> int | float | str:
    """The number itself, or its text if JSON cannot hold it: `nan`, `inf`, `-inf`, large ints."""
    if isinstance(number, int):
        return number if abs(number) <= MAX_INT else str(number)
    return number if math.isfinite(number) else str(number)


def json_text(value: Any) -> str:
    """JSON of nested lists, tuples, sets and dicts, with numbers as `json_number` has them."""
    return json.dumps(_encode(value), ensure_ascii=False)


def _encode(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, set):
        return sorted((_encode(item) for item in value), key=json.dumps)
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json_number(value)
    return value
