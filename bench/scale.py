"""What two years of a team cost its remote: refs, bytes, fetches; before and after `git gage fold`.

python bench/scale.py [<jobs> [<people> [<months>]]]

Jobs are CI jobs of one run, each with a lane of its own, evenly over the time. People come one
after the other, and each works for three months, with 20 runs a month; the last have just begun.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from git_gage.git import Repository, open_repository
from git_gage.records import Record, format_time, make_record
from git_gage.store.identity import new_lane
from git_gage.store.merge import merge_epochs
from git_gage.store.out import Parcel, extend_lane

STAY, A_MONTH = 3, 20
MONTH_S = 30.44 * 86400
NOW = time.time()
GAGE = ("git", "gage")


def make_run(lane: str, at: float, snapshot: str, blob: str, *, job: bool) -> list[Parcel]:
    """Begin and end of a run with 1 kB of output."""

    def make(kind: str, run: str | None, body: dict[str, Any], before: Record | None) -> Record:
        return make_record(
            kind,
            run=run,
            at=format_time(at),
            lc=2 if before else 1,
            by={"name": "Sam", "email": "sam@example.com"},
            writer=lane,
            seq=1 if before else 0,
            prev=before.id if before else None,
            body=body,
        )

    variables = {"CI": "true"} if job else {}
    begin = make(
        "run.begin",
        None,
        {
            "operation": "train.py",
            "command": {"argv": ["python", "train.py"], "variables": variables},
            "config": {"lr": {"type": "float", "text": "0.1"}},
            "source": {"commit": snapshot, "snapshot": snapshot},
            "nonce": os.urandom(8).hex(),
        },
        None,
    )
    bound = {"output": {"oid": blob, "sha256": hashlib.sha256(OUTPUT).hexdigest(), "size": 1000}}
    metrics = {"loss": {"last": 0.1, "min": 0.1, "max": 1, "mean": 0.5, "count": 10}}
    end = make(
        "run.end", begin.run, {"status": "completed", "metrics": metrics, "bulk": bound}, begin
    )
    return [
        Parcel(begin.line, begins_run=True, snapshot=snapshot),
        Parcel(end.line, bulk=((f"{begin.run}/output", blob),)),
    ]


OUTPUT = b"x" * 999 + b"\n"


def fill(repo: Repository, jobs: int, people: int, months: int) -> int:
    """Write all lanes as their clones would have pushed them; the number of runs."""
    snapshot = repo.run("rev-parse", "HEAD").decode().strip()
    blob = repo.run("hash-object", "-w", "--stdin", input=OUTPUT).decode().strip()
    runs = 0
    for number in range(jobs):
        at = NOW - months * MONTH_S * number / jobs
        lane = new_lane()
        parcels = make_run(lane, at, snapshot, blob, job=True)
        extend_lane(repo, f"refs/gage/w/{lane}", at, parcels)
        runs += 1
    for number in range(people):
        lane, first = new_lane(), number * months // people
        for month in range(first, min(first + STAY, months)):
            at = NOW - (months - 1 - month) * MONTH_S
            parcels = [
                parcel
                for _ in range(A_MONTH)
                for parcel in make_run(lane, at, snapshot, blob, job=False)
            ]
            extend_lane(repo, f"refs/gage/w/{lane}", at, parcels)
            runs += A_MONTH
        merge_epochs(repo, f"refs/gage/w/{lane}")
    return runs


def spend(where: Path, *words: str) -> float:
    """Seconds that a command takes."""
    begun = time.perf_counter()
    subprocess.run(words, cwd=where, check=True, capture_output=True)
    return time.perf_counter() - begun


def count_refs(where: Path, space: str) -> int:
    out = subprocess.run(("git", "for-each-ref", space), cwd=where, capture_output=True, check=True)
    return out.stdout.count(b"\n")


def tell(title: str, origin: Path, folder: Path) -> None:
    """A new colleague's first fetch and list, the next ones, and git's own push and fetch."""
    subprocess.run(("git", "gc", "-q"), cwd=origin, check=True)
    size = sum(path.stat().st_size for path in origin.rglob("*") if path.is_file())
    clone = folder / title.replace(" ", "-")
    subprocess.run(("git", "clone", "-q", str(origin), str(clone)), check=True)
    rows = {
        "refs on the remote": f"{count_refs(origin, 'refs/gage'):,}",
        "MB on the remote": f"{size / 1e6:.1f}",
        "first git gage fetch, s": f"{spend(clone, *GAGE, 'fetch'):.2f}",
        "first git gage list, s": f"{spend(clone, *GAGE, 'list'):.2f}",
        "git gage fetch, nothing new, s": f"{spend(clone, *GAGE, 'fetch'):.2f}",
        "git gage list, s": f"{spend(clone, *GAGE, 'list'):.2f}",
        "git fetch, nothing new, s": f"{spend(clone, 'git', 'fetch'):.2f}",
        "git ls-remote, s": f"{spend(clone, 'git', 'ls-remote'):.2f}",
    }
    print(f"\n{title}")
    for name, value in rows.items():
        print(f"  {name:32} {value:>10}")
    sys.stdout.flush()


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]]
    jobs, people, months = (*sizes, *(1000, 200, 24)[len(sizes) :])
    with TemporaryDirectory(prefix="git-gage-bench-") as name:
        folder = Path(name)
        seed, origin, folder_of_ana = folder / "seed", folder / "origin.git", folder / "ana"
        subprocess.run(("git", "init", "-q", str(seed)), check=True)
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        words = ("git", *who, "commit", "-q", "--allow-empty", "-m", "first")
        subprocess.run(words, cwd=seed, check=True)
        subprocess.run(("git", "clone", "-q", "--bare", str(seed), str(origin)), check=True)
        begun = time.perf_counter()
        runs = fill(open_repository(origin, dict(os.environ)), jobs, people, months)
        print(f"{jobs:,} jobs, {people} people over {months} months: {runs:,} runs", end="")
        print(f", written in {time.perf_counter() - begun:.0f} s")
        tell("as they were pushed", origin, folder)
        subprocess.run(("git", "clone", "-q", str(origin), str(folder_of_ana)), check=True)
        print(f"\ngit gage fold: {spend(folder_of_ana, *GAGE, 'fold'):.1f} s")
        tell("jobs folded", origin, folder)
        again = spend(folder_of_ana, *GAGE, "fold", "--idle", "60d")
        print(f"\ngit gage fold --idle 60d: {again:.1f} s")
        tell("and people who left", origin, folder)


if __name__ == "__main__":
    main()
