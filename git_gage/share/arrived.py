"""What a first fetch brought, told from its lines: the catalog takes them in once it is asked.

That takes many times as long as the fetch, and whoever keeps a mirror never asks.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GageError, IntegrityError
from git_gage.records import parse_record, unsigned_id
from git_gage.share.lanes import list_blobs_of

if TYPE_CHECKING:
    from git_gage.store import Store

# Of fewer the verdicts are told as well, and nobody notices how long it takes.
MANY = 1000
_BEGIN, _END, _REDACT = b'"kind":"run.begin"', b'"kind":"run.end"', b'"kind":"run.redact"'
# Keys sort: the last of these is the record's own, and no longer in its body.
_RUN = b',"run":"'


class Arrived(NamedTuple):
    """Runs and records, each counted once; whether a run has no end yet."""

    runs: int
    records: int
    has_open: bool


def count_arrived(store: Store) -> Arrived | None:
    """What is here, where nothing was before. None where the catalog is to look at it now.

    So it is with few records, where somebody took something out of a run, which counts at once,
    and where a lane can't be read.
    """
    try:
        found = _count(store)
    except GageError:
        return None
    return found if found is not None and found.runs and found.records >= MANY else None


def _count(store: Store) -> Arrived | None:
    records: set[str] = set()
    begun: set[bytes] = set()
    ended: set[bytes] = set()
    for _, lines in store.read_lines(list_blobs_of(store, store.read_tips().values())):
        for line in lines:
            if _REDACT in line:
                return None
            if _BEGIN in line:
                try:
                    record = parse_record(line)
                except IntegrityError:
                    continue  # the catalog says so
                begun.add(record.run.encode())
                records.add(record.id)
                continue
            if _END in line:
                start = line.rfind(_RUN) + len(_RUN)
                ended.add(line[start : line.find(b'"', start)])
            records.add(unsigned_id(line) or hashlib.sha256(line).hexdigest())
    return Arrived(len(begun), len(records), has_open=not begun <= ended)
