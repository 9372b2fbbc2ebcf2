"""A program behind pipes: what it prints, how it ends, the signals it gets."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from git_gage.runs import process_posix as process
from git_gage.runs.output import OutputLog, read_index
from git_gage.runs.process import Console, Exit, StartError, run_program
from git_gage.runs.wires import Source
from tests.support import scale

# Runs a program as git-gage does, and says how it ended in `exit.json`.
DRIVER = """
import json, os, signal, sys
from dataclasses import asdict
from pathlib import Path
from git_gage.runs.output import OutputLog
from git_gage.runs.process import Console, run_program

def note(pid):
    Path("pid.new").write_text(str(pid))
    os.rename("pid.new", "pid")

# As a shell in the foreground leaves them, whatever started the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
for name in sys.argv[1].split():
    signal.signal(getattr(signal, name), signal.SIG_IGN)
before = [signal.getsignal(number) for number in (1, 2, 3, 15, 17, 20)]
with OutputLog(Path("output"), Path("output.idx"), on_line=lambda *_: None) as log:
    done = run_program(
        sys.argv[2:], cwd=Path.cwd(), env=os.environ, log=log, console=Console(), on_start=note
    )
assert before == [signal.getsignal(number) for number in (1, 2, 3, 15, 17, 20)]
Path("exit.json").write_text(json.dumps(asdict(done)))
"""


class Driven:
    """git-gage's part of a run, as a process of its own."""

    def __init__(self, folder: Path, argv: list[str], *, ignored: str = "", **streams: Any) -> None:
        self.folder = folder
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": -1, "stderr": -1, **streams}
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, ignored, *argv], cwd=folder, **given
        )

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait_for(self, text: bytes) -> None:
        wait_until(lambda: text in self.output)

    @property
    def output(self) -> bytes:
        path = self.folder / "output"
        return path.read_bytes() if path.exists() else b""

    @property
    def pid(self) -> int:
        wait_until((self.folder / "pid").exists)
        return int((self.folder / "pid").read_text())

    def end(self) -> dict[str, Any]:
        """How the program ended; what it printed is in `out` and `err`."""
        self.out, self.err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, self.err
        done: dict[str, Any] = json.loads((self.folder / "exit.json").read_text())
        return done


def wait_until(true: Callable[[], object], timeout_s: float = 20) -> None:
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, "this did not come true in time"
        time.sleep(0.01)


