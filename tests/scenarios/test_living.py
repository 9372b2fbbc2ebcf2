"""Runs that live on their own: left in the background, waited for, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.runs import detach as detach_module
from git_gage.runs import process_posix as process
from git_gage.runs import stop as stop_module
from git_gage.runs.liveness import Life, find_life
from git_gage.runs.pids import mark_process, send_signal
from git_gage.runs.run import _spell_time
from git_gage.store.files import is_held
from tests.support import clone, gage, gage_inside, git, make_repo, ways, write_files
from tests.unit.runs.test_process import find_state, is_alive, wait_until

# Says so when it is up, goes on until it is let go, and ends with what it is told.
WAITER = """\
import pathlib, sys
print("up", flush=True)
code = pathlib.Path(sys.argv[1]).read_text()
print("loss: 0.5")
pathlib.Path("model.txt").write_text("whole")
sys.exit(int(code))
"""
# Does something on SIGTERM, and then ends, or not.
STUBBORN = """\
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: {})
print("up", flush=True)
while True:
    time.sleep(60)
"""
SAVES, DEAF = STUBBORN.format("[print('saved'), sys.exit(0)]"), STUBBORN.format("None")


class Background:
    """A run that was left in the background."""

    def __init__(self, repo: Path, *words: str) -> None:
        self.repo = repo
        said = gage(repo, "run", "-q", "--detach", *words)
        assert (said.code, said.err) == (0, "")
        (self.id,) = said.out.splitlines()
        self.state = repo / ".git/gage/state" / self.id
        self.recorder: int = json.loads((self.state / "alive").read_text())["pid"]

    def come_up(self) -> None:
        wait_until((self.state / "output").exists)
        wait_until(lambda: b"up" in (self.state / "output").read_bytes())

    def kill_recorder(self) -> None:
        """Its first thread can be gone while another one holds the lock for a moment."""
        os.kill(self.recorder, signal.SIGKILL)
        wait_until(lambda: not is_held(self.state / "alive"))

    @property
    def program(self) -> int:
        wait_until((self.state / "program.json").exists)
        pid: int = json.loads((self.state / "program.json").read_text())["pid"]
        return pid

    @property
    def document(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(gage_inside(self.repo, "show", self.id, "--json").out)
        return shown

    @property
    def outcome(self) -> tuple[str, int | None, str | None]:
        """How it ended; once nothing of it runs any more."""
        wait_until(lambda: not is_alive(self.recorder))
        run = self.document
        return run["status"], run["exit_code"], run["signal"]


@pytest.fixture
def living(repo: Path) -> Iterator[Path]:
    """A repository; whatever still runs in the end is ended."""
    for name in ("go", "go-too"):
        os.mkfifo(repo / ".git" / name)
    write_files(repo, {"waiter.py": WAITER})
    yield repo
    for note in (repo / ".git/gage/state").glob("*/*"):
        if note.name in ("alive", "program.json"):
            pid = json.loads(note.read_text())["pid"]
            send_signal(mark_process(pid), signal.SIGKILL)


def start_waiter(repo: Path, go: str = "go") -> Background:
    run = Background(repo, "--", sys.executable, "waiter.py", str(repo / ".git" / go))
    run.come_up()
    return run


def let_go(repo: Path, code: int = 0, go: str = "go") -> None:
    (repo / ".git" / go).write_text(str(code))


def start_python(repo: Path, code: str) -> Background:
    run = Background(repo, "--", sys.executable, "-c", code)
    run.come_up()
    return run


# -- left in the background --------------------------------------------------------------------


def test_a_run_in_the_background_goes_on_by_itself(living: Path) -> None:
    run = start_waiter(living)
    assert os.getsid(run.recorder) == run.recorder, "in a session of its own"
    assert run.document["status"] == "running"
    assert gage_inside(living, "output").out == "up\n"
    let_go(living, 3)
    assert gage_inside(living, "wait").code == 3
    assert run.outcome == ("error", 3, None)
    assert run.document["metrics"] == {"loss": 0.5}
    assert gage_inside(living, "output").out == "up\nloss: 0.5\n"
    assert (living / ".git/gage/runs" / run.id / "model.txt").read_text() == "whole"
    assert not run.state.exists()


@pytest.mark.parametrize("words", [("wait",), ("list", "--json")])
def test_a_run_that_ends_while_it_is_looked_at_is_not_lost(
    living: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    run = start_waiter(living)

    def end_first(state: Path) -> Life:
        if state == run.state and state.exists() and is_alive(run.recorder):
            let_go(living)
            wait_until(lambda: not state.exists())
        return find_life(state)

    monkeypatch.setattr("git_gage.runs.settle.find_life", end_first)
    # Not by what closes dead runs: that has been, and saw it running.
    monkeypatch.setattr("git_gage.runs.settle._is_left_open", lambda _: False)
    done = gage_inside(living, *words)
    assert (done.code, done.err.count("begun elsewhere")) == (0, 0)
    if words[0] == "list":
        assert [each["status"] for each in json.loads(done.out)] == ["completed"]


def test_staged_runs_and_new_ones_from_old_ones_go_to_the_background_too(repo: Path) -> None:
    gage(repo, "run", "-q", "--stage", "train.py")
    started = gage(repo, "run", "--detach", "--start", "@")
    assert gage_inside(repo, "wait", started.out.strip()).code == 0
    again = gage(repo, "restart", "--detach", "@", "epochs=1")
    assert again.out.strip() > started.out.strip()
    short = again.out[10:17]
    assert again.err.splitlines()[-1] == (
        f"hint: follow it with 'git gage output -f {short}', end it with 'git gage stop {short}'"
    )
    assert gage_inside(repo, "wait").code == 0
    assert gage(repo, "restart", "--detach", "--stage", "@").code == 129


def test_what_is_refused_is_refused_at_once(living: Path) -> None:
    assert gage(living, "run", "--detach", "train.py", "nope=1").code == 128
    assert gage(living, "run", "--detach", "--stage", "train.py").code == 129
    assert json.loads(gage_inside(living, "list", "--json").out) == []


def test_a_run_in_the_background_survives_its_terminal(living: Path) -> None:
    words = ["gage", "run", "--detach", "--", sys.executable, "waiter.py", ".git/go"]
    go = str(living / ".git" / "go")
    terminal: Any = pexpect.spawn("git", [*words[:-1], go], cwd=str(living), timeout=30)
    terminal.expect(r"([0-9a-z]{30})\r\n")
    run = terminal.match[1].decode()
    terminal.expect(pexpect.EOF)
    terminal.close(force=True)
    (state,) = (living / ".git/gage/state").iterdir()
    assert state.name == run
    recorder = json.loads((state / "alive").read_text())["pid"]
    let_go(living)
    assert gage_inside(living, "wait", run).code == 0
    wait_until(lambda: not is_alive(recorder))


def test_a_program_that_cannot_be_started_is_told_by_wait(repo: Path) -> None:
    left = gage(repo, "run", "--detach", "--", "no-such-program")
    assert left.code == 0
    assert gage_inside(repo, "wait", left.out.strip()).code == 127


def test_a_run_in_the_background_holds_nothing_of_who_started_it(living: Path) -> None:
    """Such as the lock of a script, or the pipe that somebody reads to its end."""
    ours, theirs = os.pipe()
    words = ["run", "-q", "--detach", "--", sys.executable, "waiter.py", str(living / ".git/go")]
    done = subprocess.run(
        ["git", "gage", *words], cwd=living, capture_output=True, check=True, pass_fds=[theirs]
    )
    os.close(theirs)
    with open(ours, "rb") as pipe:
        assert pipe.read() == b""
    assert gage_inside(living, "wait", "--timeout", "0.1s").code == 124, "it still goes on"
    let_go(living)
    assert gage_inside(living, "wait", done.stdout.decode().strip()).code == 0


def test_where_nobody_tells_what_is_open_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)

    def refuse(_path: str) -> list[str]:
        raise FileNotFoundError

    monkeypatch.setattr(os, "listdir", refuse)
    detach_module._close_inherited()
    os.close(theirs)
    os.close(ours)


FAILING = """
import os, sys
from pathlib import Path
from git_gage.runs import detach

