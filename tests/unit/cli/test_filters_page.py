"""docs/filters.md and `git gage help filters`: what they say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from git_gage.catalog.filter_fields import run_fields
from tests.support import gage_inside

PAGE = Path(__file__).parents[3] / "docs" / "filters.md"
FIELDS = run_fields(float)


def filters_on(text: str) -> list[str]:
    """Whatever stands behind `-w`."""
    return re.findall(r" -w ('(?!<)[^'\n]*'|\w+)", text)


def test_the_page_has_every_name() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert set(FIELDS) <= told


def test_help_has_one_of_each_name_and_fits_a_screen(tmp_path: Path) -> None:
    result = gage_inside(tmp_path, "help", "filters")
    assert (result.code, result.err) == (0, "")
    words = set(result.out.split())
    for field in set(map(id, FIELDS.values())):
        assert words & {name for name in FIELDS if id(FIELDS[name]) == field}
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("where", filters_on(PAGE.read_text()))
def test_the_examples_are_filters(repo: Path, where: str) -> None:
    assert gage_inside(repo, "list", "--json", "-w", where.strip("'")).code == 0


def test_the_conditions_in_its_tables_are_filters(repo: Path) -> None:
    page = PAGE.read_text().partition("## Conditions")[2].partition("## Bounds")[0]
    conditions = [
        found for found in re.findall(r"`([^`]+)`", page) if re.search(r"[=<>~] |in \[", found)
    ]
    refused = {"0.9 < acc"}
    for where in conditions:
        if " ! " not in where and not where.startswith("=~"):
            code = gage_inside(repo, "list", "--json", "-w", where).code
            assert code == (128 if where in refused else 0), where
    assert refused <= set(conditions)
    assert len(conditions) > 15


def test_help_is_completed(tmp_path: Path) -> None:
    asked = {
        "_GIT_GAGE_COMPLETE": "bash_complete",
        "COMP_WORDS": "git-gage help fi",
        "COMP_CWORD": "2",
    }
    assert "filters" in gage_inside(tmp_path, env=asked).out
