"""What a run looks like, whoever wrote its records and in whatever order they came."""

from __future__ import annotations

import itertools
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from git_gage.catalog import Catalog
from git_gage.catalog.documents import add_live, begin_part, new_document, replace_begin
from git_gage.records import By, Record, make_record, parse_record, run_name
from tests.unit.catalog.made_up import (
    AUTHOR,
    LANE,
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


def show(store: FakeStore, *records: Record) -> dict[str, Any]:
    """The object of the one run that the records are about."""
    store.journal(*records)
    (document,) = fresh_catalog(store).newest(None)
    return document


def test_a_run_that_goes_on(store: FakeStore) -> None:
    first = begin(3)
    document = show(store, first)
    assert document["id"] == first.run
    assert document["name"] == run_name(first.run)
    assert document["status"] == "running"
    assert document["started"] == "2026-11-22T12:00:03.000Z"
    assert document["config"] == {"lr": 0.1, "epochs": 3}
    assert document["author"] == AUTHOR
    assert document["writer"] == LANE
    assert document["source"]["status"] == {"train.py": " M"}
    assert document["source"]["left_out"] == [{"path": ".env", "reason": "secret"}]
    assert document["environment"]["packages"] is None
    for key in ("exit_code", "ended", "duration_s", "label", "signal", "output", "reason"):
        assert document[key] is None
    assert (document["tags"], document["metrics"], document["written"]) == ([], {}, [])


def test_a_run_that_ended(store: FakeStore) -> None:
    first = begin()
    document = show(store, first, end(first))
    assert document["status"] == "completed"
    assert document["exit_code"] == 0
    assert document["duration_s"] == 842.5
    assert document["metrics"] == {"acc": 0.91, "loss": 0.25}
    assert document["summaries"]["acc"]["max"] == 0.95
    assert document["output"] == {"bytes": 12345, "lines": 812, "kept": 12345}
    assert document["generated"] == {"files": 2, "bytes": 5000}
    assert document["written"] == [{"path": "data/seen.txt"}]


def test_an_end_that_nobody_saw(store: FakeStore) -> None:
    first = begin()
    unseen = end(
        first,
        status="terminated",
        exit_code=None,
        ended=None,
        duration_s=None,
        metrics=None,
        output=None,
        reason="killed",
    )
    document = show(store, first, unseen)
    assert (document["status"], document["reason"]) == ("terminated", "killed")
    assert (document["ended"], document["duration_s"], document["metrics"]) == (None, None, {})


def test_every_key_is_there_before_and_after_the_end(store: FakeStore) -> None:
    going, ended = begin(1), begin(2)
    store.journal(going, ended, end(ended))
    newer, older = fresh_catalog(store).newest(None)
    assert list(newer) == list(older)
    assert list(newer)[-1] == "environment"
    assert list(newer["environment"])[-1] == "packages"


def test_config_values_are_native(store: FakeStore) -> None:
    values = {
        "int": ("12", 12),
        "float": ("1e-3", 0.001),
        "bool": ("true", True),
        "null": ("null", None),
        "str": ("12", "12"),
        "json": ("[1, {}]", [1, {}]),
    }
    config = {kind: {"type": kind, "text": text} for kind, (text, _) in values.items()}
    document = show(store, begin(config=config))
    assert document["config"] == {kind: value for kind, (_, value) in values.items()}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "1_000", 1000),
        ("int", "0x1f", 31),
        ("int", "ten", "ten"),
        ("float", "1_000.5", 1000.5),
        ("float", "x", "x"),
        ("bool", "True", True),
        ("bool", "yes", "yes"),
        ("json", "{", "{"),
    ],
)
def test_a_config_value_is_what_its_text_says(
    store: FakeStore, kind: str, text: str, value: Any
) -> None:
    document = show(store, begin(config={"key": {"type": kind, "text": text}}))
    assert document["config"] == {"key": value}
    assert type(document["config"]["key"]) is type(value)


