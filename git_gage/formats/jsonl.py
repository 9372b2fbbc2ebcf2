"""Runs as JSON lines: the run object with its series, one run a line. Written, and read again.

Source: docs/json.md, docs/export.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from git_gage.formats.model import BrokenError, ForeignRun, Found, OwnRun, Unread
from git_gage.formats.run_object import read_run_object
from git_gage.metrics.lines import open_regular
from git_gage.metrics.series import series_body

NOT_READ = (
    "the records and their signatures, the source, packages and variables, what it printed, files"
)
NOT_WRITTEN = "the records and their signatures, the files of the source, what it printed, files"

_MAX_LINE = 64 << 20
_FORMAT = "git-gage"


def format_runs(runs: Iterable[OwnRun]) -> Iterator[str]:
    """A line for each run."""
    for run in runs:
        series = {
            name: {"count": each.count, **series_body(each)} for name, each in run.series.items()
        }
        yield json.dumps({_FORMAT: 1, **run.document, "series": series}) + "\n"


def is_here(path: Path) -> bool:
    """Whether a file is one of ours."""
    if not path.is_file():
        return False
    try:
        with open_regular(path) as file:
            return file.read(16).startswith(b'{"git-gage": 1, ')
    except OSError:
        return False


def read_runs(path: Path) -> Iterator[Found]:
    """The runs of a file."""
    with open_regular(path) as file:
        number = 0
        while line := file.readline(_MAX_LINE + 1):
            number += 1
            where = f"{path}:{number}"
            if len(line) > _MAX_LINE:
                yield Unread(where, "the line is too long")
                return
            try:
                yield _read(line, where)
            except BrokenError as error:
                yield Unread(where, str(error))


def _read(line: bytes, where: str) -> ForeignRun:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokenError("it is not JSON") from error
    if not isinstance(found, dict) or found.get(_FORMAT) != 1:
        raise BrokenError("it is no run of a form that is known here")
    return read_run_object(found, where)
