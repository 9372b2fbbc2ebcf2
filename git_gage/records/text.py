"""Paths and words that JSON can't hold as they are.

Source: docs/format.md, "Text and paths".
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Any


def encode_path(path: bytes) -> str | dict[str, str]:
    """A path for a record: the text itself if it is UTF-8, else its bytes in base64."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return {"b64": b64encode(path).decode()}


def encode_text(text: str) -> str | dict[str, str]:
    """A word from the command line or environment, which may hold any bytes."""
    return encode_path(os.fsencode(text))


def decode_path(value: Any) -> bytes:
    """Bytes of a path that a record holds."""
    return b64decode(value["b64"]) if isinstance(value, dict) else str(value).encode()


def shown_path(value: Any) -> str:
    """A path from a record as text; bytes that are not UTF-8 are quoted as git quotes them."""
    if isinstance(value, str):
        return value
    quoted = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in decode_path(value)
    )
    return f'"{quoted}"'
