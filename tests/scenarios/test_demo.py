"""`make demo` as on a machine that knows nothing of the user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import write_files

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def run_demo(tmp_path: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(DEMO)],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_demo_shows_runs_from_first_to_shared(tmp_path: Path) -> None:
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "Every claim held."
    assert len(lines) <= 75
    assert (
        max(len(line) for line in lines if "/" not in line) <= 80
    )  # paths are as long as they are
    assert list(tmp_path.iterdir()) == []


def test_demo_without_git_gage_ends_with_what_went_wrong(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    write_files(tools, {"git-gage": "#!/bin/sh\necho broken >&2\nexit 3\n"})
    (tools / "git-gage").chmod(0o755)
    (tools / "python").symlink_to(sys.executable)
    done = run_demo(tmp_path, str(tools / "python"))
    assert done.returncode == 1
    assert "broken" in done.stderr
    assert "'git gage run train.py epochs=2' ended 3" in done.stderr
    assert list(tmp_path.iterdir()) == [tools]
