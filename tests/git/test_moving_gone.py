"""What a remote has lost is told by whatever meets it: once, and without asking it once more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from git_gage.records import short_id
from tests.git.test_moving_faults import _mirror
from tests.support import Result, clone, gage_inside, git, ways
from tests.unit.share.world import Person, World, make_world, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def runs(world: World) -> dict[str, str]:
    """Of Ana and Sam, which Ana has and the remote no longer; and one that it has got since."""
    runs = {"mine": world.ana.run(), "yours": world.sam.run("yours.py")}
    world.ana.push()
    world.sam.push()
    world.ana.fetch()
    _mirror(world)
    eve = Person(clone(world.origin, world.folder / "eve", name="Eve"))
    runs["hers"] = eve.run("hers.py")
    eve.push()
    return runs


def told(*runs: str) -> str:
    amount, it = ("1 run", "it") if len(runs) == 1 else (f"{len(runs)} runs", "them")
    return (
        f"warning: 'origin' no longer has {amount} that it had, or hides {it}: here nothing of "
        f"{it} is lost\nhint: give {it} back: "
    )


def echo(person: Person) -> str:
    """A run of a real program; its id."""
    assert gage_inside(person.path, "run", "-q", "--", "echo", "hush").code == 0
    return str(json.loads(gage_inside(person.path, "show", "@", "--json").out)["id"])


def ask(world: World, *words: str) -> tuple[Result, int]:
    """What Ana's clone says, and how often it has asked the remote for that."""
    calls = world.folder / "calls"
    for program in ("upload-pack", "receive-pack"):
        script = world.folder / program
        script.write_text(f'#!/bin/sh\necho >>{calls}\nexec git-{program} "$@"\n')
        script.chmod(0o755)
        world.ana.git("config", f"remote.origin.{program.replace('-', '')}", str(script))
    calls.write_text("")
    done = gage_inside(world.ana.path, *words)
    assert done.code == 0, done.err
    return done, len(calls.read_text())


# And how often the remote is asked for it, where nothing was lost, too.
WAYS = {
    ("push", "-n"): 1,
    ("fetch", "-n"): 1,
    ("fetch", "-n", "--json"): 1,
    ("push", "-n", "origin", "mine"): 1,
    ("fetch", "-n", "origin", "hers"): 2,
    ("fetch", "origin", "hers"): 3,
    ("fetch", "--user"): 1,
    ("sync", "-n"): 2,
}


@pytest.mark.parametrize(("words", "times"), ways(*WAYS.items(), small=2), ids=str)
def test_it_is_told_once(
    world: World, runs: dict[str, str], words: tuple[str, ...], times: int
) -> None:
    command = [runs.get(word, word) for word in words]
    gage_inside(world.ana.path, "list", "--remote", "origin")
    first, asked = ask(world, *command)
    mine, yours = runs["mine"], short_id(runs["yours"])
    hint = f"git gage push origin && git gage push origin {yours}\n"
    assert (first.err, asked) == (told(mine, yours) + hint, times)
    if "--json" in words:
        assert json.loads(first.out)
    for again in (command, ["fetch"]):
        assert gage_inside(world.ana.path, *again).err == ""


def test_who_gives_a_run_back_is_told_of_the_others(world: World, runs: dict[str, str]) -> None:
    done, _ = ask(world, "push", "origin", runs["yours"])
    assert done.out == "pushed 1 run to origin\n"
    assert done.err == told(runs["mine"]) + "git gage push origin\n"
    done, _ = ask(world, "push", "origin", runs["yours"])
    assert (done.out, done.err) == ("origin is up to date\n", "")
    done, _ = ask(world, "push", "origin", runs["mine"])
    assert (done.out, done.err) == ("pushed 1 run to origin\n", "")
    assert gage_inside(world.ana.path, "sync").err == ""


def test_who_pushes_does_not_know_what_lanes_hold_that_nobody_fetched(
    world: World, runs: dict[str, str]
) -> None:
    done, asked = ask(world, "push", "--user")
    assert (done.err, asked) == ("", 1)
    hint = f"git gage push origin && git gage push origin {short_id(runs['yours'])}\n"
    assert gage_inside(world.ana.path, "fetch").err == told(runs["mine"], runs["yours"]) + hint


@pytest.mark.parametrize("words", ways(("purge", "--force"), ("redact", "-y", "--output")))
def test_what_somebody_has_taken_back_is_not_lost(world: World, words: tuple[str, ...]) -> None:
    """Ana's lane is there anew, and Sam has not fetched that yet."""
    kept, gone = echo(world.ana), echo(world.ana)
    world.ana.push()
    world.sam.fetch()
    assert gage_inside(world.ana.path, *words, gone).code == 0
    world.ana.push()
    for command in ("fetch -n", "push", "push -n", "sync -n", f"push origin {gone} -n", "push"):
        done = gage_inside(world.sam.path, *command.split())
        assert (done.code, done.err) == (0, ""), command
    assert gage_inside(world.sam.path, "push", "-n", "origin", kept, gone).out == (
        "nothing to push to origin\n"
    )
    is_gone = f"warning: run {short_id(gone)} is gone: whoever began it, or an admin, has purged it"
    assert gage_inside(world.sam.path, "fetch").err == (f"{is_gone}\n" * (words[0] == "purge"))


def test_of_a_purged_and_a_lost_run_the_lost_one_is_told(world: World) -> None:
    gone, yours = echo(world.ana), world.sam.run("yours.py")
    world.ana.push()
    world.sam.push()
    eve = Person(clone(world.origin, world.folder / "eve", name="Eve"))
    eve.fetch()
    _mirror(world)
    assert gage_inside(world.ana.path, "purge", "--force", gone, "--remote", "origin").code == 0
    hint = f"git gage push origin {short_id(yours)}\n"
    assert gage_inside(eve.path, "fetch", "-n").err == told(yours) + hint


def test_a_log_that_the_remote_does_not_give_up_hides_nothing(world: World) -> None:
    hook = world.origin / "hooks/update"
    hook.write_text("#!/bin/sh\ncase $3 in *[!0]*) exit 0;; *) exit 1;; esac\n")
    hook.chmod(0o755)
    hers = world.ana.run()
    world.ana.push()
    world.sam.run("yours.py")
    world.sam.push()
    world.sam.fetch()
    # The lane of last month is sealed, and its log stays there all the same.
    world.sam.now = 4e9
    world.sam.run("later.py")
    world.sam.push()
    there = refs_of(world.origin, "refs/gage")
    ends = [ref.rpartition("/")[2] for ref in there]
    assert (ends.count("log"), ends.count("sealed")) == (3, 1)
    for ref in there:
        if world.ana.store.lane in ref:
            git(world.origin, "update-ref", "-d", ref)
    hint = f"git gage push origin {short_id(hers)}\n"
    assert gage_inside(world.sam.path, "push", "--user").err == told(hers) + hint


def test_what_never_arrived_was_not_lost(world: World) -> None:
    """Somebody ends what receives at the remote, and the line is cut."""
    hook = world.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)
    world.ana.run()
    assert gage_inside(world.ana.path, "push").code == 128
    for words in (("fetch",), ("push", "-n"), ("fetch",)):
        done = gage_inside(world.ana.path, *words)
        assert (done.code, done.err) == (0, "")
    hook.unlink()
    for words in (("push",), ("fetch",), ("push",)):
        assert gage_inside(world.ana.path, *words).err == ""
    _mirror(world)
    assert "no longer has 1 run" in gage_inside(world.ana.path, "fetch").err
