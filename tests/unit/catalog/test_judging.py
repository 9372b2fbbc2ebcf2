"""Verdicts on what others say: which records are judged, when, and what of it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.records import Record, sign_record
from tests.unit.catalog.made_up import (
    LANE,
    OTHER,
    FakeStore,
    after,
    begin,
    end,
    lines,
    open_catalog,
    ref,
)

FIRST = begin()
MINE = ref()
THEIRS = ref(OTHER, remote="origin")


class Judge:
    """Gives each signature the state it is made of: `good G` is G; without one it is N."""

    def __init__(self) -> None:
        self.asked: list[list[Record]] = []
        self.states: dict[str, str] = {}

    def __call__(self, records: Sequence[Record]) -> Mapping[str, str]:
        assert len({record.id for record in records}) == len(records)
        self.asked.append(list(records))
        return {record.id: self.states.get(record.id) or _state_of(record) for record in records}

    @property
    def times(self) -> int:
        return sum(map(len, self.asked))


def _state_of(record: Record) -> str:
    return record.sig.split()[-1] if record.sig else "N"


@pytest.fixture
def judge() -> Judge:
    return Judge()


def tag(name: str, *, lc: int = 3, writer: str = OTHER, **changes: Any) -> Record:
    return after(FIRST, "tag.add", {"tag": name}, lc=lc, writer=writer, **changes)


def signed(record: Record, state: str) -> Record:
    return sign_record(record, f"signature {state}")


def open_judged(store: FakeStore, judge: Judge) -> Catalog:
    catalog = open_catalog(store, judge=judge)
    assert catalog.refresh() == []
    return catalog


def states(catalog: Catalog) -> dict[str, str | None]:
    return {said.about: said.state for said in catalog.said(FIRST.run)}


def tags(catalog: Catalog) -> list[str]:
    document = catalog.document(FIRST.run)
    assert document is not None
    return list(document["tags"])


def test_what_others_say_counts_by_its_verdict(store: FakeStore, judge: Judge) -> None:
    letters = ("G", "U", "Y", "X", "E", "M", "R", "B", "flagged")
    said = [signed(tag(letter), letter) for letter in letters]
    store.lane(THEIRS, lines(FIRST, end(FIRST), *said, tag("N")))
    catalog = open_judged(store, judge)
    assert tags(catalog) == ["E", "G", "N", "U", "X", "Y"]
    assert states(catalog) == {letter: letter for letter in (*letters, "N")}
    assert judge.times == len(letters) + 1


def test_what_this_clone_wrote_is_not_judged(store: FakeStore, judge: Judge) -> None:
    store.lane(MINE, lines(FIRST, signed(tag("flushed", writer=LANE), "B")))
    store.journal(signed(tag("going", writer=LANE), "B"))
    catalog = open_judged(store, judge)
    assert tags(catalog) == ["flushed", "going"]
    assert (judge.times, states(catalog)) == (0, {"flushed": None, "going": None})


def test_what_lies_where_our_own_does_and_is_not_ours_is_judged(
    store: FakeStore, judge: Judge
) -> None:
    # A mirror has the lanes of others in refs/gage/w; whoever folds a lane has lines of others.
    store.lane(ref(OTHER), lines(FIRST, signed(tag("mirrored"), "B")))
    store.lane(MINE, lines(signed(tag("folded"), "B")))
    # And anybody can write the name of our lane into a record.
    store.lane(THEIRS, lines(signed(tag("forged", writer=LANE), "B")))
    catalog = open_judged(store, judge)
    assert tags(catalog) == []
    assert set(states(catalog).values()) == {"B"}


def test_our_own_that_comes_back_first_is_ours_once_it_is_found_here(
    store: FakeStore, judge: Judge
) -> None:
    own = signed(tag("mine", writer=LANE), "B")
    store.lane(ref(LANE, remote="origin"), lines(FIRST, own))
    catalog = open_judged(store, judge)
    assert tags(catalog) == []
    store.lane(MINE, lines(own))
    assert catalog.refresh() == []
    assert (tags(catalog), states(catalog)) == (["mine"], {"mine": None})


def test_a_copy_that_is_signed_at_last_is_judged_again(store: FakeStore, judge: Judge) -> None:
    plain = tag("x")
    store.lane(THEIRS, lines(FIRST, plain))
    catalog = open_judged(store, judge)
    assert states(catalog) == {"x": "N"}
    assert not catalog.said(FIRST.run)[0].signed

    store.lane(THEIRS, lines(FIRST, plain), lines(signed(plain, "G")))
    assert catalog.refresh() == []
    assert states(catalog) == {"x": "G"}
    assert catalog.said(FIRST.run)[0].signed


@pytest.mark.parametrize("spoiled", ["", "B", "M", "R", "flagged"])
@pytest.mark.parametrize("first", [True, False])
def test_nobody_spoils_a_record_by_another_copy(
    store: FakeStore, judge: Judge, spoiled: str, first: bool
) -> None:
    plain = tag("x")
    copies = [signed(plain, "U"), signed(plain, spoiled) if spoiled else plain]
    store.lane(THEIRS, lines(FIRST, copies[first]))
    catalog = open_judged(store, judge)
    store.lane(ref(OTHER, remote="other"), lines(copies[not first]))
    assert catalog.refresh() == []
    assert (tags(catalog), states(catalog)) == (["x"], {"x": "U"})
    assert catalog.said(FIRST.run)[0].signed


def test_a_signature_of_somebody_else_does_not_hide_what_is_unsigned(
    store: FakeStore, judge: Judge
) -> None:
    store.lane(THEIRS, lines(FIRST, tag("x"), signed(tag("x"), "M")))
    catalog = open_judged(store, judge)
    assert (tags(catalog), states(catalog)) == (["x"], {"x": "N"})


def test_eight_copies_of_a_record_are_kept_the_best_of_them(store: FakeStore, judge: Judge) -> None:
    plain = tag("x")
    forged = [sign_record(plain, f"{number} B") for number in range(20)]
    store.lane(THEIRS, lines(FIRST, *forged))
    catalog = open_judged(store, judge)
    assert states(catalog) == {"x": "B"}
    asked = judge.times

    store.lane(THEIRS, lines(FIRST, *forged), lines(signed(plain, "G")))
    catalog.refresh()
    assert states(catalog) == {"x": "G"}
    assert judge.times == asked + 9

    catalog.rejudge()
    assert states(catalog) == {"x": "G"}
    assert judge.times == asked + 9 + 8


def test_what_comes_again_through_others_is_not_judged_again(
    store: FakeStore, judge: Judge
) -> None:
    said = signed(tag("x"), "G")
    store.lane(THEIRS, lines(FIRST, said))
    catalog = open_judged(store, judge)
    store.lane(ref(OTHER, remote="other"), lines(said, FIRST))
    catalog.refresh()
    assert (judge.times, tags(catalog)) == (1, ["x"])


def test_all_is_judged_again_when_trust_changes(store: FakeStore, judge: Judge) -> None:
    other = begin(2)
    said, same = signed(tag("x"), "U"), signed(tag("y"), "G")
    comment = after(FIRST, "comment.add", {"text": "hi"}, writer=OTHER)
    store.lane(THEIRS, lines(FIRST, other, said, same, comment))
    store.journal(tag("mine", writer=LANE))
    catalog = open_judged(store, judge)
    assert tags(catalog) == ["mine", "x", "y"]

    judge.states = {said.id: "R", comment.id: "flagged"}
    catalog.rejudge()
    document = catalog.document(FIRST.run)
    assert document is not None
    assert (document["tags"], document["comments"]) == (["mine", "y"], [])
    assert catalog.find("comment") == catalog.find("tag = x") == []

    judge.states = {}
    catalog.rejudge()
    assert catalog.find("comment = hi and tag = x") == [FIRST.run]


def test_what_nothing_is_said_of_was_not_judged(store: FakeStore) -> None:
    store.lane(THEIRS, lines(FIRST, tag("x")))
    catalog = open_catalog(store, judge=lambda _: {})
    catalog.refresh()
    assert (tags(catalog), states(catalog)) == (["x"], {"x": None})


def test_without_a_judge_all_counts(store: FakeStore) -> None:
    said = [sign_record(tag("x"), f"{number} B") for number in range(20)]
    store.lane(THEIRS, lines(FIRST, *said))
    catalog = open_catalog(store)
    catalog.refresh()
    catalog.rejudge()
    assert (tags(catalog), states(catalog)) == (["x"], {"x": None})


def test_the_run_need_not_be_here(store: FakeStore, judge: Judge) -> None:
    store.lane(THEIRS, lines(signed(tag("x"), "U")))
    catalog = open_judged(store, judge)
    judge.states = dict.fromkeys((tag("x").id,), "B")
    catalog.rejudge()
    assert (catalog.newest(None), states(catalog)) == ([], {"x": "B"})


# -- lines -----------------------------------------------------------------------------------------


def test_all_copies_of_all_records(store: FakeStore) -> None:
    plain, other = tag("x"), begin(2)
    copies = [signed(plain, "G"), signed(plain, "B"), plain]
    store.lane(THEIRS, lines(*copies[1:], FIRST), lines(copies[0]))
    store.lane(ref(OTHER, remote="other"), lines(*copies, other))
    store.journal(signed(end(FIRST), "N"))
    catalog = open_catalog(store)
    catalog.refresh()
    found = list(catalog.record_lines([FIRST.run]))
    assert [record.id for record in found] == [FIRST.id, end(FIRST).id, *[plain.id] * 3]
    assert {record.line for record in found[2:]} == {copy.line for copy in copies}
    assert found[-1].sig is None
    assert [record.run for record in catalog.record_lines()] == [FIRST.run] * 5 + [other.run]
    assert list(catalog.record_lines([])) == []

    # To look at there is one of each, and with a signature where that is known.
    one = [record for record in catalog.records(FIRST.run) if record.id == plain.id]
    assert [record.sig is None for record in one] == [False]
    # To pass on there are all.
    assert len(catalog.lines_beyond([FIRST.run], "third")) == 5


def test_a_copy_with_a_signature_that_is_none_is_damaged(store: FakeStore) -> None:
    forged = signed(tag("x"), "G").line.replace(b'"signature G"', b"5")
    assert forged != tag("x").line
    store.lane(THEIRS, [*lines(FIRST, tag("x")), forged])
    catalog = open_catalog(store)
    assert catalog.refresh() == ["1 record is not what the format says and is left out"]
    assert [record.line for record in catalog.record_lines()] == lines(FIRST, tag("x"))
