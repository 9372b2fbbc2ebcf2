"""The same work done with other trackers, each in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bench.run import Bench

DVC_TRAIN = """\
import json, yaml
lr = yaml.safe_load(open("params.yaml"))["lr"]
json.dump({"loss": lr / 2}, open("metrics.json", "w"))
"""
RUNS = 20
POINTS = 2000
PUSHED = 1000


class Library(NamedTuple):
    """A tracker that a program calls: what makes one run, and what lists runs.

    `begin` stands before `point`, which logs the number `x`, and `end` after it.
    """

    package: str
    begin: str
    point: str
    end: str
    listed: tuple[str, ...]

    @property
    def trivial(self) -> str:
        return f"{self.begin}\nx = 0.05\n{self.point}\n{self.end}\n"

    @property
    def busy(self) -> str:
        loop = f"for step in range({POINTS}):\n    x = 1 / (step + 1)\n    {self.point}\n"
        return f"{self.begin}\n{loop}{self.end}\n"


LIBRARIES = (
    Library(
        "mlflow",
        "import mlflow\nmlflow.start_run()\nmlflow.log_param('lr', 0.1)",
        "mlflow.log_metric('loss', x)",
        "mlflow.end_run()",
        ("mlflow", "runs", "list", "--experiment-id", "0"),
    ),
    Library(
        "aim",
        "from aim import Run\nrun = Run()\nrun['hparams'] = {'lr': 0.1}",
        "run.track(x, name='loss')",
        "run.close()",
        ("aim", "runs", "ls"),
    ),
    Library(
        "trackio",
        "import trackio\ntrackio.init(project='bench', config={'lr': 0.1})",
        "trackio.log({'loss': x})",
        "trackio.finish()",
        ("trackio", "list", "runs", "--project", "bench"),
    ),
)
PRINTS = f"for step in range({POINTS}):\n    print('loss:', 1 / (step + 1))\n"


def measure_peers(bench: Bench, names: Collection[str]) -> None:
    """Add rows for one trivial run, for many points in one, and for a list of 20 runs."""
    _measure_points(bench)
    found = _install(bench, "dvc") if "dvc" in names else None
    if found is not None:
        _measure_dvc(bench, found)
    for library in LIBRARIES:
        found = _install(bench, library.package) if library.package in names else None
        if found is not None:
            _measure_library(bench, library, found)


def _install(bench: Bench, package: str) -> Path | None:
    """An environment with the package; its bin folder. None where it can't be had here."""
    place = bench.folder / f"env-{package}"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = str(place / "bin" / "python")
    done = subprocess.run([python, "-m", "pip", "install", "-q", package], check=False)
    if done.returncode:
        sys.stderr.write(f"{package}: not measured, it can't be installed here\n")
        return None
    return place / "bin"


def _measure_points(bench: Bench) -> None:
    """What the peers' many points are held against: a program that prints them."""
    repo = bench.make_repo("points")
    (repo / "train.py").write_text(PRINTS)
    command = ["git", "gage", "run", "-q", "train.py"]
    base = ["python3", "train.py"]
    bench.compare(f"a run of {POINTS:,} points", repo, command, base=base, goal="")


def _measure_dvc(bench: Bench, found: Path) -> None:
    dvc = [str(found / "dvc")]
    repo = bench.make_repo("dvc")
    (repo / "train.py").write_text(DVC_TRAIN)
    (repo / "params.yaml").write_text("lr: 0.1\n")
    bench.time(repo, [*dvc, "init", "-q"])
    stage = ["-n", "train", "-p", "lr", "-M", "metrics.json", "-d", "train.py"]
    command = f"{found / 'python'} train.py"
    bench.time(repo, [*dvc, "stage", "add", "-q", *stage, command])
    bench.git(repo, "add", "-A")
    bench.git(repo, "commit", "-q", "-m", "dvc")
    count = iter(range(1, 1000))

    def change() -> None:
        (repo / "params.yaml").write_text(f"lr: 0.{next(count)}\n")

    bench.compare("dvc: one trivial run", repo, [*dvc, "exp", "run", "-q"], before=change, goal="")
    while next(count) < RUNS:
        change()
        bench.time(repo, [*dvc, "exp", "run", "-q"])
    shown = [*dvc, "exp", "show", "--csv"]
    bench.compare(f"dvc: list of {RUNS} runs", repo, shown, goal="")
    _measure_exp_push(bench, repo, dvc)


def _measure_exp_push(bench: Bench, repo: Path, dvc: list[str]) -> None:
    """Experiments pushed at once: commits as `dvc exp run` makes them, without cached outputs."""
    made = bench.git(repo, "for-each-ref", "--format=%(refname)", "refs/exps/*/*/*").split()
    stem, orders = made[0].rpartition("/")[0], []
    for number in range(PUSHED - len(made)):
        files = {"params.yaml": f"lr: 1.{number}\n", "metrics.json": f'{{"loss": {number}}}\n'}
        orders.append(f"commit {stem}/made-{number}\ncommitter x <x@x.x> {number} +0000\n")
        orders.append(f"data 0\nfrom {made[0]}^0\n")
        orders += [f"M 644 inline {path}\n{_data(text)}" for path, text in files.items()]
    stream = "".join(orders).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, input=stream, check=True)
    there, plain = bench.folder / "exps.git", bench.folder / "exps-plain.git"

    def make(place: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        bench.git(bench.folder, "init", "-q", "--bare", str(place))
        bench.git(repo, "push", "-q", str(place), "HEAD:main")

    bench.compare(
        f"dvc: push {PUSHED:,} experiments",
        repo,
        [*dvc, "exp", "push", "-q", "-A", "--no-cache", str(there)],
        before=partial(make, there),
        base=["git", "push", "-q", str(plain), "refs/exps/*:refs/exps/*"],
        before_base=partial(make, plain),
        goal="",
    )


def _data(text: str) -> str:
    return f"data {len(text)}\n{text}\n"


def _measure_library(bench: Bench, library: Library, found: Path) -> None:
    name = library.package
    repo = bench.make_repo(name)
    (repo / "train.py").write_text(library.trivial)
    (repo / "many.py").write_text(library.busy)
    train, many = ([str(found / "python"), file] for file in ("train.py", "many.py"))
    bench.compare(f"{name}: one trivial run", repo, train, goal="")
    bench.compare(f"{name}: a run of {POINTS:,} points", repo, many, goal="")
    for _ in range(RUNS - 2 * (bench.repeats + 1)):
        bench.time(repo, train)
    listed = [str(found / library.listed[0]), *library.listed[1:]]
    bench.compare(f"{name}: list of {RUNS} runs", repo, listed, goal="")


__all__ = ["measure_peers"]
