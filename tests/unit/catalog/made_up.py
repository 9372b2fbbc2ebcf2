"""Records made up for tests, and a store in memory that holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

from git_gage.catalog import Catalog
from git_gage.catalog.judging import Judge
from git_gage.catalog.schema import MEMORY
from git_gage.errors import GitError
from git_gage.git.repository import Found
from git_gage.records import Record, format_time, parse_record
from git_gage.store import Store

LANE = "a1b2c3d4e5f6g7h8"
OTHER = "z9y8x7w6v5t4s3r2"
NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z
AUTHOR = {"name": "Ana", "email": "ana@example.com"}


def begin_body(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The body of a `run.begin`; `changes` replace its parts, `source__dirty` one inside a part."""
    body: dict[str, Any] = {
        "operation": "train.py",
        "project": {"id": ["5" * 40], "namespace": "digits", "path": "."},
        "command": {
            "argv": ["/usr/bin/python3", "train.py"],
            "shell": False,
            "cwd": ".",
            "interpreter": "/usr/bin/python3",
            "interpreter_origin": "PATH",
            "variables": {"CUDA_VISIBLE_DEVICES": "0"},
        },
        "config": {
            "lr": {"type": "float", "text": "0.1"},
            "epochs": {"type": "int", "text": str(number)},
        },
        "source": {
            "commit": "8c1f0de" + "0" * 33,
            "branch": "main",
            "remote": "https://example.com/digits.git",
            "dirty": True,
            "status": [{"path": "train.py", "xy": " M"}],
            "snapshot": "9d2f0de" + "0" * 33,
            "digest": "ab" * 32,
            "files": 14,
            "insertions": 3,
            "deletions": 1,
            "submodules": [],
            "superproject": None,
            "left_out": [{"path": ".env", "reason": "secret"}],
            "linked": [{"path": "data"}],
        },
        "environment": {
            "python": "3.11.7",
            "platform": "Linux-6.1-x86_64",
            "host": "lab3",
            "cpus": 8,
            "gpus": [],
            "git": "2.39.5",
            "gage": "0.1.0",
        },
        "nonce": f"{number:016x}",
    }
    return _changed(body, changes)


def end_body(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": "completed",
        "exit_code": 0,
        "signal": None,
        "ended": "2026-11-22T12:14:02.000Z",
        "duration_s": 842.5,
        "metrics": {
            "loss": {"last": 0.25, "min": 0.25, "max": 0.9, "mean": 0.5, "count": 20},
            "acc": {"last": 0.91, "min": 0.1, "max": 0.95, "mean": 0.6, "count": 20},
        },
        "output": {"bytes": 12345, "lines": 812, "kept": 12345},
        "generated": {"files": 2, "bytes": 5000},
        "written": [{"path": "data/seen.txt"}],
        "bulk": {},
    }
    return _changed(body, changes)


