"""The history of a run: which of several starts and ends counts, and what is not to be read."""

from __future__ import annotations

from pathlib import Path

from git_gage.catalog.said import Role
from git_gage.runs.history import trace_history
from tests.unit.catalog.made_up import (
    NOON,
    OTHER,
    FakeStore,
    after,
    begin,
    end,
    open_catalog,
)


def roles(store: FakeStore, run: str) -> list[tuple[str, Role | None]]:
    catalog = open_catalog(store)
    catalog.refresh()
    return [(event.record.kind, event.role) for event in trace_history(catalog, run)]


def test_of_several_starts_and_ends_one_counts(tmp_path: Path) -> None:
    store, first = FakeStore(tmp_path), begin(staged=True)
    late = after(first, "run.start", {}, lc=2, at=NOON + 20, writer=OTHER)
    early = after(first, "run.start", {}, lc=3, at=NOON + 10)
    guessed = end(first, lc=4, reason="its end was not seen", status="terminated")
    seen = end(first, lc=5)
    store.journal(first, late, early, guessed, seen)
    assert roles(store, first.run) == [
        ("run.begin", Role.CURRENT),
        ("run.start", Role.SUPERSEDED),
        ("run.start", Role.CURRENT),
        ("run.end", Role.SUPERSEDED),
        ("run.end", Role.CURRENT),
    ]


def test_what_is_damaged_or_came_without_its_run(tmp_path: Path) -> None:
    store, first = FakeStore(tmp_path), begin()
    store.journal(after(first, "tag.add", {}), after(first, "tag.add", {"tag": "x"}, lc=3))
    assert roles(store, first.run) == [("tag.add", None), ("tag.add", Role.CURRENT)]
