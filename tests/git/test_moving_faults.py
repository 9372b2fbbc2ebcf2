"""Bad days between a clone and a remote: what is where afterwards, and that it goes on."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.errors import RemoteError
from git_gage.records import short_id
from git_gage.share.take import fetch_chosen
from tests.support import clone, gage_inside, git, unmeasured_environ, unpack_all, wait_until, ways
from tests.unit.share.world import Person, World, make_world, objects_of, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def noise() -> str:
    """An output that no pack makes small."""
    return random.Random(7).randbytes(200_000).hex()


def take(person: Person, run: str) -> object:
    return fetch_chosen(person.store, person.catalog, None, [run], person.heard)


def stand_in(world: World, person: Person, program: str, text: str) -> Path:
    """Let the remote's side of git be a script."""
    script = world.folder / program
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    person.git("config", f"remote.origin.{program}", str(script))
    return script


@pytest.mark.parametrize("get", [take, lambda person, _: person.fetch()], ids=["take", "fetch"])
def test_a_remote_that_goes_away_while_it_sends(
    world: World, get: Callable[[Person, str], object]
) -> None:
    run = world.ana.run(output=noise())
    world.ana.push()
    stand_in(
        world, world.sam, "uploadpack", 'git-upload-pack "$@" | dd bs=1 count=60000 2>/dev/null'
    )
    before = refs_of(world.sam.path)
    with pytest.raises(RemoteError, match="fetch from 'origin': ") as caught:
        get(world.sam, run)
    assert "git gage fetch origin" in (caught.value.hint or "") or "get-url" in (
        caught.value.hint or ""
    )
    assert refs_of(world.sam.path) == before
    assert not list((world.sam.path / ".git/gage/cache").glob("take-*"))
    world.sam.git("config", "--unset", "remote.origin.uploadpack")
    get(world.sam, run)
    assert world.sam.output(run) == noise().encode()


def test_a_remote_that_says_nothing(world: World) -> None:
    stand_in(world, world.sam, "uploadpack", "exit 1")
    with pytest.raises(RemoteError, match="fetch from 'origin': Could not read from remote rep"):
        world.sam.fetch()


def test_a_remote_that_goes_away_while_we_send(world: World) -> None:
    run = world.ana.run(output=noise())
    stand_in(
        world, world.ana, "receivepack", 'dd bs=1 count=60000 2>/dev/null | git-receive-pack "$@"'
    )
    lines, there = world.ana.lines(), refs_of(world.origin)
    for runs in ((), (run,)):
        with pytest.raises(RemoteError, match="push to 'origin': "):
            world.ana.push(None, *runs)
        assert refs_of(world.origin) == there
        assert refs_of(world.ana.path, "refs/gage-remotes") == {}
        assert refs_of(world.ana.path, "refs/gage-out") == {}
    assert world.ana.lines() == lines
    world.ana.git("config", "--unset", "remote.origin.receivepack")
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)


def test_what_is_to_be_typed_again_is_what_was_chosen(world: World) -> None:
    ana, place = world.ana.path, world.bare("a place.git")
    runs = [world.ana.run(f"step{number}.py") for number in range(11)]
    hooks = [repo / "hooks" / "pre-receive" for repo in (world.origin, place)]
    for hook in hooks:
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)

    def hint(*words: str) -> str:
        done = gage_inside(ana, *words)
        assert done.code == 128
        return done.err.rpartition("'refs/gage/*': git gage ")[2].strip()

    first, second = (run[10:17] for run in runs[:2])
    assert hint("push") == "push origin"
    assert hint("push", "-w", "operation = 'step1.py'", "--meta") == (
        """push origin -w 'operation = '"'"'step1.py'"'"'' --meta"""
    )
    assert hint("push", "origin", *runs, "--allow-secrets") == (
        f"push origin {' '.join(runs)} --allow-secrets"
    )
    assert hint("sync", "origin", runs[0], runs[1], "--files=all") == (
        f"push origin {first} {second} --files=all"
    )
    assert hint("copy", "--all", "--to", "origin", "-y") == "copy --to origin --all -y"
    again = hint("copy", runs[0], "--to", str(place), "-y", "--meta")
    assert again == f"copy --to '{place}' {first} --meta -y"
    for hook in hooks:
        hook.unlink()
    assert gage_inside(ana, *shlex.split(again)).out == "Copied 1 run\n"
    assert gage_inside(ana, "push", "origin", first).out == "pushed 1 run to origin\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("chosen", ways(True, False))
