"""`git gage compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.list import hint_at_filter
from git_gage.cli.params import (
    MetricName,
    RunName,
    color_option,
    csv_option,
    html_option,
    json_option,
    md_option,
)
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.metrics.series import Series
    from git_gage.render.screen import Screen
    from git_gage.runs.comparison import Comparison, Row

FORMS = ("--json", "--csv", "--md", "--html", "--plot")
# More columns than these nobody reads; lists have a row a run.
MAX_RUNS = 100


@click.command(
    "compare",
    cls=Command,
    usage="git gage compare [<run>...] [-w <filter>] [--all-rows] [--metric <name>]",
    examples=["git gage compare 1 2", "git gage compare 1:4 --plot loss"],
    exclusive=[FORMS, ("--plot", "--all-rows"), ("--plot", "--metric")],
    note="Numbers have their distance from the first run, * is the best. Only what differs\n"
    "is shown\n\n" + RUN_NOTE,
)
@click.argument("words", metavar="<run>", nargs=-1, type=RunName())
@filter_options()
@click.option("--all-rows", "everything", is_flag=True, help="Show what is equal, too")
@click.option(
    "--metric",
    "metrics",
    metavar="<name>",
    multiple=True,
    type=MetricName(),
    help="Show only this metric (can be repeated)",
)
@click.option(
    "--plot",
    "plots",
    metavar="<metric>",
    multiple=True,
    type=MetricName(),
    help="Draw a metric over its steps (can be repeated)",
)
@json_option
@csv_option
@md_option
@html_option
@color_option
@click.pass_obj
def command(
    app: App,
    /,
    words: tuple[str, ...],
    wheres: tuple[str, ...],
    color: str,
    plots: tuple[str, ...],
    **given: Any,
) -> int:
    """Compare runs: what differs, what came out"""
    documents = _choose(app, words, wheres)
    if not documents:
        hint_at_filter(app, wheres)
        return 1
    _require_metrics(documents, (*given["metrics"], *plots))
    screen = app.screen(color)
    if plots:
        from git_gage.cli.plots import draw_plots

        app.show(draw_plots(app, documents, plots, screen), screen)
        return 0
    if len(documents) == 1:
        run = documents[0]["name"]
        raise RequestError(f"there is nothing to compare '{run}' with", hint=f"git gage show {run}")
    _show(app, documents, screen, given)
    return 0


def _choose(app: App, words: Sequence[str], wheres: Sequence[str]) -> list[dict[str, Any]]:
    """Run objects of the runs that are meant, in the order of the words, or the newest first."""
    chosen = find_chosen(app, words, wheres)
    if len(chosen) > MAX_RUNS:
        raise RequestError(
            f"{len(chosen)} runs are too many to compare, at most {MAX_RUNS}",
            hint="choose among them with 'git gage list', then 'git gage compare 1:4'",
        )
    return app.documents(None, chosen)


def _require_metrics(documents: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    known = list(dict.fromkeys(name for document in documents for name in document["metrics"]))
    for name in names:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "see them with 'git gage show'"
            raise RequestError(f"none of these runs has a metric '{name}'", hint=hint)


def _show(
    app: App, documents: Sequence[dict[str, Any]], screen: Screen, given: dict[str, Any]
) -> None:
    from git_gage.cli.bulk import has_source
    from git_gage.render import comparison as forms
    from git_gage.render.machine import format_json
    from git_gage.runs.changes import find_changes
    from git_gage.runs.comparison import compare_runs

    sources = [document["source"] for document in documents]
    here = [has_source(app.repo, source) for source in sources]
    foreign = [app.catalog.is_foreign(document["id"]) for document in documents]
    changed = find_changes(app.repo, sources, here, foreign)
    comparison = compare_runs(documents, changed, metrics=given["metrics"])
    rows = comparison.chosen(everything=given["everything"])
    if given["as_json"]:
        text = format_json(forms.comparison_body(comparison, rows))
    elif given["csv"]:
        text = "".join(forms.format_csv_rows(comparison, rows))
    elif given["md"]:
        text = "".join(forms.format_markdown_rows(comparison, rows, screen))
    elif given["html"]:
        app.write_page(given["html"], [_page(app, comparison, rows, screen)])
        return
    else:
        text = forms.format_comparison(comparison, screen, everything=given["everything"])
        app.show(text, screen)
        return
    screen.write(screen.encode(text))


def _page(app: App, comparison: Comparison, rows: Sequence[Row], screen: Screen) -> str:
    from git_gage.render.comparison_page import format_comparison_page

    runs = comparison.runs
    files = next((row.values for row in comparison.rows if row.name == "files"), ())
    patches = {
        run["id"]: _patch(app, runs[0], run)
        for run, changed in zip(runs, files, strict=False)
        if isinstance(changed, list) and changed
    }
    series = _common_series(app, comparison)
    return format_comparison_page(comparison, rows, series, patches, screen)


def _patch(app: App, one: Mapping[str, Any], other: Mapping[str, Any]) -> bytes:
    """From the source of one run to that of another, if it is not too much to be shown."""
    from git_gage.cli.bulk import show_limits
    from git_gage.git.trees import TooLargeError
    from git_gage.runs.changes import read_diff

    snapshots = [run["source"]["snapshot"] for run in (one, other)]
    try:
        limits = show_limits(app, (one, other), *snapshots)
    except TooLargeError as error:
        return f"not shown: {error.message}\n".encode()
    return read_diff(app.repo, *snapshots, limits=limits)


def _common_series(app: App, comparison: Comparison) -> dict[str, dict[str, Series]]:
    """By metric and run, for the metrics that all runs have and that are more than a value."""
    from git_gage.render.charts import MAX_CHARTS
    from git_gage.runs.comparison import Missing
    from git_gage.runs.series import read_series

    common = [
        row.name
        for row in comparison.rows
        if row.part == "metrics" and Missing.NONE not in row.values
    ][:MAX_CHARTS]
    found = {
        run["id"]: read_series(app.store, app.catalog, run["id"], common) or {}
        for run in comparison.runs
    }
    series = {
        name: {run: each[name] for run, each in found.items() if name in each} for name in common
    }
    return {
        name: each
        for name, each in series.items()
        if any(points.count > 1 for points in each.values())
    }
