"""Lanes that were rewritten, and clones that write the same lane: both sides are kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import RemoteError
from git_gage.share.transfer import list_remote
from git_gage.store.identity import _place
from tests.git.test_mend import share
from tests.support import commit, gage_inside, git, ways, write_files
from tests.unit.share.world import Person, World, make_world, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def copy_clone(person: Person, path: Path, *, unnoticed: bool = False) -> Person:
    """A copy of a clone, as `cp -r` makes it; `unnoticed` as a disk image does."""
    shutil.copytree(person.path, path, symlinks=True)
    if unnoticed:
        gage = path / ".git" / "gage" / "lane.json"
        gage.write_text(
            json.dumps({**json.loads(gage.read_text()), "place": _place(path / ".git")})
        )
    return Person(path)


def lanes_of(path: Path, prefix: str = "refs/gage/w") -> set[str]:
    return {ref.removeprefix(f"{prefix}/").split("/")[0] for ref in refs_of(path, prefix)}


def test_a_copied_clone_takes_its_own_lane(world: World) -> None:
    world.ana.run("before.py")
    world.ana.push()
    copy = copy_clone(world.ana, world.folder / "copy")
    world.ana.run("original.py")
    world.ana.push()
    copy.run("copy.py")
    assert copy.push() == ("origin", 1, 2, 0, False, False)
    assert copy.push().up_to_date
    assert world.ana.push().up_to_date
    assert copy.heard.warnings == []
    world.sam.fetch()
    assert len(world.sam.runs()) == 3
    assert len(lanes_of(world.origin)) == 2


def test_a_copy_made_before_a_push_sends_the_old_lane_once(world: World) -> None:
    run = world.ana.run("before.py")
    copy = copy_clone(world.ana, world.folder / "copy")
    assert copy.push().runs == 1
    world.ana.label(run, "mine")
    assert world.ana.push().records == 1
    copy.run("copy.py")
    assert copy.push() == ("origin", 1, 2, 0, False, False)
    world.sam.fetch()
    assert world.sam.lines() == world.ana.lines() | copy.lines()


def test_two_writers_of_one_lane_lose_nothing(world: World) -> None:
    common = world.ana.run("common.py")
    world.ana.push()
    twin = copy_clone(world.ana, world.folder / "twin", unnoticed=True)
    (lane,) = lanes_of(world.origin)
    for person, name in ((world.ana, "ana"), (twin, "twin")):
        write_files(person.path, {"train.py": f"# {name}\n"})
        commit(person.path, name)
        person.run(f"{name}.py")
    assert world.ana.push().runs == 1
    assert twin.push() == ("origin", 1, 2, 1, False, False)
    assert twin.heard.warnings == [
        f"lane '{lane}' is written by a copy of this clone too: going on in '{twin.store.lane}'"
    ]
    assert twin.store.lane != lane
    assert twin.push().up_to_date
    run = twin.run("later.py")
    assert twin.push().runs == 1
    world.sam.fetch()
    twin.fetch()
    assert world.sam.lines() == twin.lines() == world.ana.lines() | twin.lines()
    assert len(world.sam.runs()) == 4
    assert world.sam.output(run) == b"output of later.py\n"
    (begun,) = (r for r in world.sam.records if r.body.get("operation") == "twin.py")
    assert world.sam.output(begun.run) == b"output of twin.py\n"
    shown = world.sam.git("show", f"{begun.body['source']['snapshot']}:train.py")
    assert shown == "# twin\n"
    assert common in world.sam.runs()
    assert world.sam.heard.warnings == []


def test_a_remote_that_lost_a_lane_that_was_left_gets_what_is_in_it(world: World) -> None:
    common = world.ana.run("common.py")
    world.ana.push()
    twin = copy_clone(world.ana, world.folder / "twin", unnoticed=True)
    (lane,) = lanes_of(world.origin)
    other = world.ana.run("ana.py")
    run = twin.run("twin.py")
    world.ana.push()
    twin.push()
    shutil.rmtree(world.ana.path)
    for ref in refs_of(world.origin, f"refs/gage/w/{lane}"):
        git(world.origin, "update-ref", "-d", ref)
    assert twin.push().runs == 1
    assert twin.push().up_to_date
    world.sam.fetch()
    assert world.sam.runs() == {common, run}
    assert world.sam.output(common) == b"output of common.py\n"
    # What the other one wrote is not this one's to send with all that is its own.
    assert other in twin.runs()


@pytest.mark.parametrize("is_fetched", ways(True, False))
def test_a_lane_that_was_left_and_is_rewritten_without_its_records(
    world: World, *, is_fetched: bool
) -> None:
    """Nobody else has them: they go on in the lane in use."""
    common = world.ana.run("common.py")
    world.ana.push()
    (lane,) = lanes_of(world.origin)
    rewrite(world, lane)
    run = world.ana.run("ana.py")
    world.ana.push()
    rewrite(
        world, lane, tree=git(world.origin, "hash-object", "-w", "-t", "tree", "/dev/null").strip()
    )
    if is_fetched:
        world.ana.fetch()
    assert world.ana.push().runs == 1
    assert world.ana.push().up_to_date
    world.sam.fetch()
    assert world.sam.runs() == {common, run}


def test_what_was_left_is_not_added_twice(world: World) -> None:
    """A lane was left; what was noted of that is lost; the next push finds nothing to do."""
    world.ana.run("common.py")
    world.ana.push()
    twin = copy_clone(world.ana, world.folder / "twin", unnoticed=True)
    world.ana.run("ana.py")
    run = twin.run(bulk={"environment.json": {"oid": "0" * 40, "sha256": "0" * 64, "size": 1}})
    world.ana.push()
    twin.push()
    assert twin.heard.warnings[1:] == [
        f"run '{run[10:17]}' is sent without environment.json: not in this clone"
    ]
    (twin.path / ".git" / "gage" / "shared.json").unlink()
    before = refs_of(world.origin)
    assert twin.push().up_to_date
    assert refs_of(world.origin) == before


def test_a_twin_can_go_to_another_remote_too(world: World) -> None:
    other = world.bare("other.git")
    world.ana.run("common.py")
    world.ana.push()
    twin = copy_clone(world.ana, world.folder / "twin", unnoticed=True)
    world.ana.run("ana.py")
    world.ana.push()
    twin.run("twin.py")
    twin.push()
    twin.push(str(other))
    world.sam.fetch(str(other))
    assert world.sam.runs() == twin.runs() - world.ana.runs() | {
        record.run for record in world.ana.records if record.body.get("operation") == "common.py"
    }


def test_a_clone_restored_from_a_backup_is_no_danger(world: World) -> None:
    world.ana.run("first.py")
    backup = copy_clone(world.ana, world.folder / "backup", unnoticed=True)
    world.ana.run("second.py")
    world.ana.push()
    assert backup.push().up_to_date
    backup.run("third.py")
    assert backup.push().runs == 1
    world.sam.fetch()
    assert len(world.sam.runs()) == 3


def rewrite(world: World, lane: str, **options: str) -> None:
    """Somebody puts another history on a lane of the origin."""
    (log,) = (ref for ref in refs_of(world.origin, f"refs/gage/w/{lane}") if ref.endswith("/log"))
    tree = options.get("tree") or git(world.origin, "rev-parse", f"{log}^{{tree}}").strip()
    name = ("-c", "user.name=x", "-c", "user.email=x@y")
    fresh = git(world.origin, *name, "commit-tree", "-m", "rewritten", tree).strip()
    git(world.origin, "update-ref", log, fresh)


def test_a_rewritten_lane_is_kept_beside_the_old_one(world: World) -> None:
    kept = world.ana.run("kept.py")
    world.ana.push()
    world.sam.fetch()
    (lane,) = lanes_of(world.origin)
    before = world.sam.lines()
    old = refs_of(world.sam.path, "refs/gage-remotes")
    other = Person(make_world(world.folder / "elsewhere").ana.path)
    run = other.run("forged.py")
    other.push(str(world.origin))
    (log,) = (ref for ref in refs_of(other.path, "refs/gage/w") if ref.endswith("/log"))
    tree = git(world.origin, "rev-parse", f"{log}^{{tree}}").strip()
    rewrite(world, lane, tree=tree)
    world.sam.run("mine.py")
    world.sam.push()

    assert world.sam.fetch().runs_new == 1
    assert world.sam.heard.warnings == [
        f"lane '{lane}' was rewritten on 'origin': both forms are kept",
        (
            "'origin' no longer has 1 run that it had, or hides it: here nothing of it is lost\n"
            f"hint: give it back: git gage push origin {kept[10:17]}"
        ),
    ]
    assert before < world.sam.lines()
    assert run in world.sam.runs()
    now = refs_of(world.sam.path, "refs/gage-remotes")
    assert old.items() < now.items()
    forks = [ref for ref in now if "-fork-" in ref]
    assert [ref.split("/")[-1] for ref in forks] == ["log"]

    assert world.sam.fetch() == ("origin", 0, 0, False)
    assert len(world.sam.heard.warnings) == 2
    assert refs_of(world.sam.path, "refs/gage-remotes") == now


def test_a_rewritten_lane_that_goes_on_leaves_one_fork(world: World) -> None:
    world.ana.run()
    world.ana.push()
    world.sam.fetch()
    (lane,) = lanes_of(world.origin)
    rewrite(world, lane)
    world.sam.fetch()
    (log,) = (ref for ref in refs_of(world.origin) if ref.endswith("/log"))
    name = ("-c", "user.name=x", "-c", "user.email=x@y")
    later = git(
        world.origin, *name, "commit-tree", "-m", "later", "-p", log, f"{log}^{{tree}}"
    ).strip()
    git(world.origin, "update-ref", log, later)
    world.sam.fetch()
    forks = {ref: oid for ref, oid in refs_of(world.sam.path).items() if "-fork-" in ref}
    assert list(forks.values()) == [later]


def test_rewritten_sources_are_kept_too(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    world.sam.fetch()
    for ref in refs_of(world.origin, "refs/gage"):
        if not ref.endswith("/log"):
            name = ("-c", "user.name=x", "-c", "user.email=x@y")
            tree = git(world.origin, "rev-parse", f"{ref}^{{tree}}").strip()
            fresh = git(world.origin, *name, "commit-tree", "-m", "x", tree).strip()
            git(world.origin, "update-ref", ref, fresh)
    world.ana.label(run, "new")
    world.ana.git("push", "-q", "origin", "refs/gage/w/*/log:refs/gage/w/*/log")
    world.sam.fetch()
    kinds = {ref.split("/")[-1] for ref in refs_of(world.sam.path) if "-fork-" in ref}
    assert kinds == {"src", "bulk"}
    assert world.sam.heard.warnings == []


def test_our_own_lane_was_rewritten(world: World) -> None:
    """What we have goes on in a new lane; what the remote has is fetched, never replaced."""
    run = world.ana.run("mine.py")
    world.ana.push()
    (lane,) = lanes_of(world.origin)
    other = Person(make_world(world.folder / "elsewhere").ana.path)
    other.run("forged.py")
    other.push(str(world.origin))
    (log,) = (ref for ref in refs_of(other.path, "refs/gage/w") if ref.endswith("/log"))
    rewrite(world, lane, tree=git(world.origin, "rev-parse", f"{log}^{{tree}}").strip())
    forged = refs_of(world.origin, f"refs/gage/w/{lane}")
    world.ana.run("again.py")
    world.ana.push()
    assert forged.items() <= refs_of(world.origin).items()
    world.sam.fetch()
    assert world.ana.lines() - world.sam.lines() == set()
    assert run in world.sam.runs()


def test_a_run_that_a_rewritten_lane_has_lost_is_pushed_once_more(world: World) -> None:
    """What the remote was known to have is kept here alone: it counts as what it is there."""
    world.ana.run("kept.py")
    world.ana.push()
    before = refs_of(world.origin, "refs/gage")
    lost = world.ana.run("lost.py")
    world.ana.push()
    for ref, oid in before.items():
        name = ("-c", "user.name=x", "-c", "user.email=x@y")
        fresh = git(world.origin, *name, "commit-tree", "-m", "rewritten", f"{oid}^{{tree}}")
        git(world.origin, "update-ref", ref, fresh.strip())
    world.sam.fetch()
    assert lost not in world.sam.runs()
    assert "would push 1 run to origin (2 rec" in gage_inside(world.ana.path, "push", "-n").out
    done = gage_inside(world.ana.path, "push")
    assert done.out == "pushed 1 run to origin\n"
    assert [line.partition(": ")[0] for line in done.err.splitlines()] == ["warning"] * 2
    world.sam.fetch()
    assert world.sam.runs() == world.ana.runs()
    assert gage_inside(world.ana.path, "push").out == "origin is up to date\n"


@pytest.mark.parametrize(
    ("kind", "is_set_back"), ways(("src", True), ("bulk", False), ("src", False), small=2)
)
@pytest.mark.parametrize("is_fetched", ways(True, False))
def test_outputs_and_sources_that_a_rewritten_lane_has_lost_are_sent_once_more(
    world: World, kind: str, *, is_set_back: bool, is_fetched: bool
) -> None:
    """The records are there still: nothing else would tell that these are not."""
    (world.ana.path / "train.py").write_text("print('changed')\n")
    share(world.ana, "run", "-q", "--", "python3", "train.py")
    share(world.ana, "push")
    (ref,) = (ref for ref in refs_of(world.origin) if ref.endswith(f"/{kind}"))
    tree = git(world.origin, "hash-object", "-w", "-t", "tree", "/dev/null").strip()
    name = ("-c", "user.name=x", "-c", "user.email=x@y")
    other = git(world.origin, *name, "commit-tree", "-m", "x", tree).strip()
    git(world.origin, "update-ref", ref, "main" if is_set_back else other)
    git(world.origin, "gc", "-q", "--prune=now")
    if is_fetched:
        share(world.ana, "fetch")
    share(world.ana, "push")
    assert share(world.ana, "push").out == "origin is up to date\n"
    share(world.sam, "fetch")
    share(world.sam, "list")
    assert share(world.sam, "output", "1").out == "changed\n"
    assert "changed" in share(world.sam, "show", "1", "--diff").out
    assert "Saved 1 run" in share(world.ana, "backup", "origin").out


def test_a_lane_that_the_remote_lost_is_offered_again(world: World) -> None:
    world.ana.run()
    world.ana.push()
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    assert world.ana.fetch() == ("origin", 0, 0, False)
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)


def test_a_remote_that_is_at_odds_with_itself(world: World) -> None:
    """It says at every push that its refs have changed: we give up, nothing is changed."""
    world.ana.run()
    (log,) = (ref for ref in refs_of(world.ana.path, "refs/gage/w") if ref.endswith("/log"))
    lock = world.origin / f"{log}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(RemoteError, match=r"push to 'origin': .*\nremote: error: cannot lock"):
        world.ana.push()
    assert refs_of(world.ana.path, "refs/gage-remotes") == {}
    lock.unlink()
    assert world.ana.push().runs == 1


def test_a_remote_that_hangs_up(world: World) -> None:
    world.ana.run()
    hook = world.origin / "hooks" / "reference-transaction"
    hook.write_text('#!/bin/sh\n[ "$1" != prepared ] || exit 1\n')
    hook.chmod(0o755)
    with pytest.raises(RemoteError, match="push to 'origin': "):
        world.ana.push()
    assert refs_of(world.ana.path, "refs/gage-remotes") == {}


def test_a_lane_that_was_set_back_is_completed_again(world: World) -> None:
    first = world.ana.run("first.py")
    world.ana.push()
    (log,) = (ref for ref in refs_of(world.origin) if ref.endswith("/log"))
    old = refs_of(world.origin)[log]
    world.ana.run("second.py")
    world.ana.push()
    git(world.origin, "update-ref", log, old)
    world.ana.fetch()
    assert len(world.ana.heard.warnings) == 2
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)
    assert not [ref for ref in refs_of(world.ana.path) if "-fork-" in ref]
    assert world.ana.push().up_to_date
    world.sam.fetch()
    assert first in world.sam.runs()
    assert len(world.sam.runs()) == 2


def test_a_lane_of_equal_records_and_another_history_is_left_alone(world: World) -> None:
    world.ana.run()
    world.ana.push()
    (lane,) = lanes_of(world.origin)
    rewrite(world, lane)
    world.ana.fetch()
    assert world.ana.push().up_to_date
    world.ana.run("next.py")
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)
    assert len(lanes_of(world.origin)) == 2
    world.sam.fetch()
    assert world.sam.lines() == world.ana.lines()


def test_a_lane_that_moves_on_while_another_is_rewritten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ana.run()
    world.ana.push()
    (lane,) = lanes_of(world.origin)
    world.sam.run()
    world.sam.push()
    git(world.folder, "clone", "-q", str(world.origin), "kim")
    kim = Person(world.folder / "kim")
    kim.fetch()
    rewrite(world, lane)

    def list_later(*args: Any) -> dict[str, str]:
        world.sam.run("meanwhile.py")
        world.sam.push()
        return list_remote(*args)

    monkeypatch.setattr("git_gage.share.fetch.list_remote", list_later)
    kim.fetch()
    monkeypatch.undo()
    assert kim.heard.warnings == [f"lane '{lane}' was rewritten on 'origin': both forms are kept"]
    assert len(kim.runs()) == 3
    there = refs_of(world.origin, f"refs/gage/w/{world.sam.store.lane}")
    (log,) = (oid for ref, oid in there.items() if ref.endswith("/log"))
    assert log in refs_of(kim.path, "refs/gage-remotes").values()


def test_a_copy_whose_original_closed_the_epoch(world: World) -> None:
    october = 1_792_000_000.0
    world.ana.now = october
    world.ana.run("before.py")
    world.ana.push()
    copy = copy_clone(world.ana, world.folder / "copy")
    world.ana.now = october + 40 * 86400
    world.ana.run("after.py")
    world.ana.push()
    before = refs_of(world.origin)
    copy.fetch()
    assert copy.push().up_to_date
    assert refs_of(world.origin) == before


def test_a_copy_that_mended_itself_is_in_nobodys_way(world: World) -> None:
    """It has pushed a lane of the name that the original's next one would have."""
    ana = world.ana
    for _ in range(2):
        assert gage_inside(ana.path, "run", "-q", "train.py").code == 0
    assert gage_inside(ana.path, "push").code == 0
    gone = gage_inside(ana.path, "select", "@").out.strip()
    copy = copy_clone(ana, world.folder / "copy")
    for pack in (copy.path / ".git/objects/pack").iterdir():
        pack.unlink()
    assert gage_inside(copy.path, "sync").code == 0
    ana.fetch()
    assert gage_inside(ana.path, "purge", "@", "--force").code == 0
    assert gage_inside(ana.path, "run", "-q", "train.py").code == 0
    pushed = gage_inside(ana.path, "push")
    assert (pushed.code, pushed.out.count("; it gave up what was taken out")) == (0, 1), pushed
    assert gage_inside(copy.path, "fetch").code == 0
    world.sam.fetch()
    assert world.sam.runs() == ana.runs() == copy.runs()
    assert len(ana.runs()) == 2
    assert gone not in ana.runs()
    for each in (ana, copy):
        assert gage_inside(each.path, "push").out == "origin is up to date\n"
