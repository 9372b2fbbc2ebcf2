"""The records themselves, read from where the catalog saw them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.errors import IntegrityError
from git_gage.records import Record, parse_record, unsigned_id

if TYPE_CHECKING:
    from git_gage.store import Store


def read_records(store: Store, sightings: Mapping[str, Sequence[str]]) -> list[Record]:
    """The records with these ids, in the order of their clocks; what is gone is left out.

    `sightings` has for each id the blobs it was seen in; where none is left it is in a journal.
    """
    found: dict[str, Record] = {}
    blobs = dict.fromkeys(blob for seen in sightings.values() for blob in seen)
    for _, lines in store.read_lines(blobs):
        found |= _pick(lines, sightings)
    if found.keys() != sightings.keys():
        for name in store.journals():
            found |= _pick(store.read_journal(name, 0)[0], sightings)
    return sorted(found.values(), key=lambda record: (record.lc, record.at, record.id))


def _pick(lines: Iterable[bytes], wanted: Mapping[str, object]) -> dict[str, Record]:
    """Those among the wanted; a digest tells sooner than the whole line read."""
    found: dict[str, Record] = {}
    for line in lines:
        if hashlib.sha256(line).hexdigest() in wanted or unsigned_id(line) in wanted:
            record = _parse(line)
            if record is not None and record.id in wanted:
                found[record.id] = record
    return found


def _parse(line: bytes) -> Record | None:
    try:
        return parse_record(line)
    except IntegrityError:
        return None  # refresh has told of it
