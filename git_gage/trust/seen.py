"""When a record was seen in this clone for the first time.

What a record says of its own time is its signer's word. Whoever finds an old key can date a new
record back; but a record that was here before the key expired is none of those.
Source: docs/format.md, "On disk".
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from git_gage.trust.ledger import append_notes, read_notes


class Seen:
    """First-seen times (Unix seconds) of records, by record id."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def first(self, record: str) -> float | None:
        return self._known.get(record)

    def note(self, records: Iterable[str], now: float) -> None:
        """Remember the records that were never seen before."""
        fresh = [record for record in dict.fromkeys(records) if record not in self._known]
        append_notes(self._path, now, ([record] for record in fresh))
        self._known.update(dict.fromkeys(fresh, now))

    @cached_property
    def _known(self) -> dict[str, float]:
        known: dict[str, float] = {}
        for when, (record,) in read_notes(self._path, 1):
            known.setdefault(record, when)
        return known
