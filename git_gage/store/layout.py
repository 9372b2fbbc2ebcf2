"""How lanes, epochs and their trees are named.

Source: docs/format.md, "Lanes".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

LOCAL = "refs/gage/w"
TRACKING = "refs/gage-remotes"
OUT = "refs/gage-out"
TAKEN = "refs/gage-in"
PRIVATE = "refs/gage-local/w"
SPACES = (LOCAL, TRACKING, OUT, TAKEN, PRIVATE)
# Where the lanes of this clone are.
OWN = (LOCAL, PRIVATE)
THUMBS = "thumbs"

SEGMENT_RECORDS = 128
BLOB_BYTES = 1 << 20
EPOCH_RUNS = 4096
MAX_ENTRIES = 3000
# No tree of a lane's that holds so many is larger.
TREE_BYTES = 256 << 10

_NAME = r"[a-z0-9-]{1,64}"
# Patterns that most lists do without: `re` keeps them, once they are needed.
_REF = (
    rf"(?:(?P<own>{LOCAL}|{PRIVATE})|(?P<space>{TRACKING}|{OUT}|{TAKEN})/(?P<remote>.+?)/w)"
    rf"/(?P<lane>{_NAME})/(?P<epoch>{_NAME})/(?P<kind>log|sealed|bulk|src|{THUMBS})"
)
_ENTRY = rb"(?:seg|hot)/[0-9]{8}-[0-9]{1,4}"


class LaneRef(NamedTuple):
    """What a ref's name says: whose tracking ref it is (None: this clone's own), lane and epoch."""

    space: str
    remote: str | None
    lane: str
    epoch: str
    kind: str


def parse_ref(name: str) -> LaneRef | None:
    """The parts of a lane's ref; None for any other ref."""
    match = re.fullmatch(_REF, name)
    if match is None:
        return None
    return LaneRef(
        match["own"] or match["space"],
        match["remote"],
        match["lane"],
        match["epoch"],
        match["kind"],
    )


def thumbs_only(refs: Mapping[str, str]) -> dict[str, str]:
    """Of refs with their commits, those that hold previews."""
    return {
        name: oid
        for name, oid in refs.items()
        if name.endswith(f"/{THUMBS}") and parse_ref(name) is not None
    }


def is_record_entry(mode: bytes, path: bytes) -> bool:
    """Whether a tip tree's entry is a blob of records; anything else there is never read."""
    return mode == b"100644" and re.fullmatch(_ENTRY, path) is not None


def chunk_lines(lines: Iterable[bytes]) -> list[list[bytes]]:
    """Lines cut into blobs of at most 128 records and 1 MiB (one longer line stands alone)."""
    chunks: list[list[bytes]] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if not chunks or len(chunks[-1]) == SEGMENT_RECORDS or size > BLOB_BYTES:
            chunks.append([])
            size = len(line) + 1
        chunks[-1].append(line)
    return chunks


def blob_name(folder: str, first: int, count: int) -> str:
    """Path of a blob in the tip tree; `first` counts the epoch's records from 0."""
    return f"{folder}/{first:08d}-{count}"


def blob_text(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def mark_of(line: bytes) -> str:
    """What a record's line is remembered by."""
    import hashlib

    return hashlib.sha256(line).hexdigest()[:16]


def epoch_name(month: str, taken: Iterable[str]) -> str:
    """Name of a new epoch of a month ("202611"): the month and a number not used before."""
    numbers = [int(name[7:]) for name in taken if re.fullmatch(rf"{month}-[0-9]+", name)]
    return f"{month}-{max(numbers, default=0) + 1:02d}"


def epoch_order(name: str) -> tuple[str, int]:
    """Sort key of an epoch of our own: month, then number."""
    month, _, number = name.partition("-")
    return month, int(number) if number.isdigit() else 0
