"""Which Python runs a script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from git_gage.runs.interpreter import Interpreter, choose_interpreter, programs_of
from git_gage.runs.start import StartError

ENV = b"#!/usr/bin/env "


class Machine:
    """A work tree with a script in a folder, and programs that are only names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work_tree = root / "project"
        self.script = self.work_tree / "models" / "small" / "train.py"
        self.script.parent.mkdir(parents=True)
        self.environ = {"PATH": f"{root}/bin:{root}/usr/bin"}
        self.own_prefix = str(root / "tool")

    def add(self, path: str) -> Path:
        """A program."""
        program = self.root / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        return program

    def add_environment(self, path: str, *names: str) -> Path:
        """A virtual environment; its python."""
        for name in names or ("python", "python3"):
            python = self.add(f"{path}/bin/{name}")
        (self.root / path / "pyvenv.cfg").write_text("home = /usr/bin\n")
        return python

    def choose(self, source: bytes = b"", cwd: str = "project") -> Interpreter:
        return choose_interpreter(
            self.script,
            source,
            self.environ,
            self.root / cwd,
            self.work_tree,
            own_prefix=self.own_prefix,
            base_prefix=str(self.root / "usr"),
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.add("usr/bin/python3")
    return machine


def test_interpreter_is_on_the_path_where_nothing_says_more(machine: Machine) -> None:
    assert machine.choose() == (machine.root / "usr/bin/python3", "python3 on PATH", ())


def test_interpreter_is_the_activated_environment(machine: Machine) -> None:
    machine.add_environment("project/.venv")
    python = machine.add_environment("active")
    machine.environ["VIRTUAL_ENV"] = str(machine.root / "active")
    assert machine.choose() == (python, "$VIRTUAL_ENV", ())


def test_interpreter_is_not_in_an_environment_that_was_deleted(machine: Machine) -> None:
    machine.environ["VIRTUAL_ENV"] = str(machine.root / "gone")
    assert machine.choose().origin == "python3 on PATH"


@pytest.mark.parametrize(
    ("path", "cwd", "origin"),
    [
        pytest.param("project/.venv", "project", "project's .venv", id="top"),
        pytest.param("project/models/.venv", "project", "project's .venv", id="above"),
        pytest.param("project/models/small/venv", "project", "project's venv", id="beside"),
        pytest.param("project/tools/.venv", "project/tools", "project's .venv", id="here"),
        pytest.param(".venv", "project", "python3 on PATH", id="outside of the work tree"),
        pytest.param("elsewhere/.venv", "elsewhere", "python3 on PATH", id="outside, here"),
    ],
)
def test_interpreter_is_the_project_s(machine: Machine, path: str, cwd: str, origin: str) -> None:
    python = machine.add_environment(path)
    (machine.root / cwd).mkdir(exist_ok=True)
    chosen = machine.choose(cwd=cwd)
    assert chosen.origin == origin
    assert (chosen.path == python) == origin.startswith("project's")


def test_interpreter_beside_the_script_is_nearer_than_at_the_top(machine: Machine) -> None:
    machine.add_environment("project/.venv")
    python = machine.add_environment("project/models/.venv")
    assert machine.choose().path == python


def test_interpreter_is_not_in_a_folder_that_is_only_called_so(machine: Machine) -> None:
    machine.add("project/venv/bin/python3")
    assert machine.choose().origin == "python3 on PATH"


def test_interpreter_is_the_active_conda_environment(machine: Machine) -> None:
    project = machine.add_environment("project/.venv")
    python = machine.add("conda/envs/torch/bin/python3")
    machine.environ |= {"CONDA_PREFIX": str(machine.root / "conda/envs/torch")}
    assert machine.choose() == (python, "$CONDA_PREFIX", ())
    # Everybody with conda has its base active: the project says more.
    machine.environ["CONDA_DEFAULT_ENV"] = "base"
    assert machine.choose().path == project
    for file in (machine.work_tree / ".venv").rglob("*"):
        if file.is_file():
            file.unlink()
    assert machine.choose() == (python, "$CONDA_PREFIX", ())


def test_interpreter_is_not_the_one_git_gage_lives_in(machine: Machine) -> None:
    own = machine.add_environment("tool")
    machine.environ["PATH"] = f"{machine.root}/tool/bin:{machine.environ['PATH']}"
    assert machine.choose().path == machine.root / "usr/bin/python3"
    machine.environ["VIRTUAL_ENV"] = str(machine.root / "tool")
    assert machine.choose() == (own, "$VIRTUAL_ENV", ())


def test_interpreter_may_be_git_gage_s_where_that_is_no_environment(machine: Machine) -> None:
    machine.own_prefix = str(machine.root / "usr")
    assert machine.choose().path == machine.root / "usr/bin/python3"


def test_interpreter_may_be_git_gage_s_where_that_is_the_project_s(machine: Machine) -> None:
    python = machine.add_environment("project/.venv")
    machine.own_prefix = str(machine.work_tree / ".venv")
    assert machine.choose().path == python


def test_interpreter_is_not_looked_for_where_git_has_its_own_programs(machine: Machine) -> None:
    machine.add("git-core/python3")
    machine.environ |= {
        "GIT_EXEC_PATH": f"{machine.root}/git-core",
        "PATH": f"{machine.root}/git-core:{machine.environ['PATH']}",
    }
    assert machine.choose().path == machine.root / "usr/bin/python3"


@pytest.mark.parametrize("line", [b"python3", b"python", b"-S python3 -u", b"-Spython"])
def test_first_line_for_any_python_leaves_the_choice(machine: Machine, line: bytes) -> None:
    options = ("-u",) if b"-u" in line else ()
    source = ENV + line + b"\r\nprint(1)\n"
    assert machine.choose(source) == (
        machine.root / "usr/bin/python3",
        "python3 on PATH",
        options,
    )
    python = machine.add_environment("project/.venv", "python", "python3")
    assert machine.choose(source).path == python


def test_first_line_for_one_version_is_obeyed(machine: Machine) -> None:
    machine.add_environment("project/.venv")
    python = machine.add("bin/python3.13")
    assert machine.choose(ENV + b"python3.13\n") == (python, "python3.13 on PATH", ())
    own = machine.add_environment("project/.venv", "python3.13")
    assert machine.choose(ENV + b"python3.13\n") == (own, "project's .venv", ())


def test_first_line_for_another_program_is_obeyed(machine: Machine) -> None:
    uv = machine.add("bin/uv")
    chosen = machine.choose(ENV + b"-S uv run --script\n")
    assert chosen == (uv, "uv on PATH", ("run", "--script"))


def test_first_line_with_a_path_is_obeyed(machine: Machine) -> None:
    machine.add_environment("project/.venv")
    python = machine.add("opt/python/bin/python3")
    source = b"#! %s -u \n" % str(python).encode()
    assert machine.choose(source) == (python, "the script's first line", ("-u",))
    python.unlink()
    assert machine.choose(source).origin == "project's .venv"


@pytest.mark.parametrize(
    "line",
    [
        *(b"#!/usr/bin/env", b"#!/usr/bin/env -i python3", b"#!/usr/bin/env -S LANG=C python3"),
        *(b"#!python", b"print(1)", b"#!", b""),
    ],
)
def test_first_line_that_says_nothing_certain_is_passed_over(machine: Machine, line: bytes) -> None:
    assert machine.choose(line) == (machine.root / "usr/bin/python3", "python3 on PATH", ())


def test_first_line_for_the_system_s_python_comes_after_environments(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = machine.add("system/python3")
    monkeypatch.setattr("git_gage.runs.interpreter._SYSTEM", (str(system),))
    source = b"#!%s\n" % str(system).encode()
    assert machine.choose(source) == (system, "the script's first line", ())
    python = machine.add_environment("project/.venv")
    assert machine.choose(source).path == python


def test_no_interpreter_at_all_says_so(machine: Machine) -> None:
    machine.environ["PATH"] = "/nowhere"
    with pytest.raises(StartError, match=r"cannot run 'train.py': no python3 on PATH") as caught:
        machine.choose()
    assert (caught.value.exit_code, caught.value.hint) == (127, "python3 -m venv .venv")
    with pytest.raises(StartError, match=r"cannot run 'train.py': no sage on PATH") as caught:
        machine.choose(ENV + b"sage -python\n")
    assert caught.value.hint == "install sage, or change the first line of 'train.py'"


def test_interpreter_that_is_chosen_here_is_not_that_of_the_tests(tmp_path: Path) -> None:
    """On the machine as it is: git-gage lives in the environment that the tests run in."""
    script = tmp_path / "train.py"
    environ = {"PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"}
    try:
        chosen = choose_interpreter(script, b"", environ, tmp_path, tmp_path).path
    except StartError:
        return
    assert chosen.parent != Path(sys.prefix) / "bin"


def test_where_an_environment_has_its_programs() -> None:
    assert programs_of("/p/.venv", windows=False) == "/p/.venv/bin"
    assert programs_of("C:\\p\\.venv", windows=True) == "C:\\p\\.venv\\Scripts;C:\\p\\.venv"
