"""A manifest comes back as it was made, and what makes no sense is not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.errors import IntegrityError
from git_gage.files.manifest import ROLES, Entry, Manifest, format_manifest, parse_manifest

SHA256 = "ab" * 32
NAMES = st.binary(min_size=1, max_size=8).filter(
    lambda name: name not in (b".", b"..") and not {0, 47} & set(name)
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        NAMES,
        st.sampled_from(ROLES),
        st.integers(0, 2**53),
        st.none() | st.just(SHA256),
        st.integers(0, 0o7777),
        st.none() | st.binary(),
        st.booleans(),
    ),
    unique_by=lambda entry: entry.path,
)
FILE = {"path": "out/a", "role": "generated", "size": 3, "sha256": SHA256, "mode": "644"}


@given(ENTRIES)
def test_a_manifest_comes_back_as_it_was_made(entries: list[Entry]) -> None:
    body = json.loads(json.dumps(format_manifest(entries)))
    found = parse_manifest(body)
    assert found == Manifest(tuple(sorted(entries)))
    assert body["made"]["files"] == sum(entry.role == "generated" for entry in entries)
    assert not any(entry.is_private for entry in found.generated)
    assert all(entry.sha256 and entry.link is None for entry in found.generated)


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "../a"},
        {"path": "/etc/passwd"},
        {"path": "a//b"},
        {"path": "a\0b"},
        {"path": 1},
        {"path": {"b64": "a"}},
        {"path": {"b64": None}},
        {"role": "source"},
        {"size": -1},
        {"size": True},
        {"size": 2**60},
        {"sha256": "AB" * 32},
        {"sha256": 1},
        {"mode": 420},
        {"mode": "-rw"},
        {"link": None},
        {"private": False},
    ],
)
def test_what_makes_no_sense_is_not_believed(wrong: dict[str, Any]) -> None:
    assert parse_manifest({"list": [FILE]}).entries[0].path == b"out/a"
    with pytest.raises(IntegrityError, match="read manifest: "):
        parse_manifest({"list": [{**FILE, **wrong}]})


@pytest.mark.parametrize(
    "listed",
    [
        None,
        ["a"],
        [FILE, FILE],
        [FILE, {**FILE, "path": "a"}],
        [{**FILE, "path": "out"}, FILE],
        [{**FILE, "path": "out"}, {**FILE, "path": "out-2"}, {**FILE, "path": "out/a/b"}],
    ],
)
def test_a_list_that_could_not_be_laid_out_is_not_believed(listed: Any) -> None:
    with pytest.raises(IntegrityError, match="read manifest: "):
        parse_manifest({"list": listed})
