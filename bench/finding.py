"""Questions to many runs of 20 config values and 20 metrics each, and what the catalog costs."""

from __future__ import annotations

import json
import statistics
import sys
from typing import TYPE_CHECKING

from bench.fill import fill

if TYPE_CHECKING:
    from pathlib import Path

    from bench.run import Bench

VALUES = 20
GOAL = "≤ 150 ms, ≤ 64 MB"
QUESTIONS = (
    ("git-gage", "list", "-n", "20"),
    ("git-gage", "list", "-w", "acc > 0.9 and lr < 0.01", "--sort", "-acc", "-n", "20"),
    ("git-gage", "best", "acc"),
    ("git-gage", "select", "@{best:acc}"),
)
# Processor time of taking in what is new, in a process of its own as each command is.
REFRESH = """
import json, os, sys, time
from git_gage.catalog import Catalog
from git_gage.git import open_repository
from git_gage.store import Store
catalog = Catalog(Store(open_repository(os.getcwd(), dict(os.environ))))
catalog.count()
began = time.perf_counter()
catalog.refresh()
json.dump([(time.perf_counter() - began) * 1000, catalog.count()], open(sys.argv[1], "w"))
"""


def measure_finding(bench: Bench, runs: int) -> None:
    """Add rows for a first load, for one more run, and for questions of people and shells."""
    from bench.run import Row

    repo = bench.make_repo("wide")
    fill(repo, runs, values=VALUES)
    label = f"{runs:,} runs of {2 * VALUES} values"
    took, _ = _refresh(bench, repo)
    bench.rows.append(Row(f"catalog of {label} made anew", took, "", 0, "≥ 2,000 runs a second"))
    bench.rows.append(
        Row(f"one more run in the catalog, {label}", _add_runs(bench, repo), "", 0, "≤ 20 ms")
    )
    for question in QUESTIONS:
        words = " ".join(f"'{word}'" if " " in word else word for word in question[1:])
        bench.compare(f"`{words}`, {label}", repo, question, goal=GOAL, memory=True)
    bench.compare(
        f"complete `show 0`, {label}",
        repo,
        ["git-gage"],
        goal=GOAL,
        memory=True,
        COMP_WORDS="git-gage show 0",
        COMP_CWORD="2",
        _GIT_GAGE_COMPLETE="bash_complete",
    )


def _add_runs(bench: Bench, repo: Path) -> float:
    """Time in which the catalog takes one more run in."""
    times = []
    for _ in range(bench.repeats + 1):
        _, before = _refresh(bench, repo)
        fill(repo, 1, 1, values=VALUES, repack=False)
        took, after = _refresh(bench, repo)
        assert after == before + 1, "the run did not arrive"
        times.append(took)
    return statistics.median(times[1:])


def _refresh(bench: Bench, repo: Path) -> tuple[float, int]:
    """Milliseconds that a refresh takes, and how many runs there are then."""
    answer = repo / ".git" / "refresh.json"
    bench.time(repo, [sys.executable, "-c", REFRESH, str(answer)])
    took, count = json.loads(answer.read_bytes())
    return float(took), int(count)


__all__ = ["measure_finding"]
