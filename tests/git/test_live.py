"""A run that goes on here is seen going on there, and what stands in the way tells no lies."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.runs.beats import look_at
from git_gage.runs.liveness import LOST_S
from git_gage.share.beats import drop_beats, send_beat
from git_gage.share.live import Broadcast, unattended
from git_gage.share.remote import find_remote
from git_gage.store import Store
from git_gage.store.beats import Beat, beat_ref, make_beat, read_beats, track_beats
from tests.git.live_story import beats_there, begin, long_world
from tests.support import commit, gage, gage_inside, git, wait_until, write_files
from tests.unit.share.world import Heard, Person, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with long_world(tmp_path) as found:
        yield found


def listed(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gage_inside(person.path, "list", "--json").out)
    return found


def parts_of(person: Person) -> Callable[[], AbstractContextManager[tuple[Store, Catalog]]]:
    @contextmanager
    def parts() -> Iterator[tuple[Store, Catalog]]:
        catalog = person.catalog
        yield person.store, catalog
        catalog.close()

    return parts


def test_a_colleague_follows_a_run(world: World, tmp_path: Path) -> None:
    words = ("run", "--detach", "--live", "-l", "watch me", "long.py")
    run = gage(world.ana.path, *words, env={"STOP": str(tmp_path / "stop")}).out.strip()
    wait_until(lambda: beats_there(world))
    assert gage_inside(world.sam.path, "fetch").out == "fetched 1 run from origin\n"
    (seen,) = listed(world.sam)
    assert (seen["id"], seen["status"], seen["label"]) == (run, "running", "watch me")
    assert seen["metrics"] == {"loss": 0.5}
    assert len(seen["attributes"]["note"]) == 400
    assert seen["heard"]["output"].splitlines()[0] == "step 1 of 2"
    shown = gage_inside(world.sam.path, "list").out
    assert re.search("running [0-9]+s ago", shown)
    page = gage_inside(world.sam.path, "show", run).out
    assert "step 1 of 2" in page
    assert re.search("output +not here until its end is\n", page)
    there = gage_inside(world.sam.path, "output", run)
    assert "it goes on elsewhere, and its output comes with its end\nhint: its last" in there.err
    assert gage_inside(world.sam.path, "list", "-w", "status=running", "--json").out != "[]\n"

    (tmp_path / "stop").touch()
    wait_until(lambda: not beats_there(world))
    assert gage_inside(world.sam.path, "fetch").out == "fetched 1 update from origin\n"
    (seen,) = listed(world.sam)
    assert (seen["status"], seen["heard"]) == ("completed", None)
    assert git(world.sam.path, "for-each-ref", "refs/gage-remotes/origin/live") == ""


def test_what_goes_on_in_another_clone_is_stopped_there(world: World, tmp_path: Path) -> None:
    run = begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))
    gage_inside(world.sam.path, "fetch")
    host = listed(world.sam)[0]["environment"]["host"]
    for words in (("rm", run, "-y"), ("purge", run, "--force")):
        refused = gage_inside(world.sam.path, *words)
        told = f"fatal: run {run[10:17]} goes on: it was begun on '{host}'\nhint: there: "
        assert (refused.code, refused.err) == (128, f"{told}git gage stop {run[10:17]}\n")
    assert gage_inside(world.ana.path, "stop", run).code == 0


def test_the_setting_does_what_the_option_does(world: World, tmp_path: Path) -> None:
    git(world.ana.path, "config", "gage.live", "origin")
    (tmp_path / "stop").touch()
    done = gage(world.ana.path, "run", "long.py", env={"STOP": str(tmp_path / "stop")})
    assert done.code == 0
    assert gage_inside(world.sam.path, "fetch").out == "fetched 1 run from origin\n"
    assert listed(world.sam)[0]["status"] == "completed"


def test_a_remote_that_is_away_costs_no_run(world: World, tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    world.origin.rename(tmp_path / "away")
    done = gage(world.ana.path, "run", "--live", "long.py", env={"STOP": str(tmp_path / "stop")})
    assert done.code == 0
    assert "recorded here and not on 'origin'" in done.err
    assert done.err.count("recorded here") == 1
    assert "hint: git gage push origin" in done.err
    (run,) = listed(world.ana)
    assert run["status"] == "completed"


def test_a_remote_that_does_not_exist_is_refused_before_the_run(world: World) -> None:
    git(world.ana.path, "remote", "remove", "origin")
    done = gage_inside(world.ana.path, "run", "--live", "long.py")
    assert done.code == 128
    assert "no remote to share with" in done.err
    done = gage_inside(world.ana.path, "run", "--live=nosuch", "long.py")
    assert done.err == "fatal: no remote or place 'nosuch'\nhint: 'git gage remote' lists them\n"
    assert done.code == 128
    assert listed(world.ana) == []


def test_a_setting_for_another_repository_costs_no_run(world: World, tmp_path: Path) -> None:
    git(world.ana.path, "remote", "remove", "origin")
    git(world.ana.path, "config", "gage.live", "origin")
    done = gage_inside(world.ana.path, "run", "-q", "--", "true")
    told = "warning: gage.live: no remote or place 'origin'\nhint: 'git gage remote' lists them\n"
    assert (done.code, done.err) == (0, told)
    assert listed(world.ana)[0]["status"] == "completed"


def test_a_recorder_that_was_killed_is_lost_and_then_ended(world: World, tmp_path: Path) -> None:
    run = begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))
    state = world.ana.path / ".git/gage/state" / run
    os.kill(json.loads((state / "alive").read_text())["pid"], signal.SIGKILL)
    (tmp_path / "stop").touch()
    gage_inside(world.sam.path, "fetch")
    assert listed(world.sam)[0]["status"] == "running"
    late = time.time() + LOST_S
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: late)
        assert "lost? 2m ago" in gage_inside(world.sam.path, "list").out
    wait_until(lambda: listed(world.ana)[0]["status"] == "terminated")
    gage_inside(world.ana.path, "push")
    assert beats_there(world) == ""
    gage_inside(world.sam.path, "fetch")
    assert listed(world.sam)[0]["status"] == "terminated"


def test_beats_go_on_while_one_of_them_fails(world: World, tmp_path: Path) -> None:
    """The remote goes away after the run began, and is back before it ends."""
    run = begin(world.ana, tmp_path / "stop")
    heard, beats = Heard(), 0

    def look() -> Beat:
        nonlocal beats
        beats += 1
        if beats == 1:
            world.origin.rename(tmp_path / "away")
        if beats == 3:
            (tmp_path / "away").rename(world.origin)
        return look_at(world.ana.store, run, {}, ())

    broadcast = Broadcast(parts_of(world.ana), None, heard, every_s=0.01)
    with broadcast.follow(run, look):
        wait_until(lambda: beats > 3 and beats_there(world))
    (tmp_path / "stop").touch()
    assert heard.warnings == []


def test_a_run_that_may_not_be_sent_is_told_at_once_and_has_no_beats(
    world: World, tmp_path: Path
) -> None:
    write_files(world.ana.path, {"conf.py": "password = 'hunter2hunter2'\n"})
    commit(world.ana.path)
    run = begin(world.ana, tmp_path / "stop")
    heard, beats = Heard(), 0

    def look() -> Beat:
        nonlocal beats
        beats += 1
        return look_at(world.ana.store, run, {}, ())

    with Broadcast(parts_of(world.ana), None, heard, every_s=0.01).follow(run, look):
        wait_until(lambda: heard.warnings)
        time.sleep(0.2)
        (told,) = heard.warnings
        assert f"run {run[10:17]} is recorded here and not on 'origin': this looks like" in told
        way = f"git gage push origin {run[10:17]} --allow-secrets"
        assert told.endswith(f"'git gage purge <run>', or send it all the same: {way}")
    (tmp_path / "stop").touch()
    assert (heard.warnings, beats, beats_there(world)) == ([told], 0, "")


def test_beats_begin_once_the_run_is_there(world: World, tmp_path: Path) -> None:
    """The remote refuses the run at first, which is told once."""
    hook = world.origin / "hooks/pre-receive"
    write_files(world.origin, {"hooks/pre-receive": "#!/bin/sh\nexit 1\n"})
    hook.chmod(0o755)
    run = begin(world.ana, tmp_path / "stop")
    heard = Heard()
    broadcast = Broadcast(parts_of(world.ana), None, heard, every_s=0.01)
    with broadcast.follow(run, lambda: look_at(world.ana.store, run, {}, ())):
        wait_until(lambda: heard.warnings)
        assert beats_there(world) == ""
        hook.unlink()
        wait_until(lambda: beats_there(world))
    (tmp_path / "stop").touch()
    assert len(heard.warnings) == 1
    assert "pre-receive hook declined" in heard.warnings[0]


def test_a_beat_goes_where_the_end_of_its_run_is_refused(world: World, tmp_path: Path) -> None:
    begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))
    refusal = "#!/bin/sh\ncase $1 in refs/gage/*) exit 1;; esac\n"
    write_files(world.origin, {"hooks/update": refusal})
    (world.origin / "hooks/update").chmod(0o755)
    (tmp_path / "stop").touch()
    wait_until(lambda: not beats_there(world))


def test_what_cannot_be_shared_at_all_is_told_at_the_end(world: World) -> None:
    heard = Heard()

    @contextmanager
    def parts() -> Iterator[tuple[Store, Catalog]]:
        yield world.ana.store, world.ana.catalog

    with Broadcast(parts, "-x", heard).follow("0" * 30, lambda: Beat(0, None, {}, {}, "")):
        pass
    assert heard.warnings == ["run 0000000 is not shared: not a remote: '-x'"]


def test_a_beat_holds_no_secret(world: World, tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    env = {"STOP": str(tmp_path / "stop"), "SAID": f"{token} hunter2-given"}
    done = gage(world.ana.path, "run", "--detach", "long.py", env=env)
    run = done.out.strip()
    wait_until(lambda: "password" in look_at(world.ana.store, run, {}, ()).output)
    said = look_at(world.ana.store, run, {}, (b"hunter2-given",)).output
    (tmp_path / "stop").touch()
    assert token not in said
    assert "hunter2" not in said
    assert said.startswith("step 1 of 2\nthe password is ***")


def test_only_the_last_lines_are_said(world: World, tmp_path: Path) -> None:
    run = "0" * 30
    state = world.ana.store.state_dir(run)
    state.mkdir(parents=True)
    assert look_at(world.ana.store, run, {}, ()).output == ""
    (state / "output").write_bytes(b"".join(b"line %06d\n" % number for number in range(20_000)))
    lines = look_at(world.ana.store, run, {}, ()).output.splitlines()
    assert lines == [f"line {number:06}" for number in range(19_990, 20_000)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"at": 1}',
        b'{"at":"2026-01-01T00:00:00.000Z","progress":2,"metrics":{},"attributes":{},"output":""}',
        b'{"at":"2026-01-01T00:00:00.000Z","progress":0,"metrics":[],"attributes":{},"output":""}',
        b'{"at":"soon","progress":0,"metrics":{},"attributes":{},"output":""}',
        b'{"at":"2026-01-01T00:00:00.000Z","progress":0,"metrics":{},"attributes":{},"output":1}',
        b"[" * 60_000,
        b" " * 70_000,
    ],
)
def test_a_beat_that_makes_no_sense_is_none(world: World, content: bytes) -> None:
    where = world.ana.path
    blob = git(where, "hash-object", "-w", "--stdin", input=content.decode()).strip()
    tree = git(where, "mktree", input=f"100644 blob {blob}\tbeat.json\n").strip()
    commit = git(where, "commit-tree", "-m", "beat", tree).strip()
    git(where, "update-ref", f"refs/gage-remotes/origin/live/lane/{'0' * 30}", commit)
    git(where, "update-ref", "refs/gage-remotes/origin/live/lane/else", commit)
    assert read_beats(world.ana.store.repo) == {}


def test_of_two_beats_the_newer_counts(world: World, tmp_path: Path) -> None:
    store, run = world.ana.store, "0" * 30
    for remote, at in (("one", 5.0), ("two/deep", 7.0), ("zero", 3.0)):
        oid = make_beat(store.repo, tmp_path, Beat(at, None, {}, {}, ""))
        for path in (tmp_path / "objects").glob("??/*"):
            place = store.repo.objects_dir / path.parent.name / path.name
            place.parent.mkdir(exist_ok=True)
            path.rename(place)
        git(world.ana.path, "update-ref", f"refs/gage-remotes/{remote}/live/lane/{run}", oid)
    assert read_beats(store.repo)[run].at == 7.0


def test_beats_of_runs_that_go_on_stay(world: World, tmp_path: Path) -> None:
    run = begin(world.ana, tmp_path / "stop")
    store, remote = world.ana.store, find_remote(world.ana.store.repo, "origin")
    observer = Heard()
    send_beat(store, remote, run, look_at(store, run, {}, ()), tmp_path, observer)
    drop_beats(store, remote, observer)
    assert beats_there(world).strip() == beat_ref(store.lane, run)
    (tmp_path / "stop").touch()
    wait_until(lambda: not store.state_dir(run).exists())
    # A note that a kill left torn names nothing that could be taken back.
    (store.dir / "live/origin" / f"{'0' * 30}.json").write_text("{}")
    drop_beats(store, remote, observer)
    assert beats_there(world) == ""
    assert not list((store.dir / "live/origin").iterdir())


def test_git_asks_nobody_in_the_background(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "BatchMode=yes" in unattended(world.ana.store.repo)["GIT_SSH_COMMAND"]
    git(world.ana.path, "config", "core.sshCommand", "ssh -i mine")
    assert "GIT_SSH_COMMAND" not in unattended(world.ana.store.repo)
    monkeypatch.setenv("GIT_SSH_COMMAND", "mine")
    assert unattended(world.ana.store.repo)["GIT_SSH_COMMAND"] == "mine"
    assert track_beats("origin") == "+refs/gage-live/*:refs/gage-remotes/origin/live/*"
