"""Inputs put away when a run closes, also by another process after a crash."""

from __future__ import annotations

import hashlib
import math
import os
import posixpath
import stat
from dataclasses import dataclass, field
from pathlib import Path

from git_gage.runs.inputs.stage import NOTE, StagedInput, read_staged
from git_gage.runs.inputs.walk import walk_files
from git_gage.system import leads_to, replace_file

# How many files of linked folders are looked at for those that the program wrote.
SCAN_BUDGET = 200_000


@dataclass(slots=True)
class ClosedInputs:
    """What became of the inputs of a run; paths are below the run directory.

    kept: references, and copies that are as they were: they are nothing that the run made.
    changed: inputs that were changed themselves, through a link, by whomever; in a linked folder
    the files. unseen: linked folders that could not be read, or were beyond the budget.
    """

    kept: set[bytes] = field(default_factory=set)
    changed: list[bytes] = field(default_factory=list)
    unseen: list[bytes] = field(default_factory=list)


def close_inputs(
    run_dir: Path, folder: bytes, state_dir: Path, until: float | None = None
) -> ClosedInputs:
    """Put a reference where each link to an input is, and see which inputs were changed.

    `folder` is the project's folder, below the run directory. `until` (Unix seconds) is when the
    run ended, if not now: what was written later was not written by it. May be done again, also by
    another process after a crash.
    """
    closed = ClosedInputs()
    folder = b"" if folder == b"." else folder
    span = _find_span(state_dir, until)
    for staged in read_staged(state_dir):
        place = posixpath.join(folder, os.fsencode(staged.place))
        path = os.path.join(os.fsencode(run_dir), place)
        if staged.target is not None:
            _look_behind(place, staged, span, closed)
        if _put_away(path, staged):
            closed.kept.add(place)
    return closed


def unwritten_inputs(run_dir: Path, folder: str, state_dir: Path) -> list[Path]:
    """Files that a run was given and did not write, where they are in its directory."""
    found = []
    for staged in read_staged(state_dir):
        place = run_dir / folder / staged.place
        is_kept, is_written = _compare(os.path.realpath(place), staged)
        found += [place] if is_kept and not is_written else []
    return found


def _find_span(state_dir: Path, until: float | None) -> tuple[float, float]:
    """From when to when the program can have written, in Unix nanoseconds."""
    try:
        start_ns = (state_dir / NOTE).stat().st_mtime_ns
    except FileNotFoundError:
        start_ns = 0
    # A second more: the file system has its own clock.
    return start_ns, math.inf if until is None else (until + 1) * 1e9


def _put_away(path: bytes, staged: StagedInput) -> bool:
    """Whether the input is there still; where it would be a link, as a reference."""
    if staged.target is not None:
        return _put_reference(path, staged)
    if staged.reference is not None and _holds(path, staged.reference.encode()):
        return True  # put there by a close before
    is_kept, is_written = _compare(path, staged)
    if is_kept and not is_written and staged.reference is not None:
        _write_reference(path, staged.reference.encode())
    return is_kept


def _compare(path: bytes | str, staged: StagedInput) -> tuple[bool, bool]:
    """Whether a plain file holds what the program was given, and whether it was written since."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size != staged.size:
            return False, True
        if found.st_mtime_ns == staged.mtime_ns:
            return True, False
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False, True  # gone, or not to be read any more
    return digest == staged.sha256, staged.mtime_ns is not None


# -- what links lead to -----------------------------------------------------------------------


def _look_behind(
    place: bytes, staged: StagedInput, span: tuple[float, float], closed: ClosedInputs
) -> None:
    """Note what was changed of what a link leads to."""
    assert staged.target is not None
    target = os.path.realpath(os.fsencode(staged.target))
    if staged.is_folder:
        _scan(place, target, staged.files, span, closed)
    elif not _compare(target, staged)[0] and _newest(target) < span[1]:
        closed.changed.append(place)


def _scan(
    place: bytes, top: bytes, files: int, span: tuple[float, float], closed: ClosedInputs
) -> None:
    """Find files of a linked folder that are newer than the run, while the budget lasts."""
    count = 0
    changed = []
    try:
        for path in walk_files(top, lambda _: None):
            count += 1
            if count > SCAN_BUDGET:
                closed.unseen.append(place)
                break
            if span[0] < _newest(os.path.join(top, path)) < span[1]:
                changed.append(posixpath.join(place, path))
    except OSError:
        closed.unseen.append(place)
    else:
        if count < min(files, SCAN_BUDGET):
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
        if not leads_to(path, os.fsencode(staged.target)):
            return False
    except OSError:
        return _holds(path, content)  # put there by a close before, if the program left it
    _write_reference(path, content)
    return True


def _holds(path: bytes, content: bytes) -> bool:
    """Whether a file is there and has this content."""
    try:
        with open(path, "rb") as file:
            return file.read(len(content) + 1) == content
    except OSError:
        return False


def _write_reference(path: bytes, content: bytes) -> None:
    fresh = path + b".gage-new"
    try:
        with open(fresh, "wb") as file:
            file.write(content)
        replace_file(os.fsdecode(fresh), os.fsdecode(path))
    except OSError:
        Path(os.fsdecode(fresh)).unlink(missing_ok=True)  # what is there leads there too
