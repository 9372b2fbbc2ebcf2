"""Documents as the JSON text that is kept and handed out, each with a checksum.

SQLite notices a damaged page only where its own structure suffers.
"""

from __future__ import annotations

import json
import math
import sqlite3
import zlib
from typing import Any

# "packages" is the last value of every document, kept apart: most runs have the same ones.
MAX_DEPTH = 32
_OPEN_END = "null}}"
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


def dump(value: Any) -> str:
    """Compact JSON in ASCII. Numbers that are not finite, which JSON has not, become words."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(tame(value))


def checksum(text: str, belongs_to: int = 0) -> int:
    """A checksum over a text, and over the number of what it belongs to."""
    return zlib.crc32(text.encode(), belongs_to)


def checked(text: str, crc: int, belongs_to: int = 0) -> str:
    """The text if it is as it was written.

    Raises: sqlite3.DatabaseError, like any other damage.
    """
    if checksum(text, belongs_to) != crc:
        raise sqlite3.DatabaseError("a document differs from its checksum")
    return text


def with_packages(document: str, packages: str | None) -> str:
    """A document's text with its packages, where they are known, put in."""
    return document if packages is None else f"{document[: -len(_OPEN_END)]}{packages}}}}}"


def tame(value: Any, depth: int = MAX_DEPTH) -> Any:
    """A value that any JSON reader can take: finite numbers, and no deeper than 32 levels."""
    if isinstance(value, dict | list) and depth == 0:
        return "…"
    if isinstance(value, dict):
        return {key: tame(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [tame(item, depth - 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
