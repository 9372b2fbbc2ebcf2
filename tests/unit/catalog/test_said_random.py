"""Whatever people say at once, in whatever order it arrives: all clones end up with the same."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.catalog import Catalog
from git_gage.records import Record, sign_record
from tests.support import scale
from tests.unit.catalog.made_up import (
    LANE,
    FakeStore,
    after,
    begin,
    end,
    fresh_catalog,
    lines,
    open_catalog,
    ref,
)

FIRST = begin()
NAMES = ("label", "grade")
WRITERS = {"ana": LANE, "bob": "b" * 16, "cy": "c" * 16}


class Clone:
    """Somebody who says things, knowing what they have heard so far."""

    def __init__(self, name: str) -> None:
        self.by = {"name": name, "email": f"{name}@example.com"}
        self.lane = WRITERS[name]
        self.heard: list[Record] = []

    def say(self, kind: str, choice: int) -> Record:
        body, deps = self._say(kind, choice)
        clock = max((record.lc for record in self.heard), default=1)
        record = after(
            FIRST,
            kind,
            body,
            lc=clock + 1,
            writer=self.lane,
            deps=deps,
            by=self.by,
            seq=len(self.heard),
        )
        self.heard.append(record)
        return record

    def _say(self, kind: str, choice: int) -> tuple[dict[str, Any], list[str]]:
        adds = [record for record in self.heard if record.kind == "tag.add"]
        comments = [record.id for record in self.heard if record.kind == "comment.add"]
        comment = comments[choice % len(comments)] if comments else "0" * 64
        tag = {"tag": "ab"[choice % 2]}
        match kind:
            case "attr.set":
                return {"name": NAMES[choice % 2], "value": f"{self.lane} {choice}"}, []
            case "attr.del":
                return {"name": NAMES[choice % 2]}, []
            case "tag.add":
                return tag, []
            case "tag.del":
                return tag, [add.id for add in adds if add.body == tag]
            case "comment.add":
                return {"text": f"{self.lane} {len(self.heard)}"}, []
            case "comment.edit":
                return {"comment": comment, "text": f"edit {choice}"}, []
            case "run.archive":
                return {"name": "ab"[choice % 2], "note": f"{choice}"}, self._placings()
            case "run.delete" | "run.restore":
                return {}, self._placings()
        return {"comment": comment}, []

    def _placings(self) -> list[str]:
        return [record.id for record in self.heard if record.kind in PLACINGS]


PLACINGS = ("run.archive", "run.delete", "run.restore")
KINDS = (
    *("attr.set", "attr.del", "tag.add", "tag.del", "comment.add", "comment.edit", "comment.del"),
    *PLACINGS,
)
deeds = st.lists(
    st.tuples(
        st.sampled_from(sorted(WRITERS)), st.sampled_from((*KINDS, "hear")), st.integers(0, 5)
    ),
    min_size=1,
    max_size=25,
)


def tell(story: list[tuple[str, str, int]]) -> list[Record]:
    """All records of a story in which clones say things, and hear one another in between."""
    clones = {name: Clone(name) for name in WRITERS}
    records = []
    for name, kind, choice in story:
        clone = clones[name]
        if kind != "hear":
            records.append(clone.say(kind, choice))
            continue
        other = clones[sorted(WRITERS)[choice % len(WRITERS)]]
        clone.heard += [record for record in other.heard if record not in clone.heard]
    return records


def read_all(catalog: Catalog) -> list[dict[str, Any]]:
    return catalog.newest(None, catalog.find((), put_away=True))


def outcome(store: FakeStore, judge: Any = None) -> tuple[Any, ...]:
    catalog = open_catalog(store, judge=judge)
    assert catalog.refresh() == []
    (document,) = read_all(catalog)
    found = sorted((said.id, said.state) for said in catalog.said(FIRST.run))
    wheres = ("comment", "tag = a", "deleted", "archived = a", "not archived", "op = train.py")
    return document, found, [catalog.find(where) for where in wheres], catalog.newest(None)


@given(story=deeds, data=st.data())
@settings(max_examples=scale(60, 2000))
def test_the_order_of_arrival_makes_no_difference(
    story: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    everything = [FIRST, end(FIRST), *tell(story)]
    arriving = data.draw(st.permutations(everything + everything[::3]))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        at_once = FakeStore(Path(one))
        at_once.lane(ref(remote="hub"), lines(*everything))
        bit_by_bit = FakeStore(Path(other))
        catalog = open_catalog(bit_by_bit)
        batches: list[list[bytes]] = []
        while arriving:
            size = data.draw(st.integers(1, 5))
            batches.append(lines(*arriving[:size]))
            arriving = arriving[size:]
            bit_by_bit.lane(ref(remote="hub"), *batches)
            assert catalog.refresh() == []
        assert read_all(catalog) == read_all(fresh_catalog(at_once))
        assert outcome(bit_by_bit) == outcome(at_once)


def judged(records: Any) -> dict[str, str]:
    return {record.id: (record.sig or "N")[-1] for record in records}


@given(story=deeds, data=st.data())
@settings(max_examples=scale(40, 1000))
def test_nor_do_signatures_that_come_late_or_are_lost(
    story: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    copies = [FIRST]
    for record in tell(story):
        states = data.draw(st.lists(st.sampled_from("GUMBR-"), min_size=1, max_size=3))
        copies += [record if state == "-" else sign_record(record, state) for state in states]
    arriving = data.draw(st.permutations(copies))
    half = data.draw(st.integers(0, len(copies)))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        at_once, bit_by_bit = FakeStore(Path(one)), FakeStore(Path(other))
        at_once.lane(ref(remote="hub"), lines(*copies))
        bit_by_bit.lane(ref(remote="hub"), lines(*arriving[:half]))
        catalog = open_catalog(bit_by_bit, judge=judged)
        catalog.refresh()
        bit_by_bit.lane(ref(remote="hub"), lines(*arriving[:half]), lines(*arriving[half:]))
        assert catalog.refresh() == []
        assert read_all(catalog) == [outcome(at_once, judged)[0]]
