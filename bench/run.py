"""Measure git-gage against git, and against peers with --peers, in one run.

Every row is the median of repeated whole processes, taken in turn with `git log -1` in the same
repository, so that what else the machine does hits both; the ratio is what counts. Writes
docs/benchmarks.md. Sizes: --sizes 1000,10000,100000 --wide 100000.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.events import write_events  # noqa: E402
from bench.fill import fill  # noqa: E402 - the folder above is put on the path first
from bench.instructions import Case, count_all  # noqa: E402
from bench.log import Figure, measure_log  # noqa: E402

PAGE = ROOT / "docs" / "benchmarks.md"
REPEATS = 9
TRIVIAL = "print('loss: 0.5')\n"
# From a small process: what a process held before it became a command counts, too.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class Spent(NamedTuple):
    """What a command took: by the clock, and of processors, by it and what it started."""

    ms: float
    processor_ms: float


class Row(NamedTuple):
    """One measurement: medians in milliseconds, the goal it is held against, memory if measured.

    `best` is the ratio of the quickest of each, `processor` that of the time of processors.
    """

    what: str
    ms: float
    base: str
    base_ms: float
    goal: str
    peak_mb: float = 0
    best: float = 0
    processor: float = 0

    @property
    def ratio(self) -> str:
        if not self.base_ms:
            return ""
        more = f" ({self.best:.1f}, {self.processor:.1f})" if self.best else ""
        return f"{self.ms / self.base_ms:.1f} ×{more}"


class Bench:
    """Times commands in scratch repositories under one folder."""

    def __init__(self, folder: Path, repeats: int) -> None:
        self.folder = folder
        self.repeats = repeats
        self.environ = _environ(folder)
        self.rows: list[Row] = []
        self.counts: list[tuple[Case, float]] = []
        self.figures: list[Figure] = []

    def git(self, where: Path, *args: str) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=where,
            env=self.environ,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return done.stdout

    def time(self, where: Path, command: Sequence[str], **environ: str) -> float:
        return self.measure(where, command, **environ).ms

    def measure(self, where: Path, command: Sequence[str], **environ: str) -> Spent:
        began, before = time.perf_counter(), _processor_s()
        subprocess.run(
            command,
            cwd=where,
            env=self.environ | environ,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        taken = time.perf_counter() - began, _processor_s() - before
        return Spent(*(seconds * 1000 for seconds in taken))

    def peak_mb(self, where: Path, command: Sequence[str], **environ: str) -> float:
        """The most memory that a command holds, or one that it starts."""
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *command],
            cwd=where,
            env=self.environ | environ,
            check=True,
            stdout=subprocess.PIPE,
        )
        return int(done.stdout) / (1 << 20 if sys.platform == "darwin" else 1 << 10)

    def compare(
        self,
        what: str,
        where: Path,
        command: Sequence[str],
        *,
        goal: str,
        base: Sequence[str] = ("git", "log", "-1"),
        before: Callable[[], None] = lambda: None,
        before_base: Callable[[], None] = lambda: None,
        memory: bool = False,
        **environ: str,
    ) -> None:
        """Time a command in turn with its base, and add a row; `memory`: measure that, too."""
        spent, base_spent = [], []
        for _ in range(self.repeats + 1):
            before()
            spent.append(self.measure(where, command, **environ))
            before_base()
            base_spent.append(self.measure(where, base))
        if memory:
            before()
        # The first of each warms the caches.
        middle, base_middle = _median(spent[1:]), _median(base_spent[1:])
        row = Row(
            what,
            middle.ms,
            " ".join(base).replace(f"{self.folder}/", ""),
            base_middle.ms,
            goal,
            self.peak_mb(where, command, **environ) if memory else 0,
            min(spent[1:]).ms / min(base_spent[1:]).ms,
            middle.processor_ms / base_middle.processor_ms,
        )
        self.rows.append(row)
        _say(f"{row.what}: {row.ms:.1f} ms, {row.ratio} {row.base}")

    def add_peak(self, what: str, ms: float, peak_mb: float, goal: str) -> None:
        """Memory that was measured by itself; `ms` is of the same one process."""
        self.rows.append(Row(what, ms, "", 0, goal, peak_mb))
        _say(f"{what}: {peak_mb:.0f} MB")

    def add_figure(self, figure: Figure) -> None:
        self.figures.append(figure)
        _say(f"log, {figure.what}: {figure.value}")

    def make_repo(self, name: str, files: int = 1) -> Path:
        path = self.folder / name
        path.mkdir()
        self.git(path, "init", "-q", "-b", "main")
        self.git(path, "config", "user.name", "bench")
        self.git(path, "config", "user.email", "bench@example.com")
        for number in range(files - 1):
            file = path / f"d{number // 100:03d}" / f"f{number:05d}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"x = {number}\n" * 20)
        (path / "train.py").write_text(TRIVIAL)
        self.git(path, "add", "-A")
        self.git(path, "commit", "-q", "-m", "first")
        return path


def measure_start(bench: Bench) -> None:
    repo = bench.make_repo("start")
    bench.compare("`git gage -h`", repo, ["git", "gage", "-h"], goal="≤ 30 ×")


def measure_instructions(bench: Bench) -> None:
    for case, counted_m in count_all():
        bench.counts.append((case, counted_m))
        _say(f"{case.name}: {counted_m:.1f} M instructions")


def measure_run(bench: Bench) -> None:
    """Overhead of one trivial run over the program itself, clean and dirty, by size of tree."""
    for files in (1, 1000, 50_000):
        repo = bench.make_repo(f"tree{files}", files)
        program = ["python3", "train.py"]
        for state in ("clean", "dirty"):
            if state == "dirty":
                (repo / "train.py").write_text(TRIVIAL + "# changed\n")
            bench.compare(
                f"one trivial run, {files:,} files, {state}",
                repo,
                ["git", "gage", "run", "-q", "train.py"],
                base=program,
                goal="≤ 200 ms over the program" if files == 1 else "",
            )
            bench.compare(
                f"`git status`, {files:,} files, {state}",
                repo,
                ["git", "status", "--porcelain", "-uall"],
                goal="for comparison",
            )


def measure_events(bench: Bench) -> None:
    repo = bench.make_repo("events")
    file = repo / "events.out.tfevents.1"
    write_events(file, 100_000)
    tail = [sys.executable, str(ROOT / "bench" / "events.py"), str(file)]
    bench.compare("tail of 100,000 event-file scalars", repo, tail, goal="≤ 1,500 ms")


def measure_size(bench: Bench, runs: int) -> None:
    """Lists, pushes and fetches with so many runs there."""
    repo = bench.make_repo(f"runs{runs}")
    fill(repo, runs)
    remote = bench.folder / f"runs{runs}.git"
    bench.git(bench.folder, "init", "-q", "--bare", "-b", "main", str(remote))
    bench.git(repo, "remote", "add", "origin", str(remote))
    bench.git(repo, "push", "-q", "origin", "main", "refs/gage/w/*:refs/gage/w/*")
    clone = bench.folder / f"clone{runs}"
    bench.git(bench.folder, "clone", "-q", str(remote), str(clone))
    bench.git(clone, "config", "user.email", "bench@example.com")
    bench.git(clone, "config", "user.name", "bench")
    label = f"{runs:,} runs"
    began = bench.time(clone, ["git", "gage", "fetch"])
    cold = bench.time(clone, ["git", "gage", "list"])
    bench.rows.append(
        Row(f"first fetch and list, {label}", began + cold, "", 0, "≤ 50 + 150 µs a run")
    )
    bench.compare(f"`list`, {label}", clone, ["git", "gage", "list"], goal="≤ 40 ×")
    run = ["git", "gage", "run", "-q", "train.py"]
    plain = ["git", "commit", "-q", "--allow-empty", "-m", "next"]
    bench.compare(
        f"push one run, {label} there",
        clone,
        ["git", "gage", "push"],
        before=lambda: void(bench.time(clone, run)),
        base=["git", "push", "-q", "origin", "HEAD:main"],
        before_base=lambda: void(bench.time(clone, plain)),
        goal="≤ 1.2 ×",
    )
    bench.compare(
        f"fetch with nothing to do, {label} there",
        clone,
        ["git", "gage", "fetch"],
        base=["git", "fetch", "-q", "origin"],
        goal="≤ 1.1 ×",
    )
    looker = bench.folder / f"looker{runs}"
    bench.git(bench.folder, "clone", "-q", str(remote), str(looker))
    look = ["git", "gage", "list", "--remote", "origin"]
    first_look = bench.time(looker, look)
    bench.rows.append(Row(f"`list --remote`, {label}, first time", first_look, "", 0, ""))
    bench.compare(f"`list --remote`, {label}, again", looker, look, goal="≤ 500 ms", memory=True)
    other = bench.folder / f"other{runs}"
    bench.git(bench.folder, "clone", "-q", str(remote), str(other))
    bench.time(other, ["git", "gage", "fetch"])

    def another_run() -> None:
        bench.time(clone, run)
        bench.time(clone, ["git", "gage", "push"])

    def another_commit() -> None:
        bench.time(clone, plain)
        bench.time(clone, ["git", "push", "-q", "origin", "HEAD:main"])

    bench.compare(
        f"fetch one run, {label} there",
        other,
        ["git", "gage", "fetch"],
        before=another_run,
        base=["git", "fetch", "-q", "origin"],
        before_base=another_commit,
        goal="≤ 1.2 ×",
    )
    bare = bench.make_repo(f"without{runs}")
    bench.compare(
        f"`git log --all -50`, {label}",
        clone,
        ["git", "log", "--all", "-50"],
        base=["git", "-C", str(bare), "log", "--all", "-50"],
        goal="≤ 1.15 × without runs",
    )


def measure_many(bench: Bench) -> None:
    """Eight writers at once."""
    repo = bench.make_repo("many")
    began = time.perf_counter()
    loop = "for i in 1 2 3 4 5; do git gage run -q train.py; done"
    writers = [
        subprocess.Popen(["sh", "-c", loop], cwd=repo, env=bench.environ, stdout=subprocess.DEVNULL)
        for _ in range(8)
    ]
    if any(writer.wait() for writer in writers):
        raise SystemExit("a writer failed")
    each = (time.perf_counter() - began) * 1000 / 40
    bench.rows.append(Row("a run, 8 writers × 5 at once", each, "", 0, ""))


def void(_: object) -> None:
    return None


def write_page(bench: Bench) -> None:
    """Rewrite docs/benchmarks.md with what was measured now."""
    lines = [
        "# Benchmarks",
        "",
        _introduction(bench.repeats),
        "",
        "| what | ms | base | base ms | ratio | MB | goal |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += map(_spell, bench.rows)
    if bench.counts:
        lines += ["", "Instructions of our own process, counted by callgrind:", ""]
        lines += ["| what | M instructions | budget |", "|---|---|---|"]
        lines += [f"| {case.name} | {m:.0f} | {case.budget_m} |" for case, m in bench.counts]
    if bench.figures:
        lines += ["", "Logging from Python with `git_gage.api`, medians of whole processes:", ""]
        lines += ["| what | measured | goal |", "|---|---|---|"]
        lines += [f"| {' | '.join(figure)} |" for figure in bench.figures]
    PAGE.write_text("\n".join(lines) + "\n")


def _processor_s() -> float:
    """Seconds of processors that children have used, and what they started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _median(spent: Sequence[Spent]) -> Spent:
    return Spent(*(statistics.median(column) for column in zip(*spent, strict=True)))


