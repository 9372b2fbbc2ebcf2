"""Whose word a record is: every state, every way to take somebody's name, keys over time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from git_gage.errors import IntegrityError
from git_gage.records import parse_record, sign_record
from git_gage.trust.checked import Checked
from git_gage.trust.keys import SigningKey
from git_gage.trust.rules import Own
from git_gage.trust.verdict import Verdict
from tests.support import scale
from tests.unit.trust.judging import DAY, NOW, RUN, World, edited, make_key, sign, write


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def sam(tmp_path: Path) -> SigningKey:
    return make_key(tmp_path, "sam")


@pytest.fixture
def bob(tmp_path: Path) -> SigningKey:
    return make_key(tmp_path, "bob")


def told(verdict: Verdict) -> tuple[str, str | None, str]:
    return verdict.state, verdict.principal, verdict.reason


# -- states -------------------------------------------------------------------------------------


def test_a_known_key_that_signed_as_its_owner_is_verified(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    record = write(sam)
    verdict = world.one(record)
    assert verdict == Verdict(
        record=record.id,
        run=RUN,
        kind="comment.add",
        state="G",
        principal="sam@x",
        claimed="sam@x",
        key=sam.public.fingerprint,
        time="2026-11-28T12:00:00.000Z",
        reason="",
        flagged=False,
    )


def test_a_record_that_claims_nobody_is_its_signers(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    assert told(world.one(write(sam, None))) == ("G", "sam@x", "")
    assert told(world.one(write(sam, None, named=None))) == ("G", "sam@x", "")


def test_a_name_without_an_address_is_a_claim_too(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    record = edited(write(None, None), lambda fields: fields.update(by={"name": "Bob"}))
    verdict = world.one(sign(record, sam))
    assert (verdict.state, verdict.claimed) == ("M", "Bob")


def test_an_unknown_key_is_shown_with_since_when(world: World, sam: SigningKey) -> None:
    assert told(world.one(write(sam))) == ("U", None, "")
    later = world.one(write(sam, at=NOW + 1), now=NOW + DAY)
    assert told(later) == ("U", None, "key seen since 2026-11-28")
    other = world.one(write(sam, "sam@home", at=NOW + 1), now=NOW + DAY)
    assert told(other) == ("U", None, "key seen since 2026-11-28; also as sam@x")
    assert not other.flagged


def test_another_key_for_a_name_that_was_seen_is_told(
    world: World, sam: SigningKey, bob: SigningKey
) -> None:
    world.one(write(sam))
    verdict = world.one(write(bob))
    assert told(verdict) == ("U", None, "sam@x came with another key, too")


def test_an_unsigned_record(world: World, sam: SigningKey) -> None:
    assert told(world.one(write(None))) == ("N", None, "")
    assert told(world.one(write(None, named=sam.public.fingerprint))) == (
        *("N", None),
        "its signature is missing",
    )


def test_a_broken_signature_is_bad(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    record = sign_record(write(None), "-----BEGIN SSH SIGNATURE-----\nx\n")
    assert world.one(parse_record(record.line)).state == "B"
    assert world.one(write(sam, namespace="file")).reason.startswith("the signature made for")


def test_a_revoked_key_is_dead_for_the_past_too(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    record = write(sam, at=NOW - 300 * DAY)
    assert world.one(record).state == "G"
    world.revoked.append(sam.public.fingerprint)
    assert told(world.one(record)) == ("R", "sam@x", "the key was revoked")


def test_a_list_of_revoked_keys_that_cannot_be_read_stops_all(
    world: World, sam: SigningKey
) -> None:
    world.trust("sam@x", sam)
    world.revoked.append("what is this")
    verdict = world.one(write(sam))
    assert (verdict.state, verdict.flagged) == ("E", True)


def test_a_key_type_that_is_not_known_here_cannot_be_checked(world: World) -> None:
    record = sign_record(write(None), "-----BEGIN PGP SIGNATURE-----\n\n")
    assert told(world.one(parse_record(record.line))) == ("E", None, "no such program here")


def test_a_line_for_other_uses_does_not_count(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam, 'namespaces="git"')
    assert told(world.one(write(sam))) == ("U", None, "key not allowed for gage-record@v1")


def test_a_line_for_other_uses_hides_no_other_line(world: World, sam: SigningKey) -> None:
    """git itself takes the first line with the key and calls the signature bad."""
    world.trust("bob@x", sam, 'namespaces="file"')
    world.trust("sam@x", sam)
    assert told(world.one(write(sam))) == ("G", "sam@x", "")


# -- this user ----------------------------------------------------------------------------------


def test_ones_own_key_needs_no_trust_file(world: World, sam: SigningKey) -> None:
    world.own = Own("sam@x", frozenset([sam.public.fingerprint]))
    assert told(world.one(write(sam))) == ("G", "sam@x", "your own key")
    assert told(world.one(write(sam, None))) == ("G", "sam@x", "your own key")
    world.own = Own(None, frozenset([sam.public.fingerprint]))
    assert told(world.one(write(sam, None))) == ("G", sam.public.fingerprint, "your own key")


def test_ones_own_key_under_another_name_is_not_verified(
    world: World, sam: SigningKey, bob: SigningKey
) -> None:
    world.own = Own("sam@x", frozenset([sam.public.fingerprint]))
    verdict = world.one(write(sam, "sam@home"))
    assert told(verdict) == ("U", None, "your own key, but you are sam@x here")
    world.trust("bob@x", bob)
    verdict = world.one(write(sam, "bob@x"))
    assert told(verdict) == ("M", "sam@x", "record says bob@x, signed by sam@x")
    world.own = Own(None, frozenset([sam.public.fingerprint]))
    verdict = world.one(write(sam, "sam@home"))
    assert verdict.reason == "your own key, but git has no e-mail address of yours"


# -- who takes whose name: nothing of this is ever G ----------------------------------------------


def test_signed_by_somebody_else_than_it_says(
    world: World, sam: SigningKey, bob: SigningKey
) -> None:
    world.trust("sam@x", sam)
    world.trust("bob@x", bob)
    verdict = world.one(write(bob, "sam@x"))
    assert told(verdict) == ("M", "bob@x", "record says sam@x, signed by bob@x")
    assert verdict.flagged


def test_signed_by_nobody_we_know_as_somebody_we_know(
    world: World, sam: SigningKey, bob: SigningKey
) -> None:
    world.trust("sam@x", sam)
    verdict = world.one(write(bob, "sam@x"))
    assert told(verdict) == ("U", None, "claims sam@x, not a key of sam@x")
    assert verdict.flagged
    unsigned = world.one(write(None, "sam@x"))
    assert told(unsigned) == ("N", None, "says sam@x, who signs")
    assert unsigned.flagged


def test_put_on_another_run(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    other = RUN[:-1] + "b"
    verdict = world.one(edited(write(sam), lambda fields: fields.update(run=other)))
    assert verdict.state == "B"


def test_put_on_another_start_record(world: World, sam: SigningKey) -> None:
    """A run's id is made from its start record: what names the run names that record."""
    world.trust("sam@x", sam)
    body = {"operation": "train.py", "nonce": "0" * 16}
    begin = write(sam, run=None, kind="run.begin", body=body)
    forged = edited(begin, lambda fields: fields["body"].update(operation="steal.py"))
    assert forged.run != begin.run
    assert world.one(forged).state == "B"


