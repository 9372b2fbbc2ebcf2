"""Metrics of runs over their steps, drawn in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.metrics.series import Series
    from git_gage.render.screen import Screen

HEIGHT = 14


def draw_plots(
    app: App, documents: Sequence[dict[str, Any]], metrics: Sequence[str], screen: Screen
) -> str:
    """A plot of each metric with a line for each run."""
    from git_gage.runs.series import read_series

    found = [read_series(app.store, app.catalog, run["id"], metrics) for run in documents]
    return "\n".join("".join(_draw(documents, found, metric, screen)) for metric in metrics)


def _draw(
    documents: Sequence[dict[str, Any]],
    found: Sequence[dict[str, Series] | None],
    metric: str,
    screen: Screen,
) -> Iterator[str]:
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text
    from git_gage.render.plot import MAX_LINES, Line, plot_lines
    from git_gage.render.wording import FETCH
    from git_gage.safe import clean

    names = [f"{short_id(run['id'])} {run['name']}" for run in documents]
    here = {
        name: each[metric]
        for name, each in zip(names, found, strict=True)
        if each and metric in each
    }
    drawn = list(here.items())[:MAX_LINES]
    if drawn:
        lines = [Line(name, each.steps, each.values) for name, each in drawn]
        yield plot_lines(lines, screen, HEIGHT, f"{metric} by step")
    for name, each in zip(names, found, strict=True):
        if each is None:
            yield f"  {clean(name)}, {FETCH}\n"
        elif metric not in each:
            yield f"  {clean(name)}, no values of {clean(metric)} by step\n"
    if len(here) > len(drawn):
        yield f"  not drawn: {count_text(len(here) - len(drawn), 'more run')}\n"
