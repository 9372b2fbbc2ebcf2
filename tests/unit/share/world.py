"""People, clones and remotes: what tests of sharing are told with."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from git_gage.catalog import Catalog
from git_gage.catalog.bulk import find_bound, read_files
from git_gage.catalog.said import find_heads
from git_gage.git import open_repository
from git_gage.records import Record, parse_record
from git_gage.share.delivery import Pushed
from git_gage.share.fetch import Fetched, fetch_runs
from git_gage.share.push import push_runs
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
    def catalog(self) -> Catalog:
        catalog = Catalog(self.store)
        assert catalog.refresh() == []
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
                "command": {"argv": [name]},
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
        chain = self.catalog.chain(run, store.lane)
        record = store.draft(
            "attr.set",
            run=run,
            body={"name": "label", "value": text},
            by={"name": "x", "email": "x@example.com"},
            lc=chain.lc + 1,
            seq=chain.seq,
            prev=chain.prev,
            deps=find_heads(self.catalog.said(run)),
        )
        store.append(record)
        store.flush()
        store.close()

    @property
    def records(self) -> list[Record]:
        """All records that a reader finds, without the catalog."""
        store = self.store
        found = [line for name in store.journals() for line in store.read_journal(name, 0)[0]]
        with store.repo.reading():
            blobs = store.list_blobs(set(store.read_tips().values()))
            for _, lines in store.read_lines({oid for oids in blobs.values() for oid in oids}):
                found += lines
        return [parse_record(line) for line in dict.fromkeys(found)]

    def lines(self) -> set[bytes]:
        return {record.line for record in self.records}

    def documents(self) -> list[dict[str, Any]]:
        return self.catalog.newest(None)

    def runs(self) -> set[str]:
        return {record.run for record in self.records if record.kind == "run.begin"}

    def output(self, run: str) -> bytes | None:
        (ended,) = (item for item in self.records if (item.run, item.kind) == (run, "run.end"))
        bound = find_bound(ended.body, run, "output")
        assert bound is not None
        _, content = next(read_files(self.store, [bound]), (None, None))
        return content

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


def make_world(folder: Path, *, options: Sequence[str] = ()) -> World:
    """Two clones of one repository; `options` go to `git init`."""
    shutil.copytree(_template(tuple(options)), folder, dirs_exist_ok=True, symlinks=True)
    origin = folder / "origin.git"
    people = [Person(folder / name) for name in ("ana", "sam")]
    for person in people:
        person.git("config", "remote.origin.url", str(origin))
    return World(folder, origin, *people)


@cache
def _template(options: tuple[str, ...]) -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    seed = make_repo(folder / "seed", options=options)
    git(folder, "clone", "-q", "--bare", str(seed), "origin.git")
    for name in ("ana", "sam"):
        clone(folder / "origin.git", folder / name, name=name.capitalize())
    shutil.rmtree(seed)
    return folder


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
