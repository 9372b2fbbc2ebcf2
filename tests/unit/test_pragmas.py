"""An exclusion from coverage says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from pragmas import main
from tests.support import write_files


def test_a_reason_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"a.py": "if mac:  # pragma: no cover - no Mac here\n    pass\n"})
    assert main(tmp_path) == 0
    assert capsys.readouterr().out == "1 exclusions from coverage, 0 without a reason\n"


@pytest.mark.parametrize(
    "bare",
    [
        "# pragma: no cover",
        "#pragma: no cover - x y",
        "# pragma: no branch -",
        "# PRAGMA: NO COVER",
    ],
)
def test_without_one_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bare: str
) -> None:
    write_files(tmp_path, {"a.py": f"\nif mac:  {bare}\n    pass\n"})
    assert main(tmp_path) == 1
    assert f"{tmp_path / 'a.py'}:2: say why" in capsys.readouterr().out
