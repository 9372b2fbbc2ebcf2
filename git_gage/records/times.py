"""Times as records hold them: ISO 8601, UTC, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

from git_gage.errors import IntegrityError


def format_time(seconds: float) -> str:
    """Unix seconds as `2026-11-22T10:12:13.123Z`, cut (not rounded) to milliseconds."""
    # A float of seconds holds a whole millisecond up to a few units in its last place.
    ms = int(seconds * 1000 + 1e-3)
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def parse_time(text: str) -> float:
    """Unix seconds of a time as records hold it.

    Raises: IntegrityError if it is anything else.
    """
    return parse_ms(text) / 1000


def parse_ms(text: str) -> int:
    """Unix milliseconds of a time as records hold it."""
    try:
        if len(text) != 24 or text[-1] != "Z":
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise IntegrityError(f"read time: not a UTC time in milliseconds: '{text}'") from error
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
