"""The two clones are made once; each test has a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.git.trust.story import make_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs them leaves two clones for the others."""
    return tmp_path_factory.mktemp("template") / "world"


@pytest.fixture
def world(template: Path, tmp_path: Path, sealed: Path) -> Path:
    """A copy of Ana's clone, of Sam's, of what they share, and of Ana's home."""
    if not template.exists():
        make_world(template)
        shutil.copytree(sealed, template / "home")
    shutil.copytree(template, tmp_path / "world")
    shutil.copytree(template / "home", sealed, dirs_exist_ok=True)
    return tmp_path / "world"


@pytest.fixture
def repo(world: Path) -> Path:
    """Ana's clone before she fetched what Sam said."""
    return world / "anas"


@pytest.fixture
def sams(world: Path) -> Path:
    return world / "sams"


@pytest.fixture
def sam(world: Path) -> Path:
    return world / "keys" / "sam"


@pytest.fixture
def bob(world: Path) -> Path:
    return world / "keys" / "bob"
