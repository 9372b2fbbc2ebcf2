"""Verdicts as people and programs see them."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.render.verdicts import count_states, kind_text, said_text, state_style
from git_gage.trust.verdict import WORDS, Verdict, is_met, kept_state
from tests.unit.trust.judging import write


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("attr.set", {"name": "label", "value": "a b"}, 'label "a b"'),
        ("attr.set", {"name": "lr", "value": 0.1}, 'attr "lr" = "0.1"'),
        ("attr.set", {"name": 'x" = "y', "value": ["\u202e"]}, None),
        ("attr.del", {"name": "label"}, 'label "label" removed'),
        ("attr.del", {"name": "lr"}, 'attr "lr" removed'),
        ("tag.add", {"tag": "best"}, 'tag "best"'),
        ("tag.del", {"tag": "best"}, 'tag "best" removed'),
        ("comment.add", {"text": "one\ntwo"}, r'comment "one\\ntwo"'),
        ("comment.edit", {"text": "x"}, 'comment "x"'),
        ("comment.del", {}, "comment removed"),
        ("run.end", {"status": "error"}, 'end "error"'),
        ("run.start", {}, "start "),
        ("key.retire", {}, "key "),
        ("attest", {}, "attest "),
        ("odd\x1b", {}, r"odd\x1b "),
    ],
)
def test_what_a_record_says(kind: str, body: dict[str, Any], expected: str | None) -> None:
    record = write(None, kind=kind, body=body)
    text = f"{kind_text(record)} {said_text(record)}"
    assert text.isprintable()
    assert text == (expected or r'attr "x\" = \"y" = "[\"\\u202e\"]"')


def test_what_began(monkeypatch: pytest.MonkeyPatch) -> None:
    record = write(None, kind="run.begin", run=None, body={"operation": "train.py"})
    assert (kind_text(record), said_text(record)) == ("begin", '"train.py"')


def verdict(state: str, *, flagged: bool = False) -> Verdict:
    return Verdict("id", "run", "kind", state, None, None, None, "", "", flagged)


def test_counts_are_told_best_first() -> None:
    told = count_states([verdict(state) for state in "MGUGGU"])
    assert told == "6 records: 3 verified, 2 unknown key, 1 mismatch"


def test_verified_is_green_and_false_is_red() -> None:
    styles = {state: state_style(state) for state in WORDS}
    assert {state for state, style in styles.items() if style == "green"} == {"G"}
    assert {state for state, style in styles.items() if style == "red"} == {"M", "B", "R"}


@pytest.mark.parametrize(
    ("required", "met"), [("trusted", "G"), ("signed", "GUYX"), ("none", "GUYXEN")]
)
def test_what_is_enough(required: str, met: str) -> None:
    found = {state for state in WORDS if is_met(verdict(state), required)}
    assert found == set(met)
    assert not is_met(verdict("U", flagged=True), "none")


@pytest.mark.parametrize(("policy", "kept"), [("trusted", "GMRB"), ("unflagged", "GUMYXRBEN")])
def test_what_is_kept_of_a_verdict(policy: str, kept: str) -> None:
    assert {kept_state(verdict(state), policy) for state in WORDS} - {"flagged"} == set(kept)
    assert kept_state(verdict("N", flagged=True), policy) == "flagged"
    assert kept_state(verdict("M", flagged=True), policy) == "M"
