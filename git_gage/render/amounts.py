"""Numbers, times and lengths of time as people read them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from git_gage.safe import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_WEEK, _YEAR = 7 * _DAY, 365 * _DAY


def value_text(value: Any) -> str:
    """A config value or attribute as it was given, on one line."""
    if isinstance(value, str):
        return clean(value)
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, float) else repr(value)


def metric_text(value: Any, digits: int = 4) -> str:
    """A metric in so many significant digits at most; whole numbers are whole."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.{digits}g}"


def count_text(count: int, noun: str) -> str:
    """`1 run`, `2 runs`, `1,024 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def were_text(count: int) -> str:
    """`1 was`, `2 were`."""
    return f"{count:,} was" if count == 1 else f"{count:,} were"


def size_text(size: int) -> str:
    """Bytes as git's `--human-readable` has them: powers of 1024."""
    if size < 1024:
        return count_text(size, "byte")
    number = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        number /= 1024
        if number < 1024:
            return f"{number:.1f} {unit}"
    return f"{number / 1024:.1f} TiB"


def large_text(documents: Iterable[dict[str, Any]]) -> tuple[int, str]:
    """How many large files runs have, and `2 large files (3.1 MiB)`."""
    large = [document["files"]["large"] for document in documents if document["files"]]
    count, size = (sum(each[key] for each in large) for key in ("count", "bytes"))
    return count, f"{count_text(count, 'large file')} ({size_text(size)})"


def short_span(seconds: float) -> str:
    """A length of time in at most four characters: `0.4s`, `12s`, `14m`, `5h`, `3d`, `7w`, `2y`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f}s"
    for limit, unit, sign in (
        (100, 1, "s"),
        (100 * _MINUTE, _MINUTE, "m"),
        (2 * _DAY, _HOUR, "h"),
        (2 * _WEEK, _DAY, "d"),
        (2 * _YEAR, _WEEK, "w"),
    ):
        if seconds < limit:
            return f"{seconds / unit:.0f}{sign}"
    return f"{seconds / _YEAR:.0f}y"


def age_text(seconds: float) -> str:
    """How long ago, as short as `short_span`, without fractions."""
    return short_span(seconds) if seconds >= 9.95 else f"{max(seconds, 0):.0f}s"


def span_text(seconds: float) -> str:
    """A length of time in full: `0.42s`, `12.3s`, `14m 02s`, `5h 07m`, `3d 04h`."""
    seconds = max(seconds, 0)
    if seconds < _MINUTE:
        return f"{seconds:.2f}s" if seconds < 10 else f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d {whole % _DAY // _HOUR:02d}h"


def moment_text(seconds: float) -> str:
    """Unix seconds in the reader's own time zone, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