def fail(*_):
    raise OSError(28, "No space left on device")

setattr(*{"fork": (os, "fork", fail), "lock": (detach, "hold_alive", fail)}[sys.argv[1]])
try:
    detach.detach(Path.cwd())
except detach.DetachError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("fork", "no process for the background: No space left on device"),
        ("lock", "no process could be left in the background"),
    ],
)
def test_when_nothing_can_be_left_in_the_background(
    tmp_path: Path, where: str, message: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING, where],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (message + "\n", "")


PRESSED = """
import os, signal
from pathlib import Path
from git_gage.runs import detach

def press_ctrl_c(state_dir):
    os.kill(os.getppid(), signal.SIGINT)
    return os.open(state_dir, os.O_RDONLY)

detach.hold_alive = press_ctrl_c
if detach.detach(Path.cwd()) is None:
    print("left", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_ctrl_c_that_comes_too_late_ends_nothing(tmp_path: Path) -> None:
    left = subprocess.run(
        [sys.executable, "-c", PRESSED], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (left.returncode, left.stdout, left.stderr) == (0, "left True\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_before_its_program_starts_is_closed(
    repo: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr("git_gage.runs.run.stage_source", lambda *_: os.kill(os.getpid(), number))
    assert gage_inside(repo, "run", "-q", "train.py").code == 128 + number
    (run,) = json.loads(gage_inside(repo, "list", "--json").out)
    assert (run["status"], run["signal"]) == ("terminated", number.name)
    assert run["reason"] == "interrupted before it ran"
    assert signal.getsignal(number) is before


def test_a_run_that_cannot_be_left_in_the_background_is_closed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    failed = gage_inside(repo, "run", "--detach", "--", "true")
    assert failed.code == 125
    assert "no process for the background: Resource temporarily unavailable" in failed.err
    (run,) = json.loads(gage_inside(repo, "list", "--json").out)
    assert (run["status"], run["exit_code"]) == ("error", None)


BEATEN = """
import os, sys, time
alive = f"{sys.argv[1]}/.git/gage/state/{os.environ['GAGE_RUN_ID']}/alive"
os.utime(alive, (0, 0))
until = time.monotonic() + 20
while os.stat(alive).st_mtime == 0:
    assert time.monotonic() < until
    time.sleep(0.01)
