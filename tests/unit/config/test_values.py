"""Settings as records hold them, with what JSON cannot hold as text."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.config import Value
from git_gage.config.values import json_number, json_text


def test_setting_in_a_record() -> None:
    assert Value("float", "1e-3").to_json() == {"type": "float", "text": "1e-3"}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (3, 3),
        (0.5, 0.5),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_number_that_json_cannot_hold_is_text(number: float, expected: Any) -> None:
    assert json_number(number) == expected


def test_nested_value_is_json() -> None:
    value = {"a": [1, True, None, (2.5, "é")], "b": [2**53, math.inf]}
    text = '{"a": [1, true, null, [2.5, "é"]], "b": ["9007199254740992", "inf"]}'
    assert json_text(value) == text


_NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


@given(_NESTED)
def test_nested_values_are_json_that_any_reader_takes(value: Any) -> None:
    json.loads(json_text(value), parse_constant=pytest.fail)