def find_state(pid: int) -> str:
    """R, S, T, Z … as ps shows it; nothing where there is no such process."""
    if not Path("/proc/self/stat").exists():
        ps = ["ps", "-o", "stat=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody waited for does not."""
    return find_state(pid)[:1] not in ("", "Z")


class Ran:
    """A program run here, with pipes for the user's streams."""

    def __init__(
        self,
        folder: Path,
        argv: list[str],
        *,
        env: Mapping[str, str] | None = None,
        merged: bool = False,
        on_start: Callable[[int], object] = bool,
        on_beat: Callable[[], object] = bool,
        timeout_s: float | None = None,
    ) -> None:
        self.lines: list[bytes] = []
        path, index_path = folder / "output", folder / "output.idx"
        with (
            (folder / "stdout").open("wb") as out,
            (folder / "stderr").open("wb") as err,
            OutputLog(path, index_path, on_line=lambda line, _: self.lines.append(line)) as log,
        ):
            self.exit = run_program(
                argv,
                cwd=folder,
                env={**os.environ, **(env or {})},
                log=log,
                console=Console(0, out.fileno(), (out if merged else err).fileno()),
                on_start=on_start,
                on_beat=on_beat,
                timeout_s=timeout_s,
            )
        self.out, self.err = ((folder / name).read_bytes() for name in ("stdout", "stderr"))
        self.output = path.read_bytes()
        self.index = read_index(index_path, len(self.output))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def sh(code: str) -> list[str]:
    return ["sh", "-c", code]


def write_program(path: Path, content: str | bytes, mode: int = 0o755) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


# -- what it prints ----------------------------------------------------------------------------


def test_program_output_is_shown_and_recorded(tmp_path: Path) -> None:
    started: list[int] = []
    ran = Ran(tmp_path, sh("echo one; echo two >&2; echo $$; pwd"), on_start=started.append)
    assert ran.exit == Exit(0, None, False, ran.exit.duration_s)
    assert ran.exit.duration_s > 0
    assert ran.out == f"one\n{started[0]}\n{tmp_path}\n".encode()
    assert ran.err == b"two\n"
    assert sorted(ran.output.splitlines()) == sorted((ran.out + ran.err).splitlines())
    assert {entry.stream for entry in ran.index} == {"o", "e"}
    assert sorted(ran.lines) == sorted(ran.output.splitlines())


def test_program_output_to_one_place_stays_in_order(tmp_path: Path) -> None:
    ran = Ran(
        tmp_path, sh("for i in 1 2 3 4 5 6 7 8; do echo o$i; echo e$i >&2; done"), merged=True
    )
    expected = b"".join(b"o%d\ne%d\n" % (i, i) for i in range(1, 9))
    assert ran.out == ran.output == expected
    assert {entry.stream for entry in ran.index} == {"b"}


def test_python_program_prints_line_by_line_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    code = "import os; print(os.environ['PYTHONUNBUFFERED'], os.environ['PWD'])"
    assert Ran(tmp_path, python(code), env={"PWD": "/"}).out == f"1 {tmp_path}\n".encode()
    ran = Ran(tmp_path, python(code), env={"PWD": "/", "PYTHONUNBUFFERED": ""})
    assert ran.out == f" {tmp_path}\n".encode()


def test_program_reads_what_is_piped_in(tmp_path: Path) -> None:
    driven = Driven(tmp_path, ["cat"], stdin=subprocess.PIPE)
    assert driven.process.stdin is not None
    driven.process.stdin.write(b"from the pipe\n")
    driven.process.stdin.close()
    driven.process.stdin = None
    assert driven.end()["exit_code"] == 0
    assert driven.out == driven.output == b"from the pipe\n"


def test_program_output_does_not_grow_memory(tmp_path: Path) -> None:
    total = scale(20_000_000, 100_000_000)
    code = f"import sys\nfor _ in range({total} // 80): sys.stdout.write('x' * 79 + chr(10))"
    ran = Ran(tmp_path, sh("true"))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (tmp_path / "log").open("wb") as out:
        console = Console(0, out.fileno(), out.fileno())
        with OutputLog(
            tmp_path / "output", tmp_path / "output.idx", on_line=lambda *_: None
        ) as log:
            env = {**os.environ, "PYTHONUNBUFFERED": ""}
            run_program(
                python(code), cwd=tmp_path, env=env, log=log, console=console, on_start=bool
            )
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert (tmp_path / "output").stat().st_size == (tmp_path / "log").stat().st_size == total
    assert grown_kb < 8_000
    assert ran.exit.exit_code == 0


def test_program_goes_on_when_nobody_looks_any_more(tmp_path: Path) -> None:
    driven = Driven(tmp_path, sh("read go; seq 20000; echo done >&2"), stdin=subprocess.PIPE)
    process = driven.process
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.close()
    process.stdin.write(b"go\n")
    process.stdin.close()
    process.stdin = process.stdout = None
    done = driven.end()
    assert done["exit_code"] == 0
    assert done["screen_error"] is None
    assert b"\n20000\n" in driven.output
    assert driven.err == b"done\n"


def test_program_output_waits_for_a_screen_that_is_slow(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    driven = Driven(tmp_path, ["seq", "50000"], stdout=theirs, stderr=theirs)
    os.close(theirs)
    time.sleep(0.3)
    with open(ours, "rb") as screen:
        shown = screen.read()
    assert driven.end()["exit_code"] == 0
    assert shown == driven.output == b"".join(b"%d\n" % number for number in range(1, 50_001))


def test_program_whose_screen_is_a_full_disk_is_recorded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "show", _refuse)
    ran = Ran(tmp_path, sh("echo one; echo two"))
    assert ran.exit.screen_error == os.strerror(errno.ENOSPC)
    assert ran.exit.log_error is None
    assert ran.output == b"one\ntwo\n"


def test_program_goes_on_when_the_log_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", _refuse)
    ran = Ran(tmp_path, sh("echo loss: 0.5; exit 3"))
    assert ran.exit.log_error == os.strerror(errno.ENOSPC)
    assert ran.exit.exit_code == 3
    assert ran.out == b"loss: 0.5\n"
    assert ran.lines == [b"loss: 0.5"]


def test_program_without_standard_output(tmp_path: Path) -> None:
    closed = 999
    path = tmp_path / "output"
    with OutputLog(path, tmp_path / "output.idx", on_line=lambda *_: None) as log:
        console = Console(0, closed, closed)
        done = run_program(
            sh("echo one"), cwd=tmp_path, env=os.environ, log=log, console=console, on_start=bool
        )
    assert (done.exit_code, done.screen_error) == (0, None)
    assert path.read_bytes() == b"one\n"


def test_recorded_output_survives_the_kill_of_its_recorder(tmp_path: Path) -> None:
    driven = Driven(tmp_path, sh("echo epoch 1; printf 'epoch 2'; sleep 60"))
    driven.wait_for(b"epoch 1\nepoch 2")
    pid = driven.pid
    driven.process.kill()
    driven.process.communicate()
    assert driven.output == b"epoch 1\nepoch 2"
    assert sum(length for _, _, length in read_index(tmp_path / "output.idx", 15)) == 15
    os.killpg(pid, signal.SIGKILL)


def test_reading_takes_nothing_for_an_answer(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    source = Source(ours, "o", 1, tty=False)
    watch = process._Watch(None, None, None, None, None)  # type: ignore[arg-type]
    assert watch._read(source) == 0
    os.close(theirs)
    os.close(ours)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        watch._read(source)


# -- how it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "exit_code", "name"),
    [
        pytest.param("exit 0", 0, None, id="success"),
        pytest.param("exit 3", 3, None, id="its own code"),
        pytest.param("exit 143", 143, None, id="looks like a signal"),
        pytest.param("kill -TERM $$", 143, "SIGTERM", id="a signal"),
        pytest.param("kill -KILL $$", 137, "SIGKILL", id="kill"),
    ],
)
def test_exit_is_what_a_shell_would_show(
    tmp_path: Path, code: str, exit_code: int, name: str | None
) -> None:
    done = Ran(tmp_path, sh(code)).exit
    assert (done.exit_code, done.signal, done.interrupted) == (exit_code, name, False)


def test_exit_by_a_signal_without_a_name_has_its_number() -> None:
    assert process._read_status(-63) == (191, "SIG63")


def test_exit_does_not_wait_for_what_the_program_left_behind(tmp_path: Path) -> None:
    start_s = time.monotonic()
    ran = Ran(tmp_path, sh("echo out; sleep 60 & echo $!"))
    assert time.monotonic() - start_s < 30
    pid = int(ran.output.split()[1])
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_exit_does_not_wait_for_the_noise_of_what_was_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_PATIENCE_S", 0.5)
    for noise in ("while sleep 0.1; do echo noise; done", "yes"):
        ran = Ran(tmp_path, sh(f"trap '' PIPE; ({noise}) & echo pid $!"))
        assert ran.exit.exit_code == 0
        pid = next(line for line in ran.lines if line.startswith(b"pid "))
        subprocess.run(["kill", "-9", pid.split()[1].decode()], check=False)


def test_exit_is_that_of_the_program_when_it_closes_its_streams_first(tmp_path: Path) -> None:
    ran = Ran(tmp_path, sh("echo bye; exec >&- 2>&-; sleep 0.2; exit 4"))
    assert ran.exit.exit_code == 4
    assert ran.exit.duration_s > 0.2
    assert ran.output == b"bye\n"


def test_program_does_not_outlive_a_failure_of_ours(tmp_path: Path) -> None:
    pids: list[int] = []

    def fail(pid: int) -> None:
        pids.append(pid)
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        Ran(tmp_path, ["sleep", "60"], on_start=fail)
    assert not is_alive(pids[0])


def test_program_of_another_user_is_left_when_we_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "60"]) as program:
        with monkeypatch.context() as patch:
            patch.setattr(os, "killpg", _forbid)
            process._end(program)
        assert program.poll() is None
        program.kill()


