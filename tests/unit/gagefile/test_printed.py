"""What an operation says of its output."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.gagefile.load import check_file, load_gagefile


def check(folder: Path, text: str) -> list[str]:
    path = folder / "gage.toml"
    path.write_text(text)
    return [f"{f.line}:{f.column}: {f.message}" for f in check_file(path, "gage.toml").faults]


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "''",
        r"'(\key)=(\value)'",
        r"['(\key)=(\value)', '(?P<loss>.) (?P<acc>.) (?P<f1>.)']",
        r"{ loss = 'loss=\value', step = 'Epoch (\step)' }",
    ],
)
def test_patterns_that_are_right(tmp_path: Path, value: str) -> None:
    assert check(tmp_path, f"[a]\noutput-metrics = {value}\noutput-attrs = {value}\n") == []


@pytest.mark.parametrize(
    ("value", "column", "message"),
    [
        ("'('", 18, "'a.output-metrics' is no regular expression: missing ), unterminated"),
        ("'(a)'", 18, r"'a.output-metrics' needs two groups, a name and a value, as in '(\w+)="),
        ("['(a)(b)', 'a']", 29, "'a.output-metrics.1' needs two groups"),
        ("{ loss = 'loss' }", 27, "'a.output-metrics.loss' needs one group, the value, as in"),
        ("{ loss = 3 }", 27, "'a.output-metrics.loss' must be a"),
        ("3", 18, "'a.output-metrics' must be"),
    ],
)
def test_patterns_that_are_wrong(tmp_path: Path, value: str, column: int, message: str) -> None:
    (fault,) = check(tmp_path, f"[a]\noutput-metrics = {value}\n")
    assert fault.startswith(f"2:{column}: {message}")


def test_two_spellings_at_once(tmp_path: Path) -> None:
    text = "[a]\noutput-metrics = true\noutput-scalars = true\n"
    assert check(tmp_path, text) == ["3:1: 'a.output-scalars' is given as 'output-metrics' already"]


def test_an_operation_whose_patterns_are_wrong_runs_without_them(tmp_path: Path) -> None:
    path = tmp_path / "gage.toml"
    path.write_text("[a]\nexec = 'x'\noutput-metrics = '('\noutput-attrs = {a = 'a (.)'}\n")
    loaded = load_gagefile(path, tmp_path)
    assert loaded.operations["a"].output_metrics is None
    assert loaded.operations["a"].output_attributes == {"a": "a (.)"}
    assert len(loaded.warnings) == 1
