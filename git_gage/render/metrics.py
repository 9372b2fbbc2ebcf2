"""The metrics of one run: the best of each, and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.metrics.direction import lower_is_better
from git_gage.render.amounts import count_text, metric_text
from git_gage.render.plot import sparkline
from git_gage.render.table import Column, format_table, number_column
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.metrics.series import Series
    from git_gage.render.screen import Screen

Summaries = Mapping[str, Mapping[str, Any]]
_STEPS = ("last_step", "min_step", "max_step")


def draw_spark(points: Series | None, width: int, screen: Screen) -> str:
    """How a metric went, in a few characters; nothing where that is not known, or no way."""
    if points is None or len(points.values) < 2:
        return ""
    return sparkline(points.values, width, ascii=not screen.unicode).rstrip()


def best_text(name: str, summary: Mapping[str, Any]) -> str:
    """The best value of several, where it was, and how many there were."""
    if summary["count"] < 2:
        return ""
    amount = count_text(summary["count"], "value")
    which = "min" if lower_is_better(name) else "max"
    best, step = summary[which], summary.get(f"{which}_step")
    if best == "nan":
        return amount
    at = "" if step is None else f" at step {step}"
    return f"best {metric_text(best, 6)}{at}, {amount}"


def format_metrics(summaries: Summaries, series: Mapping[str, Series], screen: Screen) -> str:
    """A table of all metrics of a run."""
    rows = list(summaries.values())
    columns = [Column("METRIC", [clean(name) for name in summaries], 0, least=12)]
    for rank, (key, title) in enumerate((("last", "LAST"), ("min", "MIN"), ("max", "MAX")), 1):
        columns.append(_numbers(title, [row[key] for row in rows], rank))
        steps = [row.get(f"{key}_step") for row in rows]
        if any(step is not None for step in steps):
            columns.append(_numbers("AT", steps, rank + 10))
    columns.append(_numbers("MEAN", [row["mean"] for row in rows], 6))
    columns.append(_numbers("COUNT", [row["count"] for row in rows], 5))
    sparks = [draw_spark(series.get(name), spark_width(screen), screen) for name in summaries]
    if any(sparks):
        columns.append(Column("", sparks, 4))
    return format_table(columns, screen)


def _numbers(title: str, values: Sequence[Any], rank: int) -> Column:
    texts = ["" if value is None else metric_text(value, 6) for value in values]
    return number_column(title, texts, rank)


def spark_width(screen: Screen) -> int:
    """How much of a line a sparkline may take."""
    return 10 if screen.width < 100 else 24