# -- signals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_ends_the_program_and_not_us(tmp_path: Path, name: str) -> None:
    driven = Driven(tmp_path, sh("echo up; exec sleep 60"))
    driven.wait_for(b"up")
    driven.send(getattr(signal, name))
    done = driven.end()
    assert (done["exit_code"], done["signal"]) == (128 + getattr(signal, name), name)
    assert done["interrupted"]


def test_signal_quit_is_passed_on_but_no_interrupt(tmp_path: Path) -> None:
    driven = Driven(tmp_path, sh("ulimit -c 0; echo up; exec sleep 60"))
    driven.wait_for(b"up")
    driven.send(signal.SIGQUIT)
    done = driven.end()
    assert (done["exit_code"], done["signal"], done["interrupted"]) == (131, "SIGQUIT", False)


def test_signal_reaches_the_whole_group(tmp_path: Path) -> None:
    driven = Driven(tmp_path, sh("sleep 60 & echo child $!; wait"))
    driven.wait_for(b"child")
    pid = int(driven.output.split()[1])
    driven.send(signal.SIGTERM)
    assert driven.end()["signal"] == "SIGTERM"
    wait_until(lambda: not is_alive(pid))


def test_signal_leaves_the_program_its_own_way_out(tmp_path: Path) -> None:
    driven = Driven(
        tmp_path, sh("trap 'echo saved; exit 5' INT; echo up; while :; do sleep 0.1; done")
    )
    driven.wait_for(b"up")
    driven.send(signal.SIGINT)
    done = driven.end()
    assert (done["exit_code"], done["signal"], done["interrupted"]) == (5, None, True)
    assert driven.output == b"up\nsaved\n"


