"""Metrics and their series as tables."""

from __future__ import annotations

import io
from math import inf, nan

from git_gage.metrics.series import Series
from git_gage.render.metrics import format_metrics
from git_gage.render.screen import Screen
from git_gage.render.series import format_series, format_series_csv

SCREEN = Screen(io.StringIO())
THINNED = Series([0, 5], [1.5, inf], [nan, nan], 20_000)


def test_a_series_of_which_the_extremes_are_there() -> None:
    assert "".join(format_series({"a\x1b": THINNED}, SCREEN)) == (
        "a\\x1b: 2 of 20,000 values, with all extremes\nSTEP  VALUE\n   0    1.5\n   5  inf\n"
    )


def test_what_nobody_said_is_empty_in_csv() -> None:
    text = "".join(format_series_csv({"=a,b": THINNED}))
    assert text == 'metric,step,value,time\n"\'=a,b",0,1.5,\n"\'=a,b",5,inf,\n'


def test_metrics_without_steps_and_series() -> None:
    summary = {"last": 1, "min": 0.5, "max": 1, "mean": 0.75, "count": 2}
    assert format_metrics({"acc": summary}, {}, SCREEN) == (
        "METRIC  LAST  MIN  MAX  MEAN  COUNT\nacc        1  0.5    1  0.75      2\n"
    )