"""


def test_the_heart_of_a_run_beats_while_its_program_goes_on(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BEAT_S", 0.05)
    beaten = gage_inside(repo, "run", "-q", "--", sys.executable, "-c", BEATEN, str(repo))
    assert beaten.code == 0


# -- stopped -----------------------------------------------------------------------------------


def test_stop_ends_the_program_and_closes_its_run(living: Path) -> None:
    run = start_waiter(living)
    program = run.program
    stopped = gage_inside(living, "stop", "@")
    name = run.document["name"]
    assert stopped == (0, f"run {run.id[10:17]} {name}: terminated\n", "")
    assert not is_alive(program)
    assert run.outcome == ("terminated", 143, "SIGTERM")
    assert gage_inside(living, "output").out == "up\n"
    again = gage_inside(living, "stop", run.id)
    assert again.code == 1
    assert again.err == f"warning: run {run.id[10:17]} {name} does not go on: terminated\n"


def test_stop_leaves_the_program_its_own_way_out(living: Path) -> None:
    run = start_python(living, SAVES)
    assert gage_inside(living, "stop", run.id).code == 0
    assert run.outcome == ("terminated", 0, None)
    assert gage_inside(living, "output").out == "up\nsaved\n"


def test_stop_kills_as_a_last_resort(living: Path) -> None:
    run = start_python(living, DEAF)
    stopped = gage_inside(living, "stop", run.id, "--timeout", "0.5s")
    assert stopped.code == 0
    assert stopped.out.endswith(": terminated (killed: it did not end in time)\n")
    assert run.outcome == ("terminated", 137, "SIGKILL")


@pytest.mark.parametrize(
    ("name", "number"),
    ways(("sigusr1", signal.SIGUSR1), ("INT", signal.SIGINT), ("9", signal.SIGKILL)),
)
def test_stop_by_another_signal(living: Path, name: str, number: int) -> None:
    run = start_waiter(living)
    assert gage_inside(living, "stop", run.id, "-s", name).code == 0
    assert run.outcome == ("terminated", 128 + number, signal.Signals(number).name)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-s", "NONE"], "'--signal' needs a signal such as TERM, INT or KILL, not 'NONE'"),
        (["-s", "_DFL"], "'--signal' needs a signal such as TERM, INT or KILL, not '_DFL'"),
        (["-s", "CONT"], "'SIGCONT' does not end a program"),
        (["--timeout", "0s"], "'--timeout' needs a time such as 30s, 90m, 2h or 7d, not '0s'"),
        (
            ["--timeout", "9" * 400],
            f"'--timeout' needs a time such as 30s, 90m, 2h or 7d, not '{'9' * 400}'",
        ),
        (["--timeout", "soon"], "'--timeout' needs a time such as 30s, 90m, 2h or 7d, not 'soon'"),
    ],
)
def test_stop_asked_wrongly(repo: Path, words: list[str], message: str) -> None:
    refused = gage_inside(repo, "stop", "@", *words)
    assert refused.code == 129
    assert refused.err.startswith(f"fatal: {message}\n")


def test_stop_reaches_a_run_that_is_paused(living: Path) -> None:
    run = start_waiter(living)
    program = run.program
    os.kill(run.recorder, signal.SIGTSTP)
    wait_until(lambda: find_state(run.recorder).startswith("T"))
    wait_until(lambda: find_state(program).startswith("T"))
    assert gage_inside(living, "stop", run.id).code == 0
    assert run.outcome == ("terminated", 143, "SIGTERM")


def test_stop_ends_a_program_that_outlived_its_recorder(living: Path) -> None:
    run = start_waiter(living)
    program = run.program
    run.kill_recorder()
    assert run.document["status"] == "running"
    assert gage_inside(living, "stop", run.id).code == 0
    assert not is_alive(program)
    assert run.outcome == ("terminated", None, None)
    assert "was not seen" in run.document["reason"]


def test_stop_before_there_is_a_program_ends_the_recorder(living: Path) -> None:
    run = start_waiter(living)
    program = run.program
    (run.state / "program.json").unlink()
    assert gage_inside(living, "stop", run.id).code == 0
    assert not is_alive(program), "it has got the signal by way of git-gage"
    assert run.outcome == ("terminated", 143, "SIGTERM")


def test_stop_never_touches_who_has_the_id_now(living: Path) -> None:
    run = start_waiter(living)
    program = run.program
    run.kill_recorder()
    note = run.state / "program.json"
    note.write_text(json.dumps({"pid": program, "started": "1"}))
    assert gage_inside(living, "stop", run.id).code == 1
    assert is_alive(program)
    assert run.document["status"] == "terminated"
    os.kill(program, signal.SIGKILL)


@pytest.mark.full
def test_stop_of_several_runs_says_which_did_not_go_on(living: Path) -> None:
    gage(living, "run", "-q", "train.py")
    done = json.loads(gage_inside(living, "show", "--json").out)
    run = start_waiter(living)
    stopped = gage_inside(living, "stop", done["id"], run.id)
    assert stopped.code == 1
    assert stopped.out == f"run {run.id[10:17]} {run.document['name']}: terminated\n"
    assert stopped.err.endswith("does not go on: completed\n")
    assert run.outcome == ("terminated", 143, "SIGTERM")


def test_stop_of_a_run_on_another_machine_names_it(living: Path) -> None:
    here, there = start_waiter(living), start_waiter(living)
    alive = json.loads((there.state / "alive").read_text())
    (there.state / "alive").write_text(json.dumps({**alive, "host": "gpu-7"}))
    refused = gage_inside(living, "stop", here.id, there.id)
    short = there.id[10:17]
    assert refused.code == 128
    assert refused.err == (
        f"fatal: cannot stop run '{short}' from here: it was begun on 'gpu-7'\n"
        f"hint: there: git gage stop {short}\n"
    )
    assert is_alive(here.program), "nothing was touched"


def test_stop_of_a_run_of_another_clone_names_its_machine(living: Path, tmp_path: Path) -> None:
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(living, "remote", "add", "origin", str(hub))
    run = start_waiter(living)
    gage_inside(living, "push")
    other = clone(hub, tmp_path / "other")
    gage_inside(other, "fetch")
    host = run.document["environment"]["host"]
    refused = gage_inside(other, "stop", run.id)
    assert refused.code == 128
    assert f"it was begun on '{host}'" in refused.err
    lost = gage_inside(other, "wait", run.id)
    assert lost.code == 128
    assert "it was begun elsewhere, no end is known here\nhint: git gage fetch\n" in lost.err


@pytest.mark.parametrize("refused_at", [signal.SIGTERM, signal.SIGKILL])
def test_stop_of_a_run_of_another_user_says_so(
    living: Path, monkeypatch: pytest.MonkeyPatch, refused_at: int
) -> None:
    run = start_python(living, DEAF)

    def refuse(process: Any, number: int, *, group: bool = False) -> bool:
        if number == refused_at:
            raise PermissionError
        return send_signal(process, number, group=group)

    monkeypatch.setattr(stop_module, "send_signal", refuse)
    refused = gage_inside(living, "stop", run.id, "--timeout", "0.1s")
    assert refused.code == 128
    assert refused.err.startswith(
        f"fatal: cannot stop run '{run.id[10:17]}': it is another user's\n"
    )


def test_stop_tells_of_an_end_that_is_not_recorded_yet(
    living: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git-gage may need a while to close a run; the program is gone."""
    run = start_python(living, DEAF)
    monkeypatch.setattr(stop_module, "GRACE_S", 0.1)
    os.kill(run.recorder, signal.SIGSTOP)
    monkeypatch.setattr(stop_module._Target, "ask", lambda _target, _number: None)
    stopped = gage_inside(living, "stop", run.id, "--timeout", "0.1s")
    assert (stopped.code, stopped.out) == (0, "")
    assert "does not go on, but its end is not recorded yet" in stopped.err
    os.kill(run.recorder, signal.SIGCONT)
    assert run.outcome == ("terminated", 137, "SIGKILL")


