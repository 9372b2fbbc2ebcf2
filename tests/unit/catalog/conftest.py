from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.catalog.made_up import FakeStore


@pytest.fixture
def store(tmp_path: Path) -> FakeStore:
    return FakeStore(tmp_path)
