"""Processes told apart though their ids are used again: nobody else is ever signalled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from git_gage.runs import pids
from git_gage.runs.pids import (
    Process,
    boot_id,
    is_alive,
    mark_process,
    process_start,
    read_process,
    send_signal,
)

SLEEPER = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group of its own."""
    process = subprocess.Popen(SLEEPER, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_process_is_signalled_alone_or_with_its_group(
    sleeper: subprocess.Popen[bytes],
) -> None:
    marked = mark_process(sleeper.pid)
    assert is_alive(marked)
    assert send_signal(marked, 0)
    assert send_signal(marked, signal.SIGTERM, group=True)
    assert sleeper.wait(10) == -signal.SIGTERM
    assert not is_alive(marked)
    assert not send_signal(marked, signal.SIGTERM)


def test_who_has_the_id_now_gets_nothing(sleeper: subprocess.Popen[bytes]) -> None:
    marked = mark_process(sleeper.pid)
    for other in (marked._replace(started="1"), marked._replace(started=None)):
        assert not send_signal(other, signal.SIGKILL)
        assert not send_signal(other, signal.SIGKILL, group=True)
    assert sleeper.poll() is None


def test_a_process_that_ends_while_it_is_looked_at_is_gone(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(*_: object) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "killpg", vanish)
    assert not send_signal(mark_process(sleeper.pid), signal.SIGTERM, group=True)


def test_without_handles_the_id_must_do(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pidfd_open", _refuse, raising=False)
    assert send_signal(mark_process(sleeper.pid), signal.SIGTERM)
    assert sleeper.wait(10) == -signal.SIGTERM
    monkeypatch.delattr(os, "pidfd_open")
    assert not send_signal(Process(sleeper.pid, "1"), signal.SIGTERM)


@pytest.mark.parametrize(
    "noted",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"pid": "7", "started": "1"}, id="text"),
        pytest.param({"pid": True, "started": "1"}, id="true"),
        pytest.param({"pid": 0, "started": "1"}, id="our own group"),
        pytest.param({"pid": -1, "started": "1"}, id="everybody"),
        pytest.param({"pid": 1, "started": "1"}, id="the first of all"),
        pytest.param({"pid": 2**31, "started": "1"}, id="no id"),
    ],
)
def test_a_damaged_note_names_nobody(noted: dict[str, Any]) -> None:
    assert read_process(noted) is None


def test_a_note_names_a_process() -> None:
    assert read_process({"pid": 7, "started": "12", "host": "x"}) == Process(7, "12")
    assert read_process({"pid": 7, "started": None}) == Process(7, None)
    assert read_process({"pid": 7, "started": 12}) == Process(7, None)


# -- where there is no /proc -----------------------------------------------------------------


@pytest.fixture
def without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine like a Mac; the programs that it asks are in the folder."""
    for name, file in {
        "_PROC": "proc",
        "_BOOT_ID": "boot",
        "_PS": "ps",
        "_SYSCTL": "sysctl",
    }.items():
        path = tmp_path / file
        monkeypatch.setattr(pids, name, path if name in ("_PROC", "_BOOT_ID") else str(path))
    return tmp_path


def say(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)


def test_without_proc_the_system_is_asked(without_proc: Path) -> None:
    assert process_start(7) is None
    assert boot_id() is None
    say(without_proc / "ps", "Ss   Sun Nov 22 21:19:06 2026    ")
    assert process_start(7) == "Sun Nov 22 21:19:06 2026"
    say(without_proc / "ps", "Z    Sun Nov 22 21:19:06 2026")
    assert process_start(7) is None
    say(without_proc / "ps", "")
    assert process_start(7) is None
    say(without_proc / "sysctl", "6E3F-4A")
    assert boot_id() == "6E3F-4A"


def test_with_proc_a_process_that_is_not_there_did_not_start() -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc here")
    assert process_start(2**31 - 1) is None
    assert process_start(os.getpid()) is not None


def _refuse(_pid: int) -> int:
    raise OSError
