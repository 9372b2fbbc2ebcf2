"""kill -9 of git-gage at any moment: the store opens, nothing earlier is lost, no run lies."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support import FULL, gage, gage_inside, git, make_repo

ROOT = Path(__file__).parents[2]
PROGRAM = """\
import time
for step in range(3):
    print("step:", step, flush=True)
    time.sleep(0.02)
print("loss: 0.5")
open("model.txt", "w").write("weights")
"""
POINTS, AT_LEAST = 8, 6


def run_killed(repo: Path, at: int, log: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.scenarios.killed", str(at), str(log), "run", "train.py"],
        cwd=repo,
        env={**_environ(), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def settled_runs(repo: Path) -> list[dict[str, Any]]:
    """What `list` says once the orphaned program has gone too."""
    deadline = time.monotonic() + 10
    while True:
        listed = gage_inside(repo, "list", "--all", "--json")
        assert listed.code == 0, listed.err
        runs: list[dict[str, Any]] = json.loads(listed.out)
        if all(run["status"] != "running" for run in runs) or time.monotonic() > deadline:
            return runs
        time.sleep(0.05)


def test_killed_at_any_point(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"train.py": PROGRAM})
    assert gage(repo, "run", "train.py").code == 0
    (earlier,) = settled_runs(repo)
    (repo / "train.py").write_text(PROGRAM + "# changed, so that a snapshot is made\n")
    log = tmp_path / "touches"
    for _ in range(2):  # the second time with warm caches
        assert run_killed(repo, 0, log).returncode == 0
    touches = len(log.read_text().splitlines())
    points = range(1, touches + 1, 1 if FULL else touches // POINTS)
    whole = settled_runs(repo)[0]
    assert whole["status"] == "completed"
    killed = 0
    for point in points:
        done = run_killed(repo, point, log)
        if done.returncode == 0:
            continue  # a touch more or less: what waits for a lock or a slow program varies
        assert done.returncode == -9, done.stderr
        killed += 1
        _check(repo, earlier, done.stdout, point)
        left = [path for path in (repo / ".git/gage/state").iterdir() if (path / "alive").exists()]
        assert left == [], f"left behind at point {point}"
    assert killed >= AT_LEAST
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    assert gage(repo, "run", "train.py").code == 0


def _check(repo: Path, earlier: dict[str, Any], printed: str, point: int) -> None:
    runs = settled_runs(repo)
    assert runs[-1] == earlier, f"the earlier run changed at point {point}"
    newest = runs[0]
    assert newest["status"] in ("completed", "terminated"), f"point {point}: {newest['status']}"
    if printed:
        kept = gage_inside(repo, "output", newest["id"]).out
        assert kept.startswith(printed.rpartition("\n")[0]), f"point {point}: output lost"
    if newest["status"] == "completed":
        assert newest["exit_code"] == 0
        assert newest["metrics"]["loss"] == 0.5


def _environ() -> dict[str, str]:
    import os

    return dict(os.environ)
