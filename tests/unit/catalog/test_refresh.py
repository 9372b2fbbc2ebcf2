"""The catalog follows journals and lanes, and says what it could not read."""

from __future__ import annotations

import gc
import hashlib
import json
from typing import cast

import pytest

from git_gage.catalog import Catalog
from git_gage.catalog.loader import CHUNK
from git_gage.catalog.schema import MEMORY
from git_gage.store import Store
from tests.unit.catalog.made_up import (
    LANE,
    NOON,
    OTHER,
    FakeStore,
    after,
    begin,
    bind,
    end,
    end_body,
    fresh_catalog,
    label,
    lines,
    open_catalog,
    ref,
)


def test_a_run_goes_from_the_journal_into_a_lane(store: FakeStore) -> None:
    first = begin()
    store.journal(first)
    catalog = fresh_catalog(store)
    assert [document["status"] for document in catalog.newest(None)] == ["running"]

    store.journal(end(first))
    catalog.refresh()
    assert [document["status"] for document in catalog.newest(None)] == ["completed"]

    store.lane(ref(), lines(first, end(first)))
    store.files.clear()
    catalog.refresh()
    assert [document["status"] for document in catalog.newest(None)] == ["completed"]
    assert (catalog.count(), catalog.count_records()) == (1, 2)


def test_only_whole_lines_of_a_journal_are_read(store: FakeStore) -> None:
    first, second = begin(1), begin(2)
    store.journal(first)
    store.files["1-1-a.jsonl"] += second.line[:100]
    catalog = fresh_catalog(store)
    assert catalog.count() == 1
    store.files["1-1-a.jsonl"] += second.line[100:] + b"\n"
    catalog.refresh()
    assert catalog.count() == 2


def test_with_nothing_new_nothing_is_read_or_written(store: FakeStore) -> None:
    store.lane(ref(), lines(begin(1)))
    store.journal()
    store.journal(begin(2), name="2-1-b.jsonl")
    fresh_catalog(store, None).close()
    before = (store.dir / "catalog.db").read_bytes()
    store.asked_lines = 0
    fresh_catalog(store, None).close()
    assert store.asked_lines == store.repo.reads == 0
    assert (store.dir / "catalog.db").read_bytes() == before


def test_only_new_blobs_of_a_lane_are_read(store: FakeStore) -> None:
    store.lane(ref(), lines(begin(1)), lines(begin(2)))
    catalog = fresh_catalog(store)
    store.asked_lines = 0
    store.lane(ref(), lines(begin(1)), lines(begin(2)), lines(begin(3)))
    catalog.refresh()
    assert store.asked_lines == 1
    assert catalog.count() == 3


def test_the_same_blob_in_a_tracking_lane_is_not_read_again(store: FakeStore) -> None:
    first = begin()
    store.lane(ref(), lines(first))
    catalog = fresh_catalog(store)
    store.asked_lines = 0
    store.lane(ref(remote="origin"), lines(first))
    catalog.refresh()
    assert store.asked_lines == 0
    assert catalog.lines_beyond([first.run], "origin") == []


def test_runs_stay_when_a_ref_goes(store: FakeStore) -> None:
    first = begin()
    store.lane(ref(remote="origin"), lines(first))
    catalog = fresh_catalog(store)
    store.tips.clear()
    catalog.refresh()
    assert catalog.document(first.run) is not None
    assert catalog.lines_beyond([first.run], "origin")


def test_many_lanes_at_first_sight(store: FakeStore) -> None:
    for number in range(10):
        store.lane(ref(epoch=f"202611-{number:02d}", kind="sealed"), lines(begin(number)))
    catalog = fresh_catalog(store)
    assert catalog.count() == 10
    assert catalog.resolve(begin(3).run[10:15]) == begin(3).run


def test_more_records_than_are_held_in_memory(store: FakeStore) -> None:
    runs = [begin(number) for number in range(CHUNK)]
    ends = [end(first) for first in runs]
    store.lane(ref(), lines(*ends[:10]), lines(*runs), lines(*ends[10:]))
    catalog = fresh_catalog(store)
    assert catalog.count() == len(runs)
    found = [document["id"] for document in catalog.newest(None)]
    assert found == sorted((first.run for first in runs), reverse=True)


