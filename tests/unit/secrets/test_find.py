"""What is said of secrets that were found: where and of which kind, never what they are."""

from __future__ import annotations

import pytest

from git_gage.secrets import (
    SecretsFoundError,
    Sighting,
    find_in_lines,
    find_in_text,
    require_no_secrets,
    require_none,
)
from tests.unit.secrets.tokens import make_tokens

TOKEN = make_tokens(5)["github classic"]


def test_a_text_with_a_secret_is_refused_without_telling_it() -> None:
    require_no_secrets("better than the last one", "the label")
    with pytest.raises(SecretsFoundError) as caught:
        require_no_secrets(f"with {TOKEN}", "the label")
    assert caught.value.exit_code == 1
    assert caught.value.message == "this looks like a secret: the label: GitHub token"
    assert "--allow-secrets" in (caught.value.hint or "")


def test_lines_are_counted_from_where_a_text_begins() -> None:
    text = f"a\nb\n{TOKEN}\nc\nkey {TOKEN}".encode()
    kind = "GitHub token"
    assert list(find_in_lines(text, "x.py")) == [Sighting("x.py:3", kind), Sighting("x.py:5", kind)]
    assert next(find_in_lines(text, "x.py", first=10)) == Sighting("x.py:12", kind)
    assert list(find_in_text("\udcff\ud800" + TOKEN, "a word")) == [Sighting("a word", kind)]


def test_all_places_are_listed_as_far_as_there_is_room() -> None:
    require_none([])
    many = [Sighting(f"x.py:{line}", "GitHub token") for line in range(1, 13)]
    with pytest.raises(SecretsFoundError) as caught:
        require_none([*many, *many], "hint")
    lines = caught.value.message.splitlines()
    assert lines[0] == "these 12 look like secrets:"
    assert lines[1] == "  x.py:1: GitHub token"
    assert lines[-1] == "  and 2 more"
    assert len(lines) == 12
    assert caught.value.hint == "hint"
