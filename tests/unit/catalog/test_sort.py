"""The order that runs are listed in."""

from __future__ import annotations

import pytest

from git_gage.errors import RequestError
from tests.unit.catalog.filtered import Runs
from tests.unit.catalog.made_up import FakeStore


@pytest.fixture
def runs(store: FakeStore) -> Runs:
    made = Runs(store)
    made.add("first", metrics={"acc": 0.5}, config={"lr": 0.1, "opt": "sgd"})
    made.add("second", metrics={"acc": 0.9}, config={"lr": 0.1, "opt": True})
    made.add("none", metrics={}, config={"opt": 3})
    made.add("third", metrics={"acc": 0.7}, config={"lr": 0.01})
    return made


def test_missing_values_come_last_whichever_way(runs: Runs) -> None:
    assert runs.find(sort=["acc"]) == ["first", "third", "second", "none"]
    assert runs.find(sort=["-acc"]) == ["second", "third", "first", "none"]


def test_among_equals_the_newest_comes_first(runs: Runs) -> None:
    assert runs.find(sort=["-lr"]) == ["second", "first", "third", "none"]
    assert runs.find(sort=["-lr", "acc"]) == ["first", "second", "third", "none"]


def test_numbers_before_text_before_flags(runs: Runs) -> None:
    assert runs.find(sort=["opt"]) == ["none", "first", "second", "third"]


def test_fields_and_parts(runs: Runs) -> None:
    assert runs.find("lr > 0", sort=["started"]) == ["first", "second", "third"]
    assert runs.find("lr > 0", sort=["config.lr"]) == ["third", "second", "first"]


def test_nothing_to_sort_by(runs: Runs) -> None:
    with pytest.raises(RequestError, match="no run has a 'acd'") as caught:
        runs.find(sort=["acd"])
    assert caught.value.hint == "did you mean 'acc'?"
    with pytest.raises(RequestError) as caught:
        runs.find(sort=["qqqqqq"])
    assert caught.value.hint == "sort by '-acc' or 'started'"
    with pytest.raises(RequestError, match="'tags' has no order"):
        runs.find(sort=["tags"])
