"""Series: what is kept of a metric's points, and how it is written."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from git_gage.errors import IntegrityError
from git_gage.metrics.series import (
    Series,
    SeriesSampler,
    format_series,
    parse_series,
)

VALUES = st.floats(allow_nan=True, allow_infinity=True)


def sample(values: Sequence[float], limit: int, *, every: int = 1) -> Series:
    sampler = SeriesSampler()
    for step, value in enumerate(values):
        sampler.extend([step], [value], [step / 10])
        if step % every == 0:
            sampler.fit(limit)
    sampler.fit(limit)
    return sampler.series()


def test_few_points_are_kept_as_they_are() -> None:
    series = sample([0.3, math.nan, math.inf], 10)

    assert series.steps == [0, 1, 2]
    assert series.values[0] == 0.3
    assert math.isnan(series.values[1])
    assert series.values[2] == math.inf
    assert series.times_s == [0.0, 0.1, 0.2]
    assert series.count == 3


def test_points_are_in_the_order_of_their_steps_whatever_order_they_came_in() -> None:
    sampler = SeriesSampler()
    for step, value in ((3, 0.3), (1, 0.1), (2, 0.2), (1, 0.15)):
        sampler.extend([step], [value], [math.nan])

    assert sampler.series().steps == [1, 1, 2, 3]
    assert sampler.series().values == [0.1, 0.15, 0.2, 0.3]


def test_without_points_there_is_nothing() -> None:
    assert SeriesSampler().series() == Series([], [], [], 0)


@example([math.nan, 1.0, *[0.0] * 7], 8, 1)
@given(st.lists(VALUES, max_size=300), st.integers(8, 40), st.integers(1, 50))
def test_of_many_points_first_last_lowest_and_highest_stay(
    values: list[float], limit: int, every: int
) -> None:
    series = sample(values, limit, every=every)

    assert series.count == len(values)
    # The first, the last and the two of the stretch that is not full may come on top.
    assert len(series.values) <= min(len(values), limit + 4)
    assert series.steps == sorted(set(series.steps))
    for step, value in zip(series.steps, series.values, strict=True):
        assert value == values[step] or math.isnan(value)
    if values:
        assert {0, len(values) - 1} <= set(series.steps)
    known = [value for value in values if not math.isnan(value)]
    if known:
        assert min(known) in series.values
        assert max(known) in series.values


def test_a_stretch_with_nan_in_it_keeps_its_numbers() -> None:
    values = [float(step) for step in range(64)]
    values[40:48] = [math.nan, 7.0, math.nan, -3.0, math.nan, 99.0, math.nan, math.nan]
    sampler = SeriesSampler()
    sampler.extend(range(32), values[:32], [math.nan] * 32)
    sampler.fit(8)
    sampler.extend(range(32, 64), values[32:], [math.nan] * 32)
    assert {-3.0, 99.0} <= set(sampler.series().values)


def test_what_is_kept_is_spread_over_all_steps() -> None:
    series = sample([float(step % 7) for step in range(100_000)], 1000, every=5000)

    assert 500 <= len(series.steps) <= 1004
    gaps = [after - before for before, after in zip(series.steps, series.steps[1:], strict=False)]
    assert max(gaps) <= 512


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda text: text.encode(errors="ignore")),
        st.lists(st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), VALUES), max_size=5),
        max_size=3,
    )
)
def test_series_are_read_as_they_were_written(
    given_points: dict[str, list[tuple[int, float]]],
) -> None:
    series = {}
    for name, points in given_points.items():
        sampler = SeriesSampler()
        for step, value in points:
            sampler.extend([step], [value], [math.nan])
        series[name] = sampler.series()

    lines = [line.encode() for line in format_series(series.items())]

    assert repr(parse_series(lines)) == repr(series)


def test_numbers_are_spelled_as_json_has_them() -> None:
    series = Series([0, 1, 2, 3], [3.0, -0.0, math.inf, 0.5], [0.0, 1.23456, math.nan, 2.0], 4)

    (line,) = format_series([("loss", series)])

    assert line == (
        '{"name":"loss","count":4,"steps":[0,1,2,3],"values":[3,-0.0,"inf",0.5],'
        '"times":[0.0,1.235,null,2.0]}\n'
    )


def test_only_the_names_that_are_asked_for_are_read() -> None:
    lines = [f'{{"name":"{n}","count":1,"steps":[0],"values":[1],"times":[0]}}' for n in "ab"]

    assert list(parse_series(map(str.encode, lines), frozenset("b"))) == ["b"]


GOOD = {"name": "a", "count": 2, "steps": [0, 1], "values": [1, "nan"], "times": [0, None]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 1),
        ("count", 1),
        ("count", "2"),
        ("steps", "01"),
        ("steps", [0]),
        ("steps", [0, 1.5]),
        ("steps", [1, 0]),
        ("values", [1, "one"]),
        ("values", [1, None]),
        ("values", [1, 10**400]),
        ("times", [0, "x"]),
    ],
)
def test_what_is_no_series_is_refused(key: str, value: object) -> None:
    parse_series([json.dumps(GOOD).encode()])

    with pytest.raises(IntegrityError, match="read series"):
        parse_series([json.dumps({**GOOD, key: value}).encode()])


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b" " * (5 << 20)])
def test_a_line_that_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(IntegrityError, match="read series"):
        parse_series([line])


def test_more_points_than_anybody_writes_are_refused() -> None:
    many = list(range(30_001))
    line = {"name": "a", "count": 30_001, "steps": many, "values": many, "times": many}

    with pytest.raises(IntegrityError, match="number of points"):
        parse_series([json.dumps(line).encode()])