STUBBORN = """
import os, signal, time
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"no\\n"))
os.write(1, b"up\\n")
time.sleep(60)
"""


def test_second_ctrl_c_ends_a_program_that_will_not(tmp_path: Path) -> None:
    driven = Driven(tmp_path, python(STUBBORN))
    driven.wait_for(b"up")
    driven.send(signal.SIGINT)
    driven.wait_for(b"no")
    time.sleep(0.4)
    driven.send(signal.SIGINT)
    done = driven.end()
    assert (done["exit_code"], done["signal"], done["interrupted"]) == (137, "SIGKILL", True)


def test_ctrl_c_that_git_passes_on_once_more_is_no_second_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        subprocess.Popen(python(STUBBORN), stdout=-1, start_new_session=True) as program,
        process._Signals(bool) as signals,
    ):
        assert program.stdout is not None
        assert program.stdout.readline() == b"up\n"
        signals.forward_to(program)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        assert program.stdout.readline() == b"no\n"
        assert program.poll() is None
        monkeypatch.setattr(process, "_ONE_CTRL_C_S", 0)
        os.kill(os.getpid(), signal.SIGINT)
        assert program.wait(10) == -signal.SIGKILL


def test_signal_ignored_by_whoever_started_us_stays_ignored(tmp_path: Path) -> None:
    driven = Driven(tmp_path, sh("echo up; sleep 0.5; echo end"), ignored="SIGHUP SIGCHLD")
    driven.wait_for(b"up")
    driven.send(signal.SIGHUP)
    done = driven.end()
    assert (done["exit_code"], done["interrupted"]) == (0, False)
    assert driven.output == b"up\nend\n"


