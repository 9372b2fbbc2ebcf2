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
_OPEN_END = "null}}"


def dump(value: Any) -> str:
    """Compact JSON in ASCII. Numbers beyond what JSON knows become strings."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)


def checksum(text: str) -> int:
    return zlib.crc32(text.encode())


def checked(text: str, crc: int) -> str:
    """The text if it is as it was written.

    Raises: sqlite3.DatabaseError, like any other damage.
    """
    if checksum(text) != crc:
        raise sqlite3.DatabaseError("a document differs from its checksum")
    return text


def with_packages(document: str, packages: str | None) -> str:
    """A document's text with its packages, where they are known, put in."""
    return document if packages is None else f"{document[: -len(_OPEN_END)]}{packages}}}}}"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
