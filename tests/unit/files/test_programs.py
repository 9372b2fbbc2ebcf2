"""A program that carries files ends when we do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from git_gage.files.backends.programs import run_program

WAITS = """
import os, time
open("pid.new", "w").write(str(os.getpid()))
os.rename("pid.new", "pid")
time.sleep(60)
"""


def test_ctrl_c_ends_the_program(tmp_path: Path) -> None:
    def watch() -> None:
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_program([sys.executable, "-c", WAITS], cwd=tmp_path, env=os.environ, watch=watch)
    assert time.monotonic() - begun < 50
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
