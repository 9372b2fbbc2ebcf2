"""A program run from a terminal: it has one too, and the user cannot tell the difference."""

from __future__ import annotations

import errno
import json
import os
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.runs import terminal
from git_gage.runs.output import OutputLog, read_index
from git_gage.runs.process import Console, run_program
from git_gage.runs.terminal import Keyboard, copy_size, in_foreground, open_terminal

# Runs a program as git-gage does, from this terminal; `sys.argv[1]` says which streams are files.
DRIVER = """
import json, os, sys
from dataclasses import asdict
from pathlib import Path
from git_gage.runs.output import OutputLog
from git_gage.runs.process import Console, run_program

for name in sys.argv[1].split():
    file = os.open(name, os.O_RDWR | os.O_CREAT)
    os.dup2(file, ("stdin", "stdout", "stderr").index(name))
with OutputLog(Path("output"), Path("output.idx"), on_line=lambda *_: None) as log:
    done = run_program(
        sys.argv[2:], cwd=Path.cwd(), env=os.environ, log=log, console=Console(),
        on_start=lambda pid: Path("pid").write_text(str(pid)),
    )
Path("exit.new").write_text(json.dumps(asdict(done)))
Path("exit.new").rename("exit.json")
"""


class Screen:
    """A user at a terminal of 100 columns and 30 lines, who started a program."""

    def __init__(self, folder: Path, argv: list[str], *, files: str = "") -> None:
        self.folder = folder
        self.terminal: Any = pexpect.spawn(
            sys.executable,
            ["-c", DRIVER, files, *argv],
            cwd=str(folder),
            dimensions=(30, 100),
            timeout=20,
        )

    def see(self, text: str) -> None:
        self.terminal.expect_exact(text.encode())

    def type(self, text: str) -> None:
        self.terminal.send(text.encode())

    def end(self) -> dict[str, Any]:
        """How the program ended; what was on the screen since the last look is in `rest`."""
        self.terminal.expect(pexpect.EOF)
        self.rest: bytes = self.terminal.before
        self.terminal.close()
        assert self.terminal.exitstatus == 0, self.rest
        return self.exit

    @property
    def exit(self) -> dict[str, Any]:
        done: dict[str, Any] = json.loads((self.folder / "exit.json").read_text())
        return done

    @property
    def output(self) -> bytes:
        return (self.folder / "output").read_bytes()


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def wait_until(true: Callable[[], object], timeout_s: float = 20) -> None:
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, "this did not come true in time"
        time.sleep(0.01)


WHERE = """
import os, sys
print([stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)])
for stream in (1, 2):
    if os.isatty(stream):
        print(os.get_terminal_size(stream), os.tcgetpgrp(stream) == os.getpgrp())
print(os.environ.get("PYTHONUNBUFFERED"))
open("/dev/tty").close()
"""


def test_program_has_a_terminal_of_the_same_size(tmp_path: Path) -> None:
    screen = Screen(tmp_path, python(WHERE))
    assert screen.end()["exit_code"] == 0
    size = "os.terminal_size(columns=100, lines=30) True\n"
    assert screen.output.decode() == f"[True, True, True]\n{size}{size}None\n"
    assert screen.rest == screen.output.replace(b"\n", b"\r\n")
    assert {entry.stream for entry in read_index(tmp_path / "output.idx", 1)} == {"b"}


def test_program_prints_both_streams_in_order(tmp_path: Path) -> None:
    code = "for i in 1 2 3 4 5 6 7 8; do echo o$i; echo e$i >&2; done"
    screen = Screen(tmp_path, ["sh", "-c", code])
    assert screen.end()["exit_code"] == 0
    assert screen.output == b"".join(b"o%d\ne%d\n" % (i, i) for i in range(1, 9))


BAR = """
import sys, time
for step in range(0, 10_001):
    sys.stderr.write(f"\\r{step // 100:3d}%|{'#' * (step // 1000):10}| {step}/10000")
    if step == 5000:
        sys.stderr.flush(); time.sleep(0.2)
sys.stderr.write("\\n")
print("loss: 0.5")
"""


def test_progress_bar_is_seen_moving_and_recorded_once(tmp_path: Path) -> None:
    screen = Screen(tmp_path, python(BAR))
    screen.see("\r 50%|#####     | 5000/10000")
    assert screen.end()["exit_code"] == 0
    assert screen.output == b"100%|##########| 10000/10000\nloss: 0.5\n"
    assert len((tmp_path / "output.idx").read_text()) < 100


