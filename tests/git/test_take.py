"""Chosen runs are taken from a remote, and nothing else that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.errors import RemoteError
from git_gage.git.imports import Commit, import_commits
from git_gage.share.peek import STAMP, look_at
from git_gage.share.take import fetch_chosen
from tests.support import commit, git, write_files
from tests.unit.share.world import Person, World, make_world, objects_of, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def take(person: Person, *runs: str, remote: str | None = None, **options: object) -> object:
    return fetch_chosen(person.store, person.catalog, remote, runs, person.heard, **options)  # type: ignore[arg-type]


def seen(person: Person) -> set[str]:
    """Runs that a look at the remote shows."""
    peek = look_at(person.store, person.catalog, None, person.heard)
    return set(peek.catalog.find(()))


def test_a_look_shows_what_is_there_and_copies_nothing(world: World) -> None:
    first = world.ana.run()
    world.ana.push()
    before = objects_of(world.sam.path)
    assert seen(world.sam) == {first}
    second = world.ana.run()
    world.ana.push()
    assert seen(world.sam) == {first, second}
    assert objects_of(world.sam.path) == before
    assert refs_of(world.sam.path, "refs/gage-remotes") == {}
    assert world.sam.runs() == set()


def test_a_look_at_nothing_once_trust_was_judged(world: World) -> None:
    stamp = world.sam.store.dir / "cache" / "trust.json"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text("{}")
    assert seen(world.sam) == set()


def test_a_run_is_taken_whole_and_alone(world: World) -> None:
    write_files(world.ana.path, {"train.py": "lr = 7\n"})
    commit(world.ana.path)
    wanted, other = world.ana.run("wanted.py"), world.ana.run("other.py", output="not for sam\n")
    world.ana.label(wanted, "good")
    world.ana.push()
    assert take(world.sam, wanted) == ("origin", 1, 3, False)
    assert world.sam.runs() == {wanted}
    assert world.sam.output(wanted) == b"output of wanted.py\n"
    (document,) = world.sam.documents()
    assert document["label"] == "good"
    assert world.sam.git("show", f"{document['source']['snapshot']}:train.py") == "lr = 7\n"
    assert set(refs_of(world.sam.path, "refs/gage-in")) == {
        f"refs/gage-in/origin/w/taken/{epoch(world.sam)}/{kind}" for kind in ("bulk", "log", "src")
    }
    content = world.sam.git("cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert "not for sam" not in content
    assert other not in content
    assert not list((world.sam.path / ".git/objects/pack").glob("*.keep"))
    world.sam.git("gc", "-q", "--prune=now")
    assert world.sam.output(wanted) == b"output of wanted.py\n"
    assert take(world.sam, wanted) == ("origin", 0, 0, False)
    world.ana.label(wanted, "better")
    world.ana.push()
    assert take(world.sam, wanted) == ("origin", 0, 1, False)


def epoch(person: Person) -> str:
    (log,) = (ref for ref in refs_of(person.path, "refs/gage-in") if ref.endswith("log"))
    return log.split("/")[-2]


def test_what_was_left_out_is_brought_by_the_next(world: World) -> None:
    write_files(world.ana.path, {"train.py": "lr = 7\n"})
    commit(world.ana.path)
    run = world.ana.run()
    world.ana.push()
    assert take(world.sam, run, parts=()) == ("origin", 1, 2, False)
    assert world.sam.output(run) is None
    (document,) = world.sam.documents()
    snapshot = document["source"]["snapshot"]
    assert snapshot not in objects_of(world.sam.path)
    assert take(world.sam, run, parts=("bulk",)) == ("origin", 0, 0, True)
    assert world.sam.output(run) == b"output of train.py\n"
    assert take(world.sam, run) == ("origin", 0, 0, True)
    assert snapshot in objects_of(world.sam.path)
    kinds = refs_of(world.sam.path, "refs/gage-in")
    assert {ref.rpartition("/")[2] for ref in kinds} == {"log", "bulk", "src"}
    before = kinds
    take(world.sam, run)
    assert refs_of(world.sam.path, "refs/gage-in") == before


def test_a_remote_that_gives_no_single_objects(world: World) -> None:
    """It then gives lanes of outputs and sources, and records of other runs still do not come."""
    write_files(world.ana.path, {"train.py": "lr = 7\n"})
    commit(world.ana.path)
    wanted, other = world.ana.run("wanted.py"), world.ana.run("other.py")
    world.ana.push()
    old = world.folder / "old-upload-pack"
    old.write_text('#!/bin/sh\nunset GIT_PROTOCOL\nexec git-upload-pack "$@"\n')
    old.chmod(0o755)
    world.sam.git("config", "remote.origin.uploadpack", str(old))
    assert take(world.sam, wanted) == ("origin", 1, 2, False)
    assert world.sam.runs() == {wanted}
    assert world.sam.output(wanted) == b"output of wanted.py\n"
    (document,) = world.sam.documents()
    assert document["source"]["snapshot"] in objects_of(world.sam.path)
    assert {ref.rpartition("/")[2] for ref in refs_of(world.sam.path, "refs/gage-remotes")} == {
        "bulk",
        "src",
    }
    world.sam.fetch()
    assert world.sam.runs() == {wanted, other}


def test_a_record_does_not_make_a_private_commit_public(world: World) -> None:
    """Sam's record names a commit of Ana's; she takes his run and passes it on."""
    write_files(world.ana.path, {"secret.txt": "private\n"})
    private = commit(world.ana.path, "private")
    run = world.sam.run(source={"commit": private, "snapshot": private})
    world.sam.push()
    assert take(world.ana, run) == ("origin", 1, 2, False)
    assert world.ana.heard.warnings == [f"run '{run[10:17]}' came without source: not on 'origin'"]
    other = world.bare("other.git")
    assert world.ana.push(str(other), run).records == 2
    assert private not in objects_of(other)


def test_a_file_that_the_remote_lost_is_said(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    for ref in refs_of(world.origin, "refs/gage"):
        if ref.endswith("/bulk"):
            git(world.origin, "update-ref", "-d", ref)
    git(world.origin, "gc", "-q", "--prune=now")
    assert take(world.sam, run) == ("origin", 1, 2, False)
    assert world.sam.heard.warnings == [f"run '{run[10:17]}' came without output: not on 'origin'"]


def test_a_truncated_object_on_the_remote(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    assert seen(world.sam) == {run}
    before = refs_of(world.sam.path)
    oid = world.ana.store.repo.blob_oid(b"output of train.py\n")
    path = world.origin / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:9])
    with pytest.raises(RemoteError, match="fetch from 'origin'") as caught:
        take(world.sam, run)
    way = "whoever runs the remote has mended it ('git fsck --name-objects' there)"
    assert caught.value.hint == f"nothing was lost; once {way}: git gage fetch origin"
    assert refs_of(world.sam.path) == before
    assert not list((world.sam.path / ".git/gage/cache").glob("take-*"))
    assert take(world.sam, run, parts=("src",)) == ("origin", 1, 2, False)


def test_a_remote_that_takes_runs_away_shows_none(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    assert seen(world.sam) == {run}
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    assert seen(world.sam) == set()


def test_a_look_after_the_remote_lost_all(world: World) -> None:
    """Also where trust files were read since, and verdicts are given anew."""
    world.ana.run()
    world.ana.push()
    seen(world.sam)
    stamp = world.sam.store.dir / STAMP
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text("new")
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    assert seen(world.sam) == set()


def test_a_look_that_was_damaged_is_made_anew(world: World) -> None:
    first = world.ana.run()
    world.ana.push()
    assert seen(world.sam) == {first}
    second = world.ana.run()
    world.ana.push()
    folder = world.sam.path / ".git/gage/cache/peek/origin.git"
    for path in (folder / "objects").rglob("*.pack"):
        path.unlink()
    assert seen(world.sam) == {first, second}
    (folder / "config").write_text("[broken")
    third = world.ana.run()
    world.ana.push()
    assert seen(world.sam) == {first, second, third}


def test_a_look_that_fails_at_first_says_why(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    (log,) = (ref for ref in refs_of(world.origin, "refs/gage") if ref.endswith("/log"))
    tip = git(world.origin, "rev-parse", log).strip()
    path = world.origin / "objects" / tip[:2] / tip[2:]
    sound = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(sound[:9])
    with pytest.raises(RemoteError, match="'origin'"):
        seen(world.sam)
    path.write_bytes(sound)
    assert seen(world.sam) == {run}


def test_a_look_tells_of_records_that_a_newer_git_gage_wrote(world: World) -> None:
    run = world.ana.run()
    store = world.ana.store
    (log,) = (ref for ref in refs_of(world.ana.path, "refs/gage/w") if ref.endswith("/log"))
    tip = world.ana.git("rev-parse", log).strip()
    files = (("hot/00000099-1", b'{"v":9}\n'),)
    import_commits(store.repo, [Commit(log, "x", parent=tip, files=files)])
    world.ana.git("push", "-q", "origin", f"{log}:{log}")
    assert seen(world.sam) == {run}
    assert world.sam.heard.warnings == ["'origin': 1 record needs a newer git-gage"]


def test_a_taken_run_is_passed_on(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    take(world.sam, run)
    world.sam.label(run, "seen by sam")
    other = world.bare("other.git")
    assert world.sam.push(str(other), run).records == 3
    git(world.folder, "init", "-q", "reader")
    reader = Person(world.folder / "reader")
    reader.fetch(str(other))
    assert reader.output(run) == b"output of train.py\n"
    assert world.sam.fetch() == ("origin", 0, 0, False)
    assert len(world.sam.documents()) == 1
