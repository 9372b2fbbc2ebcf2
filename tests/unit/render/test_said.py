"""What people say of runs, as it is shown: verdicts in a column of their own, nothing raw."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from git_gage.catalog.said import Role, Said, weigh
from git_gage.render.said import (
    attrs_body,
    comment_line,
    format_attrs,
    format_comments,
    format_history,
    history_body,
)
from git_gage.render.screen import Screen
from git_gage.render.wording import author_text
from git_gage.runs.history import Event
from tests.unit.catalog.made_up import after, begin, end
from tests.unit.render.made_up import NOW, make_run

AT = "2026-11-22T11:59:00.000Z"
ANA = {"name": "Ana", "email": "ana@example.com"}
FIRST = begin()


def wide() -> Screen:
    return Screen(StringIO(), width=120)


def said(kind: str, about: str, value: str | None = None, **changes: Any) -> Said:
    return Said(
        *("a" * 64, kind, about, value, 2, AT, (), ANA, "lane", False, False, "U"),
    )._replace(**changes)


def a_comment(**changes: Any) -> dict[str, Any]:
    return {
        "id": "c" * 64,
        "text": "good\nreally",
        "author": ANA,
        "at": AT,
        "edited": None,
        "state": None,
        "requests": [],
    } | changes


@pytest.mark.parametrize(
    ("by", "short", "whole"),
    [
        (ANA, "Ana", "Ana <ana@example.com>"),
        ({"email": "a@x"}, "a@x", "a@x"),
        ({"name": "A\x1b"}, "A\\x1b", "A\\x1b"),
        ({"key": "SHA256:abc"}, "key SHA256:abc", "key SHA256:abc"),
        ({}, "somebody", "somebody"),
        (None, "somebody", "somebody"),
    ],
)
def test_who_it_was(by: dict[str, str] | None, short: str, whole: str) -> None:
    assert author_text(by) == short
    assert author_text(by, whole=True) == whole


def test_a_verdict_stands_before_what_it_is_about() -> None:
    text = format_comments([make_run(comments=[a_comment(state="U")])], wide(), NOW)
    assert text == "comment ccccccc  U Ana <ana@example.com>, 60s ago\n    good\n    really\n"
    outcome = weigh([said("tag.add", "G sam@x")])
    table = format_attrs(attrs_body({"attributes": {}, "attribute_origins": {}}, outcome), wide())
    assert table.splitlines()[1].startswith("U  tag   G sam@x")


def test_a_comment_on_one_line() -> None:
    assert comment_line(a_comment(), NOW) == "Ana, 60s ago: good …"
    assert comment_line(a_comment(text=""), NOW) == "Ana, 60s ago: "
    assert comment_line(a_comment(text="x", edited=AT), NOW) == "Ana, 60s ago, edited: x"


def test_each_kind_of_record_in_a_history() -> None:
    comment = "c" * 64
    told = [
        (said("attr.set", "grade", '"a\\nb"'), "set grade: a"),
        (said("attr.set", "n", "3"), "set n: 3"),
        (said("attr.del", "grade"), "took grade away"),
        (said("tag.add", "best"), "tagged: best"),
        (said("tag.del", "best"), "took tag away: best"),
        (said("comment.add", comment, '"x"'), "comment ccccccc: x"),
        (said("comment.edit", comment, '"y"'), "comment ccccccc now: y"),
        (said("comment.del", comment), "delete comment ccccccc"),
    ]
    remarks = [*Role, None, Role.CURRENT, Role.CURRENT]
    events = [
        Event(after(FIRST, each.kind, {}), each, role)
        for (each, _), role in zip(told, remarks, strict=True)
    ]
    lines = format_history(events, wide()).splitlines()[1:]
    for line, (_, text) in zip(lines, told, strict=True):
        assert line.startswith("U  2026-11-22 ")
        assert text in line
    ends = ("", "superseded", "a request", "not here yet", "does not count", "damaged")
    assert all(line.endswith(end) for line, end in zip(lines, ends, strict=False))


def test_records_that_begin_and_end_a_run() -> None:
    started = after(FIRST, "run.start", {})
    unknown = after(FIRST, "purge", {})
    others = [after(FIRST, kind, {}) for kind in ("run.files", "run.redact", "attest")]
    records = [FIRST, started, end(FIRST, status="error"), unknown, *others]
    events = [Event(record, None, Role.CURRENT) for record in records]
    text = format_history(events, wide())
    told = ("listed its files", "took something out", "signed what came out")
    for words in ("began train.py", "started", "ended: error", "purge", *told):
        assert words in text
    row = history_body(events)[0]
    assert (row["record"], row["kind"], row["lc"]) == (FIRST.id, "run.begin", 1)
    assert (row["about"], row["value"], row["state"], row["signed"]) == (None, None, None, False)


def test_what_became_of_a_record() -> None:
    def flags(role: Role | None) -> tuple[bool, bool, bool]:
        (row,) = history_body([Event(FIRST, said("tag.add", "x"), role)])
        return row["applied"], row["superseded"], row["request"]

    assert flags(Role.CURRENT) == (True, False, False)
    assert flags(Role.SUPERSEDED) == (True, True, False)
    assert flags(Role.REQUEST) == (False, False, True)
    assert flags(Role.WAITING) == flags(Role.REFUSED) == flags(None) == (False, False, False)
