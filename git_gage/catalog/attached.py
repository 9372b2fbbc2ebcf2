"""What records keep apart in bulk files: packages, and bodies that are too long for a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.catalog.bulk import ENVIRONMENT, Bound, find_whole, read_documents
from git_gage.catalog.schema import AMONG, among
from git_gage.catalog.texts import checksum, dump

if TYPE_CHECKING:
    import sqlite3

    from git_gage.catalog.rows import Run
    from git_gage.records import Record
    from git_gage.store import Store

Documents = dict[Bound, dict[str, Any]]


class Attached:
    """Finds the bulk documents of records; remembers what is not here, to look again later."""

    def __init__(self, db: sqlite3.Connection, store: Store) -> None:
        self._db = db
        self._store = store

    def whole_bodies(
        self, records: Iterable[Record], runs: dict[str, Run]
    ) -> dict[str, dict[str, Any]]:
        """Bodies, by record id, of those records that hold a short form only."""
        bounds = {
            record.id: bound for record in records if (bound := find_whole(record)) is not None
        }
        found = dict(read_documents(self._store, list(bounds.values())))
        self._miss(
            (runs[bound.run], id, bound) for id, bound in bounds.items() if bound not in found
        )
        return {id: found[bound] for id, bound in bounds.items() if bound in found}

    def packages(self, bounds: Mapping[str, Bound], runs: dict[str, Run]) -> dict[str, int]:
        """Keys in table `packages` of what begins bind, both by record id."""
        if not bounds:
            return {}
        # Of equal files one is enough; the last, because it may still lie with a run that goes on.
        asked = {(bound.sha256, bound.oid): (id, bound) for id, bound in bounds.items()}
        known = self._known_packages({bound.sha256 for bound in bounds.values()})
        wanted = [bound for _, bound in asked.values() if not known[bound.sha256][1]]
        found = dict(read_documents(self._store, wanted))
        self._keep_packages(found)
        self._miss(
            (runs[bound.run], id, bound)
            for id, bound in asked.values()
            if not known[bound.sha256][1] and bound not in found
        )
        return {id: known[bound.sha256][0] for id, bound in bounds.items()}

    def look_again(self) -> list[tuple[str, Bound, dict[str, Any]]]:
        """Read what was missing and is here now.

        Packages are put in their place; whole bodies are handed back, each with its record id.
        """
        rows = self._db.execute(
            "SELECT record, run.id, missing.name, oid, sha256, size"
            " FROM missing JOIN run ON run.key = missing.run"
        ).fetchall()
        missing = [(record, Bound(*rest)) for record, *rest in rows]
        found = dict(read_documents(self._store, [bound for _, bound in missing]))
        self._keep_packages(found)
        here = [(record, bound, found[bound]) for record, bound in missing if bound in found]
        self._db.executemany(
            "DELETE FROM missing WHERE record = ? AND name = ?",
            [(record, bound.name) for record, bound, _ in here],
        )
        return [each for each in here if each[1].name != ENVIRONMENT]

    def _known_packages(self, digests: set[str]) -> dict[str, tuple[int, bool]]:
        """Key, and whether the text is here; unknown digests get a row that waits for theirs."""
        self._db.executemany(
            "INSERT OR IGNORE INTO packages (sha256) VALUES (?)",
            [(each,) for each in sorted(digests)],
        )
        rows = self._db.execute(
            f"SELECT sha256, key, text IS NOT NULL FROM packages WHERE sha256 {AMONG}",
            [among(digests)],
        )
        return {sha256: (key, here) for sha256, key, here in rows}

    def _keep_packages(self, found: Documents) -> None:
        for bound, environment in found.items():
            packages = environment.get("packages")
            if bound.name == ENVIRONMENT and _is_packages(packages):
                text = dump(packages)
                self._db.execute(
                    "UPDATE packages SET text = ?, crc = ? WHERE sha256 = ?",
                    (text, checksum(text), bound.sha256),
                )

    def _miss(self, missing: Iterable[tuple[Run, str, Bound]]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO missing VALUES (?, ?, ?, ?, ?, ?)",
            [
                (run.key, bound.name, id, bound.oid, bound.sha256, bound.size)
                for run, id, bound in missing
            ],
        )


def _is_packages(found: Any) -> bool:
    return type(found) is dict and all(type(version) is str for version in found.values())