@pytest.mark.parametrize("files", ["", "stdout"])
def test_program_hears_of_a_new_window_size(tmp_path: Path, files: str) -> None:
    code = (
        "import os, signal, sys, time; sys.stdout = sys.stderr; heard = []\n"
        "signal.signal(signal.SIGWINCH, lambda *_: heard.append(os.get_terminal_size(2)))\n"
        "print('up', flush=True)\n"
        "while not heard: time.sleep(0.01)\n"
        "print(heard[0])\n"
    )
    screen = Screen(tmp_path, python(code), files=files)
    screen.see("up")
    screen.terminal.setwinsize(50, 132)
    screen.see("columns=132, lines=50")
    assert screen.end()["exit_code"] == 0


SHOUT = """
while True:
    try:
        print("heard", input("? ").upper())
    except EOFError:
        break
print("bye")
"""


def test_typed_lines_reach_the_program_and_are_seen_once(tmp_path: Path) -> None:
    screen = Screen(tmp_path, python(SHOUT))
    screen.see("? ")
    screen.type("hello\n")
    screen.see("hello\r\nheard HELLO")
    screen.terminal.sendeof()
    assert screen.end()["exit_code"] == 0
    assert screen.output == b"? heard HELLO\n? bye\n"


def test_ctrl_d_sends_off_a_line_without_its_end(tmp_path: Path) -> None:
    screen = Screen(tmp_path, ["cat"])
    screen.type("part")
    screen.terminal.sendeof()
    screen.see("partpart")
    screen.type(" and rest\n")
    screen.terminal.sendeof()
    assert screen.end()["exit_code"] == 0
    assert screen.output == b"part and rest\n"


def test_a_program_that_lets_go_of_the_terminal_early_is_not_hung_up_on(tmp_path: Path) -> None:
    code = "import os, time; [os.close(n) for n in (0, 1, 2)]; time.sleep(0.3)"
    assert Screen(tmp_path, python(code)).end()["exit_code"] == 0


def test_ctrl_c_ends_the_program(tmp_path: Path) -> None:
    screen = Screen(tmp_path, python("import time\nprint('up', flush=True)\ntime.sleep(60)"))
    screen.see("up")
    screen.terminal.sendintr()
    done = screen.end()
    assert (done["exit_code"], done["signal"], done["interrupted"]) == (130, "SIGINT", True)
    assert b"KeyboardInterrupt" in screen.output


def test_program_with_output_to_a_file_still_has_the_user_at_a_terminal(tmp_path: Path) -> None:
    code = (
        f"{WHERE}\n"
        "tty = open('/dev/tty', 'r+b', buffering=0)\n"
        "tty.write(b'really? ')\n"
        "print('answer', input(), file=sys.stderr)\n"
    )
    screen = Screen(tmp_path, python(code), files="stdout stderr")
    screen.see("really? ")
    screen.type("yes\n")
    assert screen.end()["exit_code"] == 0
    assert (tmp_path / "stdout").read_text() == "[True, False, False]\n1\n"
    assert (tmp_path / "stderr").read_text() == "answer yes\n"
    # A question to /dev/tty is neither standard output nor standard error.
    assert sorted(screen.output.splitlines()) == [b"1", b"[True, False, False]", b"answer yes"]
    assert {entry.stream for entry in read_index(tmp_path / "output.idx", 99)} == {"o", "e"}


def test_program_with_only_errors_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "stdin").write_text("piped")
    screen = Screen(tmp_path, python(WHERE + "print(input())"), files="stdin stdout")
    assert screen.end()["exit_code"] == 0
    shown = (tmp_path / "stdout").read_text()
    size = "os.terminal_size(columns=100, lines=30) True\n"
    assert shown == f"[False, False, True]\n{size}1\npiped\n"


def test_program_goes_on_when_the_terminal_is_closed_if_it_wants_to(tmp_path: Path) -> None:
    code = (
        "import signal, time; heard = []\n"
        "signal.signal(signal.SIGHUP, lambda *_: heard.append(1))\n"
        "print('up', flush=True)\n"
        "while not heard: time.sleep(0.01)\n"
        "print('hung up', flush=True); time.sleep(0.2); print('done')\n"
    )
    screen = Screen(tmp_path, python(code))
    screen.see("up")
    os.close(screen.terminal.child_fd)
    wait_until((tmp_path / "exit.json").exists)
    assert screen.exit["exit_code"] == 0
    assert screen.exit["interrupted"]
    assert screen.output == b"up\nhung up\ndone\n"
    screen.terminal.ptyproc.fd = screen.terminal.child_fd = -1
    screen.terminal.ptyproc.wait()


