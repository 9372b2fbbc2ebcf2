"""People, clones and remotes: what tests of sharing are told with."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from git_gage.git import open_repository
from git_gage.records import Record, parse_record
from git_gage.share import Fetched, Pushed, fetch_runs, push_runs
from git_gage.store import Store
from tests.support import clone, git, make_repo


class Heard:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.counters: list[str] = []
        self.warnings: list[str] = []

    def progress(self, text: str) -> None:
        self.counters.append(text)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


class Lines:
    """Stands in for the catalog."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.records: dict[str, Record] = {}

    def refresh(self) -> list[str]:
        self.records = {record.id: record for record in map(parse_record, self._all_lines())}
        return []

    def count(self) -> int:
        return sum(record.kind == "run.begin" for record in self.records.values())

    def count_records(self) -> int:
        return len(self.records)

    def on_remote(self, run: str, remote: str) -> bool:
        return not self.lines_beyond([run], remote)

    def lines_beyond(self, runs: Sequence[str], remote: str) -> list[bytes]:
        there = set(self._lines_below(f"refs/gage-remotes/{remote}/w/"))
        known = [record.line for record in self.records.values() if record.run in runs]
        return [line for line in known if line not in there]

    def _all_lines(self) -> Iterator[bytes]:
        for name in self.store.journals():
            yield from self.store.read_journal(name, 0)[0]
        yield from self._lines_below("refs/")

    def _lines_below(self, prefix: str) -> Iterator[bytes]:
        tips = {oid for ref, oid in self.store.read_tips().items() if ref.startswith(prefix)}
        blobs = {oid for oids in self.store.list_blobs(tips).values() for oid in oids}
        for _, lines in self.store.read_lines(blobs):
            yield from lines


class Person:
    """Somebody with a clone."""

    def __init__(self, path: Path, now: float | None = None) -> None:
        self.path = path
        self.heard = Heard()
        self.now = now

    @property
    def store(self) -> Store:
        repo = open_repository(self.path, dict(os.environ))
        now = self.now
        return Store(repo, time.time if now is None else lambda: now)

    @property
    def catalog(self) -> Any:
        catalog = Lines(self.store)
        catalog.refresh()
        return catalog

    def run(self, name: str = "train.py", *, output: str | None = None, **body: Any) -> str:
        """Record a whole run of what is in the clone; the run's id."""
        store = self.store
        snapshot = git(self.path, "rev-parse", "HEAD").strip()
        store.pin(snapshot, None)
        begun = _write(
            store,
            "run.begin",
            None,
            {
                "operation": name,
                "source": {"commit": snapshot, "snapshot": snapshot},
                "nonce": os.urandom(8).hex(),
                **body,
            },
        )
        text = f"output of {name}\n" if output is None else output
        _write(store, "run.end", begun, {"status": "completed", "bulk": self._bind(begun, text)})
        store.flush()
        store.close()
        return begun.run

    def label(self, run: str, text: str) -> None:
        store = self.store
        known = [record for record in self.records if record.run == run]
        mine = [record for record in known if record.writer == store.lane]
        record = store.draft(
            "attr.set",
            run=run,
            body={"name": "label", "value": text},
            by={"name": "x", "email": "x@example.com"},
            lc=1 + max(record.lc for record in known),
            seq=len(mine),
            prev=mine[-1].id if mine else None,
        )
        store.append(record)
        store.flush()
        store.close()

    @property
    def records(self) -> list[Record]:
        return list(self.catalog.records.values())

    def lines(self) -> set[bytes]:
        return {record.line for record in self.records}

    def runs(self) -> set[str]:
        return {record.run for record in self.records if record.kind == "run.begin"}

    def output(self, run: str) -> bytes | None:
        (ended,) = (item for item in self.records if (item.run, item.kind) == (run, "run.end"))
        return self.store.read_bulk(run, "output", ended.body["bulk"]["output"])

    def push(self, remote: str | None = None, *runs: str) -> Pushed:
        return push_runs(self.store, self.catalog, remote, runs, self.heard)

    def fetch(self, remote: str | None = None) -> Fetched:
        return fetch_runs(self.store, self.catalog, remote, self.heard)

    def git(self, *args: str) -> str:
        return git(self.path, *args)

    def _bind(self, begun: Record, text: str) -> dict[str, Any]:
        store = self.store
        folder = store.state_dir(begun.run)
        folder.mkdir(parents=True)
        content = text.encode()
        (folder / "output").write_bytes(content)
        return {
            "output": {
                "oid": store.repo.blob_oid(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
        }


class World(NamedTuple):
    """A bare repository that Ana and Sam both have as origin."""

    folder: Path
    origin: Path
    ana: Person
    sam: Person

    def bare(self, name: str, *options: str) -> Path:
        """Another bare repository."""
        path = self.folder / name
        git(self.folder, "init", "-q", "--bare", *options, str(path))
        return path


def make_world(folder: Path, url: str = "{}", options: Sequence[str] = ()) -> World:
    """`url` is how the clones name the origin, with {} for its path."""
    seed = make_repo(folder / "seed", options=tuple(options))
    origin = folder / "origin.git"
    git(folder, "clone", "-q", "--bare", str(seed), str(origin))
    people = []
    for name in ("Ana", "Sam"):
        path = clone(origin, folder / name.lower(), name=name)
        git(path, "remote", "set-url", "origin", url.format(origin))
        people.append(Person(path))
    return World(folder, origin, people[0], people[1])


def refs_of(path: Path, prefix: str = "refs/") -> dict[str, str]:
    out = git(path, "for-each-ref", "--format=%(refname) %(objectname)", prefix)
    return dict(line.split() for line in out.splitlines())


def objects_of(path: Path) -> set[str]:
    """All objects in a repository, reachable or not."""
    out = git(path, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return set(out.split())


def _write(store: Store, kind: str, begun: Record | None, body: Mapping[str, Any]) -> Record:
    record = store.draft(
        kind,
        run=begun.run if begun else None,
        body=body,
        by=None,
        lc=2 if begun else 1,
        seq=1 if begun else 0,
        prev=begun.id if begun else None,
    )
    store.append(record)
    return record
