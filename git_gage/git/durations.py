"""Lengths of time as people write them: in settings, in gagefiles, on the command line."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?")
_SECONDS = (86400, 3600, 60, 1)


def read_timeout(value: str | float) -> float:
    """Seconds of a time such as 90, "90s", "30m", "1h30m" or "1d".

    Raises: ValueError if a text is none, or no time at all; those of a gagefile are sound.
    """
    if not isinstance(value, str):
        return float(value)
    found = _TIME.fullmatch(re.sub(r"\s", "", value))
    parts = found.groups(default="0") if found else ("0",) * len(_SECONDS)
    seconds = sum(float(part) * unit for part, unit in zip(parts, _SECONDS, strict=True))
    if not 0 < seconds < float("inf"):
        raise ValueError(value)
    return seconds
