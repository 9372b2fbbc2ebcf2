"""Amounts of bytes as git takes them in its config.

Source: git-config(1), "Values", integer.
"""

from __future__ import annotations

import re

_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def read_size(text: str) -> int:
    """Bytes of "500", "100k", "5m", "2g" or "1t", or as screens have it: "50 GiB".

    Raises: ValueError for anything else.
    """
    found = re.fullmatch(r"([0-9]{1,15})(?: ?([kmgt])(?:ib)?)?", text.strip().lower())
    if found is None:
        raise ValueError(text)
    return int(found[1]) << _UNITS[found[2] or ""]
