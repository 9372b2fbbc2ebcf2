"""What a run has of what people say of it, whoever says it where and when."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.catalog.said import Begun, Placed, Role, Said, find_heads, weigh
from tests.unit.catalog.made_up import (
    LANE,
    NOON,
    OTHER,
    FakeStore,
    after,
    begin,
    end,
    fresh_catalog,
    label,
    lines,
    open_catalog,
    ref,
)

ANA = {"name": "Ana", "email": "ana@example.com"}
BOB = {"name": "Bob", "email": "bob@example.com"}
FIRST = begin()
DAMAGED = ["1 record is not what the format says and is left out"]


def said(number: int, kind: str, about: str = "", **changes: Any) -> Said:
    """The record that was written as the `number`th, by Ana in her own lane."""
    id = f"{number:064x}"
    plain = Said(
        *(id, kind, about or id, None, number, f"at {number}", (), ANA, LANE),
        *(False, False, None),
    )
    return plain._replace(**changes)


def roles(*records: Said) -> list[str]:
    found = weigh(records).roles
    return [found[record.id] for record in records]


# -- attributes and tags ---------------------------------------------------------------------------


def test_of_an_attribute_the_last_value_counts() -> None:
    old, new = said(1, "attr.set", "grade", value='"b"'), said(2, "attr.set", "grade", value='"a"')
    assert weigh([new, old]).attributes == {"grade": new}
    assert new.content == "a"
    assert roles(new, old) == [Role.CURRENT, Role.SUPERSEDED]

    gone = said(3, "attr.del", "grade")
    assert weigh([gone, new, old]).attributes == {}
    assert roles(gone, new) == [Role.CURRENT, Role.SUPERSEDED]
    assert gone.content is None


def test_clock_then_time_then_id_say_what_is_last() -> None:
    by_clock = said(1, "attr.set", "x", lc=9)
    by_time = said(2, "attr.set", "x", lc=8, at="at 9")
    by_id = said(4, "attr.set", "x", lc=8, at="at 8")
    first = said(3, "attr.set", "x", lc=8, at="at 8")
    for last, *others in (
        [by_clock, by_time, by_id, first],
        [by_time, by_id, first],
        [by_id, first],
    ):
        assert weigh([last, *others]).attributes["x"] == last
        assert weigh([*others, last]).attributes["x"] == last


def test_a_tag_that_was_added_elsewhere_meanwhile_survives() -> None:
    mine, theirs = said(1, "tag.add", "best"), said(2, "tag.add", "best", writer=OTHER)
    gone = said(3, "tag.del", "best", deps=(mine.id,))
    assert weigh([mine, gone]).tags == {}
    assert weigh([gone, theirs, mine]).tags == {"best": [theirs]}
    assert roles(mine, theirs, gone) == [Role.SUPERSEDED, Role.CURRENT, Role.CURRENT]


def test_a_tag_goes_only_by_its_own_name() -> None:
    add = said(1, "tag.add", "best")
    assert weigh([add, said(2, "tag.del", "worst", deps=(add.id,))]).tags == {"best": [add]}
    assert weigh([add, said(2, "tag.del", "best")]).tags == {"best": [add]}


def test_what_no_other_record_supersedes() -> None:
    old = said(1, "attr.set", "x")
    mine, theirs = (
        said(2, "attr.set", "x", deps=(old.id,)),
        said(3, "attr.del", "x", deps=(old.id,)),
    )
    assert find_heads([theirs, old, mine]) == [mine.id, theirs.id]
    assert find_heads([]) == []


# -- comments --------------------------------------------------------------------------------------


def test_the_last_edit_of_a_comment_counts() -> None:
    first = said(1, "comment.add", value='"a"')
    edits = [said(number, "comment.edit", first.id, value=f'"{number}"') for number in (2, 3)]
    (comment,) = weigh([*edits, first]).comments
    assert (comment.first, comment.now, comment.now.content) == (first, edits[1], "3")
    assert roles(first, *edits) == [Role.SUPERSEDED, Role.SUPERSEDED, Role.CURRENT]


def test_a_comment_that_its_author_deleted_stays_so_whatever_was_edited_elsewhere() -> None:
    first = said(1, "comment.add")
    gone, late = said(2, "comment.del", first.id), said(3, "comment.edit", first.id)
    assert weigh([first, gone, late]).comments == []
    assert roles(first, gone, late) == [Role.SUPERSEDED, Role.CURRENT, Role.SUPERSEDED]


def test_a_change_by_somebody_else_is_a_request_until_the_author_saw_it() -> None:
    first = said(1, "comment.add")
    asked = said(2, "comment.del", first.id, by=BOB, writer=OTHER)
    (comment,) = weigh([first, asked]).comments
    assert (comment.now, comment.requests) == (first, (asked,))
    assert roles(first, asked) == [Role.CURRENT, Role.REQUEST]

    blind = said(3, "comment.edit", first.id)
    assert weigh([first, asked, blind]).comments[0].requests == (asked,)
    answer = blind._replace(deps=(first.id, asked.id))
    assert weigh([first, asked, answer]).comments[0].requests == ()


def test_a_change_of_a_comment_that_is_not_here_waits() -> None:
    first = said(1, "comment.add")
    edit = said(2, "comment.edit", first.id)
    assert weigh([edit]).comments == []
    assert roles(edit) == [Role.WAITING]
    assert roles(edit, first._replace(state="B")) == [Role.WAITING, Role.REFUSED]


KEY, SAME_KEY = {"key": "SHA256:abc"}, {**BOB, "key": "SHA256:abc"}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the same address": ({}, {}, True),
    "another name for the address": ({}, {"by": {"email": ANA["email"]}}, True),
    "another address": ({}, {"by": BOB}, False),
    "nobody's": ({"by": None}, {"by": None}, False),
    "nobody's, in the same lane": ({"by": None}, {"by": None, "writer": LANE}, True),
    "another address in the same lane": ({}, {"by": BOB, "writer": LANE}, True),
    "the same key": ({"by": KEY}, {"by": SAME_KEY}, True),
    "another key": ({"by": ANA | KEY}, {"by": ANA | {"key": "SHA256:def"}}, False),
    "no key, though there was one": ({"by": ANA | KEY}, {"writer": LANE}, False),
    "a key, though there was none": ({}, {"by": ANA | KEY}, False),
    "a key, in the same lane": ({}, {"by": ANA | KEY, "writer": LANE}, True),
    "the key's name without a signature": (
        {"by": KEY, "signed": True},
        {"by": KEY, "writer": LANE},
        False,
    ),
    "both signed": ({"by": KEY, "signed": True}, {"by": KEY, "signed": True}, True),
    "signed by what is no ssh key": ({"signed": True}, {"signed": True}, True),
    "signed at last": ({}, {"signed": True}, True),
}


@pytest.mark.parametrize("case", CHANGES)
def test_who_may_change_a_comment(case: str) -> None:
    of_first, of_change, counts = CHANGES[case]
    first = said(1, "comment.add", **of_first)
    change = said(2, "comment.edit", first.id, **({"writer": OTHER} | of_change))
    (comment,) = weigh([first, change]).comments
    assert (comment.now is change) == counts
    assert (comment.requests == ()) == counts


# -- verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["M", "B", "R", "flagged"])
def test_what_is_not_to_be_relied_on_changes_nothing(state: str) -> None:
    good, bad = said(1, "attr.set", "x"), said(2, "attr.set", "x", state=state)
    assert weigh([good, bad]).attributes == {"x": good}
    assert roles(good, bad) == [Role.CURRENT, Role.REFUSED]
    assert weigh([good, bad._replace(own=True)]).attributes["x"].id == bad.id

    tag = said(3, "tag.add", "best")
    assert weigh([tag, said(4, "tag.del", "best", deps=(tag.id,), state=state)]).tags
    comment = said(5, "comment.add")
    assert weigh([comment, said(6, "comment.del", comment.id, state=state)]).comments


@pytest.mark.parametrize("state", ["G", "Y", "X", "U", "N", "E", None])
def test_what_else_is_said_counts(state: str | None) -> None:
    assert weigh([said(1, "tag.add", "x", state=state)]).tags


# -- in the catalog --------------------------------------------------------------------------------


def comment(text: str, *, lc: int = 3, writer: str = LANE, **changes: Any) -> Any:
    return after(FIRST, "comment.add", {"text": text}, lc=lc, writer=writer, **changes)


def show(store: FakeStore) -> dict[str, Any]:
    (document,) = fresh_catalog(store).newest(1)
    return document


def test_a_run_has_its_comments_in_order(store: FakeStore) -> None:
    first, second = comment("good"), comment("agreed", lc=4, writer=OTHER)
    edit = after(FIRST, "comment.edit", {"comment": first.id, "text": "better"}, lc=5)
    asked = after(FIRST, "comment.del", {"comment": second.id}, lc=6, by=BOB)
    store.journal(FIRST, second, asked, edit, first)
    one, two = show(store)["comments"]
    assert (one["id"], one["text"], one["author"], one["at"]) == (first.id, "better", ANA, first.at)
    assert (one["edited"], one["state"], one["requests"]) == (edit.at, None, [])
    assert (two["text"], two["edited"]) == ("agreed", None)
    (request,) = two["requests"]
    assert request == {
        "id": asked.id,
        "text": None,
        "author": BOB,
        "at": asked.at,
        "state": None,
    }


def test_tags_come_and_go(store: FakeStore) -> None:
    add = after(FIRST, "tag.add", {"tag": "best"})
    store.journal(FIRST, add, after(FIRST, "tag.add", {"tag": "v2"}))
    catalog = fresh_catalog(store)
    assert catalog.newest(1)[0]["tags"] == ["best", "v2"]
    assert catalog.count_tags() == [("best", 1), ("v2", 1)]
    assert catalog.complete_name("tag", "b") == ["best"]

    store.journal(after(FIRST, "tag.del", {"tag": "best"}, lc=4, deps=[add.id]))
    assert catalog.refresh() == []
    assert catalog.newest(1)[0]["tags"] == ["v2"]
    assert catalog.find("tag = best") == []
    assert catalog.count_tags() == [("v2", 1)]
    assert catalog.complete_name("tag", "") == ["v2"]


def test_who_said_an_attribute_when(store: FakeStore) -> None:
    grade = after(FIRST, "attr.set", {"name": "grade", "value": "a"}, by=BOB, lc=4)
    store.journal(FIRST, end(FIRST, attributes={"device": "cpu", "grade": "b"}), grade)
    document = show(store)
    assert document["attributes"] == {"device": "cpu", "grade": "a"}
    nothing = {"at": None, "record": None, "state": None}
    assert document["attribute_origins"] == {
        "device": {"origin": "logged", "author": ANA, **nothing},
        "grade": {
            "origin": "user",
            "author": BOB,
            "at": grade.at,
            "record": grade.id,
            "state": None,
        },
    }


def test_what_was_said_before_a_run_came_is_shown_with_it(store: FakeStore) -> None:
    store.journal(comment("early"), after(FIRST, "tag.add", {"tag": "x"}))
    catalog = fresh_catalog(store)
    assert catalog.newest(None) == []
    store.journal(FIRST, end(FIRST))
    assert catalog.refresh() == []
    (document,) = catalog.newest(None)
    assert [each["text"] for each in document["comments"]] == ["early"]
    assert (document["tags"], document["status"]) == (["x"], "completed")
    assert catalog.find("comment = early") == [FIRST.run]


def test_filters_find_comments_as_they_are_now(store: FakeStore) -> None:
    first = comment("looks good")
    store.journal(FIRST, first, begin(2))
    catalog = fresh_catalog(store)
    for where in ("comment", "comment =~ '^looks'", "comments = 'looks good'", "comment != null"):
        assert catalog.find(where) == [FIRST.run], where
    for where in ("not comment", "comment = null", "comment !~ good", "comment != 'looks good'"):
        assert catalog.find(where) == [begin(2).run], where

    store.journal(after(FIRST, "comment.edit", {"comment": first.id, "text": "bad"}, lc=4))
    catalog.refresh()
    assert catalog.find("comment =~ good") == []
    assert catalog.find("comment = bad") == [FIRST.run]
    store.journal(after(FIRST, "comment.del", {"comment": first.id}, lc=5))
    catalog.refresh()
    assert catalog.find("comment") == []


def test_text_that_is_half_a_surrogate_pair_is_kept_as_it_is(store: FakeStore) -> None:
    store.journal(FIRST, comment("a\ud800"))
    catalog = fresh_catalog(store)
    assert catalog.newest(1)[0]["comments"][0]["text"] == "a\ud800"
    assert catalog.find("comment") == [FIRST.run]


BAD_BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "an archive with a number for a name": ("run.archive", {"name": 5}),
    "a note that is too long": ("run.archive", {"note": "x" * (64 * 1024 + 1)}),
    "a tag that is a number": ("tag.add", {"tag": 3}),
    "an empty tag": ("tag.del", {"tag": ""}),
    "no tag": ("tag.add", {}),
    "a comment without text": ("comment.add", {}),
    "a comment that is a list": ("comment.add", {"text": ["x"]}),
    "a comment that is too long": ("comment.add", {"text": "x" * (64 * 1024 + 1)}),
    "an edit of nothing": ("comment.edit", {"text": "x"}),
    "an edit without text": ("comment.edit", {"comment": "0" * 64}),
    "a comment that no id names": ("comment.del", {"comment": "0" * 63 + "g"}),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_what_is_not_what_the_format_says_is_counted_and_left_out(
    store: FakeStore, case: str
) -> None:
    kind, body = BAD_BODIES[case]
    store.journal(FIRST, after(FIRST, kind, body), comment("fine", lc=4))
    catalog = open_catalog(store)
    assert catalog.refresh() == DAMAGED
    (document,) = catalog.newest(1)
    assert (document["tags"], len(document["comments"])) == ([], 1)


def test_a_comment_may_be_64_kib_long(store: FakeStore) -> None:
    store.journal(FIRST, comment("é" * (32 * 1024)))
    assert len(show(store)["comments"][0]["text"]) == 32 * 1024


def test_a_run_of_which_only_nonsense_is_known_is_none(store: FakeStore) -> None:
    store.journal(after(FIRST, "tag.add", {}))
    catalog = open_catalog(store)
    assert catalog.refresh() == DAMAGED
    assert catalog.newest(None) == []
    assert catalog.said(FIRST.run) == []


def test_all_that_was_said_of_a_run(store: FakeStore) -> None:
    store.lane(ref(), lines(FIRST, label(FIRST, "mine")))
    store.lane(ref(OTHER, remote="origin"), lines(label(FIRST, "theirs", lc=4, writer=OTHER)))
    catalog = fresh_catalog(store)
    found = sorted(catalog.said(FIRST.run), key=lambda each: each.lc)
    assert [(each.content, each.own, each.writer) for each in found] == [
        ("mine", True, LANE),
        ("theirs", False, OTHER),
    ]
    assert catalog.said(begin(9).run) == []


def test_a_tag_that_comes_later_leaves_the_end_as_it_is(store: FakeStore) -> None:
    store.journal(FIRST, end(FIRST, attributes={"device": "cpu"}))
    catalog = fresh_catalog(store)
    store.journal(after(FIRST, "tag.add", {"tag": "x"}, at=NOON + 999))
    catalog.refresh()
    (document,) = catalog.newest(1)
    assert (document["tags"], document["attributes"]) == (["x"], {"device": "cpu"})
    assert document["status"] == "completed"


# -- put away --------------------------------------------------------------------------------------

KEYED = {**ANA, "key": "SHA256:ana"}


def test_the_last_word_says_where_a_run_is() -> None:
    archive = said(1, "run.archive", value='{"name":"a","note":""}')
    delete, restore = said(2, "run.delete"), said(3, "run.restore")
    begun = Begun(ANA, LANE)
    assert weigh([archive, delete], begun).placed == Placed(delete, archive)
    found = weigh([restore, delete, archive], begun)
    assert found.placed == Placed()
    assert found.roles[delete.id] is found.roles[archive.id] is Role.SUPERSEDED
    assert found.roles[restore.id] is Role.CURRENT


def test_what_others_say_is_a_request_until_it_is_answered() -> None:
    asked = said(1, "run.delete", by=BOB, writer=OTHER)
    found = weigh([asked], Begun(ANA, LANE))
    assert (found.placed, found.roles[asked.id]) == (Placed(None, None, (asked,)), Role.REQUEST)
    assert weigh([asked], None).placed.requests == (asked,)
    assert weigh([asked._replace(own=True)], Begun(ANA, LANE)).placed.deleted is not None
    answer = said(2, "run.restore", deps=(asked.id,))
    assert weigh([asked, answer], Begun(ANA, LANE)).placed == Placed()


def test_of_what_somebody_asks_for_the_last_word_stays() -> None:
    def ask(lc: int, kind: str) -> Said:
        value = '{"name":"a","note":""}' if kind == "run.archive" else None
        return said(lc, kind, value=value, by=BOB, writer=OTHER)

    carols = said(1, "run.delete", by={"email": "c@example.com"}, writer="carol")
    delete, archive = ask(2, "run.delete"), ask(3, "run.archive")
    asked = [carols, delete, archive]
    assert weigh(asked, Begun(ANA, LANE)).placed.requests == (carols, delete, archive)
    restore, again = ask(4, "run.restore"), ask(5, "run.delete")
    assert weigh([*asked, restore], Begun(ANA, LANE)).placed.requests == (carols, restore)
    found = weigh([*asked, restore, again], Begun(ANA, LANE))
    assert found.placed.requests == (carols, again)
    assert found.roles[delete.id] is found.roles[restore.id] is Role.SUPERSEDED


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"by": KEYED, "signed": True, "state": "G"}, True),
        ({"by": KEYED, "signed": True, "state": "U", "writer": OTHER}, True),
        ({"by": KEYED, "signed": True, "state": None}, True),
        ({"by": KEYED, "signed": True, "state": "E"}, False),
        ({"by": KEYED, "signed": True, "state": "M"}, False),
        ({"by": KEYED, "signed": False, "state": "N"}, False),
        ({"by": {**ANA, "key": "SHA256:other"}, "signed": True, "state": "G"}, False),
        ({"by": ANA, "signed": False, "state": None}, False),
    ],
)
def test_a_run_with_a_key_is_put_away_with_that_key(changes: dict[str, Any], counts: bool) -> None:
    found = weigh([said(1, "run.delete", **changes)], Begun(KEYED, LANE))
    assert (found.placed.deleted is not None) == counts
