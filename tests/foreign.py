"""Runs that other tools recorded (tests/data/README.md), laid out for a test."""

from __future__ import annotations

import tarfile
from pathlib import Path

DATA = Path(__file__).parent / "data"
DVC_BUNDLE = DATA / "dvc-exps.bundle"


def lay_out(name: str, folder: Path) -> Path:
    """Unpack the files of a tool below a folder; where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(DATA / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="tar")
    return folder / name
