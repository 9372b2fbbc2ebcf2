"""Runs that go on elsewhere are seen going on by whoever looks at the remote, and watches it."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pexpect
import pytest

from git_gage.cli import elsewhere, list_watch
from git_gage.cli.app import App
from git_gage.errors import RemoteError
from git_gage.render.screen import Screen
from git_gage.runs.liveness import LOST_S
from git_gage.share import peek
from git_gage.share.transfer import fetch_objects
from git_gage.store.beats import SPACE
from tests.git.live_story import beats_there, begin, long_world
from tests.support import gage_inside, git, wait_until, write_files
from tests.unit.share.world import Person, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with long_world(tmp_path) as found:
        yield found


def look(person: Person, *words: str) -> str:
    done = gage_inside(person.path, "list", "--remote", "origin", *words)
    assert (done.code, done.err) == (0, "")
    return done.out


class Watcher:
    """Somebody at a terminal of 24 lines. What happens while they wait is told before it does."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, events: Sequence[Callable[[], object]]
    ) -> None:
        left = list(events)
        self._stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        screen = Screen(self._stream, height=24, terminal=True)

        def sleep(seconds: float) -> None:
            assert seconds == list_watch.EVERY_S
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(App, "screen", lambda *_: screen)
        monkeypatch.setattr(list_watch, "time", type("Time", (), {"sleep": staticmethod(sleep)}))

    def see(self, person: Person, *words: str) -> list[str]:
        """What a command that watches shows, picture by picture."""
        done = gage_inside(person.path, *words)
        assert (done.code, done.err) == (0, "")
        assert isinstance(self._stream.buffer, io.BytesIO)
        seen = self._stream.buffer.getvalue().decode()
        return [part.replace("\x1b[K", "") for part in seen.split("\x1b[H")[1:]]


def test_a_run_is_followed_where_it_was_never_fetched(world: World, tmp_path: Path) -> None:
    run = begin(world.ana, tmp_path / "stop", "--live", "-l", "watch me")
    wait_until(lambda: beats_there(world))
    assert re.search("running [0-9]+s ago", look(world.sam))
    (seen,) = json.loads(look(world.sam, "--json"))
    assert (seen["id"], seen["status"], seen["here"]) == (run, "running", False)
    assert seen["metrics"] == {"loss": 0.5}
    assert seen["heard"]["output"].startswith("step 1 of 2\n")
    assert run in look(world.sam, "-w", "status = running", "--format", "{id}")
    assert git(world.sam.path, "for-each-ref", "refs/gage-remotes") == ""
    with pytest.MonkeyPatch.context() as patch:
        late = time.time() + LOST_S
        patch.setattr(time, "time", lambda: late)
        assert "lost? 2m ago" in look(world.sam)
        assert run in look(world.sam, "-w", "status = lost", "--format", "{id}")

    (tmp_path / "stop").touch()
    wait_until(lambda: not beats_there(world))
    (seen,) = json.loads(look(world.sam, "--json"))
    assert (seen["status"], seen["heard"]) == ("completed", None)


def test_a_list_of_a_remote_is_watched(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "AGAIN_S", 0.0)
    begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))
    away = tmp_path / "away"

    def end() -> None:
        away.rename(world.origin)
        (tmp_path / "stop").touch()
        wait_until(lambda: not beats_there(world))

    events = [lambda: world.origin.rename(away), end, lambda: setattr(elsewhere, "AGAIN_S", 30.0)]
    pictures = Watcher(monkeypatch, events).see(world.sam, "list", "--watch", "--remote", "origin")
    first, without, last = pictures
    assert "running" in first
    assert without.startswith("reach 'origin': ")
    assert "running" in without
    assert "completed" in last
    assert "reach" not in last


def test_one_run_is_watched(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "AGAIN_S", 0.0)
    run = begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))

    def end() -> None:
        (tmp_path / "stop").touch()
        wait_until(lambda: not beats_there(world))

    first, last = Watcher(monkeypatch, [end]).see(world.sam, "watch", run, "--remote", "origin")
    assert run[10:17] in first
    assert re.search("running [0-9]+s ago", first)
    assert first.rstrip("\x1b[J?25h1049l\r\n").endswith("step 1 of 2\r\nthe password is hidden")
    assert "completed" in last
    here = Watcher(monkeypatch, []).see(world.ana, "watch", "@")
    assert "completed" in here[0]
    assert "\r\n\r\nstep 1 of 2\r\nthe password is hidden\r\n" in here[0]


def test_what_a_program_printed_orders_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "for n in range(50):\n    print(f'\\x1b[32mline\\x1b[0m {n}\\x1b[2J' + 'x' * 100)\n"
    write_files(world.ana.path, {"colours.py": code})
    assert gage_inside(world.ana.path, "run", "-q", "colours.py").code == 0
    (seen,) = Watcher(monkeypatch, []).see(world.ana, "watch", "@")
    lines = seen.partition("\x1b[J")[0].splitlines()
    assert len(lines) == 23
    assert lines[-1] == "line 49" + "x" * 72 + "…"
    assert lines[-10].startswith("line 40xx")


def test_it_is_watched_at_a_terminal(world: World, tmp_path: Path) -> None:
    begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))
    refused = gage_inside(world.sam.path, "watch", "--remote", "origin")
    told = "fatal: to watch takes a terminal\nhint: git gage list --remote origin\n"
    assert (refused.code, refused.err) == (128, told)
    (one,) = json.loads(gage_inside(world.sam.path, *told.split()[-3:], "--json").out)
    for person, there, way in (
        (world.sam, ("--remote", "origin"), "git gage list --remote origin"),
        (world.ana, (), f"git gage show {one['id']}"),
    ):
        refused = gage_inside(person.path, "watch", one["id"], *there)
        assert refused.err == f"fatal: to watch takes a terminal\nhint: {way}\n"
        assert gage_inside(person.path, *way.split()[2:]).code == 0
    words = ["-m", "git_gage", "watch", "--remote", "origin"]
    child = pexpect.spawn(
        sys.executable, words, cwd=str(world.sam.path), encoding="utf-8", timeout=20
    )
    child.expect(r"running [0-9]+s ago")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_run_that_ends_while_it_is_looked_at(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(world.ana, tmp_path / "stop", "--live")
    wait_until(lambda: beats_there(world))
    seen = []

    def too_late(*args: object, **options: object) -> None:
        if args[2][0].startswith(SPACE):  # type: ignore[index]
            seen.append("asked")
            for ref in beats_there(world).split():
                git(world.origin, "update-ref", "-d", ref)
        fetch_objects(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(peek, "fetch_objects", too_late)
    assert "lost" in look(world.sam)
    assert seen == ["asked"]

    def refuse(*args: object, **options: object) -> None:
        if args[2][0].startswith(SPACE):  # type: ignore[index]
            raise RemoteError("fetch from 'origin': not today")
        fetch_objects(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(peek, "fetch_objects", refuse)
    commit = git(world.ana.path, "commit-tree", "-m", "beat", "HEAD^{tree}").strip()
    git(world.ana.path, "push", "-q", "origin", f"{commit}:{SPACE}/lane/{'0' * 30}")
    done = gage_inside(world.sam.path, "list", "--remote", "origin")
    assert (done.code, "not today" in done.err) == (128, True)
