"""A great load, of which a second process makes runs ready: the same comes of it as without one."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog, ahead
from git_gage.catalog.ahead import read_portions
from git_gage.catalog.place import delete_catalog
from git_gage.git import open_repository
from git_gage.git.imports import Commit, import_commits
from git_gage.records import Record
from git_gage.store import Store, layout
from git_gage.store.identity import new_lane
from git_gage.system import usable_cpus
from tests.unit.catalog.made_up import after, begin, bind, end, label

RUNS = 160
PORTION = 20
STRANGE = (
    b"{}",
    b"\xff\x00",
    begin(900).line.replace(b'"v":1', b'"v":2'),
    begin(901, command=None).line,
    begin(902, source__branch={"b64": "/w=="}).line,
)


@pytest.fixture
def many(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Runs in two lanes, begun, ended, told of, twice there, damaged, in no order at all."""
    monkeypatch.setattr(ahead, "MANY", PORTION)
    store = Store(open_repository(repo, dict(os.environ)))
    chance = random.Random(7)
    lines = [record.line for number in range(RUNS) for record in _records(number)]
    chance.shuffle(lines)
    whole = [_whole(first) for first in map(begin, range(RUNS, 2 * RUNS))]
    lines += [line for pair in chance.sample(whole, RUNS) for line in pair]
    lines += [*STRANGE, *chance.sample(lines, PORTION)]
    _write_lane(store, lines[: len(lines) // 2])
    _write_lane(store, lines[len(lines) // 2 :])
    return store


def _whole(first: Record) -> list[bytes]:
    """A run as it comes from a lane, every other one with its files."""
    made = {"files": 2, "bytes": 30}
    files = after(first, "run.files", {"made": made, "list": []}, lc=3, seq=2)
    found = [first, end(first), *([files] if int(first.id, 16) % 2 else [])]
    return [record.line for record in found]


def _records(number: int) -> list[Record]:
    first = begin(number, bulk={"environment.json": bind({"packages": {"a": str(number % 3)}})})
    found = [first, end(first, metrics={f"m{number % 5}": _metric(number)})]
    if number % 4 == 0:
        found.append(label(first, f"label {number}"))
    if number % 7 == 0:
        found.append(end(first, lc=1, reason="killed"))
    if number % 11 == 0:
        found.append(end(first, lc=1, bulk={"end.json": bind({"status": "error"})}))
    if number % 13 == 0:
        found.append(after(first, "run.end", {"status": "splendid"}))
    return found


def _metric(last: object) -> dict[str, object]:
    return {"last": last, "min": 0, "max": 1, "mean": 0.5, "count": 2}


def _write_lane(store: Store, lines: Sequence[bytes]) -> None:
    chunks = {first: lines[first : first + PORTION] for first in range(0, len(lines), PORTION)}
    files = tuple(
        (layout.blob_name("seg", first, len(chunk)), layout.blob_text(chunk))
        for first, chunk in chunks.items()
    )
    ref = f"{layout.LOCAL}/{new_lane()}/202611-01/log"
    import_commits(store.repo, [Commit(ref, "gage log", files=files)])


def load(store: Store) -> dict[str, list[Any]]:
    """What the user is told, and all rows, of a catalog made anew.

    Of runs with the same packages any one may be noted as what they are missing for.
    """
    delete_catalog(store.dir / "catalog.db")
    catalog = Catalog(store)
    found: dict[str, list[Any]] = {"told": list(catalog.refresh())}
    catalog.close()
    db = sqlite3.connect(store.dir / "catalog.db")
    names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        found[name] = sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
    db.close()
    # Each catalog has a number of its own.
    found["total"] = [row for row in found["total"] if row[0] != "made"]
    found["missing"] = sorted({(name, oid) for _, name, _, oid, *_ in found["missing"]})
    return found


def all_blobs(store: Store) -> list[str]:
    tips = store.read_tips().values()
    return [blob for blobs in store.list_blobs(tips).values() for blob in blobs]


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cpus", lambda: 1)


def test_a_second_process_changes_nothing(many: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "win32" and usable_cpus() != 1:
        assert any(portion.ready for portion in read_portions(many, all_blobs(many)))
    together = load(many)
    alone(monkeypatch)
    assert not any(portion.ready for portion in read_portions(many, all_blobs(many)))
    assert load(many) == together
    assert len(together["run"]) > 2 * RUNS
    assert len(together["told"]) == 2


def test_a_catalog_goes_on_with_what_is_known(many: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that wait for their beginnings, and copies, come to a catalog that has others."""
    lines = [line for _, found in many.read_lines(all_blobs(many)) for line in found]
    first = Catalog(many)
    first.refresh()
    _write_lane(many, lines[::-1])
    first.refresh()
    texts = list(first.iter_documents(None))
    first.close()
    alone(monkeypatch)
    load(many)
    assert list(Catalog(many).iter_documents(None)) == texts


@pytest.mark.parametrize("fate", ["ends early", "is not there"])
def test_what_a_second_process_leaves_behind_is_read_all_the_same(
    many: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    program = tmp_path / "python"
    if fate == "ends early":
        program.write_text(f'#!/bin/sh\n"{sys.executable}" "$@" | head -c 50000\n')
        program.chmod(0o755)
    monkeypatch.setattr(ahead, "usable_cpus", lambda: 2)
    monkeypatch.setattr(sys, "executable", str(program))
    found = load(many)
    alone(monkeypatch)
    assert load(many) == found
