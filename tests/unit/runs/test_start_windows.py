"""By which words Windows starts a program. The folders here are of this system: a name that ends in
`bin\\tool.exe` is a file like any other.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from git_gage.runs.start import StartError
from git_gage.runs.start_windows import start_program, words_to_start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "tool.exe": "MZ",
        "python.exe": "MZ",
        "batch.cmd": "@echo off",
        "script": "#!/usr/bin/env python\nprint(1)\n",
        "lost": "#!/usr/bin/env nosuch\n",
        "loop": "#!/usr/bin/env batch\n",
        "odd": "#!'not closed\n",
        "data.csv": "a,b\n",
    }.items():
        (tmp_path / f"bin\\{name}").write_text(text)
    return tmp_path


def place(folder: Path, name: str) -> str:
    return f"{folder}/bin\\{name}"


def words(folder: Path, *argv: str) -> list[str]:
    return words_to_start(argv, str(folder), {"PATH": f"{folder}/bin", "SYSTEMROOT": "C:\\Win"})


def test_a_program_is_named_by_its_file(folder: Path) -> None:
    assert words(folder, "tool", "a b") == [place(folder, "tool.exe"), "a b"]
    assert words(folder, place(folder, "tool")) == [place(folder, "tool.exe")]


def test_a_batch_file_is_run_by_cmd_and_gets_its_words(folder: Path) -> None:
    cmd = "C:\\Win\\System32\\cmd.exe"
    text = f'{place(folder, "batch.cmd")} ^"a ^& b^" c'
    assert words(folder, "batch", "a & b", "c") == [cmd, "/d", "/s", "/c", text]


def test_cmd_is_the_systems(folder: Path) -> None:
    assert words_to_start(["cmd", "/c", "x"], str(folder), {"COMSPEC": "X:\\cmd.exe"}) == [
        *("X:\\cmd.exe", "/c", "x")
    ]
    assert words_to_start(["cmd"], str(folder), {}) == ["C:\\Windows\\System32\\cmd.exe"]


def test_the_first_line_names_the_program(folder: Path) -> None:
    script = place(folder, "script")
    assert words(folder, script, "x") == [place(folder, "python.exe"), script, "x"]


@pytest.mark.parametrize(
    ("program", "code", "message", "hint"),
    [
        ("nosuch", 127, "cannot run 'nosuch': no such command", "where nosuch"),
        ("sub\\nosuch", 127, "cannot run 'sub\\nosuch': no such file", 'dir "sub"'),
        ("bin\\data.csv", 126, "Windows cannot start such a file", "git gage run -- <program>"),
        ("bin\\odd", 126, "Windows cannot start such a file", "git gage run -- <program>"),
        ("bin\\loop", 126, "Windows cannot start such a file", "git gage run -- <program>"),
        ("bin\\lost", 127, "no 'nosuch' on PATH, which its first line names", "install nosuch"),
    ],
)
def test_what_cannot_be_started(
    folder: Path, program: str, code: int, message: str, hint: str
) -> None:
    with pytest.raises(StartError) as refused:
        words(folder, program)
    assert message in refused.value.message
    assert refused.value.hint is not None
    assert hint in refused.value.hint
    assert refused.value.exit_code == code


def test_the_command_line_goes_to_the_system_as_one_text(folder: Path) -> None:
    with patch.object(subprocess, "Popen") as popen:
        start(folder)
    (line,), given = popen.call_args
    assert line == f'{place(folder, "tool.exe")} "a b"'
    assert (given["stdin"], given["stdout"], given["stderr"]) == (0, 1, 2)
    assert given["creationflags"] == 4  # suspended


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (5, "cannot run 'tool': permission denied"),
        (193, "cannot run 'tool': not a program for this machine"),
        (206, "cannot run 'tool': its command line is too long for Windows"),
        (1450, "cannot run 'tool': no resources"),
        (267, "cannot run in '"),
    ],
)
def test_what_windows_refuses_is_told(folder: Path, number: int, message: str) -> None:
    error: Any = OSError(22, "No resources")
    error.winerror = number
    with (
        patch.object(subprocess, "Popen", side_effect=error),
        pytest.raises(StartError) as refused,
    ):
        start(folder)
    assert refused.value.message.startswith(message)
    assert refused.value.exit_code == 126


def start(folder: Path) -> None:
    start_program(["tool", "a b"], cwd=folder, env={"PATH": f"{folder}/bin"}, streams=(0, 1, 2))
