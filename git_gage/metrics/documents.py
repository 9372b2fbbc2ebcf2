"""Files with metrics and attributes that a program leaves where it runs, found as they come.

Source: docs/metrics.md, "Files that are looked for".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from git_gage.metrics.summary_file import Summary, read_attributes, read_summary

# How many entries of folders are looked at, each time.
BUDGET = 20_000
_METRICS, _ATTRIBUTES = ".metrics.json", (".attrs.json", ".attrs")
_OURS = (".git", ".gage")
# events.out.tfevents.<Unix time>.<host>.<pid>.<number>; clocks of machines differ.
_EVENTS_SINCE = re.compile(r"tfevents\.(\d{1,12})")
_CLOCK_S = 2.0

_Stamp = tuple[int, int, int]


def is_event_file(name: str) -> bool:
    """Whether TensorBoard would read a file of this name."""
    return "tfevents" in name


class _Found(NamedTuple):
    """A file of interest, and what tells whether it has changed."""

    path: Path
    stamp: _Stamp


class Documents:
    """Finds them below a folder, but for those that were there before and are unchanged.

    `summary` is the path of the summary file; both may be None: there is no place to look in.
    `own`: the folder is the run's alone; where others write too, in a work tree or where a link
    leads, a file counts only if it was written `since` (Unix seconds).
    """

    def __init__(self, top: Path | None, summary: Path | None, *, since: float, own: bool) -> None:
        self._top = top
        self._summary = summary
        self._since = since
        self._own = own
        self._known: dict[Path, _Stamp] = {}
        self._read: dict[Path, tuple[_Stamp, Summary]] = {}

    def forget_present(self) -> None:
        """What is there now was not made by the program that is about to start."""
        self._known = {found.path: found.stamp for found in self._find()}

    def forget(self, paths: Iterable[Path]) -> None:
        """These files, as they are now, were not made by the program."""
        real = {Path(os.path.realpath(path)) for path in paths}
        self._known |= {found.path: found.stamp for found in self._find() if found.path in real}

    def look(self) -> tuple[list[Path], list[Summary]]:
        """Event files, and what the documents hold, the summary file last.

        An event file that was there before is not the run's, whatever is added to it.
        """
        events, files = [], []
        for found in self._find():
            if is_event_file(found.path.name):
                events += [found.path] if found.path not in self._known else []
            elif self._known.get(found.path) != found.stamp:
                files.append(found)
        last = self._summary and Path(os.path.realpath(self._summary))
        files.sort(key=lambda found: (found.path == last, found.path))
        self._read = {found.path: self._read_one(found) for found in files}
        return events, [summary for _, summary in self._read.values()]

    def _read_one(self, found: _Found) -> tuple[_Stamp, Summary]:
        before = self._read.get(found.path)
        if before is not None and before[0] == found.stamp:
            return before
        is_attributes = found.path.name.endswith(_ATTRIBUTES)
        return found.stamp, (read_attributes if is_attributes else read_summary)(found.path)

    def _find(self) -> Iterator[_Found]:
        """The summary file; then one walk from the top down, through links, but not twice."""
        if self._summary is not None:
            yield from _stamp(self._summary, 0 if self._own else self._since)
        left = BUDGET
        folders = [] if self._top is None else [(self._top, self._own)]
        for folder, own in folders:
            for entry in _list_folder(folder):
                left -= 1
                if left < 0:
                    return
                linked = entry.is_symlink()
                if entry.name in _OURS or (linked and not own):
                    continue
                if _is_folder(entry):
                    folders.append((Path(entry.path), own and not linked))
                elif self._is_of_interest(entry):
                    yield from _stamp(entry.path, 0 if own and not linked else self._since)

    def _is_of_interest(self, entry: os.DirEntry[str]) -> bool:
        if is_event_file(entry.name):
            found = _EVENTS_SINCE.search(entry.name)
            return found is None or int(found[1]) >= int(self._since - _CLOCK_S)
        kinds = (_METRICS, *_ATTRIBUTES)
        return entry.name.endswith(kinds) and entry.path != str(self._summary)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def _stamp(path: str | Path, since: float) -> Iterator[_Found]:
    """The file, if it was written since; by its real name, as links go when the run ends."""
    try:
        stat = os.stat(path)
    except OSError:
        return  # gone again, or a link to nowhere
    if stat.st_mtime >= since:
        real = Path(os.path.realpath(path))
        yield _Found(real, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


def _list_folder(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []  # gone again, or not for us to read
