"""Who still works on a run: asked of the kernel, and only of this machine's."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from git_gage.runs import liveness, pids
from git_gage.runs.liveness import (
    ALIVE,
    LOST_S,
    PROGRAM,
    Life,
    beat,
    find_host,
    find_life,
    find_recorder,
    hold_alive,
    last_sign,
    note_program,
)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path


def die(state_dir: Path) -> None:
    os.close(hold_alive(state_dir))


def test_a_run_whose_recorder_lives_is_running(state_dir: Path) -> None:
    handle = hold_alive(state_dir)
    assert find_life(state_dir) is Life.RUNNING
    os.close(handle)
    assert find_life(state_dir) is Life.ENDED_UNSEEN


def test_a_program_may_outlive_its_recorder(state_dir: Path) -> None:
    die(state_dir)
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    note_program(state_dir, program.pid)
    assert find_life(state_dir) is Life.RUNNING
    program.communicate()
    assert find_life(state_dir) is Life.ENDED_UNSEEN


def test_a_program_that_ended_but_was_not_waited_for_has_ended(state_dir: Path) -> None:
    die(state_dir)
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    note_program(state_dir, program.pid)
    assert program.stdin is not None
    program.stdin.close()
    deadline = time.monotonic() + 10
    while find_life(state_dir) is Life.RUNNING and time.monotonic() < deadline:
        time.sleep(0.02)
    assert find_life(state_dir) is Life.ENDED_UNSEEN
    program.wait()


def test_a_program_that_was_gone_before_it_was_noted_has_ended(state_dir: Path) -> None:
    die(state_dir)
    program = subprocess.Popen(["true"])
    program.wait()
    note_program(state_dir, program.pid)
    assert json.loads((state_dir / PROGRAM).read_text())["started"] is None
    assert find_life(state_dir) is Life.ENDED_UNSEEN


def test_a_process_id_that_was_used_again_is_another_program(state_dir: Path) -> None:
    die(state_dir)
    (state_dir / PROGRAM).write_text(json.dumps({"pid": os.getpid(), "started": "1"}))
    assert find_life(state_dir) is Life.ENDED_UNSEEN


def test_a_process_of_somebody_else_is_told_by_its_start(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die(state_dir)
    note_program(state_dir, os.getpid())

    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert find_life(state_dir) is Life.RUNNING


def forge(state_dir: Path, **changes: object) -> None:
    """Let the state say that something else was so."""
    alive = json.loads((state_dir / ALIVE).read_text())
    (state_dir / ALIVE).write_text(json.dumps({**alive, **changes}))


def age(state_dir: Path, seconds: float) -> None:
    """Let nothing have happened for so long."""
    then = time.time() - seconds
    for path in state_dir.iterdir():
        os.utime(path, (then, then))


def test_other_machines_are_judged_by_their_heartbeat(state_dir: Path) -> None:
    die(state_dir)
    assert find_host(state_dir) == socket.gethostname()
    forge(state_dir, host="elsewhere")
    assert find_life(state_dir) is Life.RUNNING_ELSEWHERE
    age(state_dir, LOST_S + 1)
    assert find_life(state_dir) is Life.ELSEWHERE
    (state_dir / "output").write_text("a sign of life\n")
    assert find_life(state_dir) is Life.RUNNING_ELSEWHERE
    age(state_dir, LOST_S + 1)
    beat(state_dir)
    assert find_life(state_dir) is Life.RUNNING_ELSEWHERE
    assert find_host(state_dir) == "elsewhere"
    assert find_recorder(state_dir) is None


def test_a_lock_that_another_machine_holds_is_a_sign_of_life(state_dir: Path) -> None:
    """Some shared disks pass locks on."""
    handle = hold_alive(state_dir)
    forge(state_dir, host="elsewhere")
    age(state_dir, LOST_S + 1)
    assert find_life(state_dir) is Life.RUNNING_ELSEWHERE
    os.close(handle)
    assert find_life(state_dir) is Life.ELSEWHERE


def test_what_another_user_hides_is_not_judged(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die(state_dir)

    def refuse(_path: Path) -> dict[str, object]:
        raise PermissionError

    monkeypatch.setattr(liveness, "read_json", refuse)
    assert find_life(state_dir) is Life.ELSEWHERE


def test_a_disk_that_is_away_costs_a_beat_and_nothing_else(state_dir: Path) -> None:
    beat(state_dir / "gone")
    assert last_sign(state_dir / "gone") == 0


def test_the_recorder_is_told_while_it_lives(state_dir: Path) -> None:
    handle = hold_alive(state_dir)
    assert find_recorder(state_dir) == pids.mark_process(os.getpid())
    os.close(handle)
    assert find_recorder(state_dir) is None
    note_program(state_dir, os.getpid())
    assert find_life(state_dir) is Life.RUNNING
    assert find_recorder(state_dir) is None, "the program lives on without one"


def test_nothing_survives_a_restart_of_the_machine(state_dir: Path) -> None:
    handle = hold_alive(state_dir)
    forge(state_dir, boot="before")
    assert find_life(state_dir) is Life.ENDED_UNSEEN
    os.close(handle)


def test_a_directory_that_never_came_alive_is_nobodys_after_a_while(state_dir: Path) -> None:
    assert find_life(state_dir) is Life.ELSEWHERE
    old = time.time() - liveness.STILLBORN_S - 1
    os.utime(state_dir, (old, old))
    assert find_life(state_dir) is Life.ENDED_UNSEEN
    assert find_life(state_dir / "gone") is Life.ELSEWHERE


def test_without_proc_the_process_id_must_do(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "boot_id", lambda: None)
    monkeypatch.setattr(pids, "process_start", lambda _pid: None)
    die(state_dir)
    note_program(state_dir, os.getpid())
    assert find_life(state_dir) is Life.RUNNING


def test_a_run_that_is_closed_while_somebody_looks_was_not_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(hold_alive(tmp_path))
    assert find_life(tmp_path) is Life.ENDED_UNSEEN

    def close_now(path: Path) -> bool:
        path.unlink()
        return False

    monkeypatch.setattr("git_gage.runs.liveness.is_held", close_now)
    assert find_life(tmp_path) is Life.RUNNING
