"""Records: what is written is what is read, and its name certifies it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from git_gage.errors import IntegrityError
from git_gage.records import (
    decode_path,
    encode_path,
    encode_text,
    format_time,
    is_canonical,
    is_run_id,
    make_record,
    parse_record,
    parse_time,
    run_id,
    short_id,
    shown_path,
    sign_record,
    unsigned_id,
)
from git_gage.records.record import MAX_LINE

AT = "2026-11-22T10:12:13.123Z"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def begin(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "v": 1,
        "kind": "run.begin",
        "at": AT,
        "lc": 1,
        "by": None,
        "writer": "w",
        "seq": 0,
        "prev": None,
        "deps": [],
        "body": {},
    }
    fields.update(changes)
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


@given(st.dictionaries(st.text(max_size=8).filter(lambda text: text.isascii()), values, max_size=5))
def test_a_record_reads_back_as_it_was_made(body: dict[str, Any]) -> None:
    made = make_record(
        "run.begin",
        run=None,
        at=AT,
        lc=1,
        by={"name": "ana"},
        writer="w",
        seq=0,
        prev=None,
        body=body,
    )
    read = parse_record(made.line)
    assert read == made
    assert b"\n" not in made.line
    assert is_run_id(read.run)
    assert json.loads(made.line)["body"] == read.body


def test_a_record_that_others_wrote_may_not_be_canonical() -> None:
    fields: dict[str, Any] = {
        "at": AT,
        "by": None,
        "deps": [],
        "kind": "run.begin",
        "lc": 1,
        "prev": None,
    }
    fields |= {"body": {}, "seq": 0, "v": 1, "writer": "w"}
    written = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    assert is_canonical(parse_record(written.encode()))
    assert not is_canonical(parse_record(json.dumps(fields, sort_keys=True).encode()))
    large = written.replace('"body":{}', '"body":{"x":9007199254740993}')
    assert not is_canonical(parse_record(large.encode()))


def test_a_run_id_sorts_by_time_and_certifies_its_record() -> None:
    early, late = parse_record(begin()), parse_record(begin(at="2026-11-22T10:12:13.124Z"))
    assert early.run < late.run
    assert parse_record(begin(body={"other": 1})).run[10:] != early.run[10:]
    assert early.run == run_id(int(parse_time(AT) * 1000), early.id)
    assert short_id(early.run) == early.run[10:17]


def test_a_signature_does_not_change_what_a_record_is_called() -> None:
    plain = parse_record(begin())
    signed = parse_record(begin(sig="anything"))
    assert signed.id == plain.id
    assert signed.run == plain.run
    assert signed.line != plain.line
    assert signed.payload == plain.line
    assert unsigned_id(signed.line) == plain.id
    assert sign_record(plain, "anything") == signed


def test_a_signature_is_found_behind_what_looks_like_one() -> None:
    body = {"seq": 1, "sig": "x", "v": 1, "text": ',"sig":"y","v":1'}
    plain = parse_record(begin(body=body))
    armor = "-----BEGIN SSH SIGNATURE-----\nAb+/=\n-----END SSH SIGNATURE-----\n"
    signed = parse_record(begin(body=body, sig=armor))
    assert plain.sig is None
    assert (signed.sig, signed.payload) == (armor, plain.line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json",
        b"[]",
        b'{"v":1}',
        b"[" * 100_000,
        b'{"v":1,"kind":"run.begin","at":NaN}',
        b"x" * (MAX_LINE + 1),
        begin(at="yesterday"),
        begin(at="2026-11-22T10:12:13.123+"),
        begin(at="2026-99-22T10:12:13.123Z"),
        begin(run="0" * 30),
        begin(kind="run.end"),
        begin(kind="run.end", run="short"),
        begin(kind=1),
        begin(lc=-1),
        begin(lc=True),
        begin(lc="1"),
        begin(deps={}),
        begin(body=[]),
        begin(by="ana"),
        begin(by={"name": 1}),
        begin(prev=3),
        begin(deps=[1]),
        begin().decode().encode("utf-16"),
        begin(writer="\xe9").replace(b"\\u00e9", b"\xe9"),
        begin(sig=1),
        begin(sig={"a": 1}),
        begin(sig="x").replace(b'"x"', b'"\\u0078"'),
        begin()[:-1] + b',"sig":"x"}',
    ],
)
def test_a_line_that_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_record(line)


def test_a_record_of_a_newer_format_says_so() -> None:
    with pytest.raises(IntegrityError) as caught:
        parse_record(begin(v=2))
    assert caught.value.facts["newer"]
    assert caught.value.hint == "upgrade git-gage"


@given(st.binary(max_size=20))
def test_paths_of_any_bytes_survive(path: bytes) -> None:
    encoded = encode_path(path)
    assert decode_path(json.loads(json.dumps(encoded))) == path


def test_paths_are_shown_as_git_quotes_them() -> None:
    assert shown_path("ä b") == "ä b"
    assert shown_path(encode_path(b'caf\xe9 "x"')) == '"caf\\351 \\042x\\042"'
    assert encode_text("caf\udce9") == encode_path(b"caf\xe9")


@given(st.integers(0, 4_000_000_000_000))
@example(549_755_813_887)
def test_times_are_milliseconds(ms: int) -> None:
    text = format_time(ms / 1000)
    assert round(parse_time(text) * 1000) == ms
