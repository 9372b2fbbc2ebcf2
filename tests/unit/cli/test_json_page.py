"""docs/json.md is API: it names every key a run object has, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import gage_inside, write_files

PAGE = Path(__file__).parents[3] / "docs" / "json.md"
# What stands below these is named by whoever ran something.
FREE = {"attributes", "config", "metrics", "command.variables", "source.status"}
FREE |= {"environment.packages"}
NAMED = {"summaries"}
"""Free names, too, but with keys of ours below them."""


def documented() -> set[str]:
    """Keys that the page has in the first column of a table, as `part.key`."""
    rows = re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([\w.*]+)`", row)}


def keys_of(value: Any, place: str = "") -> Iterator[str]:
    """Keys of a run object, those of the objects in it with a dot before them."""
    if not isinstance(value, dict) or place in FREE:
        return
    for key, inner in value.items():
        name = f"{place}.{key}" if place else key
        if place in NAMED:
            yield from keys_of(inner, f"{place}.*")
            continue
        yield name
        yield from keys_of(inner, name)


def full_run(repo: Path) -> dict[str, Any]:
    """A run of which everything is known."""
    files = {
        ".gitignore": "data\n",
        "data": "1\n",
        ".env": "SECRET=1\n",
        "full.py": "lr = 0.1\nopen('summary.json', 'w').write('{\"loss\": 1}')\n",
    }
    write_files(repo, files)
    signed = {"CI": ""}
    assert gage_inside(repo, "run", "-q", "-l", "label", "full.py", "lr=1", env=signed).code == 0
    document: dict[str, Any] = json.loads(gage_inside(repo, "show", "--json").out)
    return document


def test_the_page_has_the_keys_that_a_run_has(repo: Path) -> None:
    run = full_run(repo)
    inside = {key for key in documented() if "." in key}
    # Parts that are objects have their keys in the second table, and stand in the first as a whole.
    assert set(keys_of(run)) == documented()
    assert {key.partition(".")[0] for key in inside} <= set(run)


def test_what_the_page_says_of_objects_in_arrays(repo: Path) -> None:
    source = full_run(repo)["source"]
    (left_out,) = source["left_out"]
    assert set(left_out) == {"path", "reason"}
    for linked in source["linked"]:
        assert set(linked) <= {"path", "size", "mtime"}
    assert {linked["path"] for linked in source["linked"]} >= {"data"}


def test_what_the_page_says_of_what_people_say(repo: Path) -> None:
    full_run(repo)
    assert gage_inside(repo, "comment", "@", "-m", "hi").code == 0
    run = json.loads(gage_inside(repo, "show", "--json").out)
    parts = json.loads(gage_inside(repo, "show", "--attrs", "--history", "--json").out)
    page = PAGE.read_text()
    told = page.partition("### Comments")[2].partition("### Inputs")[0]
    assert set(re.findall(r"`([a-z]+)`", told)) >= set(run["comments"][0])
    for name, after in (("attrs", "`--history` has"), ("history", "A file has")):
        told = page.partition(f"`--{name}` has")[2].partition(after)[0]
        assert set(re.findall(r"`([a-z]+)`", told)) >= set(parts[name][0]), name


def test_values_are_of_the_types_the_page_says(repo: Path) -> None:
    run = full_run(repo)
    assert run["config"] == {"lr": 1} or run["config"] == {"lr": 1.0}
    assert run["metrics"] == {"loss": 1}
    numbers = {"last": 1, "min": 1, "max": 1, "mean": 1, "count": 1}
    steps = {"last_step": 0, "min_step": 0, "max_step": 0}
    assert run["summaries"]["loss"] == numbers | steps
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", run["started"])
    assert isinstance(run["environment"]["packages"], dict)
    assert run["project"]["path"] == "."


def test_the_other_objects_on_the_page(tmp_path: Path) -> None:
    page = PAGE.read_text()
    version = json.loads(gage_inside(tmp_path, "version", "--json").out)
    (check, *_) = json.loads(gage_inside(tmp_path, "doctor", "--json").out)
    for key in (*version, *check):
        assert f"`{key}`" in page