def test_signal_before_the_program_is_there_is_for_the_program(tmp_path: Path) -> None:
    signals = process._Signals(bool)
    with signals:
        os.kill(os.getpid(), signal.SIGTERM)
        with subprocess.Popen(["sleep", "60"], start_new_session=True) as program:
            assert not signals.interrupted
            signals.forward_to(program)
            assert program.wait(10) == -signal.SIGTERM
            assert signals.interrupted
            # It has ended: its id may be somebody else's by now.
            os.kill(os.getpid(), signal.SIGTERM)


def test_signal_to_a_program_that_just_ended_is_no_interrupt(tmp_path: Path) -> None:
    with subprocess.Popen(["true"], start_new_session=True) as program:
        os.waitid(os.P_PID, program.pid, os.WEXITED)
        with process._Signals(bool) as signals:
            signals.forward_to(program)
            os.kill(os.getpid(), signal.SIGINT)
            assert not signals.interrupted


def test_ctrl_z_stops_the_program_with_us(tmp_path: Path) -> None:
    code = "import time\nfor n in range(10_000): print(n, flush=True); time.sleep(0.02)"
    driven = Driven(tmp_path, python(code))
    driven.wait_for(b"1\n")
    driven.send(signal.SIGTSTP)
    os.waitid(os.P_PID, driven.process.pid, os.WSTOPPED)
    wait_until(lambda: find_state(driven.pid).startswith("T"))
    stopped = driven.output
    driven.send(signal.SIGCONT)
    wait_until(lambda: len(driven.output) > len(stopped) + 10)
    driven.send(signal.SIGTERM)
    assert driven.end()["signal"] == "SIGTERM"


# -- time --------------------------------------------------------------------------------------


def test_program_whose_time_is_up_is_asked_to_end(tmp_path: Path) -> None:
    done = Ran(tmp_path, sh("echo up; exec sleep 60"), timeout_s=0.2).exit
    assert (done.exit_code, done.signal) == (143, "SIGTERM")
    assert done.timed_out
    assert not done.interrupted, "nobody told us to end it"
    assert 0.2 <= done.duration_s < 30


def test_program_whose_time_is_up_has_a_way_out(tmp_path: Path) -> None:
    code = "trap 'echo saved; exit 0' TERM; echo up; while :; do :; done"
    ran = Ran(tmp_path, sh(code), timeout_s=0.3)
    assert (ran.exit.exit_code, ran.exit.timed_out) == (0, True)
    assert ran.output == b"up\nsaved\n"


def test_program_that_does_not_end_in_time_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.2)
    done = Ran(tmp_path, sh("trap '' TERM; sleep 60"), timeout_s=0.2).exit
    assert (done.signal, done.timed_out) == ("SIGKILL", True)


