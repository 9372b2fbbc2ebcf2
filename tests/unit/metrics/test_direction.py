"""Which way a metric is better."""

from __future__ import annotations

import pytest

from git_gage.metrics.direction import best_number, lower_is_better


@pytest.mark.parametrize("name", ["loss", "val_loss", "test.rmse", "Loss", "nll2", "latency-p99"])
def test_less_is_better(name: str) -> None:
    assert lower_is_better(name)


@pytest.mark.parametrize("name", ["acc", "f1", "lossless", "glossary", "timestamp", "", "é"])
def test_more_is_better(name: str) -> None:
    assert not lower_is_better(name)


def test_a_number_that_no_float_holds_is_not_the_best() -> None:
    assert best_number("acc", [10**400, 1, 2]) == 2
