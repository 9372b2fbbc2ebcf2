"""How a phase's exec becomes a program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from git_gage.runs import phases
from git_gage.runs.phases import RUN, Step, find_step, log_name, steps_before


def said(step: Step, folder: Path) -> str:
    done = subprocess.run(
        step.words(folder), capture_output=True, text=True, check=True, cwd=folder
    )
    return done.stdout


def test_words_are_a_program_as_they_are(tmp_path: Path) -> None:
    assert said(Step(RUN, ("echo", "a  b", "$HOME")), tmp_path) == "a  b $HOME\n"


def test_a_text_is_read_by_a_shell(tmp_path: Path) -> None:
    assert (
        said(Step(RUN, ("for i in 1 2; do\n  echo $i\ndone\n",), shell=True), tmp_path) == "1\n2\n"
    )


@pytest.mark.parametrize("first", ["#!bash", "#!/usr/bin/env bash", "#! /bin/bash -e"])
def test_the_first_line_names_the_shell(tmp_path: Path, first: str) -> None:
    text = f"{first}\nx=(a b)\necho ${{#x[@]}}\n"
    assert said(Step(RUN, (text,), shell=True), tmp_path) == "2\n"


def test_a_script_for_python_finds_the_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("x = 7\n")
    text = "#!/usr/bin/env python3\nimport beside\nprint(beside.x)\n"
    assert said(Step(RUN, (text,), shell=True), tmp_path) == "7\n"


def test_a_script_for_another_program_is_a_file(tmp_path: Path) -> None:
    step = Step("finalize", ("#!/usr/bin/env -S awk -f\nBEGIN { print 6 * 7 }\n",), shell=True)
    assert said(step, tmp_path) == "42\n"
    assert (tmp_path / "exec-finalize").is_file()


def test_phases_are_in_their_order() -> None:
    names = ("finalize", RUN, "stage-runtime", "stage-sourcecode")
    steps = tuple(Step(name, ("true",)) for name in names)
    assert [step.phase for step in steps_before(steps)] == ["stage-sourcecode", "stage-runtime"]
    assert find_step(steps, RUN) == Step(RUN, ("true",))
    assert find_step(steps, "stage-dependencies") is None
    assert [log_name(name) for name in (RUN, "finalize")] == ["output", "output-finalize"]


def test_on_windows_cmd_reads_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "_WINDOWS", True)
    for text in ("echo 1 & echo 2", "echo 1 & echo 2\n"):
        step = Step(RUN, (text,), shell=True)
        assert step.words(tmp_path) == ("cmd", "/d", "/s", "/c", "echo 1 & echo 2")
    assert list(tmp_path.iterdir()) == []


def test_on_windows_several_lines_are_a_batch_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phases, "_WINDOWS", True)
    script = tmp_path / "exec-run.cmd"
    step = Step(RUN, ("echo 1\necho 2\n",), shell=True)
    assert step.words(tmp_path) == ("cmd", "/d", "/s", "/c", f'"{script}"')
    assert script.read_bytes() == b"@echo off\r\nchcp 65001 > nul\r\necho 1\r\necho 2\r\n"


def test_on_windows_the_first_line_names_a_program_of_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phases, "_WINDOWS", True)
    text = "#!/usr/bin/env python3\nprint(1)\n"
    assert Step(RUN, (text,), shell=True).words(tmp_path) == ("python3", "-c", "\nprint(1)\n")
    text = "#!/usr/bin/perl -w\nprint 1;\n"
    script = tmp_path / "exec-run"
    assert Step(RUN, (text,), shell=True).words(tmp_path) == ("perl", "-w", str(script))
    assert script.read_text() == text
    assert Step(RUN, ("tool", "a\nb")).words(tmp_path) == ("tool", "a\nb")
