"""What a remote has lost is told by whatever meets it: once, and without asking it once more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from git_gage.records import short_id
from tests.git.test_moving_faults import _mirror
from tests.support import Result, clone, gage_inside
from tests.unit.share.world import Person, World, make_world


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
    ("push", "--user"): 1,
    ("sync", "-n"): 2,
}


@pytest.mark.parametrize(("words", "times"), WAYS.items(), ids=map(" ".join, WAYS))
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
