"""The same work done with DVC experiments and MLflow, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.run import Bench

DVC_TRAIN = """\
import json, yaml
lr = yaml.safe_load(open("params.yaml"))["lr"]
json.dump({"loss": lr / 2}, open("metrics.json", "w"))
"""
MLFLOW_TRAIN = """\
import mlflow
with mlflow.start_run():
    mlflow.log_param("lr", 0.1)
    mlflow.log_metric("loss", 0.05)
"""
RUNS = 20


def measure_peers(bench: Bench) -> None:
    """Add rows for one trivial run and for a list of 20 runs."""
    _measure_dvc(bench)
    _measure_mlflow(bench)


def _install(bench: Bench, package: str) -> Path:
    """An environment with the package; its bin folder."""
    place = bench.folder / f"env-{package}"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = str(place / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
    return place / "bin"


def _measure_dvc(bench: Bench) -> None:
    found = _install(bench, "dvc")
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


def _measure_mlflow(bench: Bench) -> None:
    found = _install(bench, "mlflow")
    repo = bench.make_repo("mlflow")
    (repo / "train.py").write_text(MLFLOW_TRAIN)
    train = [str(found / "python"), "train.py"]
    bench.compare("mlflow: one trivial run", repo, train, goal="")
    for _ in range(RUNS):
        bench.time(repo, train)
    listed = [str(found / "mlflow"), "runs", "list", "--experiment-id", "0"]
    bench.compare(f"mlflow: list of {RUNS} runs", repo, listed, goal="")


__all__ = ["measure_peers"]