# -- what can't be read ------------------------------------------------------------------------


def test_records_of_a_newer_version_are_counted(store: FakeStore) -> None:
    good = begin(1)
    newer = begin(2).line.replace(b'"v":1', b'"v":2')
    unknown = after(good, "purge", {"name": "best"})
    store.lane(ref(), [good.line, newer], lines(unknown))
    catalog = open_catalog(store, None)
    assert catalog.refresh() == ["2 records need a newer git-gage"]
    assert catalog.count() == 1

    store.lane(ref(remote="origin"), [good.line, newer, begin(3).line])
    assert catalog.refresh() == ["2 records need a newer git-gage"]
    catalog.close()
    assert catalog.refresh() == ["2 records need a newer git-gage"]


def test_one_record_is_one_record(store: FakeStore) -> None:
    store.lane(ref(), [begin().line.replace(b'"v":1', b'"v":2')])
    assert open_catalog(store).refresh() == ["1 record needs a newer git-gage"]


def test_lines_that_are_no_records_are_counted(store: FakeStore) -> None:
    store.lane(ref(), [b"{}", b"\xff\x00", b"[]", begin().line])
    catalog = open_catalog(store)
    assert catalog.refresh() == ["3 records are not what the format says and are left out"]
    assert catalog.count() == 1


def test_a_blob_that_is_not_here_hides_no_other(store: FakeStore) -> None:
    first, second = begin(1), begin(2)
    store.lane(ref(), lines(first), lines(second))
    (gone, _) = store.trees[store.tips[ref()]]
    kept = store.blobs.pop(gone)
    catalog = open_catalog(store)
    assert catalog.refresh() == ["1 lane can't be read in full: see 'git fsck'"]
    assert [document["id"] for document in catalog.newest(None)] == [second.run]
    assert catalog.refresh() == ["1 lane can't be read in full: see 'git fsck'"]

    store.blobs[gone] = kept
    assert catalog.refresh() == []
    assert catalog.count() == 2


@pytest.mark.parametrize("what", ["blob", "tip"])
def test_what_git_stops_at_hides_no_other(store: FakeStore, what: str) -> None:
    first, second = begin(1), begin(2)
    store.lane(ref(), lines(first))
    store.lane(ref(OTHER), lines(second))
    tip = store.tips[ref()]
    store.broken = {tip if what == "tip" else store.trees[tip][0]}
    catalog = open_catalog(store)
    assert catalog.refresh() == ["1 lane can't be read in full: see 'git fsck'"]
    assert [document["id"] for document in catalog.newest(None)] == [second.run]

    store.broken.clear()
    assert catalog.refresh() == []
    assert catalog.count() == 2


