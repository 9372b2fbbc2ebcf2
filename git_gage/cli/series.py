"""`git gage series`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import MetricName, RunName, color_option, csv_option, json_option
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import NotHereError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from git_gage.cli.app import App
    from git_gage.metrics.series import Series


@click.command(
    "series",
    cls=Command,
    usage="git gage series <run> [<metric>...] [--json | --csv]",
    examples=["git gage series @ loss", "git gage series 2 --csv > run2.csv"],
    exclusive=[("--json", "--csv")],
    note="Without a <metric>, all of the run are printed. Times are seconds since it\n"
    "started\n\n" + RUN_NOTE,
)
@click.argument("run", metavar="<run>", type=RunName())
@click.argument("metrics", metavar="<metric>", nargs=-1, type=MetricName())
@json_option
@csv_option
@color_option
@click.pass_obj
def command(
    app: App, run: str, metrics: tuple[str, ...], as_json: bool, csv: bool, color: str
) -> None:
    """Print the values of a run's metrics, step by step"""
    document = app.document(run)
    series = _read(app, document["id"], metrics, document["summaries"])
    screen = app.screen(color)
    from git_gage.render.machine import format_members
    from git_gage.render.series import format_series, format_series_csv, series_by_name

    if as_json:
        parts = format_members(series_by_name(series))
    else:
        parts = format_series_csv(series) if csv else format_series(series, screen)
    app.show_parts(map(screen.encode, parts), screen)


def _read(app: App, run: str, names: Sequence[str], known: Iterable[str]) -> Mapping[str, Series]:
    from git_gage.runs.series import read_series

    found = read_series(app.store, app.catalog, run, names or None)
    if found is None:
        raise NotHereError("series: not here", run)
    for name in names:
        if name not in found:
            every = read_series(app.store, app.catalog, run) or {}
            raise _refuse(name, run, [*known, *every])
    return {name: found[name] for name in names} if names else found


def _refuse(name: str, run: str, known: Sequence[str]) -> RequestError:
    """A run has no series of this name: what may be meant, or that it has its last value alone."""
    from difflib import get_close_matches

    from git_gage.records import short_id

    near = get_close_matches(name, known, n=1)
    if near == [name]:
        return RequestError(
            f"no series of '{name}': its last value alone was recorded",
            hint=f"git gage show {short_id(run)} --metrics",
        )
    hint = f"did you mean '{near[0]}'?" if near else f"git gage show {short_id(run)} --metrics"
    return RequestError(f"run {short_id(run)} has no metric '{name}'", hint=hint)
