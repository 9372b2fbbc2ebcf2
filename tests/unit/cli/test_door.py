"""`git-gage` begins and ends without a traceback, whatever happens on the way in or out."""

from __future__ import annotations

import pytest

from git_gage.cli import app, door


def test_a_second_ctrl_c_while_the_first_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "main", interrupted)
    assert door.main() == door.INTERRUPTED
