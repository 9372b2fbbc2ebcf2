"""Records in lanes: append, union, walk.

Source: docs/format.md, "Lanes" and "Journal".
"""

from __future__ import annotations

from git_gage.store.layout import (
    LOCAL,
    OUT,
    OWN,
    PRIVATE,
    SPACES,
    TAKEN,
    TRACKING,
    LaneRef,
    parse_ref,
)
from git_gage.store.store import Store

__all__ = [
    "LOCAL",
    "OUT",
    "OWN",
    "PRIVATE",
    "SPACES",
    "TAKEN",
    "TRACKING",
    "LaneRef",
    "Store",
    "parse_ref",
]
