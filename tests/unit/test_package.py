"""What is installed, and the ways to start it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import git_gage
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