def test_stop_of_a_run_that_ends_meanwhile_does_nothing(tmp_path: Path) -> None:
    target = stop_module._Target(tmp_path, "0" * 30)
    target.ask(signal.SIGTERM)
    assert not target.kill()
    assert not target.goes_on


# -- waited for --------------------------------------------------------------------------------


def test_wait_for_a_run_that_has_ended_is_over_at_once(repo: Path) -> None:
    gage(repo, "run", "-q", "--", "sh", "-c", "exit 4")
    waited = gage_inside(repo, "wait")
    assert (waited.code, waited.out) == (4, "")
    assert waited.err.endswith(": error 4\n")
    gage(repo, "run", "-q", "train.py")
    assert gage_inside(repo, "wait", "@").code == 0
    assert gage_inside(repo, "wait", "@", "@~1").code == 1


@pytest.mark.full
def test_wait_for_several_runs_tells_of_each(living: Path) -> None:
    first, second = start_waiter(living), start_waiter(living, "go-too")
    waiting = subprocess.Popen(
        ["git-gage", "wait", first.id, second.id], cwd=living, stderr=subprocess.PIPE, text=True
    )
    assert waiting.stderr is not None
    for go in ("go", "go-too"):
        let_go(living, go=go)
        assert waiting.stderr.readline().endswith(": completed\n")
    assert waiting.wait(30) == 0
    waiting.stderr.close()
    assert {first.outcome, second.outcome} == {("completed", 0, None)}


