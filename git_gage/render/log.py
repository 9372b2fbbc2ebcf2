"""The recorded output of a run, as it was or as a terminal may see it.

Source: docs/format.md, "Bulk files" (the index).
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from git_gage.errors import IntegrityError
from git_gage.safe import clean_output


def clean_log(content: bytes) -> bytes:
    """Output with its colours, and without anything else that a terminal would obey."""
    text = content.decode("utf-8", "surrogateescape")
    return clean_output(text).encode("utf-8", "surrogateescape")


def stamp_log(content: bytes, index: bytes) -> bytes:
    """Output with, before each line, the seconds from the start of the run to its first byte."""
    pieces = _read_index(index)
    end, ms = next(pieces, (0, 0))
    at = 0
    lines = []
    for line in BytesIO(content):
        while at >= end:
            end, ms = next(pieces, (len(content) + 1, ms))
        lines.append(b"%10.3f  " % (ms / 1000) + line)
        at += len(line)
    return b"".join(lines)


def _read_index(index: bytes) -> Iterator[tuple[int, int]]:
    """(offset of its end, milliseconds since the start) of each piece of output."""
    end = 0
    for entry in index.splitlines():
        try:
            ms, _, length = entry.split(b" ")
            end += int(length)
            yield end, int(ms)
        except ValueError as error:
            raise IntegrityError("read output.idx: not an index of output") from error
