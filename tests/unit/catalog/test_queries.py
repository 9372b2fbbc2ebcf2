"""What the other rooms ask of the catalog."""

from __future__ import annotations

import pytest

from git_gage.catalog import Chain
from git_gage.catalog import catalog as module
from git_gage.catalog.lines import MOST_KEPT
from git_gage.records import Record
from tests.unit.catalog.made_up import (
    LANE,
    OTHER,
    FakeStore,
    after,
    begin,
    end,
    fresh_catalog,
    label,
    lines,
    ref,
)


def test_the_newest_runs_come_first(store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    runs = [begin(number) for number in range(5)]
    store.journal(*runs)
    catalog = fresh_catalog(store)
    newest_first = [record.run for record in reversed(runs)]
    for limit in (0, 1, 2, 3, 4, 5, 6, None):
        found = [document["id"] for document in catalog.newest(limit)]
        assert found == newest_first[:limit]
        assert len(list(catalog.iter_documents(limit))) == len(found)


def test_runs_that_come_while_all_are_read_do_no_harm(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    store.journal(*(begin(number) for number in range(4)))
    catalog = fresh_catalog(store)
    texts = catalog.iter_documents(None)
    next(texts)
    store.journal(begin(9))
    catalog.refresh()
    assert len(list(texts)) == 3


# -- chains ----------------------------------------------------------------------------------------


def test_the_chain_of_a_writer(store: FakeStore) -> None:
    first = begin()
    last = end(first)
    store.journal(first, last)
    catalog = fresh_catalog(store)
    assert catalog.chain(first.run, LANE) == Chain(2, last.id, 2)
    assert catalog.chain(first.run, OTHER) == Chain(0, None, 2)
    assert catalog.chain(begin(9).run, LANE) == Chain(0, None, 0)


def test_a_clock_that_somebody_set_too_high_leaves_room_for_the_next(store: FakeStore) -> None:
    first = begin()
    store.journal(first, label(first, "x", lc=2**53, writer=OTHER))
    assert fresh_catalog(store).chain(first.run, LANE).lc + 1 == 2**53 - 1


def test_a_number_that_somebody_set_too_high_leaves_room_for_the_next(store: FakeStore) -> None:
    first = begin()
    forged = after(first, "attr.set", {"name": "label", "value": "x"}, seq=2**53)
    store.journal(first, forged)
    assert fresh_catalog(store).chain(first.run, LANE).seq == 2**53 - 1


def test_records_that_are_not_shown_have_their_place_in_the_chain(store: FakeStore) -> None:
    first = begin()
    unknown = after(first, "purge", {"name": "x"}, seq=4)
    store.journal(first, unknown)
    catalog = fresh_catalog_with_notice(store)
    assert catalog.chain(first.run, LANE).seq == 5


def fresh_catalog_with_notice(store: FakeStore) -> module.Catalog:
    from tests.unit.catalog.made_up import open_catalog

    catalog = open_catalog(store)
    assert catalog.refresh() == ["1 record needs a newer git-gage"]
    return catalog


# -- remotes ---------------------------------------------------------------------------------------


def test_a_run_is_on_a_remote_when_all_its_records_are(store: FakeStore) -> None:
    first = begin()
    store.lane(ref(), lines(first))
    catalog = fresh_catalog(store)
    assert catalog.lines_beyond([first.run], "origin")

    store.lane(ref(remote="origin"), lines(first))
    catalog.refresh()
    assert catalog.lines_beyond([first.run], "origin") == []
    assert catalog.lines_beyond([first.run], "backup")

    store.journal(end(first))
    catalog.refresh()
    assert catalog.lines_beyond([first.run], "origin")
    assert catalog.lines_beyond([first.run], "origin") == lines(end(first))
    assert catalog.lines_beyond([first.run], "backup") == lines(first, end(first))


def test_records_of_a_run_lie_in_several_lanes_of_a_remote(store: FakeStore) -> None:
    first = begin()
    store.lane(ref(), lines(first, end(first)))
    store.lane(ref(remote="origin"), lines(first))
    store.lane(ref(OTHER, remote="origin"), lines(end(first)))
    assert fresh_catalog(store).lines_beyond([first.run], "origin") == []


def test_records_of_many_runs_are_read_in_one_go(store: FakeStore) -> None:
    first, second, other = begin(1), begin(2), begin(3)
    store.lane(ref(), lines(first, second, other))
    store.journal(end(second))
    catalog = fresh_catalog(store)
    store.asked_lines = 0
    beyond = catalog.lines_beyond([second.run, first.run], "origin")
    assert beyond == lines(second, end(second), first)
    assert store.asked_lines == 1


def test_who_asks_for_one_run_after_the_other_reads_each_blob_once(store: FakeStore) -> None:
    runs = [begin(number) for number in range(6)]
    store.lane(ref(), lines(*runs[:3]), lines(*runs[3:]))
    catalog = fresh_catalog(store)
    store.asked_lines = 0
    assert [catalog.records(each.run) for each in runs] == [[each] for each in runs]
    assert store.asked_lines == 2


def test_of_many_blobs_the_last_ones_are_kept(store: FakeStore) -> None:
    runs = [begin(number) for number in range(MOST_KEPT + 2)]
    store.lane(ref(), *(lines(each) for each in runs))
    catalog = fresh_catalog(store)
    for _ in range(2):
        assert [each.run for each in catalog.record_lines()] == [each.run for each in runs]


def test_a_remote_with_a_slash_in_its_name_is_another_remote(store: FakeStore) -> None:
    first = begin()
    store.lane(ref(remote="team/origin"), lines(first))
    catalog = fresh_catalog(store)
    assert catalog.lines_beyond([first.run], "team/origin") == []
    assert catalog.lines_beyond([first.run], "team")


def test_what_a_remote_was_given_is_not_what_it_has(store: FakeStore) -> None:
    first = begin()
    store.lane(f"refs/gage-out/origin/w/{LANE}/202611-01/log", lines(first))
    store.lane("refs/gage/w/ODD/name/log", lines(first))
    assert fresh_catalog(store).lines_beyond([first.run], "origin")


# -- records ---------------------------------------------------------------------------------------


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


def test_all_records_of_a_run(store: FakeStore) -> None:
    first, last = begin(), label(begin(), "x")
    middle = end(first)
    store.lane(ref(), lines(last, begin(2), first), lines(first))
    store.journal(middle, end(begin(2)))
    catalog = fresh_catalog(store)
    assert ids(catalog.records(first.run)) == ids([first, middle, last])
    assert catalog.records(begin(9).run) == []


def test_a_signed_line_is_handed_on_as_it_is(store: FakeStore) -> None:
    first = begin()
    signed = first.line[:-1].replace(b',"v":1', b',"sig":"abc","v":1') + b"}"
    odd = b'{"sig":1,"v":"?"}'
    store.files["1-1-a.jsonl"] = b"".join(line + b"\n" for line in (b"{}", signed, odd))
    from tests.unit.catalog.made_up import open_catalog

    catalog = open_catalog(store)
    assert len(catalog.refresh()) == 1
    assert [record.line for record in catalog.records(first.run)] == [signed]


def test_records_that_went_into_a_lane_since(store: FakeStore) -> None:
    first = begin()
    store.journal(first)
    catalog = fresh_catalog(store)
    store.lane(ref(), lines(first))
    store.files.clear()
    assert ids(catalog.records(first.run)) == [first.id]
