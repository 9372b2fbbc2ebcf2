"""A first fetch of many runs counts them, and leaves the catalog to whoever asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.catalog import Catalog
from git_gage.git.imports import Commit, import_commits
from git_gage.share import arrived
from git_gage.share.arrived import count_arrived
from git_gage.share.fetch import Fetched, fetch_runs
from tests.support import git
from tests.unit.share.world import World, make_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(arrived, "MANY", 4)
    return make_world(tmp_path)


def write_line(world: World, line: bytes) -> None:
    """Put a line into ana's lane that no git-gage of today writes."""
    store = world.ana.store
    (ref,) = (ref for ref in store.read_tips() if ref.endswith("/log"))
    tip = git(world.ana.path, "rev-parse", ref).strip()
    files = (("hot/00000099-1", line + b"\n"),)
    import_commits(store.repo, [Commit(ref, "x", parent=tip, files=files)])
    world.ana.git("push", "-q", "origin", "refs/gage/w/*:refs/gage/w/*")


def fetch(world: World) -> Fetched:
    store = world.sam.store
    return fetch_runs(store, Catalog(store), None, world.sam.heard)


def test_many_runs_are_counted_as_the_next_list_counts_them(world: World) -> None:
    first, second = world.ana.run(), world.ana.run()
    world.ana.label(first, "best")
    world.ana.push()
    assert world.sam.fetch() == ("origin", 2, 5, False)
    catalog = Catalog(world.sam.store)
    assert (catalog.count(), catalog.count_records()) == (0, 0)
    assert catalog.refresh() == []
    assert (catalog.count(), catalog.count_records()) == (2, 5)
    world.ana.run()
    world.ana.push()
    assert world.sam.fetch() == ("origin", 1, 2, False)
    assert world.sam.runs() >= {first, second}


def test_few_runs_are_taken_in_at_once(world: World) -> None:
    world.ana.run()
    world.ana.push()
    assert world.sam.fetch() == ("origin", 1, 2, False)
    assert Catalog(world.sam.store).count() == 1


def test_a_damaged_record_is_none_and_the_next_reader_is_told(world: World) -> None:
    world.ana.run()
    world.ana.run()
    write_line(world, b'{"kind":"run.begin"}')
    assert fetch(world) == ("origin", 2, 4, False)
    told = Catalog(world.sam.store).refresh()
    assert told == ["1 record is not what the format says and is left out"]


def test_what_was_taken_out_of_a_run_counts_at_once(world: World) -> None:
    world.ana.run()
    world.ana.run()
    write_line(world, b'{"kind":"run.redact"}')
    assert fetch(world) == ("origin", 2, 4, False)
    assert world.sam.heard.warnings == ["1 record is not what the format says and is left out"]


def test_a_run_that_goes_on_elsewhere_is_heard_of(world: World) -> None:
    run = world.ana.run()
    world.ana.run()
    assert count_arrived(world.ana.store) == (2, 4, False)
    (begun,) = (r for r in world.ana.records if (r.run, r.kind) == (run, "run.begin"))
    write_line(world, begun.line.replace(b'"nonce":"', b'"nonce":"0'))
    assert count_arrived(world.ana.store) == (3, 5, True)


def test_a_lane_that_cannot_be_read_is_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ana.run()
    world.ana.run()
    world.ana.push()
    monkeypatch.setattr("git_gage.store.layout.TREE_BYTES", 10)
    # Outputs came all the same.
    assert fetch(world) == ("origin", 0, 0, True)
    assert world.sam.heard.warnings == ["1 lane can't be read in full: see 'git fsck'"]
