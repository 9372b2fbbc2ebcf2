"""Files with an entry a line, as OpenSSH has them; a line that cannot be read is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Fault(NamedTuple):
    """A line that was skipped, and why."""

    origin: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}: {self.reason}"


def read_rows(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are neither empty nor a comment, each with its number, from 1."""
    for number, line in enumerate(text.split("\n"), 1):
        row = line.strip(" \t\r")
        if row and not row.startswith("#"):
            yield number, row
