"""The order that runs are listed in."""

from __future__ import annotations

import pytest

from git_gage.catalog.filter_nodes import spell_name
from git_gage.errors import RequestError, RunNotFoundError
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


def test_groups_of_yes_and_no_are_not_numbers(runs: Runs) -> None:
    assert [value for value, _ in runs.catalog.find_groups((), "dirty")] == [b"\1"]


def test_nothing_to_sort_by(runs: Runs) -> None:
    with pytest.raises(RequestError, match="no run has a 'acd'") as caught:
        runs.find(sort=["acd"])
    assert caught.value.hint == "did you mean 'acc'?"
    with pytest.raises(RequestError) as caught:
        runs.find(sort=["qqqqqq"])
    assert caught.value.hint == "see what there is by 'git gage list'"
    with pytest.raises(RequestError, match="'tags' has no order"):
        runs.find(sort=["tags"])


def test_what_is_not_finite_is_never_best(store: FakeStore) -> None:
    """As the star in a list: a run that went astray has the highest value of all."""
    runs = Runs(store)
    runs.add("sound", metrics={"gain": 5, "loss": 2}, config={"lr": 1})
    runs.add("astray", metrics={"gain": "inf", "loss": "-inf"}, config={"lr": 2})
    runs.add("unknown", metrics={"gain": "nan", "loss": "nan"})
    assert runs.catalog.find_best("python") == []
    for metric in ("gain", "-loss", "metric.gain"):
        assert runs.catalog.find_best(metric) == [runs.begins["sound"].run]
        assert runs.catalog.find_best(metric, per="lr") == [runs.begins["sound"].run]
    assert runs.find(sort=["-gain"])[0] == "astray"


def test_the_best_of_all_and_of_each(runs: Runs) -> None:
    names = {first.run: name for name, first in runs.begins.items()}

    def best(metric: str, *wheres: str, per: str | None = None) -> list[str]:
        return [names[run] for run in runs.catalog.find_best(metric, wheres, per=per)]

    assert best("acc") == best("+acc") == ["second"]
    assert best("-acc") == ["first"]
    assert best("acc", "lr < 0.1") == ["third"]
    assert best("acc", per="lr") == ["second", "third"]
    assert best("acc", "acc > 1") == []
    assert best("duration", "acc > 1") == []


def test_less_of_a_loss_is_better(store: FakeStore) -> None:
    runs = Runs(store)
    runs.add("far", metrics={"val loss": 0.5})
    runs.add("broken", metrics={"val loss": "nan"})
    runs.add("near", metrics={"val loss": 0.1})
    assert runs.catalog.find_best("val loss") == [runs.begins["near"].run]
    assert runs.catalog.resolve("@{best:val loss}") == runs.begins["near"].run
    assert runs.catalog.resolve("train@{best:+val loss}") == runs.begins["far"].run
    with pytest.raises(RunNotFoundError, match=r"no run 'eval@\{best:val loss\}'"):
        runs.catalog.resolve("eval@{best:val loss}")


def test_rows_of_the_last_list(runs: Runs) -> None:
    ids = [first.run for first in runs.begins.values()]
    with pytest.raises(RunNotFoundError, match="there is no list"):
        runs.catalog.resolve_slice("1:2")
    runs.catalog.remember_rows(ids)
    assert runs.catalog.resolve_slice("2:3") == ids[1:3]
    assert runs.catalog.resolve_slice("3:") == runs.catalog.resolve_slice("-2:") == ids[2:]
    assert runs.catalog.resolve_slice(":") == ids
    assert runs.catalog.resolve_slice("a:b") is None
    with pytest.raises(RunNotFoundError, match="the last list has 4"):
        runs.catalog.resolve_slice("5:")
    runs.catalog.remember_rows([*ids, "01m00000000000000000000000000a"])
    with pytest.raises(RunNotFoundError, match="not all of them are here"):
        runs.catalog.resolve_slice("4:")


def test_names_that_runs_have(runs: Runs) -> None:
    runs.catalog.require_names(["acc", "config.lr", "id"], ["id"])
    with pytest.raises(RequestError, match=r"no run has a 'config\.acc'"):
        runs.catalog.require_names(["config.acc"], ["id"])


def test_more_names_than_there_is_room_for(runs: Runs) -> None:
    assert runs.find(sort=["acc"] * 8)[0] == "first"
    with pytest.raises(RequestError, match="sorted by 8 names at most"):
        runs.find(sort=["acc"] * 9)


def test_a_name_of_two_kinds_is_the_metric_first(store: FakeStore) -> None:
    runs = Runs(store)
    runs.add("set", metrics={}, config={"acc": 0.9, "it's": 1})
    runs.add("measured", metrics={"acc": 0.5}, config={"acc": 1.0})
    runs.add("words", metrics={}, config={"acc": "high"})
    assert runs.find(sort=["-acc"]) == ["set", "measured", "words"]
    assert runs.catalog.find_best("acc") == [runs.begins["set"].run]
    assert runs.catalog.find_best("metric.acc") == [runs.begins["measured"].run]
    assert runs.catalog.find_best("operation") == []
    assert runs.find(sort=["it's"])[0] == "set"


@pytest.mark.parametrize(
    "name", ["select", "a b", "it's", 'say "x"', "größe", "; DROP TABLE run", "-x"]
)
def test_metrics_of_any_name(store: FakeStore, name: str) -> None:
    runs = Runs(store)
    runs.add("low", metrics={name: 1})
    runs.add("high", metrics={name: 2})
    assert runs.catalog.find_best(f"+{name}") == [runs.begins["high"].run]
    assert runs.find(sort=["-" + name])[0] == "high"
    assert runs.find(f"{spell_name(name)} < 2") == ["low"]
    assert len(runs.catalog.find_groups((), name)) == 2
