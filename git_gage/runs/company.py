"""Runs that went on at the same time when a file outside of their directories changed.

Who wrote it cannot be known; that others may have written it, too, can: whoever closes first tells
those that still go on, by a line in their state directories.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from git_gage.runs.liveness import Life, find_life
from git_gage.runs.staged import NOTE, StagedFiles, load_staged

Company = dict[bytes, list[str]]
"""Path → ids of the other runs that went on when it changed."""

_HEARD = "company.jsonl"
_GOING = (Life.RUNNING, Life.RUNNING_ELSEWHERE)


def find_company(staged: StagedFiles, written: Sequence[bytes], state_dir: Path) -> Company:
    """Of a run that is being closed, and let the other runs know.

    The note of what was staged must still be there: two runs that close at once find each other.
    """
    found: Company = {}
    if not written:
        return found
    for place, other in _others(staged, state_dir):
        for path in written:
            if _is_linked(other, path) and _changed(staged.top, path) > other.start_ns:
                found.setdefault(path, []).append(place.name)
                _tell(place, path, state_dir.name)
    known = set(written)
    for path, run in _heard(state_dir):
        if path in known and run not in found.setdefault(path, []):
            found[path].append(run)
    return found


def _others(staged: StagedFiles, state_dir: Path) -> Iterator[tuple[Path, StagedFiles]]:
    """The other runs of this work tree that go on."""
    for note in state_dir.parent.glob(f"*/git/{NOTE}"):
        place = note.parent.parent
        if place != state_dir and find_life(place) in _GOING:
            other = load_staged(note.parent)
            if other is not None and other.top == staged.top:
                yield place, other


def _is_linked(staged: StagedFiles, path: bytes) -> bool:
    return any(
        path == link.path or (link.size is None and path.startswith(link.path.rstrip(b"/") + b"/"))
        for link in staged.links
    )


def _changed(top: bytes, path: bytes) -> int:
    try:
        found = os.lstat(os.path.join(top, path))
    except OSError:
        return 0  # gone, nobody knows when
    return max(found.st_mtime_ns, found.st_ctime_ns)


def _tell(place: Path, path: bytes, run: str) -> None:
    line = json.dumps([os.fsdecode(path), run]) + "\n"
    try:
        with (place / _HEARD).open("a") as file:
            file.write(line)
    except OSError:
        pass  # it is over, and has looked for us by itself, or it is another user's


def _heard(state_dir: Path) -> Iterator[tuple[bytes, str]]:
    try:
        lines = (state_dir / _HEARD).read_text().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            path, run = json.loads(line)
        except ValueError:
            continue  # a full disk cut it short
        yield os.fsencode(path), run
