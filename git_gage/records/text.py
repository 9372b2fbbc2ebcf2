"""Paths and words that JSON can't hold as they are.

Source: docs/format.md, "Text and paths".
"""

from __future__ import annotations

import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any

from git_gage.safe import clean


def encode_path(path: bytes) -> str | dict[str, str]:
    """A path for a record: the text itself if it is UTF-8, else its bytes in base64."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return {"b64": b2a_base64(path, newline=False).decode()}


def encode_text(text: str) -> str | dict[str, str]:
    """A word from the command line or environment, which may hold any bytes."""
    return encode_path(os.fsencode(text))


def encode_value(value: Any) -> Any:
    """A value with all paths in it (bytes), and all text that is not UTF-8, as records hold them.

    Names that are not UTF-8 are spelled out, because JSON has no other.
    """
    if isinstance(value, bytes):
        return encode_path(value)
    if isinstance(value, str):
        return value if _is_utf8(value) else encode_path(value.encode(errors=_any_bytes(value)))
    if isinstance(value, Mapping):
        return {
            key if _is_utf8(key) else key.encode(errors="backslashreplace").decode(): encode_value(
                item
            )
            for key, item in value.items()
        }
    if isinstance(value, Sequence):
        return [encode_value(item) for item in value]
    return value


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _any_bytes(text: str) -> str:
    """How text becomes bytes: Python's way for bytes that were no text, else as it is."""
    escaped = all("\udc80" <= char <= "\udcff" for char in text if "\ud800" <= char <= "\udfff")
    return "surrogateescape" if escaped else "surrogatepass"


def decode_path(value: Any) -> bytes:
    """Bytes of a path that a record holds; half a surrogate pair is spelled out."""
    if isinstance(value, dict):
        return a2b_base64(value["b64"])
    return str(value).encode(errors="backslashreplace")


def path_text(path: bytes) -> str:
    """A path as messages name it: one line, in which what nobody would see shows as `\\n`."""
    text: str = shown_path(encode_path(path))
    return clean(text)


def shown_path(value: Any) -> str:
    """A path from a record as text; bytes that are not UTF-8 are quoted as git quotes them."""
    if isinstance(value, str):
        return value
    quoted = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in decode_path(value)
    )
    return f'"{quoted}"'
