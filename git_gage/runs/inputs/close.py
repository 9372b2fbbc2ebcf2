"""Inputs put away when a run closes, also by another process after a crash."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from git_gage.records import encode_path
from git_gage.runs.inputs.model import FILES_LISTED, Input
from git_gage.runs.inputs.stage import NOTE, StagedInput, read_staged
from git_gage.runs.inputs.walk import walk_files

# How many files of linked folders are looked at for those that the program wrote.
SCAN_BUDGET = 20_000
_CHUNK = 1 << 20


@dataclass(slots=True)
class ClosedInputs:
    """What became of the inputs of a run; paths are below the project's folder in it.

    kept: references, and copies that are as they were: they are nothing that the run made.
    changed: inputs that were changed themselves, through a link, by whomever; in a linked folder
    the files. unseen: linked folders that could not be read, or were beyond the budget.
    """

    kept: set[bytes] = field(default_factory=set)
    changed: list[bytes] = field(default_factory=list)
    unseen: list[bytes] = field(default_factory=list)


def close_inputs(folder: Path, state_dir: Path, until: float | None = None) -> ClosedInputs:
    """Put a reference where each link to an input is, and see which inputs were changed.

    `folder` is the project's folder in the run directory. `until` (Unix seconds) is when the run
    ended, if not now: what was written later was not written by it. May be done again.
    """
    closed = ClosedInputs()
    top = os.fsencode(folder)
    span = _find_span(state_dir, until)
    for staged in read_staged(state_dir):
        place = os.fsencode(staged.place)
        path = os.path.join(top, place)
        if staged.target is None:
            is_kept = _is_as_staged(path, staged)
        else:
            _look_behind(staged, span, closed)
            is_kept = _put_reference(path, staged)
        if is_kept:
            closed.kept.add(place)
    return closed


def _find_span(state_dir: Path, until: float | None) -> tuple[float, float]:
    """From when to when the program can have written, in Unix nanoseconds."""
    try:
        start_ns = (state_dir / NOTE).stat().st_mtime_ns
    except FileNotFoundError:
        start_ns = 0
    # A second more: the file system has its own clock.
    return start_ns, math.inf if until is None else (until + 1) * 1e9


def _is_as_staged(path: bytes | str, staged: StagedInput) -> bool:
    """Whether a plain file still holds what the program was given."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size != staged.size:
            return False
        if found.st_mtime_ns == staged.mtime_ns:
            return True
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == staged.sha256
    except OSError:
        return False  # gone, or not to be read any more


# -- what links lead to -----------------------------------------------------------------------


def _look_behind(staged: StagedInput, span: tuple[float, float], closed: ClosedInputs) -> None:
    """Note what was changed of what a link leads to."""
    assert staged.target is not None
    target, place = os.path.realpath(os.fsencode(staged.target)), os.fsencode(staged.place)
    if staged.is_folder:
        _scan(target, staged, span, closed)
    elif not _is_as_staged(target, staged) and _newest(target) < span[1]:
        closed.changed.append(place)


def _scan(top: bytes, staged: StagedInput, span: tuple[float, float], closed: ClosedInputs) -> None:
    """Find files of a linked folder that are newer than the run, while the budget lasts."""
    place = os.fsencode(staged.place)
    count = 0
    changed = []
    try:
        for path in walk_files(top, lambda _: None):
            count += 1
            if count > SCAN_BUDGET:
                closed.unseen.append(place)
                break
            if span[0] < _newest(os.path.join(top, path)) < span[1]:
                changed.append(os.path.join(place, path))
    except OSError:
        closed.unseen.append(place)
    else:
        if count < min(staged.files, SCAN_BUDGET):
            changed.append(place)  # something in it is gone
    closed.changed.extend(changed)


def _newest(path: bytes) -> int:
    """When a file, or its entry, was changed last; 0 for one that is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return 0
    return max(found.st_mtime_ns, found.st_ctime_ns)


def _put_reference(path: bytes, staged: StagedInput) -> bool:
    """Whether an input's link was still there; a reference is now."""
    assert staged.target is not None and staged.reference is not None
    content = staged.reference.encode()
    try:
        if not os.path.islink(path):
            with open(path, "rb") as file:
                return file.read(len(content) + 1) == content  # put there by a close before
        if os.readlink(path) != os.fsencode(staged.target):
            return False
    except OSError:
        return False  # the program took it away
    fresh = path + b".gage-new"
    try:
        with open(fresh, "wb") as file:
            file.write(content)
        os.replace(fresh, path)
    except OSError:
        Path(os.fsdecode(fresh)).unlink(missing_ok=True)  # a link leads there too
    return True


# -- for the record ---------------------------------------------------------------------------


def inputs_body(inputs: Sequence[Input], work_tree: Path | None) -> list[dict[str, Any]]:
    """The value of `inputs` in `run.begin`.

    Source: docs/format.md, "Inputs".
    """
    return [_entry(each, work_tree) for each in inputs]


def _entry(each: Input, work_tree: Path | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": each.type,
        "link": each.link,
        "count": each.count,
        "size": each.size,
        "digest": each.digest,
        "files": [
            {"path": encode_path(file.place), "sha256": file.sha256, "size": file.size}
            for file in (each.files if each.count <= FILES_LISTED else ())
        ],
    }
    if each.name is not None:
        entry["name"] = each.name
    if each.run is not None:
        entry["run"] = each.run
    if each.runs:
        entry["runs"] = list(each.runs[:FILES_LISTED])
    if each.path is not None:
        inside = work_tree is not None and each.path.is_relative_to(work_tree)
        path = each.path.relative_to(work_tree) if work_tree is not None and inside else each.path
        entry["path"] = encode_path(os.fsencode(path))
    return entry