def _spell(row: Row) -> str:
    """A line of the table."""
    base_ms = f"{row.base_ms:.1f}" if row.base_ms else ""
    base = f"`{row.base}`" if row.base else ""
    peak = f"{row.peak_mb:.0f}" if row.peak_mb else ""
    cells = [row.what, f"{row.ms:.1f}", base, base_ms, row.ratio, peak, row.goal]
    return f"| {' | '.join(cells)} |"


def _introduction(repeats: int) -> str:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    versions = f"Python {platform.python_version()}, {_version(['git', 'version'])}"
    return (
        f"Written by `make bench` on {time.strftime('%Y-%m-%d')}: {machine}, {versions}. Medians "
        f"of {repeats} whole processes, each taken in turn with its base; in brackets the ratio of "
        "the quickest of each, and that of the time of processors."
    )


def _environ(folder: Path) -> dict[str, str]:
    """Sealed: no settings of whoever measures; `git gage` is this checkout's."""
    home, tools = folder / "home", folder / "tools"
    home.mkdir()
    tools.mkdir()
    # A python3 that git-gage is not installed in: the one that the base of a run is timed with.
    (tools / "git-gage").symlink_to(Path(sys.executable).parent / "git-gage")
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (tools / "python3").symlink_to(base)
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _version(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _steps(options: argparse.Namespace) -> Iterator[Callable[[Bench], None]]:
    yield measure_start
    yield measure_instructions
    yield measure_log
    yield measure_run
    yield measure_events
    for size in options.sizes.split(","):
        yield partial(measure_size, runs=int(size))
    yield measure_many
    from bench.moving import measure_moving

    for runs in (1000, 10_000):
        yield partial(measure_moving, runs=runs)
    from bench.memory import measure_memory

    yield partial(measure_memory, runs=10_000)
    from bench.finding import measure_finding

    yield partial(measure_finding, runs=options.wide)
    from bench.files import measure_files

    yield measure_files
    if options.peers:
        from bench.peers import measure_peers

        yield partial(measure_peers, names=options.peers.split(","))


def _name(step: Callable[[Bench], None]) -> str:
    function = step.func if isinstance(step, partial) else step
    return function.__name__.removeprefix("measure_")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure git-gage and write docs/benchmarks.md")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--wide", type=int, default=100_000, help="Runs of 40 values each")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument(
        "--peers",
        nargs="?",
        default="",
        const="dvc,mlflow,aim,trackio",
        help="Measure other trackers as well: all, or those that are named",
    )
    parser.add_argument("--only", help="Steps by name, such as moving,files: tell them, no page")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gage-bench-"))
    try:
        bench = Bench(folder, options.repeats)
        for measure in _steps(options):
            if options.only and _name(measure) not in options.only.split(","):
                continue
            measure(bench)
            # What is measured is kept, whatever comes next.
            if not options.only:
                write_page(bench)
        if options.only:
            sys.stdout.write("".join(f"{_spell(row)}\n" for row in bench.rows))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