def test_a_lane_that_moves_on_while_it_is_read_is_read_again(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process seals the epoch and git's gc takes what the old tip held."""
    first, second = begin(1), begin(2)
    store.lane(ref(), lines(first))
    store.broken = {store.tips[ref()]}
    read_tips = store.read_tips
    reads = 0

    def read_tips_late() -> dict[str, str]:
        nonlocal reads
        reads += 1
        if reads == 2:
            del store.tips[ref()]
            store.lane(ref(kind="sealed"), lines(first, second))
        return read_tips()

    monkeypatch.setattr(store, "read_tips", read_tips_late)
    catalog = open_catalog(store)
    assert catalog.refresh() == []
    assert catalog.count() == 2


def test_a_lane_that_never_rests_is_not_chased(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(1000))

    def read_tips() -> dict[str, str]:
        tip = f"{next(numbers):040x}"
        store.broken.add(tip)
        return {ref(): tip}

    monkeypatch.setattr(store, "read_tips", read_tips)
    store.journal(begin())
    catalog = open_catalog(store)
    assert catalog.refresh() == []
    assert catalog.count() == 1


def test_another_process_may_be_quicker(store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes in the same news between our look and our turn to write."""
    store.journal(begin(1))
    mine, theirs = fresh_catalog(store, None), open_catalog(store, None)
    store.journal(begin(2))
    read_tips = store.read_tips
    reads = 0

    def read_tips_late() -> dict[str, str]:
        nonlocal reads
        reads += 1
        if reads == 1:
            theirs.refresh()
        return read_tips()

    monkeypatch.setattr(store, "read_tips", read_tips_late)
    mine.refresh()
    assert (mine.count(), mine.count_records()) == (2, 2)


# -- bulk documents ----------------------------------------------------------------------------

PACKAGES = {"numpy": "2.4.0", "torch": "2.9"}
ENVIRONMENT = {"python": "3.11.7", "packages": PACKAGES}


def test_packages_come_from_git(store: FakeStore) -> None:
    bound = {"environment.json": store.bulk(ENVIRONMENT)}
    store.lane(ref(), lines(begin(1, bulk=bound), begin(2, bulk=bound)))
    catalog = fresh_catalog(store)
    assert store.repo.reads == 1
    for document in catalog.newest(None):
        assert document["environment"]["packages"] == PACKAGES
    for text in catalog.iter_documents(None):
        assert json.loads(text)["environment"]["packages"] == PACKAGES

    store.journal(begin(3, bulk=bound))
    catalog.refresh()
    assert store.repo.reads == 1
    assert catalog.newest(1)[0]["environment"]["packages"] == PACKAGES


def test_packages_of_a_run_that_goes_on_lie_with_it(store: FakeStore) -> None:
    first = begin(1, bulk={"environment.json": bind(ENVIRONMENT)})
    store.state(first.run, "environment.json", ENVIRONMENT)
    store.journal(first)
    catalog = fresh_catalog(store)
    assert catalog.newest(1)[0]["environment"]["packages"] == PACKAGES
    assert store.repo.reads == 0


def test_packages_that_arrive_later_are_shown_then(store: FakeStore) -> None:
    first = begin(1, bulk={"environment.json": bind(ENVIRONMENT)})
    store.lane(ref(), lines(first))
    catalog = fresh_catalog(store)
    assert catalog.newest(1)[0]["environment"]["packages"] is None

    store.bulk(ENVIRONMENT)
    catalog.refresh()
    assert catalog.newest(1)[0]["environment"]["packages"] is None
    catalog.refresh(bulk=True)
    assert catalog.newest(1)[0]["environment"]["packages"] == PACKAGES
    reads = store.repo.reads
    catalog.refresh(bulk=True)
    assert store.repo.reads == reads


def test_packages_that_arrive_with_other_records_are_shown(store: FakeStore) -> None:
    first = begin(1, bulk={"environment.json": bind(ENVIRONMENT)})
    store.lane(ref(), lines(first))
    catalog = fresh_catalog(store)
    store.bulk(ENVIRONMENT)
    store.journal(end(first))
    catalog.refresh()
    assert catalog.newest(1)[0]["environment"]["packages"] == PACKAGES


def test_a_wrong_claim_does_not_hide_the_right_one(store: FakeStore) -> None:
    """Who binds the digest of our packages to another object hides nothing but their own."""
    right = store.bulk(ENVIRONMENT)
    wrong = {**right, "oid": "1" * 40}
    theirs, ours = (
        begin(number, bulk={"environment.json": bound})
        for number, bound in ((1, wrong), (2, right))
    )
    store.lane(ref(OTHER), lines(theirs))
    catalog = fresh_catalog(store)
    store.lane(ref(), lines(ours))
    catalog.refresh()
    assert catalog.newest(1)[0]["environment"]["packages"] == PACKAGES


SECRET = b"TOKEN=1"
BAD_BOUNDS: dict[str, object] = {
    "not an object": "environment.json",
    "no size": {"oid": "1" * 40, "sha256": "1" * 64},
    "oid that is a name": {"oid": "HEAD:.env", "sha256": "1" * 64, "size": 5},
    "oid that is a number": {"oid": 5, "sha256": "1" * 64, "size": 5},
    "digest of something else": {**bind(SECRET), "sha256": "1" * 64},
    "another size": {**bind(SECRET), "size": 6},
    "endless": {**bind(SECRET), "size": 1 << 40},
    "no JSON": bind(SECRET),
    "no object": bind([1]),
    "packages that are numbers": bind({"packages": {"a": 1}}),
    "packages that are a list": bind({"packages": ["a"]}),
    "no packages": bind({}),
}


@pytest.mark.parametrize("bound", BAD_BOUNDS.values(), ids=BAD_BOUNDS.keys())
def test_what_is_no_environment_is_not_shown(store: FakeStore, bound: object) -> None:
    for document in (SECRET, [1], {"packages": {"a": 1}}, {"packages": ["a"]}, {}):
        store.bulk(document)
    store.lane(ref(), lines(begin(1, bulk={"environment.json": bound})))
    catalog = fresh_catalog(store)
    assert catalog.newest(1)[0]["environment"]["packages"] is None


def test_bulk_that_is_no_object_is_no_bulk(store: FakeStore) -> None:
    store.lane(ref(), lines(begin(1, bulk=["environment.json"])))
    assert fresh_catalog(store).newest(1)[0]["environment"]["packages"] is None


def test_a_long_body_is_read_from_bulk(store: FakeStore) -> None:
    status = [{"path": f"file{number}", "xy": " M"} for number in range(1000)]
    whole = json.loads(begin(1, source__status=status).line)["body"]
    metrics = {
        f"m{number}": {"last": 1, "min": 1, "max": 1, "mean": 1, "count": 1}
        for number in range(500)
    }
    first = begin(1, source__status=None, bulk={"begin.json": store.bulk(whole)})
    bound = store.bulk(end_body(metrics=metrics))
    store.lane(ref(), lines(first, end(first, metrics=None, bulk={"end.json": bound})))
    (document,) = fresh_catalog(store).newest(None)
    assert len(document["source"]["status"]) == 1000
    assert len(document["metrics"]) == 500


def test_a_long_body_that_is_not_sound_does_not_count(store: FakeStore) -> None:
    whole = {**end_body(), "status": "splendid"}
    first = begin()
    store.lane(ref(), lines(first, end(first, bulk={"end.json": store.bulk(whole)})))
    (document,) = fresh_catalog(store).newest(None)
    assert document["status"] == "completed"


def test_a_long_body_that_arrives_late_and_is_not_sound_does_not_count(store: FakeStore) -> None:
    whole = {**end_body(), "status": "splendid"}
    first = begin()
    store.lane(ref(), lines(first, end(first, bulk={"end.json": bind(whole)})))
    catalog = fresh_catalog(store)
    store.bulk(whole)
    catalog.refresh(bulk=True)
    assert catalog.newest(1)[0]["status"] == "completed"


def test_a_long_body_of_an_end_that_does_not_count_is_not_shown(store: FakeStore) -> None:
    whole = end_body(exit_code=7, status="error")
    first = begin()
    late = end(first, lc=9, bulk={"end.json": bind(whole)})
    store.lane(ref(), lines(first, late, end(first, lc=2)))
    catalog = fresh_catalog(store)
    store.bulk(whole)
    catalog.refresh(bulk=True)
    assert catalog.newest(1)[0]["exit_code"] == 0


def test_a_state_file_of_another_size_is_not_read(store: FakeStore) -> None:
    first = begin(1, bulk={"environment.json": bind(ENVIRONMENT)})
    store.state(first.run, "environment.json", {"packages": {}})
    store.journal(first)
    assert fresh_catalog(store).newest(1)[0]["environment"]["packages"] is None


def test_metrics_follow_the_end_that_counts(store: FakeStore) -> None:
    first = begin()
    guessed = end(first, reason="killed", metrics={"old": _metric(1), "loss": _metric("nan")})
    store.journal(first, guessed)
    catalog = fresh_catalog(store)
    store.journal(end(first, metrics={"loss": _metric(0.5)}))
    catalog.refresh()
    assert catalog.newest(1)[0]["metrics"] == {"loss": 0.5}


def _metric(last: object) -> dict[str, object]:
    return {"last": last, "min": 0, "max": 1, "mean": 0.5, "count": 2}


def test_labels_wait_for_their_run(store: FakeStore) -> None:
    first = begin()
    store.journal(label(first, "fetched first"))
    catalog = fresh_catalog(store)
    assert (catalog.newest(None), catalog.count(), catalog.count_records()) == ([], 0, 1)
    assert catalog.document(first.run) is None
    store.journal(first)
    catalog.refresh()
    assert catalog.newest(1)[0]["label"] == "fetched first"


def test_record_ids_are_kept_as_they_are(store: FakeStore) -> None:
    first = begin()
    store.journal(first)
    chain = fresh_catalog(store).chain(first.run, LANE)
    assert chain.prev == first.id == hashlib.sha256(first.line).hexdigest()


def test_a_staged_run_starts_once(store: FakeStore) -> None:
    staged = begin(1, staged=True)
    where = {"environment": {"host": "lab4"}}
    late = after(staged, "run.start", where, at=NOON + 20, seq=1)
    early = after(
        staged, "run.start", {"environment": {"host": "lab5"}}, at=NOON + 10, writer=OTHER
    )
    store.journal(staged)
    catalog = fresh_catalog(store)
    assert [document["status"] for document in catalog.newest(None)] == ["staged"]
    store.journal(late)
    catalog.refresh()
    store.journal(early)
    catalog.refresh()
    store.journal(after(staged, "run.start", where, at=NOON + 30, seq=2))
    store.journal(end(staged, seq=3))
    catalog.refresh()
    (document,) = catalog.newest(None)
    assert (document["status"], document["environment"]["host"]) == ("completed", "lab5")
    assert document["started"] == early.at
    assert document["staged"] == staged.at


def test_the_start_of_a_run_that_was_not_staged_says_nothing(store: FakeStore) -> None:
    first = begin(1)
    wrong = after(first, "run.start", {"environment": {"host": 3}}, seq=1)
    staged = begin(2, staged=True)
    store.journal(first, after(first, "run.start", {"environment": {}}, seq=2), wrong)
    store.journal(staged, after(staged, "run.start", {"environment": {"host": 3}}, seq=1))
    catalog = open_catalog(store)
    assert catalog.refresh() == ["1 record is not what the format says and is left out"]
    assert [document["status"] for document in catalog.newest(None)] == ["staged", "running"]


def test_tags_are_a_set_and_what_is_none_is_damaged(store: FakeStore) -> None:
    first = begin(1)
    tags = [after(first, "tag.add", {"tag": tag}, seq=seq) for seq, tag in enumerate("bab", 1)]
    store.journal(first, *tags, after(first, "tag.add", {"tag": 3}, seq=4))
    catalog = open_catalog(store)
    assert catalog.refresh() == ["1 record is not what the format says and is left out"]
    assert [document["tags"] for document in catalog.newest(None)] == [["a", "b"]]


@pytest.mark.parametrize("attributes", [[1], {"a": {"b": 1}}])
def test_an_end_with_attributes_that_are_none_is_damaged(
    store: FakeStore, attributes: object
) -> None:
    first = begin(1)
    store.journal(first, end(first, attributes=attributes))
    catalog = open_catalog(store)
    catalog.refresh()
    (document,) = catalog.newest(None)
    assert document["status"] == "running"


def test_a_load_tells_how_far_it_has_come(store: FakeStore) -> None:
    heard: list[float | None] = []
    catalog = Catalog(cast(Store, store), MEMORY, tell=heard.append)
    catalog.refresh()
    assert heard == []
    store.lane(ref(), lines(begin(1)), lines(begin(2)))
    catalog.refresh()
    assert heard == [0.0, 0.5, None]
    assert gc.isenabled()


def test_a_load_leaves_the_garbage_collector_as_it_was(store: FakeStore) -> None:
    store.lane(ref(), lines(begin(1)))
    gc.disable()
    try:
        fresh_catalog(store)
        assert not gc.isenabled()
    finally:
        gc.enable()
