"""A metric in five numbers."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.metrics.summary import MetricSummary


def summarise(*values: float) -> MetricSummary:
    summary = MetricSummary()
    for value in values:
        summary.add(value)
    return summary


def test_values_become_five_numbers() -> None:
    assert summarise(3, 1, 2).to_json() == {"last": 2, "min": 1, "max": 3, "mean": 2, "count": 3}


def test_one_value_is_all_of_them() -> None:
    assert summarise(0.1).to_json() == {
        "last": 0.1,
        "min": 0.1,
        "max": 0.1,
        "mean": 0.1,
        "count": 1,
    }


def test_loss_that_diverged_keeps_what_it_was_before() -> None:
    assert summarise(2.0, 1.0, math.inf, math.nan).to_json() == {
        "last": "nan",
        "min": 1.0,
        "max": 2.0,
        "mean": 1.5,
        "count": 4,
    }


def test_loss_that_recovered_forgets_nan() -> None:
    assert summarise(math.nan, 2.0).to_json() == {
        "last": 2.0,
        "min": 2.0,
        "max": 2.0,
        "mean": 2.0,
        "count": 2,
    }


@pytest.mark.parametrize(
    ("value", "text"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_without_a_finite_value_there_is_no_mean(value: float, text: str) -> None:
    assert summarise(value, value).to_json() == {
        "last": text,
        "min": "nan",
        "max": "nan",
        "mean": "nan",
        "count": 2,
    }


def test_large_integers_are_text() -> None:
    assert summarise(2**53 - 1).to_json()["last"] == 2**53 - 1
    assert summarise(2**53).to_json()["last"] == "9007199254740992"
    assert summarise(-(2**60)).to_json()["min"] == str(-(2**60))


def test_final_value_that_was_printed_last_is_no_further_one() -> None:
    summary = summarise(0.3, 0.2)
    summary.end_with(0.2)
    assert (summary.last, summary.count) == (0.2, 2)


def test_final_value_of_its_own_is_one_more() -> None:
    summary = summarise(0.3, 0.2)
    summary.end_with(0.1)
    assert (summary.last, summary.min, summary.count) == (0.1, 0.1, 3)


def test_final_nan_after_nan_is_no_further_value() -> None:
    summary = summarise(math.nan)
    summary.end_with(math.nan)
    assert summary.count == 1


def test_final_nan_can_be_the_only_value() -> None:
    summary = MetricSummary()
    summary.end_with(math.nan)
    assert summary.count == 1


@given(st.lists(st.floats() | st.integers(-(10**60), 10**60), min_size=1))
def test_summary_is_that_of_all_values(values: list[float]) -> None:
    summary = summarise(*values)
    finite = [value for value in values if math.isfinite(value)]
    assert summary.count == len(values)
    assert repr(summary.last) == repr(values[-1])
    if not finite:
        assert math.isnan(summary.min)
        assert math.isnan(summary.max)
        assert math.isnan(summary.mean)
        return
    assert (summary.min, summary.max) == (min(finite), max(finite))
    # A mean is a float, also of integers that are none.
    assert float(summary.min) <= summary.mean <= float(summary.max)
    mean = statistics.fmean(value / len(finite) for value in finite) * len(finite)
    scale = max(abs(value) for value in finite)
    assert math.isclose(summary.mean, mean, rel_tol=1e-9, abs_tol=1e-9 * scale + 1e-300)
