"""All that was recorded of a run, in order, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from git_gage.catalog.documents import end_rank
from git_gage.catalog.said import KINDS, Begun, Role, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from git_gage.catalog import Catalog
    from git_gage.catalog.said import Said
    from git_gage.records import Record


class Event(NamedTuple):
    """A record, and what it says if people said it.

    `role` is None for one that is not what the format says.
    """

    record: Record
    said: Said | None
    role: Role | None


def trace_history(catalog: Catalog, run: str) -> list[Event]:
    """The records about a run, in the order of their clocks."""
    records = catalog.records(run)
    said = {each.id: each for each in catalog.said(run)}
    begin = next((record for record in records if record.kind == "run.begin"), None)
    begun = begin and Begun(begin.by, begin.writer)
    roles: dict[str, Role] = weigh(said.values(), begun).roles | _find_superseded(records, begin)
    return [
        Event(
            record,
            said.get(record.id),
            roles.get(record.id, None if record.kind in KINDS else Role.CURRENT),
        )
        for record in records
    ]


def _find_superseded(records: Sequence[Record], begin: Record | None) -> dict[str, Role]:
    """Starts and ends that another one stands in for."""
    if begin is None:
        return {}
    starts = sorted(_of_kind(records, "run.start"), key=lambda start: start.at)
    ends = sorted(_of_kind(records, "run.end"), key=lambda end: end_rank(end, begin.writer))
    return {record.id: Role.SUPERSEDED for record in (*starts[1:], *ends[1:])}


def _of_kind(records: Iterable[Record], kind: str) -> list[Record]:
    return [record for record in records if record.kind == kind]
