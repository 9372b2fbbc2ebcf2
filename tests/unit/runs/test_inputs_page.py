"""docs/dependencies.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from git_gage.render.lineage import lineage_body
from git_gage.runs.inputs.resolve import FINDERS
from git_gage.runs.inputs.summary import KEYS, SOURCE_KEYS
from git_gage.runs.lineage import Lineage, Step

PAGE = (Path(__file__).parents[3] / "docs" / "dependencies.md").read_text()


def words(text: str) -> set[str]:
    """What stands in code quotes."""
    return set(re.findall(r"`([\w-]+)`", text))


def test_every_type_has_its_row() -> None:
    assert set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)) == set(FINDERS)


def test_a_summary_has_the_keys_that_the_page_names() -> None:
    (keys,) = re.findall(r"Each is an object with these keys(.*?)\n\n", PAGE, re.DOTALL)
    of_run, _, of_source = keys.partition("in `source`")
    assert words(of_run) == set(KEYS)
    assert words(of_source) == set(SOURCE_KEYS)


def test_lineage_has_the_keys_that_the_page_names() -> None:
    (page,) = re.findall(r"With `--json` it is(.*)", PAGE, re.DOTALL)
    of_run, _, of_step = page.partition("arrays of objects")
    keys = ("id", "name", "operation", "status", "started", "label")
    step = Step("file", entry={})
    body = lineage_body(Lineage(dict.fromkeys(keys), (step,), (step,)))
    assert words(of_run) == set(body)
    (source,), (follower,) = body["sources"], body["followers"]
    named = words(of_step) - {"parent", "restart", "null", "inputs"}
    assert named | set(keys) - {"id"} == {*source, *follower}