def test_numbers_that_json_cannot_hold_are_words(store: FakeStore) -> None:
    metric = {"last": "nan", "min": "-inf", "max": "inf", "mean": "nan", "count": 3}
    first = begin(config={"lr": {"type": "float", "text": "inf"}})
    document = show(store, first, end(first, metrics={"loss": metric}))
    assert document["config"] == {"lr": "inf"}
    assert document["metrics"] == {"loss": "nan"}
    steps = {"last_step": None, "min_step": None, "max_step": None}
    assert document["summaries"] == {"loss": metric | steps}


def test_what_is_known_of_a_going_run_is_shown_if_it_can_be_read(store: FakeStore) -> None:
    document = show(store, begin())
    metric = {"last": 1, "min": 1, "max": 1, "mean": 1, "count": 1}
    live = add_live(document, {"loss": metric}, {"device": "cpu"})
    assert (live["metrics"], live["attributes"]) == ({"loss": 1}, {"device": "cpu"})
    assert document["metrics"] == {}
    for metrics, logged in (({"loss": 1}, {}), ({}, {"device": []})):
        live = add_live(document, metrics, logged)
        assert (live["metrics"], live["attributes"]) == ({}, {})


def test_words_that_are_not_utf8_are_quoted(store: FakeStore) -> None:
    odd = {"b64": "ZGF0YS//"}
    first = begin(
        command__argv=["cat", odd],
        source__status=[{"path": odd, "xy": "??"}],
        source__linked=[{"path": odd}],
    )
    document = show(store, first)
    assert document["command"]["argv"] == ["cat", '"data/\\377"']
    assert document["source"]["status"] == {'"data/\\377"': "??"}
    assert document["source"]["linked"] == [{"path": '"data/\\377"'}]


def test_a_run_without_source_or_project(store: FakeStore) -> None:
    document = show(store, begin(source=None, project=None, environment=None))
    assert document["source"]["commit"] is None
    assert document["source"]["status"] == {}
    assert document["project"] == {"id": None, "namespace": None, "path": None}
    assert document["environment"]["gpus"] == []


def test_texts_are_the_documents_in_ascii(store: FakeStore) -> None:
    first = begin(operation="größe.py")
    store.journal(first, label(first, "☃"))
    catalog = fresh_catalog(store)
    (text,) = catalog.iter_documents(None)
    assert text.isascii()
    assert json.loads(text) == catalog.document(first.run)


# -- attributes ------------------------------------------------------------------------------------


def test_the_last_label_counts(store: FakeStore) -> None:
    first = begin()
    document = show(store, first, label(first, "new", lc=4), label(first, "old", lc=3))
    assert document["label"] == "new"


def test_a_label_can_be_taken_away(store: FakeStore) -> None:
    first = begin()
    assert show(store, first, label(first, "a"), label(first, None, lc=4))["label"] is None


def test_other_attributes_have_any_value(store: FakeStore) -> None:
    first = begin()
    rating = after(first, "attr.set", {"name": "rating", "value": {"stars": 4}}, lc=3)
    gone = label(first, "x", name="gone", lc=4)
    document = show(store, first, rating, gone, label(first, None, name="gone", lc=5))
    assert document["attributes"] == {"rating": {"stars": 4}}
    assert document["label"] is None


# -- several ends ----------------------------------------------------------------------------------


def test_an_end_that_was_seen_beats_one_that_recovery_wrote(store: FakeStore) -> None:
    first = begin()
    guessed = end(first, status="terminated", exit_code=None, reason="its end was not seen", lc=2)
    document = show(store, first, guessed, end(first, lc=9))
    assert document["status"] == "completed"
    assert document["reason"] is None


def test_the_runs_own_writer_knows_best(store: FakeStore) -> None:
    first = begin()
    foreign = end(first, status="error", exit_code=1, lc=2, writer=OTHER)
    own = end(first, status="terminated", exit_code=None, reason="killed", lc=3)
    assert show(store, foreign, own, first)["reason"] == "killed"


def test_the_first_of_equal_ends_counts(store: FakeStore) -> None:
    first = begin()
    document = show(store, end(first, lc=3, exit_code=3), first, end(first, lc=2, exit_code=2))
    assert document["exit_code"] == 2


