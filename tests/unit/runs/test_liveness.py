"""Who still works on a run: asked of the kernel, and only of this machine's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from git_gage.runs import liveness
from git_gage.runs.liveness import ALIVE, PROGRAM, Life, find_life, hold_alive, note_program


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


def test_other_machines_are_not_judged(state_dir: Path) -> None:
    die(state_dir)
    alive = json.loads((state_dir / ALIVE).read_text())
    (state_dir / ALIVE).write_text(json.dumps({**alive, "host": "elsewhere"}))
    assert find_life(state_dir) is Life.ELSEWHERE


def test_nothing_survives_a_restart_of_the_machine(state_dir: Path) -> None:
    handle = hold_alive(state_dir)
    alive = json.loads((state_dir / ALIVE).read_text())
    (state_dir / ALIVE).write_text(json.dumps({**alive, "boot": "before"}))
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
    monkeypatch.setattr(liveness, "_BOOT_ID", state_dir / "none")
    monkeypatch.setattr(liveness, "_process_start", lambda _pid: None)
    die(state_dir)
    note_program(state_dir, os.getpid())
    assert find_life(state_dir) is Life.RUNNING