def test_a_disk_that_is_full_here(world: World, chosen: bool) -> None:
    import resource

    run = world.ana.run(output=noise())
    world.ana.push()
    before = refs_of(world.sam.path)
    command = [sys.executable, "-m", "git_gage", "fetch", "origin", *([run] if chosen else [])]
    limit = 100_000
    done = subprocess.run(
        command,
        cwd=world.sam.path,
        env=unmeasured_environ(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128
    assert done.stderr.startswith("fatal: fetch from 'origin': ")
    again = f"git gage fetch origin {run[10:17]}" if chosen else "git gage fetch origin"
    assert done.stderr.endswith(f"hint: nothing was lost; when that is settled: {again}\n")
    assert refs_of(world.sam.path) == before
    assert subprocess.run(command, cwd=world.sam.path, check=False).returncode == 0
    assert world.sam.output(run) == noise().encode()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("verb", ["fetch", "push"])
def test_ctrl_c_while_the_remote_takes_its_time(world: World, verb: str) -> None:
    run = world.ana.run()
    person = world.ana
    if verb == "fetch":
        world.ana.push()
        person = world.sam
    program = {"fetch": "uploadpack", "push": "receivepack"}[verb]
    stand_in(world, person, program, f"touch '{world.folder}/waiting'\nsleep 60")
    before = (refs_of(world.sam.path), refs_of(world.origin))
    process = subprocess.Popen(
        [sys.executable, "-m", "git_gage", verb, "origin"],
        cwd=person.path,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((world.folder / "waiting").exists)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert (refs_of(world.sam.path), refs_of(world.origin)) == before
    person.git("config", "--unset", f"remote.origin.{program}")
    assert gage_inside(person.path, verb, "origin").code == 0
    world.sam.fetch()
    assert world.sam.runs() == {run}


@pytest.mark.parametrize("more", [False, True])
def test_a_disk_that_has_lost_what_was_written_last(world: World, more: bool) -> None:
    """The lane goes on in a new epoch, and all of it gets to the remote."""
    ana, hello = world.ana.path, ("run", "-q", "--", "sh", "-c", "echo hello")
    for words in (hello, ("push",), ("label", "@", "--set", "good"), ("tag", "@", "new")):
        assert gage_inside(ana, *words).code == 0
    tip = git(ana, "for-each-ref", "--format=%(objectname)", "refs/gage/w/*/*/log").strip()
    oldest = git(ana, "ls-tree", "-r", tip).split()[2]
    unpack_all(ana)
    for oid in (tip, *([oldest] if more else [])):
        lost = ana / ".git" / "objects" / oid[:2] / oid[2:]
        content = lost.read_bytes()
        lost.unlink()
        lost.write_bytes(content[: len(content) // 2])
    assert gage_inside(ana, *hello).code == 0
    done = gage_inside(ana, "push")
    assert done.code == 0, done.err
    world.sam.fetch()
    rows = json.loads(gage_inside(world.sam.path, "list", "--json").out)
    assert [(row["label"], row["tags"]) for row in rows] == [(None, []), ("good", ["new"])]


_OF_LOG = ("log", "log^", "log^{tree}", "log^^{tree}", "log:hot", "log:v1", "log:hot/00000000-2")


@pytest.mark.parametrize("what", ways(*_OF_LOG, "src", "bulk", "bulk^{tree}"))
def test_a_remote_with_a_damaged_object_is_mended_by_a_push(world: World, what: str) -> None:
    """Whoever runs it does what docs/moving.md says; some objects are in the lanes of two."""
    reader = Person(world.folder / "reader")
    git(world.folder, "clone", "-q", str(world.origin), "reader")
    for person in (world.sam, world.ana, world.ana):
        person.run()
        person.push()
    (lane,) = {ref.rpartition("/")[0] for ref in refs_of(world.ana.path, "refs/gage/w")}
    oid = git(world.origin, "rev-parse", f"{lane}/{what}").strip()
    broken = world.origin / "objects" / oid[:2] / oid[2:]
    broken.chmod(0o644)
    broken.write_bytes(b"cut short")
    refused = gage_inside(reader.path, "fetch")
    assert refused.code == 128
    way = "once whoever runs the remote has mended it ('git fsck --name-objects' there): git gage"
    assert f"hint: nothing was lost; {way} fetch origin\n" in refused.err
    assert "\\x00" not in refused.err
    world.ana.run("other.py")
    refused = gage_inside(world.ana.path, "push")
    if refused.code != 0:
        assert f"{way} push origin\n" in refused.err

    broken.unlink()
    while named := find_refs_in_fsck(world.origin):
        for ref in named:
            git(world.origin, "update-ref", "-d", ref)
    for person in (world.ana, world.sam):
        done = gage_inside(person.path, "push")
        assert done.code == 0, done.err
    assert git(world.origin, "fsck", "--strict", "--no-dangling") == ""
    reader.fetch()
    world.ana.fetch()
    assert reader.lines() == world.ana.lines()
    assert len(reader.runs()) == 4


def find_refs_in_fsck(remote: Path) -> set[str]:
    """Refs that lead to what is missing, as git names them."""
    command = ("git", "fsck", "--name-objects", "--no-dangling")
    done = subprocess.run(command, cwd=remote, capture_output=True, text=True, check=False)
    assert "fatal" not in done.stderr
    return set(re.findall(r"refs/gage/[\w/-]+", done.stdout + done.stderr))


def test_refs_that_a_remote_hides(world: World) -> None:
    world.ana.run()
    world.ana.push()
    git(world.origin, "config", "uploadpack.hideRefs", "refs/gage")
    shown = gage_inside(world.sam.path, "list", "--remote", "origin")
    assert (shown.code, shown.err.splitlines()[0]) == (0, "no runs on origin yet")
    shown = gage_inside(world.ana.path, "list", "--remote", "origin")
    told = "no runs on origin any more: it has lost or hides them"
    assert (shown.code, shown.err.splitlines()[0]) == (0, told)
    assert gage_inside(world.sam.path, "sync", "-n").out == (
        "nothing to fetch from origin\nnothing to push to origin\n"
    )


def test_a_backup_where_nobody_can_see_it_is_none(world: World) -> None:
    world.ana.run()
    git(world.origin, "config", "uploadpack.hideRefs", "refs/gage")
    told = []
    for _ in range(2):
        refused = gage_inside(world.ana.path, "backup", "origin")
        assert refused.code == 128
        assert "fatal: back up to 'origin': it hides runs from who reads" in refused.err
        told.append(refs_of(world.origin, "refs/gage"))
    # What was sent before that was known is not sent again and again.
    assert told[0] == told[1]
    git(world.origin, "config", "--unset", "uploadpack.hideRefs")
    saved = gage_inside(world.ana.path, "backup", "origin")
    assert saved.out.endswith("Saved 1 run on origin\n")


def test_what_a_remote_has_hidden_is_not_taken_for_gone(world: World) -> None:
    """Meanwhile a run ends for good, so the lane is to be replaced there."""
    ana = world.ana
    for _ in range(2):
        ana.run()
    ana.push()
    git(world.origin, "config", "transfer.hideRefs", "refs/gage")
    ana.fetch()
    assert gage_inside(ana.path, "run", "-q", "--", "sh", "-c", "echo hello").code == 0
    known = refs_of(ana.path, "refs/gage-remotes")
    assert gage_inside(ana.path, "push").code == 128
    refused = gage_inside(ana.path, "purge", "@", "--remote", "origin", "--force")
    assert "deny updating a hidden ref" in refused.err
    assert refs_of(ana.path, "refs/gage-remotes") == known
    git(world.origin, "config", "--unset", "transfer.hideRefs")
    assert gage_inside(ana.path, "push", "-n").out.startswith("would push 1 update to origin")
    assert gage_inside(ana.path, "push").out == "pushed 1 update to origin\n"
    assert len({ref.split("/")[4] for ref in refs_of(world.origin, "refs/gage")}) == 1
    world.sam.fetch()
    assert world.sam.runs() == ana.runs()


def test_chosen_runs_that_a_mirror_push_deleted_are_given_again(world: World) -> None:
    run, other = world.ana.run(), world.ana.run("other.py")
    world.ana.push()
    world.sam.fetch()
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    assert world.sam.push(None, run) == ("origin", 1, 2, 0, False, False)
    assert world.sam.push(None, run).up_to_date
    assert gage_inside(world.sam.path, "push", "--user").out == "origin is up to date\n"
    reader = Person(world.folder / "reader")
    git(world.folder, "clone", "-q", str(world.origin), "reader")
    reader.fetch()
    assert reader.runs() == {run}
    assert reader.output(run) == b"output of train.py\n"
    assert world.sam.runs() == {run, other}


def test_what_a_mirror_push_took_away_is_told_once_and_given_back(world: World) -> None:
    """Bob keeps branches in step with 'git push --mirror'; of runs he knows nothing."""
    ana, sam = world.ana.path, world.sam.path
    mine, yours = world.ana.run(), world.sam.run("yours.py")
    for person in (world.ana, world.sam, world.ana):
        person.push()
        person.fetch()
    _mirror(world)
    told = (
        "warning: 'origin' no longer has 2 runs that it had, or hides them: here nothing of "
        "them is lost\n"
        f"hint: give them back: git gage push origin && git gage push origin {short_id(yours)}\n"
    )
    done = gage_inside(ana, "fetch")
    assert (done.code, done.out, done.err) == (0, "nothing new on origin\n", told)
    for words in (("fetch",), ("push", "-n"), ("fetch", "-n")):
        assert gage_inside(ana, *words).err == ""
    # What was said meanwhile does not stand in the way.
    assert gage_inside(ana, "label", yours, "--set", "good").code == 0
    for command in told.splitlines()[1].partition("back: ")[2].split(" && "):
        done = gage_inside(ana, *command.split()[2:])
        assert (done.code, done.err) == (0, ""), done
    assert _seen_by_a_newcomer(world, "first") == {mine, yours}
    for _ in range(2):
        assert gage_inside(ana, "sync").err == gage_inside(sam, "sync").err == ""
    _mirror(world)
    assert "no longer has 2 runs" in gage_inside(sam, "fetch").err
    assert "no longer has 2 runs" in gage_inside(ana, "fetch").err


def test_a_push_tells_what_of_others_is_not_there_any_more(world: World) -> None:
    mine, yours = world.ana.run(), world.sam.run("yours.py")
    world.ana.push()
    world.sam.push()
    reader = Person(clone(world.origin, world.folder / "reader", name="Eve"))
    for person in (world.ana, reader):
        person.fetch()
    _mirror(world)
    told = (
        "warning: 'origin' no longer has 1 run that it had, or hides it: here nothing of it is "
        "lost\n"
    )
    hint = f"hint: give it back: git gage push origin {short_id(yours)}\n"
    done = gage_inside(world.ana.path, "push")
    assert (done.out, done.err) == ("pushed 1 run to origin\n", told + hint)
    assert gage_inside(world.ana.path, "push").err == ""
    done = gage_inside(reader.path, "push")
    assert (done.out, done.err) == ("origin is up to date\n", told + hint)
    assert gage_inside(reader.path, "sync").err == ""
    assert gage_inside(reader.path, *hint.split()[6:]).code == 0
    assert _seen_by_a_newcomer(world, "later") == {mine, yours}


def test_many_runs_that_are_gone_are_given_back_together(world: World) -> None:
    """More than anybody likes to type; and of a run that is there still, words alone are gone."""
    runs = {world.sam.run(f"step{number}.py") for number in range(10)}
    one = world.ana.run()
    world.ana.push()
    world.sam.fetch()
    world.sam.label(one, "good")
    world.sam.push()
    world.ana.fetch()
    _mirror(world)
    world.ana.push()
    assert gage_inside(world.ana.path, "copy", "-y", "--all", "--to", "origin").code == 0
    assert _seen_by_a_newcomer(world, "first") == {one, *runs}
    assert gage_inside(world.ana.path, "fetch").err == ""
    # What was given back is in other lanes now, and so the old ones are forgotten.
    known = refs_of(world.ana.path, "refs/gage-remotes/origin/w")
    assert {ref.replace("-remotes/origin", "") for ref in known} == set(
        refs_of(world.origin, "refs/gage")
    )


def _mirror(world: World) -> None:
    """What `git push --mirror` of a clone without runs leaves."""
    bob = clone(world.origin, world.folder / "bob", name="Bob")
    git(bob, "push", "-q", "--mirror")
    shutil.rmtree(bob)
    assert refs_of(world.origin, "refs/gage") == {}


def _seen_by_a_newcomer(world: World, name: str) -> set[str]:
    reader = Person(clone(world.origin, world.folder / name))
    reader.fetch()
    assert all(reader.output(run) for run in reader.runs())
    return reader.runs()


def test_a_remote_that_was_rolled_back_gets_the_rest_again(world: World) -> None:
    first, second = world.ana.run(), world.ana.run("second.py")
    world.ana.push(None, first)
    old = refs_of(world.origin, "refs/gage")
    world.ana.push(None, second)
    for ref, oid in old.items():
        git(world.origin, "update-ref", ref, oid)
    assert world.ana.push(None, second).runs == 1
    assert world.ana.push(None, second).up_to_date
    world.sam.fetch()
    assert world.sam.lines() == world.ana.lines()
    assert objects_of(world.sam.path) >= {
        world.ana.store.repo.blob_oid(b"output of second.py\n"),
    }


@pytest.fixture
def shallow(world: World) -> Path:
    """A clone without the history of its branch, in which something ran."""
    for number in range(2):
        world.ana.git("commit", "-q", "--allow-empty", "-m", str(number))
    world.ana.git("push", "-q", "origin", "HEAD")
    path = world.folder / "shallow"
    git(world.folder, "clone", "-q", "--depth", "1", world.origin.as_uri(), path.name)
    assert gage_inside(path, "run", "-q", "--", "sh", "-c", "echo hello").code == 0
    return path


def _kinds(place: Path) -> set[str]:
    return {ref.rpartition("/")[2] for ref in refs_of(place, "refs/gage")}


COPY = "copy --all -y --to"


@pytest.mark.parametrize(
    ("first", "later"),
    ways(
        ("push", "push"),
        (COPY, "push"),
        ("backup", "push @"),
        ("push", COPY),
        ("push", "backup"),
        ("push @", "push @"),
        (COPY, COPY),
        small=2,
    ),
)
def test_a_shallow_clone_sends_its_sources_once_it_has_their_history(
    world: World, shallow: Path, first: str, later: str
) -> None:
    """git takes no commit without what it stands on; records and outputs are there before."""
    place = world.bare("place.git")

    def command(words: str) -> list[str]:
        verb, *rest = words.split()
        return [verb, *([str(place), *rest] if verb == "push" else [*rest, str(place)])]

    for told, words in enumerate((first, later)):
        refused = gage_inside(shallow, *command(words))
        assert refused.code == 128
        assert "shallow update not allowed\n" in refused.err
        if not told:
            assert "\nit has taken outputs and records, but not sources\nhint: the rest goes " in (
                refused.err
            )
        assert "once this clone has the history: git fetch --unshallow && git gage " in refused.err
        assert _kinds(place) == {"bulk", "log"}
    git(shallow, "fetch", "-q", "--unshallow")
    done = gage_inside(shallow, *command(later))
    assert (done.code, done.err) == (0, "")
    assert _kinds(place) == {"bulk", "log", "src"}
    again = gage_inside(shallow, "copy", "--all", "--to", str(place), "-y")
    assert again.out == f"Nothing to copy: {place} has all of it that is here\n"
    reader = Person(clone(place, world.folder / "reader"))
    assert gage_inside(reader.path, "fetch").code == 0
    checked = gage_inside(reader.path, "check", *reader.runs(), "--json").out
    assert {each["name"] for each in json.loads(checked)["checks"] if each["verdict"] == "ok"} >= {
        "source",
        "output",
    }


@pytest.mark.parametrize("kind", ["src", "bulk", "log"])
def test_what_a_remote_without_atomic_pushes_refuses_goes_later(world: World, kind: str) -> None:
    run, place = world.ana.run(), world.bare("place.git")
    git(place, "config", "receive.advertiseAtomic", "false")
    hook = place / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ncase "$1" in */{kind}) exit 1;; esac\n')
    hook.chmod(0o755)
    words = ("push", str(place), run)
    refused = gage_inside(world.ana.path, *words)
    names = {"src": "sources", "bulk": "outputs", "log": "records"}
    taken = " and ".join(sorted(name for each, name in names.items() if each != kind))
    assert f"\nit has taken {taken}, but not {names[kind]}\n" in refused.err
    assert "hint: the rest goes once the remote takes 'refs/gage/*': git gage push" in refused.err
    hook.unlink()
    assert gage_inside(world.ana.path, *words).code == 0
    assert _kinds(place) == {"bulk", "log", "src"}
    assert gage_inside(world.ana.path, *words).out == f"{place} is up to date\n"