# -- what others may write -------------------------------------------------------------------------

BAD_BEGINS: dict[str, dict[str, Any]] = {
    "no operation": {"operation": None},
    "empty operation": {"operation": ""},
    "config is a list": {"config": ["lr"]},
    "config value is a number": {"config": {"lr": 0.1}},
    "config value of no type": {"config": {"lr": {"type": "complex", "text": "1j"}}},
    "config text is a number": {"config": {"lr": {"type": "int", "text": 1}}},
    "config type is a list": {"config": {"lr": {"type": [], "text": "1"}}},
    "argv is text": {"command__argv": "rm -rf"},
    "argv holds numbers": {"command__argv": [1]},
    "no command": {"command": None},
    "variable is a number": {"command__variables": {"A": 1}},
    "source is text": {"source": "main"},
    "commit is a number": {"source__commit": 5},
    "files is a flag": {"source__files": True},
    "status entry is text": {"source__status": ["train.py"]},
    "linked with a list": {"source__linked": [{"path": "a", "size": [1]}]},
    "status without a path": {"source__status": [{"xy": "??"}]},
    "left out without a reason": {"source__left_out": [{"path": "a"}]},
    "project id is a number": {"project__id": [1]},
    "gpus are numbers": {"environment__gpus": [1]},
    "path that is no base64": {"source__linked": [{"path": {"b64": "é"}}]},
}
BAD_ENDS: dict[str, dict[str, Any]] = {
    "unknown status": {"status": "running"},
    "status is a list": {"status": []},
    "exit code is text": {"exit_code": "0"},
    "ended is no time": {"ended": "yesterday"},
    "metrics is a list": {"metrics": [1]},
    "metric is a number": {"metrics": {"a": 1}},
    "metric without a count": {"metrics": {"a": {"last": 1, "min": 1, "max": 1, "mean": 1}}},
    "output is a number": {"output": 5},
    "written is text": {"written": "a"},
}
BAD_ATTRIBUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "label is a number": ("attr.set", {"name": "label", "value": 5}),
    "no value": ("attr.set", {"name": "rating"}),
    "no name": ("attr.del", {}),
    "empty name": ("attr.set", {"name": "", "value": "x"}),
}
ONE_LEFT_OUT = ["1 record is not what the format says and is left out"]


@pytest.mark.parametrize("changes", BAD_BEGINS.values(), ids=BAD_BEGINS.keys())
def test_a_begin_that_is_not_what_the_format_says_is_told(
    store: FakeStore, changes: dict[str, Any]
) -> None:
    good = begin(2)
    store.journal(begin(1, **changes), good)
    catalog = open_catalog(store)
    assert catalog.refresh() == ONE_LEFT_OUT
    assert [document["id"] for document in catalog.newest(None)] == [good.run]
    assert catalog.count() == 1


@pytest.mark.parametrize("changes", BAD_ENDS.values(), ids=BAD_ENDS.keys())
def test_an_end_that_is_not_what_the_format_says_is_told(
    store: FakeStore, changes: dict[str, Any]
) -> None:
    first = begin()
    store.journal(first, end(first, **changes))
    catalog = open_catalog(store)
    assert catalog.refresh() == ONE_LEFT_OUT
    assert [document["status"] for document in catalog.newest(None)] == ["running"]


@pytest.mark.parametrize(("kind", "body"), BAD_ATTRIBUTES.values(), ids=BAD_ATTRIBUTES.keys())
def test_an_attribute_that_is_not_what_the_format_says_is_told(
    store: FakeStore, kind: str, body: dict[str, Any]
) -> None:
    first = begin()
    store.journal(first, after(first, kind, body))
    catalog = open_catalog(store)
    assert catalog.refresh() == ONE_LEFT_OUT
    assert catalog.newest(None)[0]["label"] is None


