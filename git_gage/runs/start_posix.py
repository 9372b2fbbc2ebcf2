"""Starting a program on Linux and macOS, and saying why one can't be started."""

from __future__ import annotations

import sys

assert sys.platform != "win32"

import errno
import fcntl
import os
import shutil
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from git_gage.runs.start import CANNOT_RUN, NOT_FOUND, StartError


def start_program(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    streams: tuple[int, int, int],
    terminal: int | None,
) -> subprocess.Popen[bytes]:
    """The program as leader of a session and process group of its own.

    `streams` become its file descriptors 0, 1 and 2; `terminal` says which of them is to be its
    controlling terminal. A text file without `#!` is run by sh, as every shell does it.
    Raises: StartError.
    """

    def take_terminal() -> None:  # pragma: no cover - runs in the new process, before the program
        assert terminal is not None
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            cwd=cwd,
            env=env,
            start_new_session=True,
            # We have one thread, and nothing else takes a controlling terminal.
            preexec_fn=None if terminal is None else take_terminal,  # noqa: PLW1509
        )

    try:
        try:
            return start(argv)
        except OSError as error:
            path = _locate(argv[0], cwd, env)
            if error.errno != errno.ENOEXEC or path is None or _is_binary(path):
                raise
            return start(["/bin/sh", str(path), *argv[1:]])
    except OSError as error:
        raise _explain(error, argv[0], cwd, env) from error


def _explain(error: OSError, program: str, cwd: Path, env: Mapping[str, str]) -> StartError:
    if error.filename == cwd:
        why = (error.strerror or str(error)).lower()
        return StartError(f"cannot run in '{cwd}': {why}", exit_code=CANNOT_RUN)
    path = _locate(program, cwd, env)
    if path is None:
        return _explain_missing(program, cwd)
    why, hint = _explain_refused(error, program, path)
    return StartError(f"cannot run '{program}': {why}", exit_code=CANNOT_RUN, hint=hint)


def _explain_missing(program: str, cwd: Path) -> StartError:
    import shlex

    if "/" in program:
        folder = shlex.quote(os.path.dirname(program) or "/")
        why, hint = "no such file", f"see what is there: ls {folder}"
    elif (cwd / program).is_file():
        why, hint = "no such command", f"for the file here: ./{program}"
    else:
        why, hint = "no such command", f"see what PATH has with 'type -a {program}'"
    return StartError(f"cannot run '{program}': {why}", exit_code=NOT_FOUND, hint=hint)


def _explain_refused(error: OSError, program: str, path: Path) -> tuple[str, str | None]:
    """Why a file that is there can't be run, and what helps."""
    if path.is_dir():
        return "is a directory", f"name a program in it: {program.rstrip('/')}/<program>"
    if error.errno == errno.EACCES:
        return "permission denied", f"chmod +x {program}"
    if error.errno == errno.ENOENT:
        interpreter = _first_line(path).removeprefix("#!").strip(" \t\n")
        if interpreter.endswith("\r"):
            return "its lines end in CR LF", f"save '{program}' with LF line ends"
        return f"bad interpreter '{interpreter}'", f"correct the first line of '{program}'"
    if error.errno == errno.ENOEXEC:
        return "not a program for this machine", f"see what it is with 'file {program}'"
    return (error.strerror or str(error)).lower(), None


def _locate(program: str, cwd: Path, env: Mapping[str, str]) -> Path | None:
    """The file that a name stands for; None if there is none."""
    if "/" in program:
        path = cwd / program
        return path if path.exists() else None
    found = shutil.which(program, mode=os.F_OK, path=env.get("PATH", os.defpath))
    return Path(found) if found else None


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" in file.read(128)


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        return file.readline(256).decode("utf-8", "backslashreplace")
