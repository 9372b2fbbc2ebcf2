"""Settings as JSON has them, with what JSON cannot hold as text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.gagefile import Value, native
from git_gage.gagefile.values import json_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Value("int", "3"), 3),
        (Value("int", "-1_000"), -1000),
        (Value("int", "0x10"), 16),
        (Value("int", "007"), 7),
        (Value("int", "9007199254740991"), 9007199254740991),
        (Value("int", "9007199254740992"), "9007199254740992"),
        (Value("int", "0x20000000000000"), "9007199254740992"),
        (Value("float", "1e-3"), 0.001),
        (Value("float", "1e999"), "inf"),
        (Value("float", "-inf"), "-inf"),
        (Value("float", "NaN"), "nan"),
        (Value("str", "0.1"), "0.1"),
        (Value("bool", "true"), True),
        (Value("bool", "false"), False),
        (Value("null", "null"), None),
        (Value("json", '[1, 2.5, {"a": null}]'), [1, 2.5, {"a": None}]),
        (Value("json", "[9007199254740993, 1e999]"), ["9007199254740993", "inf"]),
    ],
)
def test_setting_as_a_json_value(value: Value, expected: Any) -> None:
    found = native(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "value",
    [
        Value("int", "many"),
        Value("int", "9" * 5000),
        Value("float", "a lot"),
        Value("bool", "perhaps"),
        Value("null", ""),
        Value("json", "[1,"),
        Value("json", "NaN"),
        Value("json", "[" * 100_000),
        Value("complex", "1j"),
    ],
    ids=lambda value: f"{value.type}-{value.text[:7]}",
)
def test_text_that_is_not_of_its_type_stays_text(value: Value) -> None:
    assert native(value) == value.text


def test_setting_in_a_record() -> None:
    assert Value("float", "1e-3").to_json() == {"type": "float", "text": "1e-3"}


_LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


@given(_LITERALS)
def test_nested_values_are_json_that_any_reader_takes(value: Any) -> None:
    text = json_text(value)
    assert json.loads(text, parse_constant=pytest.fail) == native(Value("json", text))
