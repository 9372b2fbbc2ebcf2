"""Runs to look for, and what filters find of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from git_gage.catalog import Catalog
from git_gage.records import Record
from tests.unit.catalog.made_up import (
    NOON,
    FakeStore,
    after,
    begin,
    end,
    label,
    open_catalog,
)

DAY_S = 86400


def config_value(value: Any) -> dict[str, str]:
    """A config value as records hold it."""
    if isinstance(value, str):
        return {"type": "str", "text": value}
    kinds: Mapping[type, str] = {bool: "bool", int: "int", float: "float", type(None): "null"}
    return {"type": kinds.get(type(value), "json"), "text": json.dumps(value)}


def metric(value: Any) -> dict[str, Any]:
    return {"last": value, "min": value, "max": value, "mean": value, "count": 1}


class Runs:
    """A store with runs that have short names in the tests."""

    def __init__(self, store: FakeStore, status_of: Callable[[str], str] | None = None) -> None:
        self.store = store
        self.status_of = status_of
        self.begins: dict[str, Record] = {}
        self._catalog: Catalog | None = None
        store.repo.run = fake_git  # type: ignore[attr-defined]

    def add(
        self,
        name: str,
        *,
        metrics: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
        text: str | None = None,
        tags: tuple[str, ...] = (),
        ended: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Runs:
        """A run; one without `metrics` and `ended` goes on."""
        number = len(self.begins) + 1
        values = {key: config_value(value) for key, value in (config or {}).items()}
        first = begin(number, config=values, **changes)
        self.begins[name] = first
        self.store.journal(first)
        if metrics is not None or ended is not None:
            found = {key: metric(value) for key, value in (metrics or {}).items()}
            self.store.journal(end(first, metrics=found, **(ended or {})))
        for key, value in (attributes or {}).items():
            said = {"name": key, "value": value}
            self.store.journal(after(first, "attr.set", said, lc=4, seq=9))
        if text is not None:
            self.store.journal(label(first, text))
        for tag in tags:
            self.store.journal(after(first, "tag.add", {"tag": tag}, lc=5, seq=9))
        return self

    @property
    def catalog(self) -> Catalog:
        if self._catalog is None:
            self._catalog = open_catalog(self.store)
            if self.status_of is not None:
                self._catalog._status_of = self.status_of
        assert self._catalog.refresh() == []
        return self._catalog

    def find(self, *wheres: str, limit: int | None = None, sort: Sequence[str] = ()) -> list[str]:
        """Names of the runs that are found, newest first or in the order of `sort`."""
        names = {first.run: name for name, first in self.begins.items()}
        return [names[run] for run in self.catalog.find(wheres, limit=limit, sort=sort)]


def fake_git(*args: str) -> bytes:
    """`git rev-parse --since=<words>` on a machine whose clocks stand at 18:00 of 2026-11-22."""
    words = args[1].removeprefix("--since=")
    now = NOON + 6 * 3600
    known = {"now": now, "2 days ago": now - 2 * DAY_S, "today 00:00:00": NOON - DAY_S / 2}
    known["yesterday 00:00:00"] = NOON - 1.5 * DAY_S
    if words not in known:
        known[words] = datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp()
    return f"--max-age={known[words]:.0f}\n".encode()
