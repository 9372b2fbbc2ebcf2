"""Runs that other tools recorded (tests/data/README.md), laid out for a test."""

from __future__ import annotations

import subprocess
from pathlib import Path

DATA = Path(__file__).parent / "data"
DVC_BUNDLE = DATA / "dvc-exps.bundle"


def lay_out(name: str, folder: Path) -> Path:
    """Unpack the files of a tool below a folder; where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    unpack = ["tar", "--no-same-owner", "-xzf", str(DATA / f"{name}.tar.gz")]
    subprocess.run(unpack, cwd=folder, check=True)
    return folder / name
