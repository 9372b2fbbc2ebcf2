"""Every form of <run> that people type."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from git_gage.catalog import last_list
from git_gage.errors import AmbiguousRunError, RequestError, RunNotFoundError
from git_gage.records import ALPHABET, Record, run_name, short_id
from tests.unit.catalog.made_up import NOON, OTHER, FakeStore, begin, fresh_catalog

FETCH = "list runs with 'git gage list', or get them with 'git gage fetch'"


def journaled(store: FakeStore, *records: Record) -> Any:
    store.journal(*records)
    return fresh_catalog(store)


def refusal(catalog: Any, text: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        catalog.resolve(text)
    assert isinstance(caught.value, RunNotFoundError)
    assert caught.value.hint is not None
    return caught.value


def with_equal(key: str, of: Any) -> list[Record]:
    """Two or more begins of which `of` gives the same."""
    found: dict[Any, list[Record]] = {}
    for number in range(100_000):
        record = begin(number, at=NOON)
        same = found.setdefault(of(record.run), [])
        same.append(record)
        if len(same) > 1:
            return same
    raise AssertionError(f"no two runs with one {key}")


# -- rows ------------------------------------------------------------------------------------------


def test_a_row_is_that_of_the_last_list(store: FakeStore) -> None:
    first, second = begin(1), begin(2)
    catalog = journaled(store, first, second)
    catalog.remember_rows([second.run, first.run])
    assert catalog.resolve("1") == second.run
    assert catalog.resolve("2") == first.run


def test_rows_stay_when_new_runs_come(store: FakeStore) -> None:
    first, second = begin(1), begin(2)
    catalog = journaled(store, first)
    catalog.remember_rows([first.run])
    store.journal(second)
    catalog.refresh()
    assert catalog.resolve("1") == first.run


def test_a_row_before_any_list(store: FakeStore) -> None:
    error = refusal(journaled(store, begin()), "1")
    assert error.message == "no row '1': there is no list to count in"
    assert error.hint == "show one with 'git gage list'"


def test_a_row_beyond_the_list(store: FakeStore) -> None:
    first = begin()
    catalog = journaled(store, first)
    catalog.remember_rows([first.run])
    assert refusal(catalog, "2").message == "no row '2': the last list has 1"


def test_a_row_of_a_run_that_is_gone(store: FakeStore) -> None:
    catalog = journaled(store, begin(1))
    catalog.remember_rows([begin(2).run])
    error = refusal(catalog, "1")
    assert error.message == "no row '1': that run is not here"
    assert error.hint == ("list again with 'git gage list', or get the runs with 'git gage fetch'")


def test_lists_are_forgotten_all_at_once(store: FakeStore) -> None:
    first = begin()
    catalog = journaled(store, first)
    there = catalog.last_list.of("lab/runs")
    there.remember([first.run])
    assert catalog.resolve("1") == first.run
    assert there.read() == [first.run]
    catalog.last_list.forget()
    assert there.read() is None
    assert "there is no list" in refusal(catalog, "1").message


@pytest.mark.parametrize("damage", [b"", b"[1]", b'{"runs": 5}', b'{"rows": []}', b"\xff"])
def test_a_damaged_list_is_no_list(store: FakeStore, damage: bytes) -> None:
    catalog = journaled(store, begin())
    (store.dir / "last-list.json").write_bytes(damage)
    assert "there is no list" in refusal(catalog, "1").message


def test_only_999_rows_are_remembered(store: FakeStore) -> None:
    first = begin()
    catalog = journaled(store, first)
    catalog.remember_rows([first.run] * 1500)
    assert catalog.resolve("999") == first.run
    refusal(catalog, "1000")


def test_rows_where_nothing_can_be_written(store: FakeStore) -> None:
    catalog = journaled(store, begin())
    (store.dir / "last-list.json").mkdir()
    catalog.remember_rows([begin().run])
    assert "there is no list" in refusal(catalog, "1").message
    assert list(store.dir.glob("*.new")) == []


@pytest.mark.parametrize(("number", "told"), [(errno.ENOSPC, True), (errno.EACCES, False)])
def test_rows_of_a_list_that_cannot_be_kept_are_not_those_of_the_one_before(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch, number: int, told: bool
) -> None:
    """What is wrong with the disk is told; who may write nowhere knows that."""
    first = begin()
    catalog = journaled(store, first)
    catalog.remember_rows([first.run])

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(last_list, "replace_file", fail)
    trouble = catalog.remember_rows([begin(2).run])
    assert (trouble is not None) == told
    assert "there is no list" in refusal(catalog, "1").message
    assert list(store.dir.iterdir()) == []


def test_rows_of_whoever_may_only_read_are_his_own(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = begin(1), begin(2)
    catalog = journaled(store, first, second)
    catalog.remember_rows([first.run])
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert "there is no list" in refusal(catalog, "1").message
    catalog.remember_rows([second.run])
    assert catalog.resolve("1") == second.run
    monkeypatch.undo()
    assert catalog.resolve("1") == first.run


def test_rows_of_whoever_has_no_home_are_forgotten(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.repo.environ.clear()
    catalog = journaled(store, begin())
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    catalog.remember_rows([begin().run])
    assert "there is no list" in refusal(catalog, "1").message


# -- @ ---------------------------------------------------------------------------------------------


def test_at_is_the_newest_begun_in_this_clone(store: FakeStore) -> None:
    mine, theirs = begin(1), begin(2, writer=OTHER)
    catalog = journaled(store, mine, theirs)
    assert catalog.resolve("@") == catalog.resolve("@~0") == mine.run
    assert catalog.newest_here() == mine.run


def test_steps_back_from_the_newest_go_over_former_lanes(store: FakeStore) -> None:
    store.my_lanes = frozenset({"lane1", "lane2"})
    runs = [begin(number, writer=f"lane{1 + number % 2}") for number in range(5)]
    catalog = journaled(store, *runs, begin(9))
    assert [catalog.resolve(f"@~{back}") for back in range(5)] == [
        record.run for record in reversed(runs)
    ]
    assert catalog.resolve("@~") == runs[3].run
    assert "fewer runs here were begun" in refusal(catalog, "@~5").message
    assert "fewer runs here were begun" in refusal(catalog, "@~999999999").message


def test_at_before_the_first_run_of_this_clone(store: FakeStore) -> None:
    catalog = journaled(store, begin(1, writer=OTHER))
    assert refusal(catalog, "@").message == "no run was begun in this clone yet"
    assert refusal(catalog, "@~1").message == "no run was begun in this clone yet"
    assert catalog.newest_here() is None


def test_the_newest_of_an_operation_by_anybody(store: FakeStore) -> None:
    one, two = begin(1), begin(2, writer=OTHER)
    other = begin(3, operation="eval.py")
    catalog = journaled(store, one, two, other)
    assert catalog.resolve("train.py@") == catalog.resolve("train@") == two.run
    assert catalog.resolve("train@~1") == one.run
    assert catalog.resolve("eval@") == other.run
    assert refusal(catalog, "train@~2").message == "no run 'train@~2': 'train.py' has fewer runs"
    assert refusal(catalog, "tran@").message == "no run of an operation 'tran' here"


def test_an_operation_may_be_named_with_its_namespace(store: FakeStore) -> None:
    ours, theirs = begin(1), begin(2, project__namespace="letters")
    odd = begin(3, operation="digits:train")
    catalog = journaled(store, ours, theirs)
    assert catalog.resolve("digits:train@") == catalog.resolve("digits:train.py@") == ours.run
    assert catalog.resolve("letters:train@") == theirs.run
    assert refusal(catalog, "digits:train@~1").message == (
        "no run 'digits:train@~1': 'digits:train.py' has fewer runs"
    )
    assert refusal(catalog, "words:train@").message == "no run of an operation 'words:train' here"
    assert journaled(store, odd).resolve("digits:train@") == odd.run


def test_an_operation_that_is_named_exactly_comes_first(store: FakeStore) -> None:
    exact, script = begin(1, operation="train"), begin(2)
    catalog = journaled(store, exact, script)
    assert catalog.resolve("train@") == exact.run
    assert catalog.resolve("train.py@") == script.run


# -- names and ids ---------------------------------------------------------------------------------


def test_a_name(store: FakeStore) -> None:
    first = begin()
    catalog = journaled(store, first, begin(2))
    assert catalog.resolve(run_name(first.run)) == first.run
    assert catalog.resolve(run_name(first.run).upper()) == first.run
    assert refusal(catalog, "no-such").message == "no run 'no-such' here"


def test_a_name_that_several_have(store: FakeStore) -> None:
    runs = with_equal("name", run_name)
    catalog = journaled(store, *runs)
    name = run_name(runs[0].run)
    with pytest.raises(AmbiguousRunError) as caught:
        catalog.resolve(name)
    newest = max(record.run for record in runs)
    first, *candidates = caught.value.message.splitlines()
    assert first == f"'{name}' is the name of more than one run"
    assert candidates[0] == f"  {short_id(newest)}  {name}, train.py, 2026-11-22 12:00 UTC"
    assert len(candidates) == 2
    assert caught.value.hint == f"say which one by its id, for example '{short_id(newest)}'"
    told = caught.value.facts["candidates"]
    assert isinstance(told, list)
    assert told[0] == {
        "id": newest,
        "name": name,
        "operation": "train.py",
        "started": "2026-11-22T12:00:00.000Z",
    }


@pytest.mark.parametrize("length", [4, 7, 12, 20])
def test_the_beginning_of_the_hash(store: FakeStore, length: int) -> None:
    first = begin()
    catalog = journaled(store, first, begin(2))
    assert catalog.resolve(first.run[10 : 10 + length]) == first.run
    assert catalog.resolve(first.run[10 : 10 + length].upper()) == first.run


def test_the_beginning_of_the_whole_id(store: FakeStore) -> None:
    first = begin()
    catalog = journaled(store, first, begin(86_400))
    assert catalog.resolve(first.run) == first.run
    assert catalog.resolve(first.run[:12]) == first.run
    refusal(catalog, first.run + "0")


def test_a_hash_comes_before_an_id(store: FakeStore) -> None:
    """People see hashes; that the ids of some weeks begin alike must not be in their way."""
    first = next(record for number in range(100) if (record := begin(number)).run[10] in "0123")
    prefix = first.run[10:14]
    begins_so = sum(ALPHABET.index(char) << 5 * (9 - at) for at, char in enumerate(prefix)) / 1000
    second, third = (begin(number, at=begins_so + number) for number in (1, 2))
    assert second.run.startswith(prefix)
    catalog = journaled(store, second, third, first)
    assert catalog.resolve(prefix) == first.run
    assert catalog.resolve(second.run[:10]) == second.run


def test_letters_that_are_taken_for_digits(store: FakeStore) -> None:
    first = next(
        record for number in range(1000) if {"0", "1"} <= set((record := begin(number)).run[10:17])
    )
    catalog = journaled(store, first)
    typed = short_id(first.run)
    assert catalog.resolve(typed.replace("0", "o").replace("1", "l")) == first.run
    assert catalog.resolve(typed.replace("0", "O").replace("1", "I")) == first.run


def test_a_beginning_that_several_ids_have(store: FakeStore) -> None:
    runs = with_equal("prefix", lambda run: run[10:14])
    catalog = journaled(store, *runs)
    with pytest.raises(AmbiguousRunError) as caught:
        catalog.resolve(runs[0].run[10:14])
    assert "is the beginning of more than one run" in caught.value.message
    assert len(caught.value.message.splitlines()) == 3


def test_no_more_than_five_candidates_are_told(store: FakeStore) -> None:
    runs = [begin(number) for number in range(7)]
    catalog = journaled(store, *runs)
    with pytest.raises(AmbiguousRunError) as caught:
        catalog.resolve(runs[0].run[:5])
    lines = caught.value.message.splitlines()
    assert len(lines) == 7
    assert lines[-1] == "  and more"
    told = caught.value.facts["candidates"]
    assert isinstance(told, list)
    assert [each["id"] for each in told] == [record.run for record in reversed(runs)][:5]


def test_candidates_are_told_by_enough_of_their_ids() -> None:
    from git_gage.catalog.resolve import _short_ids

    assert _short_ids(["t" * 10 + "1234567a" + "0" * 12, "t" * 10 + "1234567b" + "0" * 12]) == [
        "1234567a",
        "1234567b",
    ]


@pytest.mark.parametrize("text", ["abc", "01k", "000"])
def test_too_few_characters(store: FakeStore, text: str) -> None:
    error = refusal(journaled(store, begin()), text)
    assert error.message == f"'{text}' is too short for a run: give at least 4 characters of its id"


@pytest.mark.parametrize("text", ["", "9x0p", "train.py", "u" * 5, "a b c d", "\x1b[31m", "é" * 4])
def test_a_run_that_is_not_here(store: FakeStore, text: str) -> None:
    error = refusal(journaled(store, begin()), text)
    assert error.message == f"no run '{text}' here"
    assert error.hint == FETCH
    assert error.exit_code == 128


def test_an_empty_catalog(store: FakeStore) -> None:
    assert refusal(fresh_catalog(store), "9x0p").message == "no run '9x0p' here"


def test_a_run_that_has_not_begun_here_has_no_name(store: FakeStore) -> None:
    from tests.unit.catalog.made_up import label

    first = begin()
    catalog = journaled(store, label(first, "x"))
    for text in (first.run, short_id(first.run), run_name(first.run), "@"):
        refusal(catalog, text)


# -- completion ------------------------------------------------------------------------------------


def test_completion_offers_the_newest_first(store: FakeStore) -> None:
    first, second = begin(1), begin(2, operation="a\x1b[31m.py")
    catalog = journaled(store, first, second)
    assert catalog.complete("") == [
        (short_id(second.run), f"{run_name(second.run)}, a\\x1b[31m.py, 2026-11-22 12:00 UTC"),
        (short_id(first.run), f"{run_name(first.run)}, train.py, 2026-11-22 12:00 UTC"),
    ]


def test_completion_of_what_was_begun(store: FakeStore) -> None:
    first = begin(1)
    catalog = journaled(store, first, begin(2))
    assert [value for value, _ in catalog.complete(short_id(first.run)[:3])] == [
        short_id(first.run)
    ]
    assert [value for value, _ in catalog.complete(first.run[10:20])] == [first.run[10:20]]
    name = run_name(first.run)
    assert (name, f"{short_id(first.run)}, train.py, 2026-11-22 12:00 UTC") in catalog.complete(
        name[:-1]
    )
    assert catalog.complete("~") == []
