"""Chosen runs: a remote gets those and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from git_gage.errors import RemoteError
from git_gage.share.lanes import is_ancestor
from tests.support import commit, git, write_files
from tests.unit.share.world import Person, World, make_world, objects_of, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_a_chosen_run_goes_alone(world: World) -> None:
    ana = world.ana
    chosen, other = ana.run("chosen.py"), ana.run("other.py")
    assert ana.push(None, chosen) == ("origin", 1, 2, 0, False, False)
    world.sam.fetch()
    assert world.sam.runs() == {chosen}
    assert world.sam.output(chosen) == b"output of chosen.py\n"
    content = git(world.origin, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert "chosen.py" in content
    assert "other.py" not in content
    assert other[:30] not in content


def test_each_remote_has_its_own_and_no_object_of_the_others(world: World) -> None:
    ana = world.ana
    first_remote, second_remote = world.bare("first.git"), world.bare("second.git")
    write_files(ana.path, {"train.py": "for the first\n"})
    commit(ana.path)
    first = ana.run("first.py")
    ana.git("reset", "-q", "--hard", "HEAD~")
    write_files(ana.path, {"train.py": "for the second\n"})
    commit(ana.path)
    second = ana.run("second.py")
    base = set(ana.git("rev-list", "--objects", "--no-object-names", "HEAD~").split())
    assert ana.push(str(first_remote), first).runs == 1
    assert ana.push(str(second_remote), second).runs == 1
    shared = objects_of(first_remote) & objects_of(second_remote)
    empty = {
        git(ana.path, "hash-object", "-t", kind, "/dev/null").strip() for kind in ("blob", "tree")
    }
    assert shared <= base | empty
    assert len(refs_of(first_remote)) == len(refs_of(second_remote)) == 3


def test_under_another_name_a_remote_has_them_already(world: World) -> None:
    ana = world.ana
    first, second = ana.run("first.py"), ana.run("second.py")
    assert ana.push(None, first).runs == 1
    before = refs_of(world.origin)
    for name in (str(world.origin), world.origin.as_uri()):
        assert ana.push(name, first).up_to_date
        assert refs_of(world.origin) == before
    assert ana.push(world.origin.as_uri(), first, second).runs == 1
    ana.push()
    assert ana.push(str(world.origin), first, second).up_to_date
    world.sam.fetch()
    assert world.sam.runs() == {first, second}


def test_given_runs_are_not_sent_again_and_labels_are_added(world: World) -> None:
    ana = world.ana
    run = ana.run()
    ana.push(None, run)
    before = objects_of(world.origin)
    assert ana.push(None, run) == ("origin", 0, 0, 0, True, False)
    assert objects_of(world.origin) == before
    ana.label(run, "good")
    assert ana.push(None, run) == ("origin", 0, 1, 0, False, False)
    assert ana.push(None, run).up_to_date
    assert world.sam.fetch() == ("origin", 1, 3, False)
    assert world.sam.lines() == ana.lines()


def test_a_run_pushed_with_its_lane_need_not_be_given(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    assert world.ana.push(None, run).up_to_date
    assert refs_of(world.ana.path, "refs/gage-out") == {}


def test_somebody_elses_run_is_passed_on_whole(world: World) -> None:
    write_files(world.ana.path, {"train.py": "lr = 7\n"})
    commit(world.ana.path)
    run = world.ana.run()
    world.ana.label(run, "by ana")
    world.ana.push()
    world.sam.fetch()
    world.sam.label(run, "by sam")
    other = world.bare("other.git")
    assert world.sam.push(str(other), run) == (str(other), 1, 4, 2, False, False)
    git(world.folder, "init", "-q", "reader")
    reader = Person(world.folder / "reader")
    reader.fetch(str(other))
    assert reader.lines() == world.sam.lines()
    assert reader.output(run) == b"output of train.py\n"
    (begun,) = (record for record in reader.records if record.kind == "run.begin")
    shown = reader.git("show", f"{begun.body['source']['snapshot']}:train.py")
    assert shown == "lr = 7\n"


def test_what_is_not_here_is_said_and_the_record_is_sent(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    world.sam.git("fetch", "-q", "origin", "refs/gage/w/*/log:refs/gage-remotes/origin/w/*/log")
    snapshot = world.sam.git("rev-parse", "HEAD").strip()
    other = world.bare("other.git")
    assert world.sam.push(str(other), run).records == 2
    assert world.sam.heard.warnings == [
        f"run '{run[10:17]}' is sent without source, output: not in this clone"
    ]
    assert snapshot not in objects_of(other)


def test_a_record_cannot_take_private_things_along(world: World) -> None:
    """Sam's record names a commit and a blob of Ana's; Ana passes Sam's run on."""
    write_files(world.ana.path, {"secret.txt": "private\n"})
    private = commit(world.ana.path, "private")
    blob = world.ana.git("rev-parse", "HEAD:secret.txt").strip()
    bad = "x\nM 100644 inline y"
    run = world.sam.run(
        source={"commit": private, "snapshot": private},
        bulk={
            "environment.json": {"oid": blob, "sha256": "0" * 64, "size": 8},
            bad: {"oid": blob, "sha256": "0" * 64, "size": 8},
            "output.idx": {"oid": 5, "sha256": None, "size": 3},
        },
    )
    world.sam.push()
    world.ana.fetch()
    other = world.bare("other.git")
    assert world.ana.push(str(other), run).records == 2
    assert not {private, blob} & objects_of(other)
    assert len(world.ana.heard.warnings) == 1
    assert world.ana.push(str(other), run).up_to_date


