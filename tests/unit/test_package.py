"""What is installed, and the ways to start it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import git_gage
from git_gage.cli import door
from tests.support import gage, gage_inside


def test_the_version_is_that_of_the_package() -> None:
    assert git_gage.__version__ == version("git-gage")


def test_git_finds_us_and_python_starts_us(repo: Path) -> None:
    typed = gage(repo, "version")
    assert typed.code == 0
    assert git_gage.__version__ in typed.out
    started = subprocess.run(
        [sys.executable, "-m", "git_gage", "version"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    )
    assert started.stdout == typed.out
    assert gage_inside(repo, "version") == typed


def test_the_exit_code_is_ours(repo: Path) -> None:
    assert gage(repo, "no-such-command").code == 129
    assert gage_inside(repo, "no-such-command").code == 129


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The folder of a `git-gage` whose Python has our package and nothing else, first on PATH."""
    package = Path(git_gage.__file__).parent
    folder = tmp_path / "project" / "bin"
    folder.mkdir(parents=True)
    (folder.parent / "git_gage").symlink_to(package)
    script = folder / "git-gage"
    script.write_text(
        f"#!{sys.executable} -S\nimport sys\nsys.path.insert(0, {str(folder.parent)!r})\n"
        "from git_gage.cli.door import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return folder


def test_where_only_the_module_is_installed_the_next_git_gage_is_opened(
    repo: Path, bare: Path
) -> None:
    twice = {"PATH": f"{bare}:{bare}:{os.environ['PATH']}"}
    assert gage(repo, "list", "-n", "0", env=twice).code == gage(repo, "list", "-n", "0").code
    assert gage(repo, "version", "--json", env=twice) == gage(repo, "version", "--json")


def test_where_there_is_no_next_git_gage_the_hint_installs_one(repo: Path, bare: Path) -> None:
    git = os.path.dirname(shutil.which("git") or "")
    alone = gage(repo, "list", env={"PATH": f"{bare}:{git}"})
    assert alone.code == 128
    assert alone.err == (
        "fatal: only the module of git-gage is installed here, and no git-gage elsewhere on PATH\n"
        "hint: python -m pip install git-gage\n"
    )


def test_ctrl_c_while_it_comes_up_is_no_traceback(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    interrupted = gage(repo, "list", env={"PYTHONPATH": str(tmp_path)})
    assert interrupted == (130, "", "")


def test_the_door_looks_behind_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "git-gage").touch(0o755 if name != "b" else 0o644)
    opened: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda path, words: opened.append((path, words)))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "a" / "git-gage"), "list"])
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in "abca"))
    monkeypatch.setitem(sys.modules, "click", None)
    door.main()
    next_one = os.path.realpath(tmp_path / "c" / "git-gage")
    assert opened == [(next_one, [next_one, "list"])]
    assert "no git-gage elsewhere" in capsys.readouterr().err  # a real execv does not come back
