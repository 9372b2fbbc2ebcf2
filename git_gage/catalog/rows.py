"""Runs as rows: found, opened, and written back with their document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.facts import Facts, find_facts, list_names, write_facts
from git_gage.catalog.lineage import named_runs
from git_gage.catalog.query import DELETED, PURGED
from git_gage.catalog.schema import AMONG, among
from git_gage.catalog.texts import checked, checksum, dump
from git_gage.catalog.values import storable
from git_gage.records import run_name

if TYPE_CHECKING:
    import sqlite3


# Where a run is put away: with `DELETED` and `PURGED` the bits of `run.hidden`.
SHOWN, ARCHIVED = 0, 1


class Spelled(NamedTuple):
    """A run object as it is written: its text, and what is looked up of it."""

    name: str
    operation: str
    writer: str
    hidden: int
    text: str
    origins: list[str]
    facts: Facts


class Run:
    """A row of table `run`. `begun` says whether its run.begin is here.

    `document` is there for runs that were opened or have just begun, unless it is `spelled`
    already; `ended` and `filed` rank the run.end and the run.files that it shows, `names` are those
    of the values it had when it was opened.
    """

    __slots__ = (
        "begun",
        "document",
        "ended",
        "filed",
        "id",
        "is_new",
        "key",
        "names",
        "packages",
        "spelled",
    )

    def __init__(self, key: int, id: str, begun: bool, is_new: bool) -> None:
        self.key = key
        self.id = id
        self.begun = begun
        self.is_new = is_new
        self.document: dict[str, Any] | None = None
        self.spelled: Spelled | None = None
        self.ended: str | None = None
        self.filed: str | None = None
        self.packages: int | None = None
        self.names: set[tuple[str, str]] = set()


def find_runs(db: sqlite3.Connection, ids: set[str]) -> dict[str, Run]:
    """The runs with these ids; those not known before have a key and no row yet."""
    rows = db.execute(
        f"SELECT key, id, writer IS NOT NULL, 0 FROM run WHERE id {AMONG}", [among(ids)]
    )
    runs = {row[1]: Run(*row) for row in rows}
    (last,) = db.execute("SELECT coalesce(max(key), 0) FROM run").fetchone()
    for key, id in enumerate(sorted(ids - runs.keys()), last + 1):
        runs[id] = Run(key, id, False, True)
    return runs


def open_documents(db: sqlite3.Connection, runs: Iterable[Run]) -> None:
    """Read the documents of runs that are about to change."""
    by_key = {run.key: run for run in runs}
    if not by_key:
        return
    rows = db.execute(
        f"SELECT run, text, crc, packages, ended, filed FROM document WHERE run {AMONG}",
        [among(by_key)],
    )
    for key, text, crc, packages, ended, filed in rows:
        run = by_key[key]
        run.document = json.loads(checked(text, crc, packages or 0))
        run.packages = packages
        run.ended = ended
        run.filed = filed
        run.names = list_names(run.document)


def spell(document: Mapping[str, Any]) -> Spelled:
    """What is written of a run, from its run object alone."""
    return Spelled(
        document["name"],
        storable(document["operation"]),
        storable(document["writer"]),
        _hidden(document),
        dump(document),
        [storable(source) for source in named_runs(document)],
        find_facts(document),
    )


def write_runs(db: sqlite3.Connection, runs: Iterable[Run]) -> None:
    """Write new runs, and those that were opened, with what is looked up of them."""
    rows: list[tuple[Any, ...]] = []
    documents = []
    facts = []
    origins: list[tuple[str, int]] = []
    for run in runs:
        spelled = spell(run.document) if run.document is not None else run.spelled
        if spelled is None:
            rows.append((run.key, run.id, run_name(run.id), None, None, SHOWN))
            continue
        seen = (spelled.name, spelled.operation, spelled.writer, spelled.hidden)
        rows.append((run.key, run.id, *seen))
        crc = checksum(spelled.text, run.packages or 0)
        documents.append((run.key, crc, run.packages, run.ended, run.filed, spelled.text))
        facts.append((run.key, spelled.facts, run.names))
        origins.extend((source, run.key) for source in spelled.origins)
    db.executemany("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?)", documents)
    db.executemany("INSERT OR IGNORE INTO origin VALUES (?, ?)", origins)
    write_facts(db, facts)


def _hidden(document: Mapping[str, Any]) -> int:
    archived = SHOWN if document["archived"] is None else ARCHIVED
    deleted = SHOWN if document["deleted"] is None else DELETED
    return archived | deleted | (PURGED if "run" in document["redacted"] else SHOWN)