# A shell in short: the program runs in the background until the line `fg` is typed.
SHELL = f"""
import os, signal, sys
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.execv(sys.executable, [sys.executable, "-c", {DRIVER!r}, "", *sys.argv[1:]])
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
while (line := sys.stdin.readline().strip()) != "fg":
    print("shell got", line, flush=True)
os.tcsetpgrp(0, job)
print("in front", flush=True)
os.waitpid(job, 0)
"""


def test_typed_lines_are_for_the_shell_while_the_program_is_in_the_background(
    tmp_path: Path,
) -> None:
    console: Any = pexpect.spawn(
        sys.executable, ["-c", SHELL, *python(SHOUT)], cwd=str(tmp_path), timeout=20
    )
    console.expect_exact("? ")
    console.send("one\n")
    console.expect_exact("shell got one")
    console.send("fg\n")
    console.expect_exact("in front")
    time.sleep(0.1)
    console.send("two\n")
    console.expect_exact("heard TWO")
    console.sendeof()
    console.expect(pexpect.EOF)
    console.close()
    assert (tmp_path / "output").read_bytes() == b"? heard TWO\n? bye\n"


# -- the parts ---------------------------------------------------------------------------------


@contextmanager
def open_pair() -> Iterator[tuple[int, int]]:
    ours, theirs = os.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def test_program_has_pipes_where_the_system_has_no_terminals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOENT, "no more terminals")

    path, file = tmp_path / "output", (tmp_path / "stdout").open("wb")
    with open_pair() as (ours, theirs), monkeypatch.context() as patch, file:
        patch.setattr(os, "openpty", refuse)
        for screen in (theirs, file.fileno()):
            with OutputLog(path, tmp_path / "output.idx", on_line=lambda *_: None) as log:
                done = run_program(
                    ["sh", "-c", "test -t 1 || echo pipe"],
                    cwd=tmp_path,
                    env=os.environ,
                    log=log,
                    console=Console(theirs, screen, screen),
                    on_start=bool,
                )
            assert done.exit_code == 0
            assert path.read_bytes() == b"pipe\n"
        assert os.read(ours, 100) == b"pipe\r\n"


def test_keyboard_waits_for_a_program_that_does_not_read() -> None:
    with open_pair() as (user, users):
        ours, theirs = open_terminal(users)
        keyboard = Keyboard(users, ours)
        typed = got = b""
        line = b"x" * 1000 + b"\n"
        os.set_blocking(theirs, False)
        while not keyboard.unsent:
            os.write(user, line)
            keyboard.read()
            typed += line
            keyboard.send()
        held = len(keyboard.unsent)
        keyboard.send()
        assert len(keyboard.unsent) == held
        while keyboard.unsent or got != typed:
            try:
                got += os.read(theirs, 4096)
            except BlockingIOError:
                time.sleep(0.01)
            keyboard.send()
        os.close(ours)
        os.close(theirs)


def test_keyboard_of_a_terminal_that_is_gone_is_closed() -> None:
    user, users = os.openpty()
    keyboard = Keyboard(users, users)
    os.close(user)
    keyboard.read()
    assert not keyboard.is_open
    os.close(users)


def test_size_of_a_terminal_that_is_gone_is_not_copied() -> None:
    with open_pair() as (ours, theirs), open_pair() as (mine, _):
        termios.tcsetwinsize(ours, (20, 50))
        copy_size(ours, mine)
        assert termios.tcgetwinsize(mine) == (20, 50)
        reading, writing = os.pipe()
        copy_size(reading, mine)
        assert termios.tcgetwinsize(mine) == (20, 50)
        assert in_foreground(theirs)
        os.close(reading)
        os.close(writing)


def test_screen_takes_everything_however_slowly() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = bytes(300_000)
    if os.fork() == 0:
        os.close(writing)
        time.sleep(0.1)
        with open(reading, "rb") as file:
            os._exit(file.read() != data)
    os.close(reading)
    terminal.show(writing, data)
    os.close(writing)
    assert os.wait()[1] == 0
