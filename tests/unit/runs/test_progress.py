"""How far a run is, from the end of what it printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.runs.progress import find_progress

BAR = " 41%|####      | 41/100 [00:01<00:02, 30.1it/s]"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (BAR, 0.41),
        (f"\r  7%|# | 7/100\r{BAR}", 0.41),
        (f"train: {BAR}\n", 0.41),
        ("100%|##| 5/5\n", 1.0),
        ("999%|##|\n", 1.0),
        ("it is 41% done\n", None),
        ("", None),
        ("x" * 10_000 + "\n" + BAR, 0.41),
    ],
)
def test_the_last_bar_counts(tmp_path: Path, text: str, share: float | None) -> None:
    (tmp_path / "output").write_text(text)
    assert find_progress(tmp_path, {"run": "tqdm"}) == share


def test_the_phase_that_printed_last_counts(tmp_path: Path) -> None:
    (tmp_path / "output-stage-runtime").write_text(" 90%|#|")
    (tmp_path / "output").write_text(" 10%|#|")
    os.utime(tmp_path / "output-stage-runtime", ns=(1, 1))
    assert find_progress(tmp_path, {"run": "tqdm", "stage-runtime": "tqdm"}) == 0.1
    assert find_progress(tmp_path, {"stage-runtime": "tqdm"}) == 0.9


def test_what_has_not_printed_or_prints_otherwise_does_not_say(tmp_path: Path) -> None:
    assert find_progress(tmp_path, {"run": "tqdm"}) is None
    (tmp_path / "output").write_text(BAR)
    assert find_progress(tmp_path, {"run": "other"}) is None