def _changed(body: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        part, _, inner = key.partition("__")
        body[part] = {**body[part], inner: value} if inner else value
    return body


def begin(
    number: int = 1, *, at: float | None = None, writer: str = LANE, **changes: Any
) -> Record:
    """A `run.begin`: equal numbers make equal runs; higher ones begin later."""
    return _record(
        kind="run.begin",
        at=format_time(NOON + number if at is None else at),
        lc=1,
        writer=writer,
        seq=0,
        prev=None,
        deps=[],
        body=begin_body(number, **changes),
    )


def after(
    first: Record,
    kind: str,
    body: Mapping[str, Any],
    *,
    lc: int = 2,
    seq: int = 1,
    at: float = NOON + 900,
    writer: str = LANE,
    deps: Iterable[str] = (),
    by: Mapping[str, str] | None = AUTHOR,
) -> Record:
    """A record about the run that `first` began."""
    return _record(
        kind=kind,
        by=by,
        run=first.run,
        at=format_time(at),
        lc=lc,
        writer=writer,
        seq=seq,
        prev=first.id,
        deps=list(deps),
        body=body,
    )


def _record(**fields: Any) -> Record:
    # What make_record writes, a hundred times faster.
    text = json.dumps({"v": 1, "by": AUTHOR} | fields, sort_keys=True, separators=(",", ":"))
    return parse_record(text.encode())


def end(first: Record, *, lc: int = 2, writer: str = LANE, **changes: Any) -> Record:
    return after(first, "run.end", end_body(**changes), lc=lc, writer=writer)


def label(
    first: Record,
    text: str | None,
    *,
    lc: int = 3,
    writer: str = LANE,
    name: str = "label",
    deps: Iterable[str] = (),
) -> Record:
    kind = "attr.del" if text is None else "attr.set"
    body = {"name": name} if text is None else {"name": name, "value": text}
    return after(first, kind, body, lc=lc, seq=2, writer=writer, deps=deps)


def lines(*records: Record) -> list[bytes]:
    return [record.line for record in records]


class FakeRepo:
    """Blobs by oid; `reads` counts the git processes that a real one would have started."""

    def __init__(self, folder: Path) -> None:
        self.common_dir = folder
        self.stands_for: Path | None = None
        self.environ: dict[str, str] = {"XDG_CACHE_HOME": str(folder / "cache-home")}
        self.objects: dict[str, bytes] = {}
        self.reads = 0

    def reading(self) -> AbstractContextManager[None]:
        return nullcontext()

    def forget_refs(self) -> None: ...

    def object_sizes(self, oids: Iterable[str]) -> dict[str, tuple[str, int] | None]:
        return dict.fromkeys(oids, ("commit", 1))

    def read_readable(self, names: Iterable[str], kind: str, most: int) -> Iterator[Found]:
        asked = list(names)
        self.reads += bool(asked)
        for name in asked:
            if name in self.objects:
                content = self.objects[name]
                yield Found(name, kind, len(content), content if len(content) <= most else None)


class FakeStore:
    """What the catalog asks of a store, in memory but for state/ and last-list.json."""

    def __init__(self, folder: Path) -> None:
        self.repo = FakeRepo(folder)
        self.dir = folder / "gage"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.my_lanes = frozenset({LANE})
        self.tips: dict[str, str] = {}
        self.trees: dict[str, list[str]] = {}
        self.blobs: dict[str, list[bytes]] = {}
        self.broken: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.asked_lines = 0

    # -- what the catalog asks -----------------------------------------------------------------

    def read_tips(self) -> dict[str, str]:
        return dict(self.tips)

    def list_blobs(self, tips: Iterable[str]) -> dict[str, list[str]]:
        asked = list(tips)
        for tip in asked:
            if tip in self.broken:
                raise GitError(f"git ls-tree: not a tree object '{tip}'")
        return {tip: list(self.trees[tip]) for tip in asked}

    def read_lines(self, blobs: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        for blob in blobs:
            if blob in self.broken:
                raise GitError(f"read object '{blob}': git cat-file ended early")
            if blob in self.blobs:
                self.asked_lines += 1
                yield blob, list(self.blobs[blob])

    def read_readable(self, blobs: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        for blob in blobs:
            with suppress(GitError):
                yield from self.read_lines([blob])

    def journals(self) -> list[str]:
        return sorted(self.files)

    def read_journal(self, name: str, offset: int) -> tuple[list[bytes], int]:
        data = self.files.get(name, b"")[offset:]
        whole = data[: data.rfind(b"\n") + 1]
        found = whole.split(b"\n")[:-1]
        return found[1:] if offset == 0 else found, offset + len(whole)

    def state_dir(self, run: str) -> Path:
        return self.dir / "state" / run

    # -- what happens to it --------------------------------------------------------------------

    def journal(self, *records: Record, name: str = "1-1-a.jsonl") -> None:
        """Append records to an open journal."""
        self.files.setdefault(name, b'{"journal":1}\n')
        self.files[name] += b"".join(record.line + b"\n" for record in records)

    def lane(self, ref: str, *batches: Iterable[bytes]) -> None:
        """Let a ref hold these batches and nothing else."""
        oids = []
        for batch in batches:
            text = list(batch)
            oid = hashlib.sha1(b"\n".join(text)).hexdigest()
            self.blobs[oid] = text
            oids.append(oid)
        tip = hashlib.sha1(f"{ref} {oids}".encode()).hexdigest()
        self.trees[tip] = oids
        self.tips[ref] = tip

    def bulk(self, document: Any) -> dict[str, Any]:
        """A bulk document in git; what a record says of it."""
        bound = bind(document)
        self.repo.objects[bound["oid"]] = _bytes(document)
        return bound

    def state(self, run: str, name: str, document: Any) -> None:
        """A bulk document that still lies with its run."""
        folder = self.state_dir(run)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(_bytes(document))


def bind(document: Any) -> dict[str, Any]:
    content = _bytes(document)
    return {
        "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }


def _bytes(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def ref(lane: str = LANE, epoch: str = "202611-01", kind: str = "log", remote: str = "") -> str:
    space = f"refs/gage-remotes/{remote}/w" if remote else "refs/gage/w"
    return f"{space}/{lane}/{epoch}/{kind}"


def open_catalog(
    store: FakeStore, path: Path | None = MEMORY, judge: Judge | None = None
) -> Catalog:
    """A catalog in memory; with path None where it is for people."""
    return Catalog(cast(Store, store), path, judge=judge)


def fresh_catalog(store: FakeStore, path: Path | None = MEMORY) -> Catalog:
    """A catalog that is up to date and has nothing to complain about."""
    catalog = open_catalog(store, path)
    assert catalog.refresh() == []
    return catalog
