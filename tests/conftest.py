"""Every test is sealed: its own HOME and git settings, nothing of the person who runs it."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import FULL, make_repo, make_tools, sealed_environ

settings.register_profile("small", deadline=None, derandomize=True, database=None)
settings.register_profile("full", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("full" if FULL else "small")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for programs a tenth of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if FULL:
        return
    skip = pytest.mark.skip(reason="full size: make test-all")
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH with `git-gage` and a python3 that git-gage is not installed in."""
    return make_tools(tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where each test has a HOME: pytest would look at all those before to find the next name."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / f"{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path], tools: Path) -> Path:
    """The test's own empty HOME; the environment holds nothing from outside."""
    home = next(homes)
    home.mkdir()
    environ = sealed_environ(home, tools)
    for name in os.environ:
        if name not in environ:
            monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture(scope="session", autouse=True)
def real_git_config_is_left_alone() -> Iterator[None]:
    real = _real_git_config()
    before = {path: _digest(path) for path in real}
    yield
    changed = [str(path) for path in real if _digest(path) != before[path]]
    assert not changed, f"a test wrote to the real git config: {', '.join(changed)}"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with an identity and one commit of one file, train.py."""
    return make_repo(tmp_path / "repo")


def _real_git_config() -> list[Path]:
    # Resolved before the first test: afterwards HOME is the test's own.
    home = Path(os.environ.get("HOME", "/nonexistent"))
    xdg = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return [home / ".gitconfig", xdg / "git" / "config", Path("/etc/gitconfig")]


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
