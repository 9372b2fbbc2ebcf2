"""Files of things that can be found out again: whole and right, or not there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from git_gage.system import replace_file

_MAGIC = b"gage-cache-1"


def read_cache(path: Path) -> bytes | None:
    """What was kept; None where nothing was, or where not every byte of it is right."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if head == _head(content) else None


def write_cache(path: Path, content: bytes) -> None:
    """Keep it for the next time; where that cannot be, the next time finds it out again."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(_head(content) + b"\n" + content)
        replace_file(fresh, path)
    except OSError:
        _discard(fresh)


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # a folder that is read-only has nothing to discard


def _head(content: bytes) -> bytes:
    return b"%s %d %s" % (_MAGIC, len(content), hashlib.sha256(content).hexdigest().encode())
