"""Whether the trust files are as they were when records were judged last; a few looks, no reading.

A list must not pay for trust where nothing changed: so this imports nothing of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def is_changed(path: Path) -> bool:
    """Whether one of the files looks otherwise than `note_stamp` saw it; False before that."""
    try:
        noted = json.loads(path.read_bytes())
        return any(_look(look[0]) != look for look in noted)
    except (OSError, ValueError, LookupError, TypeError):
        return True


def look_at(files: Iterable[Path]) -> list[list[Any]]:
    """Path, time of change and size of each; `null` twice for one that is not there."""
    return [_look(os.fspath(file)) for file in files]


def _look(file: str) -> list[Any]:
    try:
        found = os.stat(file)
    except OSError:
        return [file, None, None]
    return [file, found.st_mtime_ns, found.st_size]
