"""Starting a program on Windows: by itself, by `cmd`, or by the program that its first line names.

Source: Microsoft, "CreateProcessW function".
"""

from __future__ import annotations

import ntpath
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from git_gage.lookup import find_on_windows
from git_gage.runs.cmd import CMD, join_for_start, quote_for_cmd
from git_gage.runs.shebang import read_shebang_on_windows
from git_gage.runs.start import CANNOT_RUN, NOT_FOUND, StartError

_BY_ITSELF, _BY_CMD = (".com", ".exe"), (".bat", ".cmd")
_SUSPENDED = 0x4
_DENIED, _NO_PROGRAM, _TOO_LONG, _NO_FOLDER = 5, 193, 206, 267


def start_program(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], streams: tuple[int, int, int]
) -> subprocess.Popen[bytes]:
    """The program, suspended; `streams` become its standard input, output and error.

    Raises: StartError.
    """
    words = words_to_start(argv, str(cwd), env)
    try:
        return subprocess.Popen(
            join_for_start(words),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            cwd=cwd,
            env=env,
            creationflags=_SUSPENDED,
        )
    except OSError as error:
        raise _explain(error, getattr(error, "winerror", None), argv[0], cwd) from error


def words_to_start(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> list[str]:
    """The words by which Windows starts a program: a file that it can start comes first.

    Raises: StartError.
    """
    place = _locate(argv[0], cwd, env)
    if place is None:
        raise _missing(argv[0])
    ending = ntpath.splitext(place)[1].lower()
    if ending in _BY_ITSELF:
        return [place, *argv[1:]]
    if ending in _BY_CMD:
        text = " ".join(quote_for_cmd(word, batch=False) for word in (place, *argv[1:]))
        return [_find_cmd(env), *CMD[1:], text]
    reader = _first_line(place)
    program = _locate(reader[0], cwd, env) if reader else None
    if reader and program is None:
        raise StartError(
            f"cannot run '{argv[0]}': no '{reader[0]}' on PATH, which its first line names",
            exit_code=NOT_FOUND,
            hint=f"install {reader[0]}, or change the first line of '{argv[0]}'",
        )
    if program is None or ntpath.splitext(program)[1].lower() not in _BY_ITSELF:
        raise StartError(
            f"cannot run '{argv[0]}': Windows cannot start such a file",
            exit_code=CANNOT_RUN,
            hint=f"name the program that reads it: git gage run -- <program> {argv[0]}",
        )
    return [program, *reader[1:], place, *argv[1:]]


def _locate(program: str, cwd: str, env: Mapping[str, str]) -> str | None:
    if program == CMD[0]:
        return _find_cmd(env)
    if ntpath.dirname(program) or ntpath.splitdrive(program)[0]:
        return find_on_windows(os.path.join(cwd, program), "")
    return find_on_windows(program, env.get("PATH", os.defpath))


def _find_cmd(env: Mapping[str, str]) -> str:
    return env.get("COMSPEC") or ntpath.join(
        env.get("SYSTEMROOT", "C:\\Windows"), "System32", "cmd.exe"
    )


def _first_line(place: str) -> list[str]:
    with open(place, "rb") as file:
        line = file.readline(256).decode("utf-8", "replace")
    try:
        return read_shebang_on_windows(line)
    except ValueError:
        return []  # quotes that do not end


def _missing(program: str) -> StartError:
    if ntpath.dirname(program):
        why, hint = "no such file", f'see what is there with: dir "{ntpath.dirname(program)}"'
    else:
        why, hint = "no such command", f"see what PATH has with: where {program}"
    return StartError(f"cannot run '{program}': {why}", exit_code=NOT_FOUND, hint=hint)


def _explain(error: OSError, number: int | None, program: str, cwd: Path) -> StartError:
    if number == _NO_FOLDER:
        return StartError(f"cannot run in '{cwd}': no such directory", exit_code=CANNOT_RUN)
    known = {
        _DENIED: "permission denied",
        _NO_PROGRAM: "not a program for this machine",
        _TOO_LONG: "its command line is too long for Windows",
    }
    why = known.get(number or 0) or (error.strerror or str(error)).lower()
    return StartError(f"cannot run '{program}': {why}", exit_code=CANNOT_RUN)
