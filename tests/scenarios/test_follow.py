"""The output of a run as it comes, and of a long one without holding it in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.scenarios.test_living import Background
from tests.support import gage_inside, scale, write_files
from tests.unit.runs.test_process import is_alive, wait_until

# Prints whatever it is sent, until it is sent no more.
ECHO = """\
import sys
print("up", flush=True)
with open(sys.argv[1], "rb") as pipe:
    while data := pipe.read1():
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
"""


class Echo(Background):
    """A run in the background that prints what it is told to."""

    def __init__(self, repo: Path) -> None:
        os.mkfifo(repo / ".git" / "words")
        write_files(repo, {"echo.py": ECHO})
        super().__init__(repo, "--", sys.executable, "echo.py", str(repo / ".git" / "words"))
        self.come_up()
        self._words = (repo / ".git" / "words").open("wb", buffering=0)

    def say(self, words: bytes) -> None:
        self._words.write(words)

    def end(self) -> None:
        self._words.close()


@pytest.fixture
def echo(repo: Path) -> Iterator[Echo]:
    run = Echo(repo)
    yield run
    run.end()
    wait_until(lambda: not is_alive(run.recorder))


def follow(run: Echo, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["git-gage", "output", "-f", *words], cwd=run.repo, stdout=subprocess.PIPE, text=True
    )


def test_output_is_followed_to_the_end(echo: Echo) -> None:
    with follow(echo) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "up\n"
        echo.say(b"one\n")
        assert following.stdout.readline() == "one\n"
        echo.say(b"10%\r20%\r")
        echo.say(b"30%\nlast")
        assert following.stdout.readline() == "30%\n"
        echo.end()
        assert following.stdout.read() == "last"
    assert following.returncode == 0
    assert gage_inside(echo.repo, "output", "-f").out == "up\none\n30%\nlast", "it has ended"
    assert gage_inside(echo.repo, "output", "-n", "2").out == "30%\nlast"


def test_output_is_followed_from_its_last_lines_with_times(echo: Echo) -> None:
    echo.say(b"one\ntwo\n")
    wait_until(lambda: b"two" in (echo.state / "output").read_bytes())
    with follow(echo, "-n", "1", "-t") as following:
        assert following.stdout is not None
        assert following.stdout.readline().endswith("  two\n")
        echo.say(b"three\n")
        time, word = following.stdout.readline().split()
        assert float(time) > 0
        assert word == "three"
        echo.end()
    stamped = gage_inside(echo.repo, "output", "-t", "-n", "1").out
    assert stamped.split() == [time, "three"]


def test_output_is_followed_on_a_terminal_as_it_is_drawn(echo: Echo) -> None:
    terminal: Any = pexpect.spawn(
        "git-gage", ["output", "-f"], cwd=str(echo.repo), dimensions=(24, 80), timeout=30
    )
    terminal.expect_exact("up\r\n")
    echo.say(b"\r10%")
    terminal.expect_exact("10%")
    echo.say(b"\r20%")
    terminal.expect_exact("\r\x1b[K20%")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert echo.document["status"] == "running"


def test_output_of_a_run_that_has_no_program_yet_is_waited_for(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = echo.state / "hidden"
    index = (echo.state / "output.idx").rename(hidden)
    sleep = time.sleep

    def come_up(seconds: float) -> None:
        if hidden.exists():
            hidden.rename(echo.state / "output.idx")
            echo.end()
        sleep(seconds)

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", come_up)
        assert gage_inside(echo.repo, "output", "-f").out == "up\n"
    assert not index.exists()


def test_output_of_a_run_that_ends_before_there_is_any(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended between two looks: what it printed is in git by then."""
    gage_inside(repo, "run", "-q", "--", "no-such-program")
    run = json.loads(gage_inside(repo, "show", "--json").out)
    write_files(repo / ".git/gage/state" / run["id"], {"output.idx": ""})
    going = {**run, "status": "running"}
    monkeypatch.setattr("git_gage.cli.app.App.document", lambda _app, _text: going)
    for state in ("index alone", "nothing"):
        assert gage_inside(repo, "output", "-f").out == "", state
        (repo / ".git/gage/state" / run["id"] / "output.idx").unlink(missing_ok=True)


@pytest.mark.full
def test_a_long_output_is_not_held_in_memory(repo: Path) -> None:
    size = scale(40_000_000, 400_000_000)
    gage_inside(repo, "run", "-q", "--", "no-such-program")
    run = json.loads(gage_inside(repo, "show", "--json").out)
    whole = repo / ".git/gage/outputs" / run["id"]
    whole.parent.mkdir()
    with whole.open("wb") as file:
        for _ in range(size // 1_000_000):
            file.write((b"x" * 99 + b"\n") * 10_000)
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(['git-gage', 'output', *sys.argv[1:]], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
    )
    peaks = []
    for words in (["-n", "1"], [], ["-t"]):
        asked = [sys.executable, "-c", code, *words]
        with (repo / "shown").open("wb") as shown:
            done = subprocess.run(asked, cwd=repo, stdout=shown, stderr=subprocess.PIPE, check=True)
        peaks.append(int(done.stderr))
    assert (repo / "shown").stat().st_size == size + 12 * (size // 100)
    unit = 1 if sys.platform == "darwin" else 1024
    assert (max(peaks) - peaks[0]) * unit < 8_000_000