def test_text_that_is_no_unicode_does_no_harm(store: FakeStore) -> None:
    """JSON can spell half a character; SQLite and terminals cannot take it."""
    first = begin(operation="OPERATION", config={"KEY": {"type": "str", "text": "x"}})
    half = first.line.replace(b"OPERATION", b"a\\ud800").replace(b"KEY", b"k\\ud800")
    half = half.replace(LANE.encode(), b"lane\\udfff")
    store.files["1-1-a.jsonl"] = b"{}\n" + half + b"\n"
    catalog = fresh_catalog(store)
    (document,) = catalog.newest(None)
    assert document["operation"] == "a\ud800"
    assert catalog.chain(document["id"], "lane\\udfff").seq == 1


@pytest.mark.parametrize("depth", [40, 500, 50_000])
def test_values_nested_deeply_do_no_harm(store: FakeStore, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    config = {"deep": {"type": "json", "text": deep}, "a": {"type": "int", "text": "1"}}
    first = begin(config=config)
    document = show(store, first, end(first))
    assert document["config"]["a"] == 1
    shown = document["config"]["deep"]
    assert shown == deep or json.dumps(shown) == "[" * 32 + '"\\u2026"' + "]" * 32


def test_an_attribute_nested_deeply_does_no_harm(store: FakeStore) -> None:
    deep = json.loads("[" * 100 + "]" * 100)
    first = begin()
    document = show(store, first, after(first, "attr.set", {"name": "deep", "value": deep}))
    assert json.dumps(document["attributes"]["deep"]).count("[") == 32


def test_numbers_without_end_do_no_harm(store: FakeStore) -> None:
    first = begin()
    last = end(first)
    huge = parse_record(last.line.replace(b'"last":0.25', b'"last":1e999'))
    count = parse_record(last.line.replace(b'"last":0.25', b'"last":' + b"9" * 400))
    assert show(store, first, huge)["metrics"]["loss"] == "inf"
    other = FakeStore(store.dir / "other")
    assert show(other, first, count)["metrics"]["loss"] == int("9" * 400)


# -- order -----------------------------------------------------------------------------------------


def story() -> tuple[list[Record], dict[str, dict[str, Any]]]:
    """Records about four runs, one of which never begins, and the bulk documents they bind."""
    environment = {"python": "3.11.7", "packages": {"numpy": "2.4.0"}}
    whole_begin = {**json.loads(begin(1).line)["body"], "config_diff": "+" * 40}
    whole_end = end_body(metrics={"m": {"last": 1, "min": 1, "max": 1, "mean": 1, "count": 1}})
    documents = {"environment.json": environment, "begin.json": whole_begin, "end.json": whole_end}
    bound = {name: bind(document) for name, document in documents.items()}
    first = begin(1, source__status=[], bulk={name: bound[name] for name in list(bound)[:2]})
    second = begin(2, writer=OTHER, bulk={"environment.json": bound["environment.json"]})
    third, unknown = begin(3), begin(4)
    records = [
        first,
        second,
        third,
        end(first, metrics={}, bulk={"end.json": bound["end.json"]}),
        end(first, lc=3, exit_code=None, reason="killed", status="terminated"),
        end(second, lc=4, exit_code=1, status="error"),
        end(second, lc=2, exit_code=2, status="error", writer=OTHER),
        end(unknown),
        label(unknown, "lost"),
        label(first, "a", lc=3),
        label(first, "b", lc=4),
        label(second, "c", lc=3),
        label(second, None, lc=5),
        label(third, "same clock", lc=3),
        label(third, "same clock too", lc=3, writer=OTHER),
        label(third, "yes", name="kept", lc=4),
    ]
    return records, documents


RECORDS, DOCUMENTS = story()


def state(catalog: Catalog) -> tuple[list[dict[str, Any]], list[str], int]:
    notices = catalog.refresh(bulk=True)
    return catalog.newest(None), notices, catalog.count_records()


def expected() -> tuple[list[dict[str, Any]], list[str], int]:
    with tempfile.TemporaryDirectory() as folder:
        store = FakeStore(Path(folder))
        for document in DOCUMENTS.values():
            store.bulk(document)
        store.lane(ref(), lines(*RECORDS))
        return state(open_catalog(store))


EXPECTED = expected()


def test_the_story_is_told_right() -> None:
    third, second, first = EXPECTED[0]
    assert EXPECTED[1:] == ([], len(RECORDS))
    assert first["source"]["status"] == {"train.py": " M"}
    assert first["metrics"] == {"m": 1}
    assert first["environment"]["packages"] == {"numpy": "2.4.0"}
    assert first["label"] == "b"
    assert (second["exit_code"], second["label"]) == (2, None)
    assert third["label"] in ("same clock", "same clock too")
    assert third["attributes"] == {"kept": "yes"}


def test_a_whole_begin_that_comes_late_does_not_undo_the_start() -> None:
    staged = begin(1, staged=True)
    part = begin_part(staged.body)
    document = new_document(staged, part)
    short = dict(document)
    replace_begin(document, part)
    assert document == short
    document.update(started="2026-11-22T12:30:00.000Z", environment={"host": "there"})
    replace_begin(document, part)
    assert (document["staged"], document["environment"]) == (staged.at, {"host": "there"})


@example(
    order=list(range(len(RECORDS))),
    again=[],
    cuts=[],
    late={"begin.json"},
    in_lanes=random.Random(1),
)
@given(
    order=st.permutations(range(len(RECORDS))),
    again=st.lists(st.sampled_from(range(len(RECORDS))), max_size=6),
    cuts=st.lists(st.integers(0, len(RECORDS) + 6), max_size=5),
    late=st.sets(st.sampled_from(sorted(DOCUMENTS))),
    in_lanes=st.randoms(use_true_random=False),
)
def test_neither_order_nor_portions_nor_copies_matter(
    order: list[int], again: list[int], cuts: list[int], late: set[str], in_lanes: random.Random
) -> None:
    arriving = [RECORDS[number] for number in [*order, *again]]
    edges = sorted({0, len(arriving), *(min(cut, len(arriving)) for cut in cuts)})
    with tempfile.TemporaryDirectory() as folder:
        store = FakeStore(Path(folder))
        catalog = open_catalog(store)
        for name in DOCUMENTS.keys() - late:
            store.bulk(DOCUMENTS[name])
        for number, (start, stop) in enumerate(itertools.pairwise(edges)):
            if in_lanes.random() < 0.5:
                store.journal(*arriving[start:stop])
            else:
                store.lane(ref(epoch=f"202611-{number:02d}"), lines(*arriving[start:stop]))
            catalog.refresh()
        for name in late:
            store.bulk(DOCUMENTS[name])
        assert state(catalog) == EXPECTED


def test_who_signed_what_does_not_matter(store: FakeStore) -> None:
    """A line with a signature is the same record."""
    first = begin()
    signed = first.line[:-1].replace(b',"v":1', b',"sig":"abc","v":1') + b"}"
    store.files["1-1-a.jsonl"] = b"{}\n" + first.line + b"\n" + signed + b"\n"
    catalog = fresh_catalog(store)
    assert catalog.count_records() == 1
    assert catalog.document(first.run) is not None


def test_a_run_that_nobody_is_named_for(store: FakeStore) -> None:
    nobody: By = None
    record = make_record(
        "run.begin",
        run=None,
        at="2026-11-22T12:00:00.000Z",
        lc=1,
        by=nobody,
        writer=LANE,
        seq=0,
        prev=None,
        body=json.loads(begin().line)["body"],
    )
    assert show(store, record)["author"] is None


@pytest.mark.parametrize(
    ("writer", "parts", "redacted"),
    [
        (LANE, ["output", "output", 7], ["output"]),
        (LANE, "output", []),
        (OTHER, ["output"], []),
    ],
)
def test_who_recorded_a_run_says_what_was_taken_out(
    store: FakeStore, writer: str, parts: Any, redacted: list[str]
) -> None:
    first = begin()
    said = after(first, "run.redact", {"parts": parts}, writer=writer)
    assert show(store, first, said)["redacted"] == redacted
