"""Who wrote a record: git's identity, the fingerprint of the key that signs, or both.

Source: docs/format.md, "Records", `by`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Of a fingerprint, behind `SHA256:`: enough to tell the keys of a project apart.
_SHOWN = 8
_HASH = "SHA256:"


def author_name(by: Mapping[str, Any] | None) -> str:
    """Who that is in a few words: the name, else the address, else the key; "" for nobody."""
    by = by or {}
    named = by.get("name") or by.get("email")
    if named or "key" not in by:
        return str(named or "")
    return f"key {by['key'][: len(_HASH) + _SHOWN]}"


def without_key(by: dict[str, str] | None) -> dict[str, str] | None:
    """The same as an unsigned record has it."""
    return {name: text for name, text in (by or {}).items() if name != "key"} or None