def test_wait_has_an_end_of_its_own(living: Path) -> None:
    first, second = start_waiter(living), start_waiter(living)
    short = first.id[10:17]
    timed_out = gage_inside(living, "wait", first.id, "--timeout", "0.1s")
    assert timed_out.code == 124
    assert timed_out.err == (
        f"fatal: the time is up: run '{short}' still goes on\nhint: git gage output -f {short}\n"
    )
    both = gage_inside(living, "wait", first.id, second.id, "--timeout", "0.1s")
    assert both.err.startswith(f"fatal: the time is up: run '{short}' and 1 more still goes on\n")


def test_ctrl_c_ends_the_waiting_and_not_the_run(
    living: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_waiter(living)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        assert gage_inside(living, "wait").code == 130
    assert run.document["status"] == "running"
    let_go(living)
    assert run.outcome == ("completed", 0, None)


def test_wait_for_a_run_whose_end_nobody_saw(living: Path) -> None:
    run = start_waiter(living)
    program = run.program
    os.kill(run.recorder, signal.SIGKILL)
    os.kill(program, signal.SIGKILL)
    wait_until(lambda: not is_alive(program) and not is_held(run.state / "alive"))
    assert gage_inside(living, "wait", run.id).code == 125


def test_wait_for_a_run_that_is_staged_says_how_to_start_it(repo: Path) -> None:
    gage(repo, "run", "-q", "--stage", "train.py")
    refused = gage_inside(repo, "wait")
    assert refused.code == 128
    assert "it is staged, not started\nhint: git gage run --start " in refused.err


# -- time limits and parents -------------------------------------------------------------------


def test_a_run_that_takes_too_long_is_ended(repo: Path) -> None:
    done = gage(repo, "run", "-q", "--timeout", "0.5s", "--", "sleep", "60")
    assert done.code == 124
    (run,) = json.loads(gage_inside(repo, "list", "--json").out)
    assert (run["status"], run["exit_code"], run["signal"]) == ("terminated", 124, "SIGTERM")
    assert run["reason"] == "timeout after 0.5s"


def test_a_time_limit_is_told_as_a_gagefile_has_it() -> None:
    spelled = {0.5: "0.5s", 90: "90s", 1800: "30m", 5400: "1h30m", 3601: "1h1s", 86400: "24h"}
    assert {seconds: _spell_time(seconds) for seconds in spelled} == spelled


def test_a_run_inside_a_run_knows_its_parent(repo: Path) -> None:
    inner = 'git gage run -q -- sh -c "echo inner \\$GAGE_RUN_ID \\$RUN_ID"; echo outer $RUN_ID'
    done = gage(repo, "run", "-q", "--", "sh", "-c", inner)
    assert done.code == 0, done.err
    outer, inside = sorted(json.loads(gage_inside(repo, "list", "--json").out), key=_begun)
    assert done.out == f"inner {inside['id']} {inside['id']}\nouter {outer['id']}\n"
    assert (outer["parent"], inside["parent"]) == (None, outer["id"])


def _begun(run: dict[str, Any]) -> str:
    return str(run["id"])
