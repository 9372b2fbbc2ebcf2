"""Faults of files that were looked for before: jschon is loaded only for what is new."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from git_gage import __version__
from git_gage.gagefile.faults import Fault, find_faults
from git_gage.gagefile.grammar import GAGEFILE, Grammar
from git_gage.system import replace_file

_NAME = "gagefile.json"
_KEPT = 16
"""Files whose faults are kept: as many as people switch between."""


def known_faults(
    data: bytes, kind: str, shown: str, cache_dir: Path | None, grammar: Grammar = GAGEFILE
) -> list[Fault]:
    """`find_faults`, or what it found in the same bytes before."""
    if cache_dir is None:
        return find_faults(data, kind, shown, grammar=grammar)
    path = cache_dir / _NAME
    key = _digest(data, kind, grammar)
    kept = _read(path)
    if key in kept:
        return [_as_fault(row, shown) for row in kept[key]]
    faults = find_faults(data, kind, shown, grammar=grammar)
    rows = [[*fault[1:-1], list(fault.keys)] for fault in faults]
    newest = {key: rows, **kept}
    _write(path, dict(list(newest.items())[:_KEPT]))
    return faults


def _digest(data: bytes, kind: str, grammar: Grammar) -> str:
    digest = hashlib.sha256()
    for part in (__version__.encode(), grammar.schema_bytes(), kind.encode(), data):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _as_fault(row: list[Any], shown: str) -> Fault:
    *facts, keys = row
    return Fault._make((shown, *facts, tuple(keys)))


def _read(path: Path) -> dict[str, list[list[Any]]]:
    """What is kept; nothing where not every byte of it is right."""
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if digest != _seal(content):
        return {}
    kept: dict[str, list[list[Any]]] = json.loads(content)
    return kept


def _write(path: Path, kept: dict[str, list[list[Any]]]) -> None:
    """Keep it for the next time; where that cannot be, the next time finds it out again."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    content = json.dumps(kept).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(_seal(content) + b"\n" + content)
        replace_file(fresh, path)
    except OSError:
        return


def _seal(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