def test_program_that_is_stopped_hears_that_its_time_is_up(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    done = Ran(tmp_path, python(code), timeout_s=0.5).exit
    assert (done.signal, done.timed_out) == ("SIGTERM", True)


def test_program_that_ends_in_time_did_not_time_out(tmp_path: Path) -> None:
    done = Ran(tmp_path, sh("exit 3"), timeout_s=60).exit
    assert (done.exit_code, done.timed_out) == (3, False)


def test_a_group_that_is_gone_does_not_time_out(tmp_path: Path) -> None:
    with subprocess.Popen(["true"], start_new_session=True) as program:
        os.waitid(os.P_PID, program.pid, os.WEXITED)
        clock = process._Clock(program, bool, timeout_s=0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "killpg", _forbid)
            clock.tick()
        assert not clock.timed_out


def test_a_going_program_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BEAT_S", 0.05)
    os.mkfifo(tmp_path / "go")
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 3:
            (tmp_path / "go").write_text("go\n")

    assert Ran(tmp_path, sh("read go < go"), on_beat=beat).exit.exit_code == 0
    assert beats[2] - beats[0] >= 0.1


# -- what cannot be started --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "exit_code", "message", "hint"),
    [
        pytest.param(
            "no-such-program",
            127,
            "cannot run 'no-such-program': no such command",
            "see what PATH has with 'type -a no-such-program'",
            id="not on PATH",
        ),
        pytest.param(
            "train.sh",
            127,
            "cannot run 'train.sh': no such command",
            "for the file here: ./train.sh",
            id="here, but not on PATH",
        ),
        pytest.param(
            "./bin/none",
            127,
            "cannot run './bin/none': no such file",
            "see what is there: ls ./bin",
            id="no file",
        ),
        pytest.param(
            "./bin",
            126,
            "cannot run './bin': is a directory",
            "name a program in it: ./bin/<program>",
            id="directory",
        ),
        pytest.param(
            "./notes",
            126,
            "cannot run './notes': permission denied",
            "chmod +x ./notes",
            id="not executable",
        ),
        pytest.param(
            "./stranger",
            126,
            "cannot run './stranger': bad interpreter '/no/such/python'",
            "correct the first line of './stranger'",
            id="bad interpreter",
        ),
        pytest.param(
            "./windows",
            126,
            "cannot run './windows': its lines end in CR LF",
            "save './windows' with LF line ends",
            id="line ends",
        ),
        pytest.param(
            "./picture",
            126,
            "cannot run './picture': not a program for this machine",
            "see what it is with 'file ./picture'",
            id="no program",
        ),
    ],
)
def test_program_that_cannot_be_started_says_why(
    tmp_path: Path, program: str, exit_code: int, message: str, hint: str
) -> None:
    (tmp_path / "bin").mkdir()
    write_program(tmp_path / "train.sh", "#!/bin/sh\n")
    write_program(tmp_path / "notes", "some notes", 0o644)
    write_program(tmp_path / "stranger", "#!/no/such/python\n")
    write_program(tmp_path / "windows", "#!/bin/sh\r\necho\r\n")
    write_program(tmp_path / "picture", b"\x89PNG\0\0")
    with pytest.raises(StartError) as caught:
        Ran(tmp_path, [program])
    assert (caught.value.exit_code, caught.value.message) == (exit_code, message)
    assert caught.value.hint == hint


def test_program_with_too_many_arguments_says_so(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot run 'true': argument list too long") as caught:
        Ran(tmp_path, ["true", "x" * 50_000_000])
    assert (caught.value.exit_code, caught.value.hint) == (126, None)


def test_program_without_a_folder_to_run_in_says_so(tmp_path: Path) -> None:
    with (
        OutputLog(tmp_path / "output", tmp_path / "output.idx", on_line=lambda *_: None) as log,
        pytest.raises(StartError, match=r"cannot run in '.*/gone': no such file or directory"),
    ):
        run_program(
            ["true"],
            cwd=tmp_path / "gone",
            env=os.environ,
            log=log,
            console=Console(),
            on_start=bool,
        )


def test_text_without_a_first_line_for_the_system_is_run_by_sh(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    write_program(tmp_path / "bin" / "plain", 'echo "plain $1"\n')
    assert Ran(tmp_path, ["bin/plain", "a b"]).out == b"plain a b\n"
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    assert Ran(tmp_path, ["plain", "c"], env={"PATH": path}).out == b"plain c\n"


def test_start_leaves_signals_as_they_were(tmp_path: Path) -> None:
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    with pytest.raises(StartError):
        Ran(tmp_path, ["no-such-program"])
    assert before == {number: signal.getsignal(number) for number in signal.valid_signals()}


def _refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _forbid(*_: object) -> None:
    raise PermissionError
