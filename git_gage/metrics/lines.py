"""Files of JSON lines that a program appends to while it runs: metrics and attributes.

Source: docs/metrics.md, "Files of lines".
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from git_gage.system import open_at_once

CHUNK = 1 << 20
MAX_LINE = 256 << 10
MAX_NAME = 256
# What a record has room for, and float64 too.
MAX_MAGNITUDE = 10**64
STEP, TIME = "step", "_at"
_WORDS = {
    **dict.fromkeys(("nan", "NaN"), math.nan),
    **dict.fromkeys(("inf", "Infinity"), math.inf),
    **dict.fromkeys(("-inf", "-Infinity"), -math.inf),
}
_DIGITS = re.compile(r"-?[0-9]{1,64}")
_INT64 = 1 << 63
_MAX_TIME_S = 1e12
_ALL_FLOAT = frozenset({float})
_OPEN, _CLOSE = b"{}"


class Point(NamedTuple):
    """Values that were logged together; `step` and `time_s` (Unix seconds) if they were given."""

    step: int | None
    time_s: float | None
    values: dict[str, float]
    skipped: int


class LineTail:
    """The objects of a file of JSON lines, read on from where the last read ended.

    Lines that are no object are counted in `broken`, those over 256 KiB too. A last line without
    its end waits for it; `finish` takes it if it is whole. A file that became shorter is read from
    its start again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = 0
        self.cut = False
        self.problem: str | None = None
        self._offset = 0
        self._rest = b""
        self._too_long = False

    def read(self) -> Iterator[list[dict[str, Any]]]:
        """What is new, in portions of about 1 MiB."""
        try:
            with open_regular(self.path) as file:
                if file.seek(0, 2) < self._offset:
                    self._offset, self._rest, self._too_long = 0, b"", False
                file.seek(self._offset)
                while chunk := file.read(CHUNK):
                    self._offset += len(chunk)
                    yield self._take(chunk)
            self.problem = None
        except FileNotFoundError:
            return
        except OSError as error:
            self.problem = (error.strerror or "").lower() or str(error)

    def finish(self) -> list[dict[str, Any]]:
        """A last line that nobody ended, if it is whole."""
        rest, self._rest = self._rest, b""
        found = _parse_line(rest) if rest.strip(b"\x00 \t\r") else None
        if rest and found is None:
            self.cut = True
        return [] if found is None else [found]

    def warnings(self) -> list[str]:
        """What somebody should be told: lines that were left out."""
        told = []
        if self.problem is not None:
            told.append(f"'{self.path.name}' was not read to its end: {self.problem}")
        if self.broken:
            lines = "1 line that is no object"
            if self.broken > 1:
                lines = f"{self.broken:,} lines that are no objects"
            told.append(f"'{self.path.name}': left out {lines}")
        if self.cut:
            told.append(f"'{self.path.name}': left out its last line, which is not whole")
        return told

    def _take(self, chunk: bytes) -> list[dict[str, Any]]:
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            self._keep(self._rest + chunk)
            return []
        whole, self._rest = self._rest + head, b""
        if self._too_long:
            self._too_long = False
            self.broken += 1
            _, _, whole = whole.partition(b"\n")
        self._keep(tail)
        return self._parse(whole)

    def _keep(self, rest: bytes) -> None:
        """The beginning of a line; of one that is too long nothing."""
        self._too_long = self._too_long or len(rest) > MAX_LINE
        self._rest = b"" if self._too_long else rest

    def _parse(self, whole: bytes) -> list[dict[str, Any]]:
        lines = [line for line in map(bytes.strip, whole.split(b"\n")) if line]
        try:
            found: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
        except (ValueError, RecursionError):
            found = []
        # Lines that are half an object could make one together.
        alike = all(line[0] == _OPEN and line[-1] == _CLOSE for line in lines)
        if not alike or len(found) != len(lines) or not all(type(each) is dict for each in found):
            found = [each for line in lines if (each := _parse_line(line)) is not None]
            self.broken += len(lines) - len(found)
        return found


def _parse_line(line: bytes) -> dict[str, Any] | None:
    if len(line) > MAX_LINE:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if type(found) is dict else None


def open_regular(path: Path) -> BinaryIO:
    """A file to read; whatever else lies there, such as a pipe or a device, keeps nobody waiting.

    Raises: OSError.
    """
    file = open(path, "rb", opener=open_at_once)  # noqa: SIM115 - it is handed on
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("it is not a regular file")
    return file


def read_point(line: dict[str, Any]) -> Point:
    """The metrics of one line, which is used up.

    Objects in it have dotted names; what is no number is skipped.
    """
    step, time_s = line.pop(STEP, None), line.pop(TIME, None)
    if step is not None and (step := read_step(step)) is None:
        return Point(None, None, {}, 1)
    if type(time_s) is not float or not abs(time_s) < _MAX_TIME_S:
        time_s = float(time_s) if type(time_s) is int and abs(time_s) < _MAX_TIME_S else None
    if _ALL_FLOAT.issuperset(map(type, line.values())):
        return Point(step, time_s, line, 0)
    found = [(name, read_number(value)) for name, value in _flatten("", line)]
    values = {name: number for name, number in found if number is not None}
    return Point(step, time_s, values, len(found) - len(values))


def read_step(value: Any) -> int | None:
    """A step: a whole number of 64 bits."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -_INT64 <= value < _INT64 else None


def read_number(value: Any) -> int | float | None:
    """A metric's value of JSON: a number, or the text of one that JSON does not hold."""
    if type(value) is float:
        return value
    if type(value) is int:
        return value if abs(value) < MAX_MAGNITUDE else None
    if type(value) is not str:
        return None
    return int(value) if _DIGITS.fullmatch(value) else _WORDS.get(value)


def is_name(name: str) -> bool:
    """Whether a metric or attribute can be called so: 1 to 256 characters, valid Unicode."""
    return 0 < len(name) <= MAX_NAME and name == name.encode(errors="ignore").decode()


def _flatten(prefix: str, node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if type(value) is dict:
            # The length of names bounds the depth too.
            if len(prefix) <= MAX_NAME:
                yield from _flatten(f"{prefix}{key}.", value)
            else:
                yield prefix + key, None
        else:
            yield prefix + key, value
