"""The most memory that moving many runs holds, whichever way they go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.fill import fill

if TYPE_CHECKING:
    from pathlib import Path

    from bench.run import Bench

GOAL = "≤ 150 MB"
# Holds for each run: they go one by one and not as whole lanes.
ALL = ("-w", "status = completed")


def measure_memory(bench: Bench, runs: int) -> None:
    """All ways out of a clone that has so many runs, and into empty ones."""
    repo = bench.make_repo("memory")
    bench.time(repo, ["git", "gage", "run", "-q", "train.py"])
    lane = bench.git(repo, "for-each-ref", "--format=%(refname)", "refs/gage").split("/")[3]
    fill(repo, runs, 1, own=lane)
    origin, other = bench.folder / "memory.git", bench.folder / "memory2.git"
    for place in (origin, other):
        bench.git(bench.folder, "init", "-q", "--bare", str(place))
    folder, file = str(bench.folder / "memory-runs"), str(bench.folder / "memory.bundle")
    saved = str(bench.folder / "memory.tar")
    _measure(bench, repo, runs, "list")
    _measure(bench, repo, runs, "push", str(origin))
    _measure(bench, repo, runs, "push", str(other), *ALL)
    _measure(bench, repo, runs, "copy", "--all", "-y", "--to", folder)
    _measure(bench, repo, runs, "copy", "--all", "-y", "--to", folder, again=True)
    _measure(bench, repo, runs, "export", *ALL, "--format", "bundle", "-o", file)
    _measure(bench, repo, runs, "export", *ALL, "--format", "jsonl", "-o", f"{file}.jsonl")
    _measure(bench, repo, runs, "backup", saved)
    _measure(bench, repo, runs, "gc")
    taker = bench.make_repo("memory-taker")
    _measure(bench, taker, runs, "fetch", str(origin))
    _measure(bench, taker, runs, "list")
    chooser = bench.make_repo("memory-chooser")
    _measure(bench, chooser, runs, "list", "--remote", str(origin))
    _measure(bench, chooser, runs, "fetch", str(origin), *ALL)
    copier = bench.make_repo("memory-copier")
    _measure(bench, copier, runs, "copy", "--all", "-y", "--from", folder)
    importer = bench.make_repo("memory-importer")
    _measure(bench, importer, runs, "import", file)
    restorer = bench.make_repo("memory-restorer")
    _measure(bench, restorer, runs, "restore", "--from", saved)


def _measure(bench: Bench, where: Path, runs: int, *words: str, again: bool = False) -> None:
    began = time.perf_counter()
    peak_mb = bench.peak_mb(where, ["git", "gage", *words])
    spent_ms = (time.perf_counter() - began) * 1000
    said = " ".join(words).replace(f"{bench.folder}/", "")
    bench.add_peak(f"`{said}`, {runs:,} runs{', again' if again else ''}", spent_ms, peak_mb, GOAL)
