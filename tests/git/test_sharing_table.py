"""docs/sharing.md has a table of what travels: each of its cells, by each command.

Ana's clone is *here*, the hub that she shares with Bob *there*. One more command: a word in WAYS.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from git_gage.catalog.place import NAME
from git_gage.git import open_repository
from git_gage.store import Store
from tests.git.test_put_away import run, say
from tests.support import clone, commit, gage_inside, git, make_repo, write_files

PAGE = Path(__file__).parents[2] / "docs" / "sharing.md"
# Which sides have all afterwards.
WAYS = {
    "push": ("there",),
    "fetch": ("here",),
    "sync": ("here", "there"),
    "copy -y --all --to origin": ("there",),
    "copy -y --all --from origin": ("here",),
}
SENDING = ("push", "sync", "copy -y --all --to origin")
GETTING = ("fetch", "sync", "copy -y --all --from origin")
TRAIN = "print('loss: 1')\nopen('big.bin', 'wb').write(b'x' * 200_000)\n"
View = dict[str, dict[str, Any]]


class World(NamedTuple):
    """Runs by what became of them, and what both sides show after one command."""

    runs: dict[str, str]
    views: dict[str, View]
    before: dict[str, View]
    full: tuple[str, ...]


def look(where: Path) -> View:
    """All runs that a clone shows, wherever they are put."""
    any_of = ("-w", "deleted or not deleted", "-w", "archived or not archived")
    found = json.loads(say(where, "list", "--all", "--json", *any_of))
    return {each["id"]: each for each in found}


def look_there(hub: Path) -> View:
    """What a new clone gets."""
    names = [path.name for path in hub.parent.iterdir()]
    fresh = clone(hub, hub.parent / f"fresh{len(names)}", name="Eve")
    say(fresh, "fetch")
    return look(fresh)


def make_world(folder: Path, way: str) -> World:
    ana = make_repo(folder / "ana", files={"train.py": TRAIN})
    hub = folder / "hub.git"
    git(folder, "init", "-q", "--bare", "-b", "main", str(hub))
    git(ana, "remote", "add", "origin", str(hub))
    git(ana, "push", "-q", "origin", "main")
    bob = clone(hub, folder / "bob", name="Bob")
    hers: tuple[str, ...] = (
        "labelled here",
        "labelled there",
        "labelled twice",
        "cleared here",
        "cleared there",
    )
    hers += ("archived here", "moved", "deleted here", "restored here", "purged here")
    his = ("archived there", "deleted there", "restored there", "purged there")
    runs = {name: run(ana) for name in hers} | {name: run(bob) for name in his}
    for name in ("cleared here", "cleared there"):
        say(ana, "label", runs[name], "--set", "old")
    say(ana, "archive", runs["moved"], "--to", "a")
    say(ana, "rm", "-y", runs["restored here"])
    say(bob, "rm", "-y", runs["restored there"])
    for _ in range(2):
        for where in (ana, bob):
            say(where, "push")
            say(where, "fetch")

    runs["only there"] = run(bob)
    say(bob, "label", runs["labelled there"], "--set", "bob")
    say(bob, "label", runs["labelled twice"], "--set", "bob")
    say(bob, "label", runs["cleared there"], "--clear")
    say(bob, "archive", runs["archived there"], "--to", "b")
    say(bob, "rm", "-y", runs["deleted there"])
    say(bob, "restore", runs["restored there"])
    say(bob, "purge", "--force", runs["purged there"], "--remote", "origin")

    runs["only here"] = run(ana)
    say(ana, "label", runs["labelled here"], "--set", "ana")
    say(ana, "label", runs["labelled twice"], "--set", "ana")
    say(ana, "label", runs["cleared here"], "--clear")
    say(ana, "archive", runs["archived here"], "--to", "a")
    say(ana, "archive", runs["moved"], "--to", "b")
    say(ana, "rm", "-y", runs["deleted here"])
    say(ana, "restore", runs["restored here"])
    say(ana, "purge", "--force", runs["purged here"])
    before = {"here": look(ana), "there": look_there(hub)}
    say(ana, *way.split())
    return World(runs, {"here": look(ana), "there": look_there(hub)}, before, WAYS[way])


def archive_of(document: dict[str, Any]) -> Any:
    return document["archived"] and document["archived"]["name"]


def is_deleted(document: dict[str, Any]) -> bool:
    return document["deleted"] is not None


# What it is about, the name of the run, what is read of it, and that before and after.
CELLS = [
    ("attribute", "labelled here", "here", "label", None, "ana"),
    ("attribute", "labelled there", "there", "label", None, "bob"),
    ("attribute", "cleared here", "here", "label", "old", None),
    ("attribute", "cleared there", "there", "label", "old", None),
    ("archive", "archived here", "here", archive_of, None, "a"),
    ("archive", "archived there", "there", archive_of, None, "b"),
    ("archive", "moved", "here", archive_of, "a", "b"),
    ("delete", "deleted here", "here", is_deleted, False, True),
    ("delete", "deleted there", "there", is_deleted, False, True),
    ("delete", "restored here", "here", is_deleted, True, False),
    ("delete", "restored there", "there", is_deleted, True, False),
]


@pytest.mark.parametrize("way", WAYS)
def test_each_cell_of_the_table(tmp_path: Path, way: str) -> None:
    """One world for each command, which is dear to make, and a look at each of its cells."""
    world = make_world(tmp_path, way)
    for what, name, side, read, old, new in CELLS:
        check_what_is_said(world, f"{what}: {name}", side, read, old, new)
    labels = {
        side: view[world.runs["labelled twice"]]["label"] for side, view in world.views.items()
    }
    assert labels == {"here": "ana", "there": "ana" if "there" in world.full else "bob"}
    for side, other in (("here", "there"), ("there", "here")):
        one = world.runs[f"only {side}"]
        assert one in world.views[side]
        assert (one in world.views[other]) == (other in world.full)
        gone = world.runs[f"purged {side}"]
        assert gone in world.before[other]
        assert gone not in world.views[side]
        assert (gone in world.views[other]) == (other not in world.full)


def check_what_is_said(world: World, cell: str, side: str, read: Any, old: Any, new: Any) -> None:
    """What is said on one side gets to the other, if the command goes there."""

    def value(view: View) -> Any:
        document = view[world.runs[cell.partition(": ")[2]]]
        return read(document) if callable(read) else document[read]

    other = "there" if side == "here" else "here"
    assert value(world.before[side]) == new, cell
    assert value(world.before[other]) == old, cell
    assert value(world.views[side]) == new, cell
    assert value(world.views[other]) == (new if other in world.full else old), cell


# -- gone on one side ------------------------------------------------------------------------------


def lanes(where: Path, *spaces: str) -> dict[str, str]:
    listed = git(where, "for-each-ref", "--format=%(refname) %(objectname)", *spaces)
    return dict(line.split() for line in listed.splitlines())


@pytest.fixture
def shared(tmp_path: Path, repo: Path) -> tuple[Path, Path, Path, str]:
    """Ana, Bob and the hub with one run that Bob has begun."""
    write_files(repo, {"train.py": TRAIN})
    commit(repo)
    hub = tmp_path / "hub.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(hub))
    git(repo, "remote", "add", "origin", str(hub))
    git(repo, "push", "-q", "origin", "main")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    one = run(bob)
    say(bob, "push")
    say(repo, "fetch")
    return repo, bob, hub, one


@pytest.mark.parametrize("way", GETTING)
def test_what_is_gone_here_comes_again(shared: tuple[Path, Path, Path, str], way: str) -> None:
    ana, _, _, one = shared
    before = lanes(ana, "refs/gage-remotes")
    for ref in before:
        git(ana, "update-ref", "-d", ref)
    say(ana, "push")
    assert lanes(ana, "refs/gage-remotes") == {}
    (ana / ".git/gage" / NAME).unlink()  # it would remember what it has read
    assert one not in look(ana)
    say(ana, *way.split())
    assert (lanes(ana, "refs/gage-remotes") == before) == (not way.startswith("copy"))
    assert say(ana, "output", one) == "loss: 1\n"


@pytest.mark.parametrize("way", SENDING)
def test_what_is_gone_there_is_sent_again(shared: tuple[Path, Path, Path, str], way: str) -> None:
    _, bob, hub, one = shared
    before = lanes(hub, "refs/gage")
    for ref in before:
        git(hub, "update-ref", "-d", ref)
    say(bob, "fetch")
    assert lanes(hub, "refs/gage") == {}
    say(bob, *way.split())
    assert (lanes(hub, "refs/gage") == before) == (not way.startswith("copy"))
    assert one in look_there(hub)


def test_large_files_stay_where_they_are(shared: tuple[Path, Path, Path, str]) -> None:
    ana, bob, hub, _ = shared

    def held() -> list[int]:
        stores = (Store(open_repository(each, dict(os.environ))) for each in (ana, bob))
        return [len(list(store.sidecar.list())) for store in stores]

    for way in SENDING:
        say(bob, *way.split())
    for way in GETTING:
        say(ana, *way.split())
    assert held() == [0, 1]
    assert not (hub / "gage/lfs").exists()
    say(bob, *SENDING[-1].split(), "--files")
    say(ana, *GETTING[-1].split(), "--files")
    assert held() == [1, 1]


def test_what_was_purged_stays_away(shared: tuple[Path, Path, Path, str]) -> None:
    ana, bob, hub, one = shared
    kept = lanes(hub, "refs/gage")
    say(bob, "purge", "--force", one, "--remote", "origin")
    say(ana, "fetch")
    for ref, oid in kept.items():  # somebody mirrors an old state
        git(bob, "push", "-q", "-f", str(hub), f"{oid}:{ref}")
    for where in (ana, bob):
        for way in (*GETTING, *SENDING):
            say(where, *way.split())
        assert one not in look(where)
    assert one not in look_there(hub)


def test_a_copy_takes_nothing_else_of_its_clone_from_a_remote(
    shared: tuple[Path, Path, Path, str],
) -> None:
    _, bob, hub, one = shared
    two = run(bob)
    say(bob, "push")
    say(bob, "purge", "--force", one)
    dry = say(bob, "copy", "--all", "--to", "origin", "-n")
    assert re.search(f"{one[10:17]} +purged +1 update", dry)
    assert gage_inside(bob, "copy", "--all", "--to", "origin", "-y").code == 0
    assert list(look_there(hub)) == [two]
    say(bob, "push")
    assert list(look_there(hub)) == [two]


def test_the_page_has_a_row_for_each() -> None:
    table = PAGE.read_text().partition("## What travels")[2].partition("##")[0]
    rows = re.findall(r"^\| ([a-z, ]+?) \|", table, re.M)
    assert rows[1:] == [
        "record",
        "attribute",
        "file in git",
        "large file",
        "archive, delete",
        "purge",
    ]
