"""`git-gage` begins and ends without a traceback, whatever happens on the way in or out."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from git_gage.cli import app, door


@pytest.fixture(autouse=True)
def as_outside() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_while_the_first_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "main", interrupted)
    assert door.main() == door.INTERRUPTED
    signal.raise_signal(signal.SIGINT)  # nor does one that comes later have a traceback