def test_of_another_project(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    verdict = world.one(write(sam), foreign=[RUN])
    assert told(verdict) == ("M", None, "of another project")
    verdict = world.one(write(None), foreign=[RUN])
    assert (*told(verdict), verdict.flagged) == ("N", None, "of another project", True)


def test_signed_again_by_somebody_else(world: World, sam: SigningKey, bob: SigningKey) -> None:
    world.trust("sam@x", sam)
    world.trust("bob@x", bob)
    record = write(sam)
    again = sign(write(None, named=sam.public.fingerprint), bob)
    assert again.id == record.id
    verdict = world.one(again)
    assert verdict.state == "M"
    assert verdict.reason.startswith("the record names the key")
    # Whatever is put beside it, what sam signed is sam's.
    for copies in ((record, again), (again, record)):
        assert [each.state for each in world.judge(*copies)] == ["G"]


def test_a_value_that_was_edited(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    forged = edited(write(sam), lambda fields: fields["body"].update(text="no good"))
    assert world.one(forged).state == "B"


def test_a_name_that_is_there_twice(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    payload = write(None, named=sam.public.fingerprint).payload
    twice = payload.replace(b'{"text":', b'{"text":"no good","text":')
    signed = sign(parse_record(twice), sam)
    assert told(world.one(signed)) == ("B", None, "the line is not canonical JSON")


def test_a_pattern_is_nobody(world: World, sam: SigningKey) -> None:
    world.trust("*@x", sam)
    assert told(world.one(write(sam))) == ("U", None, "only a pattern names this key")
    assert told(world.one(write(sam, "sam@y"))) == (
        *("U", None),
        "a pattern names this key, not sam@y",
    )
    assert world.one(write(sam, "*@x")).state == "U"


def test_one_key_of_two_people(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    world.trust("bob@x", sam)
    verdict = world.one(write(sam))
    assert told(verdict) == ("U", None, "key also listed for bob@x")
    assert verdict.flagged


def test_one_person_with_two_addresses(world: World, sam: SigningKey) -> None:
    world.trust("sam@x,sam@home", sam)
    world.trust("sam@home,sam@work", sam)
    for address in ("sam@x", "sam@home", "sam@work"):
        assert told(world.one(write(sam, address))) == ("G", address, "")


def test_a_time_that_was_edited(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    at = "2026-11-01T12:00:00.000Z"
    assert world.one(edited(write(sam), lambda fields: fields.update(at=at))).state == "B"


def test_a_time_that_is_not_yet(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam)
    assert world.one(write(sam, at=NOW + DAY - 60)).state == "G"
    assert told(world.one(write(sam, at=NOW + DAY + 60))) == (
        *("M", None),
        "dated more than a day ahead",
    )


def test_replayed_and_rolled_back_it_is_the_same_record(world: World, sam: SigningKey) -> None:
    """What comes twice is one record; what is left out is not there: neither becomes another."""
    world.trust("sam@x", sam)
    first, second = write(sam, at=NOW - DAY), write(sam)
    verdicts = world.judge(first, second, first)
    assert [verdict.record for verdict in verdicts] == [first.id, second.id]
    assert [verdict.record for verdict in world.judge(first)] == [first.id]


@given(st.data())
@settings(max_examples=scale(60, 3000), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_in_a_line_it_is_not_verified(
    world: World, sam: SigningKey, data: st.DataObject
) -> None:
    world.signers.clear()
    world.trust("sam@x", sam)
    record = write(sam)
    at = data.draw(st.integers(0, len(record.line) - 1))
    byte = data.draw(st.integers(0, 255))
    line = record.line[:at] + bytes([byte]) + record.line[at + 1 :]
    if data.draw(st.booleans()):
        line = record.line[:at] + record.line[at + data.draw(st.integers(1, 40)) :]
    try:
        changed = parse_record(line)
    except IntegrityError:
        return
    good = changed.payload == record.payload and changed.sig is not None
    assert good or world.one(changed).state != "G"


# -- keys over time -------------------------------------------------------------------------------

ENDED = 'valid-before="20261101000000Z"'
BEFORE, AFTER = NOW - 40 * DAY, NOW - 10 * DAY
"""Before and after that end."""


def test_what_is_dated_after_the_end_of_a_key(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam, ENDED)
    assert told(world.one(write(sam, at=AFTER))) == (
        *("Y", "sam@x"),
        "key expired when it was made",
    )
    world.signers.clear()
    world.trust("sam@x", sam, 'valid-after="20270101Z"')
    assert world.one(write(sam)).reason == "key not yet valid when it was made"


def test_dated_back_it_needs_somebody_who_saw_it(world: World, sam: SigningKey) -> None:
    world.trust("sam@x", sam, ENDED)
    record = write(sam, at=BEFORE)
    assert world.one(record, now=BEFORE + DAY).state == "G"
    assert told(world.one(record)) == (
        *("G", "sam@x"),
        "key expired since, seen before",
    )
    forged = write(sam, at=BEFORE, body={"text": "found on a stolen disk"})
    assert told(world.one(forged)) == (
        *("Y", "sam@x"),
        "key expired; nothing shows it is older",
    )


def test_an_ended_key_of_somebody_else_is_a_mismatch(
    world: World, sam: SigningKey, bob: SigningKey
) -> None:
    world.trust("bob@x", bob, ENDED)
    assert world.one(write(bob, "sam@x", at=BEFORE)).state == "M"


def test_a_rotation_keeps_old_comments_good_in_a_fresh_clone(
    tmp_path: Path, world: World, sam: SigningKey
) -> None:
    new = make_key(tmp_path, "new")
    world.trust("sam@x", sam, ENDED)
    world.trust("sam@x", new)
    old = write(sam, at=BEFORE)
    forged = write(sam, at=BEFORE, body={"text": "forged"})
    listing = write(new, kind="key.retire", body=_list(sam, old.id))
    verdicts = {
        each.record: each for each in world.judge(old, forged, listing, now=NOW + 365 * DAY)
    }
    assert told(verdicts[old.id]) == (
        *("G", "sam@x"),
        "key expired since, owner lists it",
    )
    assert verdicts[forged.id].state == "Y"


def test_a_list_may_itself_be_by_a_key_that_was_ended_later(
    tmp_path: Path, world: World, sam: SigningKey
) -> None:
    second, third = make_key(tmp_path, "second"), make_key(tmp_path, "third")
    world.trust("sam@x", sam, 'valid-before="20261001Z"')
    world.trust("sam@x", second, ENDED)
    world.trust("sam@x", third)
    old = write(sam, at=NOW - 80 * DAY)
    first_list = write(second, at=BEFORE, kind="key.retire", body=_list(sam, old.id))
    second_list = write(third, kind="key.retire", body=_list(second, first_list.id))
    verdicts = world.judge(old, first_list, second_list)
    assert [verdict.state for verdict in verdicts] == ["G", "G", "G"]


def test_a_list_counts_only_for_its_writer(world: World, sam: SigningKey, bob: SigningKey) -> None:
    world.trust("sam@x", sam, ENDED)
    world.trust("bob@x", bob)
    old = write(sam, at=BEFORE)
    listing = write(bob, "bob@x", kind="key.retire", body=_list(sam, old.id))
    assert [verdict.state for verdict in world.judge(old, listing)] == ["Y", "G"]


def test_a_list_by_nobody_we_know_counts_for_nothing(
    world: World, sam: SigningKey, bob: SigningKey
) -> None:
    world.trust("sam@x", sam, ENDED)
    old = write(sam, at=BEFORE)
    listing = write(bob, kind="key.retire", body=_list(sam, old.id))
    assert [verdict.state for verdict in world.judge(old, listing)] == ["Y", "U"]


@pytest.mark.parametrize("body", [{}, {"key": 1, "records": []}, {"key": "SHA256:", "records": 1}])
def test_a_list_that_makes_no_sense_vouches_for_nothing(
    world: World, sam: SigningKey, body: dict[str, object]
) -> None:
    world.trust("sam@x", sam)
    listing = write(sam, kind="key.retire", body=body)
    odd = write(sam, kind="key.retire", body={**_list(sam), "records": [1, None]})
    assert [verdict.state for verdict in world.judge(listing, odd)] == ["G", "G"]


def _list(key: SigningKey, *records: str) -> dict[str, object]:
    return {
        "key": key.public.fingerprint,
        "at": "2026-11-01T00:00:00.000Z",
        "records": list(records),
    }


# -- signatures by programs -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checked", "email", "expected"),
    [
        (("G", "", ("sam@x",)), "sam@x", ("G", "sam@x", "")),
        (("G", "", ("bob@x",)), "sam@x", ("M", "bob@x", "record says sam@x, signed by bob@x")),
        (("G", "", ()), "sam@x", ("M", "AB12", "record says sam@x, signed by AB12")),
        (("G", "", ("sam@x",)), None, ("G", "sam@x", "")),
        (("U", "", ("sam@x",)), "sam@x", ("U", None, "")),
        (("X", "signature expired", ("sam@x",)), "sam@x", ("X", "sam@x", "signature expired")),
        (
            ("Y", "key expired", ("bob@x",)),
            "sam@x",
            ("M", "bob@x", "record says sam@x, signed by bob@x"),
        ),
        (("R", "key revoked", ("sam@x",)), "sam@x", ("R", "sam@x", "key revoked")),
        (("B", "", ()), "sam@x", ("B", None, "")),
        (("X", "signature expired", ()), "sam@x", ("X", None, "signature expired")),
    ],
)
def test_what_a_program_says_is_held_against_the_record(
    world: World,
    checked: tuple[str, str, tuple[str, ...]],
    email: str | None,
    expected: tuple[str, str | None, str],
) -> None:
    state, reason, names = checked
    record = parse_record(sign_record(write(None, email), "-----BEGIN PGP SIGNATURE-----").line)
    found = Checked(state, reason, b"", "AB12", names)
    assert told(world.one(record, other=lambda *_: found)) == expected
