"""The values of metrics by step, as a table, CSV or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.metrics.series import Series, series_body
from git_gage.render.amounts import count_text, metric_text
from git_gage.render.delimited import csv_line
from git_gage.render.table import format_table, number_column
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_COLUMNS = ("metric", "step", "value", "time")


def format_series(series: Mapping[str, Series], screen: Screen) -> Iterator[str]:
    """A table for each metric, below its name."""
    for number, (name, points) in enumerate(series.items()):
        before = "\n" if number else ""
        title = f"{clean(name)}: {_amount(points)}"
        yield before + screen.paint(screen.cut(title, screen.width), "bold") + "\n"
        yield _table(points, screen)


def format_series_csv(series: Mapping[str, Series]) -> Iterator[str]:
    """A line of names, then a line a point."""
    yield csv_line(_COLUMNS)
    for name, points in series.items():
        body = series_body(points)
        for row in zip(body["steps"], body["values"], body["times"], strict=True):
            yield csv_line((name, *row))


def series_by_name(series: Mapping[str, Series]) -> dict[str, dict[str, Any]]:
    """The same as a JSON value. Source: docs/json.md, "Other commands"."""
    return {name: {**series_body(points), "count": points.count} for name, points in series.items()}


def _amount(points: Series) -> str:
    shown = len(points.steps)
    amount = count_text(points.count, "value")
    return amount if points.count == shown else f"{shown:,} of {amount}, with all extremes"


def _table(points: Series, screen: Screen) -> str:
    body = series_body(points)
    times = ["" if time is None else f"{time:.3f}" for time in body["times"]]
    columns = [
        number_column("STEP", [str(step) for step in body["steps"]], 0),
        number_column("VALUE", [metric_text(value, 6) for value in body["values"]], 0),
    ]
    if any(times):
        columns.append(number_column("TIME", times, 1))
    return format_table(columns, screen)
