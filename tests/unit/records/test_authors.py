"""Who wrote a record, in a few words."""

from __future__ import annotations

import pytest

from git_gage.records import author_name, without_key

KEY = "SHA256:lBNNvGPZZRP+US/EUrA1HFYwxTYeQcgg5rC1suXl1Hk"


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ({"name": "Ana", "email": "ana@example.com", "key": KEY}, "Ana"),
        ({"name": "", "email": "ana@example.com", "key": KEY}, "ana@example.com"),
        ({"key": KEY}, "key SHA256:lBNNvGPZ"),
        ({"email": ""}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_key_is_shown_where_nothing_else_is_known(by: dict[str, str] | None, text: str) -> None:
    assert author_name(by) == text


def test_an_unsigned_record_names_no_key() -> None:
    assert without_key({"name": "Ana", "key": KEY}) == {"name": "Ana"}
    assert without_key({"key": KEY}) is None
    assert without_key(None) is None
