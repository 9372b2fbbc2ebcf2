"""`git gage best`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.choosing import filter_options
from git_gage.cli.params import MetricName, json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "best",
    cls=Command,
    usage="git gage best <metric> [--min | --max] [--per <name>] [-w <filter>]",
    examples=["git gage best acc", "git gage best loss --per lr"],
    exclusive=[("--min", "--max")],
    note="Without --min and --max, less is better of what is called loss, error, mae,\n"
    "mse, rmse, perplexity, nll, time, duration or latency; of anything else more.\n"
    "In other commands @{best:acc} and @{best:-loss} name such a run\n",
)
@click.argument("metric", metavar="<metric>", type=MetricName())
@click.option("--min", "least", is_flag=True, help="Less is better")
@click.option("--max", "most", is_flag=True, help="More is better")
@click.option("--per", metavar="<name>", help="Print the best run for each value of this")
@filter_options(bounds=False)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    metric: str,
    least: bool,
    most: bool,
    per: str | None,
    wheres: tuple[str, ...],
    as_json: bool,
) -> int:
    """Print the id of the run with the best value of a metric"""
    app: App = ctx.obj
    sign = "-" if least else "+" if most else ""
    found = app.runs.find_best(sign + metric, wheres, per=per)
    if as_json:
        from git_gage.render.machine import format_array

        click.echo("".join(format_array(app.document_texts(None, found))), nl=False)
    else:
        for run in found:
            click.echo(run)
    if not found:
        click.echo("no run matches", err=True)
    return 0 if found else 1
