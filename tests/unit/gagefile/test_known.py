"""What is wrong in a file is looked for once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from git_gage.gagefile import known
from git_gage.gagefile.faults import Fault, find_faults
from git_gage.gagefile.grammar import Grammar
from git_gage.gagefile.load import load_gagefile

TEXT = "[a]\nexec = 'x'\ndescription = 1\n[b]\nexec = 1\n"

LOADED = """
import sys
from pathlib import Path
from git_gage.gagefile.load import load_gagefile
gagefile = load_gagefile(Path("gage.toml"), Path("."), cache_dir=Path("cache"))
print(len(gagefile.warnings), "jschon" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gage.toml").write_text(TEXT)
    return tmp_path


def count_searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def counted(data: bytes, kind: str, shown: str, *, grammar: Grammar) -> list[Fault]:
        asked.append(shown)
        return find_faults(data, kind, shown, grammar=grammar)

    monkeypatch.setattr(known, "find_faults", counted)
    return asked


def test_the_second_time_nothing_is_looked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_searches(monkeypatch)
    cache = folder / "cache"
    first = load_gagefile(folder / "gage.toml", folder, cache_dir=cache)
    assert load_gagefile(folder / "gage.toml", folder, cache_dir=cache) == first
    assert len(first.warnings) == 2
    assert asked == ["gage.toml"]


def test_a_changed_file_is_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = count_searches(monkeypatch)
    for text in (TEXT, TEXT + "# more\n", TEXT):
        (folder / "gage.toml").write_text(text)
        load_gagefile(folder / "gage.toml", folder, cache_dir=folder / "cache")
    assert len(asked) == 2


def test_not_more_are_kept_than_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_KEPT", 2)
    asked = count_searches(monkeypatch)
    for number in (1, 2, 3, 2, 1):
        (folder / "gage.toml").write_text(f"[op{number}]\n")
        load_gagefile(folder / "gage.toml", folder, cache_dir=folder / "cache")
    assert len(asked) == 4, "only the first had gone"


def test_a_fault_is_told_by_the_name_of_the_file_that_has_it(folder: Path) -> None:
    load_gagefile(folder / "gage.toml", folder, cache_dir=folder / "cache")
    again = load_gagefile(folder / "gage.toml", folder.parent, cache_dir=folder / "cache")
    assert again.warnings[0].startswith(f"{folder.name}/gage.toml:3:15: ")


@pytest.mark.parametrize("damage", [b"", b"x", b"{}\n{}"])
def test_what_is_damaged_is_found_out_again(folder: Path, damage: bytes) -> None:
    cache = folder / "cache"
    first = load_gagefile(folder / "gage.toml", folder, cache_dir=cache)
    kept = (cache / "gagefile.json").read_bytes()
    (cache / "gagefile.json").write_bytes(kept[:70] + damage)
    assert load_gagefile(folder / "gage.toml", folder, cache_dir=cache) == first
    assert (cache / "gagefile.json").read_bytes() == kept
    assert json.loads(kept.partition(b"\n")[2])


def test_where_nothing_can_be_kept(folder: Path) -> None:
    (folder / "cache").write_text("in the way")
    gagefile = load_gagefile(folder / "gage.toml", folder, cache_dir=folder / "cache")
    assert list(gagefile.operations) == ["a"]


def test_what_judges_is_loaded_once_for_a_file(folder: Path) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", LOADED], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert told == [["2", "True"], ["2", "False"]]
