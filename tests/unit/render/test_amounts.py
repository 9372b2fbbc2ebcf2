"""Numbers and times as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.render.amounts import (
    age_text,
    count_text,
    metric_text,
    moment_text,
    short_span,
    size_text,
    span_text,
    value_text,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        (64, "64"),
        (True, "true"),
        (None, "null"),
        ("adam\n", "adam\\n"),
        ([1, "ä"], '[1, "ä"]'),
    ],
)
def test_a_setting_is_shown_as_it_was_given(value: Any, shown: str) -> None:
    assert value_text(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9123456, "0.9123"),
        (20, "20"),
        (3.0, "3"),
        (1e20, "1e+20"),
        ("nan", "nan"),
        (2**60, str(2**60)),
    ],
)
def test_a_metric_has_as_many_digits_as_say_something(value: Any, shown: str) -> None:
    assert metric_text(value) == shown


@pytest.mark.parametrize(
    ("seconds", "short", "age", "full"),
    [
        (-1, "0.0s", "0s", "0.00s"),
        (0.42, "0.4s", "0s", "0.42s"),
        (12.34, "12s", "12s", "12.3s"),
        (842, "14m", "14m", "14m 02s"),
        (5 * 3600 + 460, "5h", "5h", "5h 07m"),
        (3 * 86400 + 4 * 3600, "3d", "3d", "3d 04h"),
        (30 * 86400, "4w", "4w", "30d 00h"),
        (800 * 86400, "2y", "2y", "800d 00h"),
    ],
)
def test_spans_are_short_in_a_list_and_whole_on_a_page(
    seconds: float, short: str, age: str, full: str
) -> None:
    assert (short_span(seconds), age_text(seconds), span_text(seconds)) == (short, age, full)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (1, "1 byte"),
        (1000, "1,000 bytes"),
        (1536, "1.5 KiB"),
        (5 << 20, "5.0 MiB"),
        (7 << 30, "7.0 GiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes_are_powers_of_1024(size: int, shown: str) -> None:
    assert size_text(size) == shown


def test_counts_agree_with_their_nouns() -> None:
    assert [count_text(count, "run") for count in (0, 1, 1024)] == ["0 runs", "1 run", "1,024 runs"]


def test_moments_are_in_the_readers_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment_text(1795342333.9) == "2026-11-22 10:12"