def test_a_refused_run_does_not_go_along_with_the_next(world: World) -> None:
    ana = world.ana
    refused, wanted = ana.run("refused.py"), ana.run("wanted.py")
    hook = world.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = refs_of(ana.path)
    with pytest.raises(RemoteError):
        ana.push(None, refused)
    assert refs_of(ana.path) == before
    hook.unlink()
    ana.push(None, wanted)
    world.sam.fetch()
    assert world.sam.runs() == {wanted}


def test_a_push_that_was_killed_before_it_was_noted(world: World) -> None:
    ana = world.ana
    first, second = ana.run("first.py"), ana.run("second.py")
    before = refs_of(ana.path, "refs/gage-remotes")
    ana.push(None, first)
    for ref in refs_of(ana.path, "refs/gage-remotes"):
        ana.git("update-ref", "-d", ref)
    assert before == {}
    assert ana.push(None, second).runs == 1
    world.sam.fetch()
    assert world.sam.runs() == {first, second}
    ana.fetch()
    assert ana.push(None, first, second).up_to_date


def test_what_a_killed_fetch_or_push_has_locked_does_not_stop_the_next(world: World) -> None:
    ana, sam = world.ana, world.sam
    ana.push(None, ana.run())
    sam.fetch()
    for person, space in ((sam, "refs/gage-remotes"), (ana, "refs/gage-out")):
        for ref in refs_of(person.path, space):
            lock = person.path / ".git" / f"{ref}.lock"
            lock.parent.mkdir(parents=True, exist_ok=True)
            lock.touch()
            os.utime(lock, (1, 1))
    second = ana.run("second.py")
    assert ana.push(None, second).runs == 1
    assert sam.fetch().runs_new == 1


def test_many_runs_fill_epochs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.store.layout.EPOCH_RUNS", 2)
    ana = world.ana
    runs = [ana.run(f"{number}.py") for number in range(5)]
    assert ana.push(None, *runs).runs == 5
    world.sam.fetch()
    assert world.sam.lines() == ana.lines()
    kinds = [ref.split("/")[-1] for ref in refs_of(world.origin, "refs/gage")]
    assert sorted(kinds) == ["bulk"] * 3 + ["log", "sealed", "sealed"] + ["src"] * 3


def test_the_sources_of_many_runs_go_along(world: World) -> None:
    """Dates in a lane run backwards: what git calls reachable by dates is not all that is."""
    ana = world.ana
    runs = []
    for number in range(9):
        ana.git("checkout", "-q", "--detach", "main")
        write_files(ana.path, {"train.py": f"{number}\n"})
        commit(ana.path)
        runs.append(ana.run(f"{number}.py"))
    snapshots = [record.body["source"]["snapshot"] for record in ana.records if record.lc == 1]
    src = next(oid for ref, oid in refs_of(ana.path, "refs/gage/w").items() if ref[-4:] == "/src")
    pins = ana.git("rev-list", "--first-parent", "--min-age=946684800", src).split()
    assert all(is_ancestor(ana.store.repo, pin, src) for pin in pins)
    assert not is_ancestor(ana.store.repo, src, pins[-1])
    assert ana.push(None, *runs[:8]).commits == 8
    assert ana.heard.warnings == []
    assert ana.push(None, runs[8]).commits == 1
    for snapshot in snapshots:
        git(world.origin, "cat-file", "-e", snapshot)


def test_an_out_lane_closes_with_the_month(world: World) -> None:
    ana, october = world.ana, 1_792_000_000.0
    ana.now = october
    first = ana.run()
    ana.push(None, first)
    ana.now = october + 40 * 86400
    second = ana.run()
    ana.push(None, second)
    kinds = sorted(ref.split("/", 4)[4] for ref in refs_of(world.origin, "refs/gage"))
    assert kinds[:3] == ["202610-01/bulk", "202610-01/sealed", "202610-01/src"]
    world.sam.fetch()
    assert world.sam.runs() == {first, second}


def test_another_place_at_the_same_address_gets_what_was_chosen_alone(world: World) -> None:
    ana = world.ana
    first, second = ana.run("first.py"), ana.run("second.py")
    ana.push(None, first)
    shutil.rmtree(world.origin)
    world.bare(world.origin.name)
    assert ana.push(None, second) == ("origin", 1, 2, 0, False, False)
    content = git(world.origin, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert "second.py" in content
    assert "first.py" not in content
    assert ana.push(None, first).runs == 1
    world.sam.fetch()
    assert world.sam.lines() == ana.lines()


def test_an_emptied_remote_gets_the_run_with_what_is_said_of_it_now(world: World) -> None:
    ana = world.ana
    run, other = ana.run("one.py"), ana.run("two.py")
    ana.push()
    shutil.rmtree(world.origin)
    world.bare(world.origin.name)
    ana.label(run, "good")
    assert ana.push(None, run) == ("origin", 1, 3, 0, False, False)
    world.sam.fetch()
    assert world.sam.runs() == {run}
    assert other not in world.sam.runs()
    assert ana.push(None, run).up_to_date


def test_a_full_epoch_that_a_place_has_lost_stays_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.store.layout.EPOCH_RUNS", 2)
    ana = world.ana
    first, second, third = (ana.run(f"{name}.py") for name in ("first", "second", "third"))
    ana.push(None, first)
    ana.push(None, second)
    shutil.rmtree(world.origin)
    world.bare(world.origin.name)
    ana.push(None, third)
    world.sam.fetch()
    assert world.sam.runs() == {third}
