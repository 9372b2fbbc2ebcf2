"""Where a run happened: asked of the program's interpreter once, and remembered while it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from git_gage import __version__
from git_gage.source import describe_environment, environment
from git_gage.source.cachefile import read_cache, write_cache

ANSWER = '{"version": "3.7.1", "implementation": "X", "executable": "/x", "path": [], %s}'
TOO_OLD = ANSWER % '"packages": null'


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the programs that were started."""
    started: list[str] = []
    run = subprocess.run

    def counted(args: Any, **options: Any) -> Any:
        started.append(Path(args[0]).name)
        return run(args, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    return started


def fake_python(folder: Path, script: str) -> Path:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def add_package(site: Path, name: str, version: str) -> None:
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def describe(
    interpreter: Path | None, tmp_path: Path, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    found = dict(os.environ) if environ is None else environ
    return describe_environment(interpreter, tmp_path / "cache", found)


def test_machine_and_programs(tmp_path: Path) -> None:
    found = describe(None, tmp_path)
    assert found["python"] is None
    assert found["packages"] is None
    assert found["platform"] == {
        "system": os.uname().sysname,
        "release": os.uname().release,
        "machine": os.uname().machine,
    }
    assert found["host"] == os.uname().nodename
    assert found["cpus"] >= 1
    assert found["gpus"] == []
    said = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"git version {found['git']}")
    assert found["gage"] == __version__
    assert "warning" not in found
    json.dumps(found)


def test_packages_of_the_programs_own_interpreter(tmp_path: Path) -> None:
    site = tmp_path / "site"
    add_package(site, "numpy", "1.2.3")
    environ = {**os.environ, "PYTHONPATH": str(site)}
    found = describe(Path("/usr/bin/env"), tmp_path, environ)
    assert "warning" in found
    found = describe(Path(sys.executable), tmp_path, environ)
    assert found["packages"]["numpy"] == "1.2.3"
    assert found["python"]["implementation"] == sys.implementation.name.replace("cp", "CP")
    assert found["python"]["version"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")


def test_first_of_two_packages_is_the_one_that_is_imported(tmp_path: Path) -> None:
    add_package(tmp_path / "a", "pkg", "1")
    add_package(tmp_path / "b", "pkg", "2")
    path = f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}"
    found = describe(Path(sys.executable), tmp_path, {**os.environ, "PYTHONPATH": path})
    assert found["packages"]["pkg"] == "1"


def test_second_time_no_process_is_started(tmp_path: Path, asked: list[str]) -> None:
    python = Path(sys.executable)
    first = describe(python, tmp_path)
    assert python.name in asked
    asked.clear()
    assert describe(python, tmp_path) == first
    assert asked == []


def test_asked_again_when_a_package_is_installed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    add_package(site, "numpy", "1")
    os.utime(site, ns=(1, 1))
    environ = {**os.environ, "PYTHONPATH": str(site)}
    assert "torch" not in describe(Path(sys.executable), tmp_path, environ)["packages"]
    add_package(site, "torch", "2")
    assert describe(Path(sys.executable), tmp_path, environ)["packages"]["torch"] == "2"


def test_two_environments_of_one_interpreter_are_two(tmp_path: Path) -> None:
    for name in ("a", "b"):
        add_package(tmp_path / name, name, "1")
    for name in ("a", "b", "a"):
        environ = {**os.environ, "PYTHONPATH": str(tmp_path / name)}
        packages = describe(Path(sys.executable), tmp_path, environ)["packages"]
        assert [known for known in ("a", "b") if known in packages] == [name]


def test_project_that_shadows_the_standard_library_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path)
    assert "warning" not in describe(Path(sys.executable), tmp_path)


@pytest.mark.parametrize(
    ("script", "warning"),
    [
        ("exec sleep 60", "did not list its packages within 0.2 s"),
        ("echo no such module >&2; exit 3", "did not list its packages: no such module"),
        ("exit 0", "did not list its packages: no answer"),
        ("echo; echo '{not json'", "did not list its packages: no answer"),
        (f"echo '{TOO_OLD}'", "can't list its packages: Python is too old"),
    ],
)
def test_interpreter_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, warning: str
) -> None:
    monkeypatch.setattr(environment, "TIMEOUT_S", 0.2)
    python = fake_python(tmp_path, script)
    found = describe(python, tmp_path)
    assert found["packages"] is None
    assert found["warning"].startswith(f"'{python}' {warning}")


def test_interpreter_that_can_not_be_started(tmp_path: Path) -> None:
    found = describe(tmp_path / "python", tmp_path)
    assert found["warning"] == f"cannot start '{tmp_path}/python': No such file or directory"
    assert found["python"] is None


def test_interpreter_may_say_more_than_it_is_asked(tmp_path: Path) -> None:
    answer = ANSWER % '"packages": {"a": "1"}'
    python = fake_python(tmp_path, f"echo hello; echo '{{'; echo '{answer}'; echo bye")
    assert describe(python, tmp_path)["packages"] == {"a": "1"}


def test_git_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert describe(None, tmp_path, {"PATH": str(tmp_path)})["git"] is None


def test_gpus_are_named_by_their_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("0000:01", "0000:02"):
        (tmp_path / "gpus" / number).mkdir(parents=True)
        (tmp_path / "gpus" / number / "information").write_text(
            f"Model: \t\t NVIDIA A{number[-1]}00\nIRQ: 1\n"
        )
    monkeypatch.setattr(environment, "_GPUS", tmp_path / "gpus")
    assert describe(None, tmp_path)["gpus"] == ["NVIDIA A100", "NVIDIA A200"]


def test_cache_that_is_not_whole_is_no_cache(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    assert read_cache(path) is None
    write_cache(path, b"kept\n")
    assert read_cache(path) == b"kept\n"
    assert os.listdir(path.parent) == ["file"]
    path.write_bytes(path.read_bytes()[:-1])
    assert read_cache(path) is None


def test_cache_that_can_not_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "folder" / "file").mkdir(parents=True)
    write_cache(tmp_path / "folder" / "file", b"kept\n")
    assert read_cache(tmp_path / "folder" / "file") is None
    assert os.listdir(tmp_path / "folder") == ["file"]
    (tmp_path / "in-the-way").touch()
    write_cache(tmp_path / "in-the-way" / "file", b"kept\n")
