"""What travels with a record is what lanes hold and digests confirm."""

from __future__ import annotations

import os
from pathlib import Path

from git_gage.git import open_repository
from git_gage.share.cargo import base_commits, describe_missing, pack_parcels
from git_gage.store import Store
from git_gage.store.out import Parcel


def test_a_record_of_a_newer_git_gage_travels_as_it_is(repo: Path) -> None:
    store = Store(open_repository(repo, dict(os.environ)))
    line = b'{"kind":"run.begin","v":2}'
    assert pack_parcels(store, [line]) == ([Parcel(line)], {})


def test_odd_bindings_are_not_followed(repo: Path) -> None:
    store = Store(open_repository(repo, dict(os.environ)))
    odd = ({"output": "x"}, {"output": {"oid": "x"}}, {"../x": {"oid": "0" * 40}}, ["output"], None)
    for number, bulk in enumerate(odd):
        record = store.draft(
            "run.begin",
            run=None,
            body={"bulk": bulk, "source": number},
            by=None,
            lc=1,
            seq=0,
            prev=None,
        )
        (parcel,), missing = pack_parcels(store, [record.line])
        assert parcel == Parcel(record.line, begins_run=True)
        names = list(bulk) if isinstance(bulk, dict) else []
        assert list(missing.values()) == ([names] if names else [])


def test_what_is_not_here_is_said_once_for_each_run() -> None:
    run = "0123456789abcdefghjkmnpqrstvwx"
    assert describe_missing({run: ["source", "output"]}) == [
        "run 'abcdefg' is sent without source, output: not in this clone"
    ]


def test_commits_under_sources_are_found_once_each() -> None:
    lines = [
        b'{"body":{"source":{"commit":"%s"}},"kind":"run.begin"}' % (b"a" * 40),
        b'{"body":{"source":{"commit":"%s"}},"kind":"run.begin"}' % (b"a" * 40),
        b'{"body":{"source":{"commit":"%s"}},"kind":"run.begin"}' % (b"b" * 64),
        b'{"body":{"source":{"commit":null}},"kind":"run.begin"}',
        b'{"body":{"source":{"commit":"%s"}},"kind":"run.end"}' % (b"c" * 40),
    ]
    assert base_commits(lines) == ["a" * 40, "b" * 64]
