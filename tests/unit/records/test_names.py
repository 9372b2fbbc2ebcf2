"""Two words that people can say to each other."""

from __future__ import annotations

import hashlib
import re

import pytest

from git_gage.records import run_id, run_name

# Names are made from ids and never stored: another list would rename every run there is.
LISTS_SHA256 = "432ca1838d53ffb34ae055d6f7c5eb88ccda97f90887e9676302d47c303eb25c"


def name_of(first: int, second: int) -> str:
    """The name of a run whose record id starts with these two bytes."""
    return run_name(run_id(1, f"{first:02x}{second:02x}" + "0" * 60))


ADJECTIVES = [name_of(number, 0).split("-")[0] for number in range(256)]
NOUNS = [name_of(0, number).split("-")[1] for number in range(256)]


@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("0000", "able-acorn"),
        ("16ae", "brisk-otter"),
        ("1f2e", "classy-chipmunk"),
        ("a17f", "peppy-koala"),
        ("ffff", "zippy-zinnia"),
    ],
)
def test_a_run_keeps_its_name_for_ever(start: str, name: str) -> None:
    assert run_name(run_id(1, start + "0" * 60)) == name


def test_name_lists_are_format() -> None:
    lists = "\n".join([*ADJECTIVES, *NOUNS]).encode()
    assert hashlib.sha256(lists).hexdigest() == LISTS_SHA256


def test_name_does_not_depend_on_the_time_or_the_rest_of_the_id() -> None:
    assert run_name(run_id(1, "12341" + "0" * 59)) == run_name(run_id(99, "1234e" + "f" * 59))


def test_every_pair_of_bytes_has_a_name_of_its_own() -> None:
    assert len(set(ADJECTIVES)) == len(set(NOUNS)) == 256
    assert not set(ADJECTIVES) & set(NOUNS)


def test_words_are_short_plain_and_told_apart_by_four_letters() -> None:
    assert all(re.fullmatch("[a-z]{3,8}", word) for word in ADJECTIVES + NOUNS)
    assert len({word[:4] for word in ADJECTIVES}) == 256
    assert len({word[:4] for word in NOUNS}) == 256


@pytest.mark.parametrize("command", ["bat", "cat", "clear", "free", "git", "lynx", "nice", "open"])
def test_no_word_is_a_command(command: str) -> None:
    assert command not in ADJECTIVES + NOUNS
