"""`git gage list`, by its other names `ls` and `runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.choosing import filter_options, read_sorting
from git_gage.cli.params import Count, color_option, json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App

SHOWN = 20


@click.command(
    "list",
    cls=Command,
    usage="git gage list [-w <filter>] [--sort <keys>] [-n <num> | --all] [--json]",
    examples=["git gage list", "git gage list -w 'acc > 0.9 and not status = error' --json"],
    exclusive=[("-n", "--all"), ("--graph", "--json")],
    note="The row of a run here names it in other commands: git gage show 2\n"
    "Filters are explained by 'git gage help filters'\n",
)
@filter_options()
@click.option(
    *("--sort", "sorting"),
    metavar="<keys>",
    multiple=True,
    help="Sort by values: -acc,lr (- means the highest first)",
)
@click.option(
    *("-n", "--max-count", "count"),
    metavar="<num>",
    type=Count(),
    default=SHOWN,
    help=f"Show so many runs at most (default: {SHOWN})",
)
@click.option("-a", "--all", "everything", is_flag=True, help="Show all runs")
@click.option("--graph", is_flag=True, help="Draw which run was made from which")
@json_option
@color_option
@click.pass_obj
def command(
    app: App,
    wheres: tuple[str, ...],
    sorting: tuple[str, ...],
    count: int,
    everything: bool,
    graph: bool,
    as_json: bool,
    color: str,
) -> None:
    """List runs, newest first"""
    limit = None if everything else count
    keys = read_sorting(sorting)
    found = app.runs.find(wheres, sort=keys) if wheres or keys else None
    if as_json:
        _print_json(app, limit, found)
    elif found == [] and app.catalog.count():
        _hint_at_filter(app, wheres)
    else:
        _print_table(app, limit, found, wheres, color, graph=graph)


def _print_table(
    app: App,
    limit: int | None,
    found: list[str] | None,
    wheres: Sequence[str],
    color: str,
    *,
    graph: bool,
) -> None:
    documents = app.documents(limit, found)
    if not documents:
        _hint_at_runs()
        return
    import time

    from git_gage.render.listing import format_list

    screen = app.screen(color)
    total = app.catalog.count() if found is None else len(found)
    text = format_list(
        documents,
        screen=screen,
        now=time.time(),
        newest_here=app.catalog.newest_here(),
        older=total - len(documents),
        to_see_all=_to_see_all(wheres),
        graph=graph,
    )
    app.catalog.remember_rows([document["id"] for document in documents])
    app.show(text, screen)


def _print_json(app: App, limit: int | None, found: list[str] | None) -> None:
    from git_gage.render.machine import format_array

    screen = app.screen()
    for part in format_array(app.document_texts(limit, found)):
        screen.write(screen.encode(part))


def _to_see_all(wheres: Sequence[str]) -> str:
    words = ["git", "gage", "list", "--all"]
    if not wheres:
        return " ".join(words)
    import shlex

    from git_gage.safe import clean

    return clean(shlex.join([*words, *(word for where in wheres for word in ("-w", where))]))


def _hint_at_filter(app: App, wheres: Sequence[str]) -> None:
    from git_gage.safe import clean

    click.echo("no run matches", err=True)
    for name, near in app.catalog.find_unknown(wheres).items():
        guess = f": did you mean '{clean(near)}'?" if near else ""
        click.echo(f"hint: no run has a '{clean(name)}'{guess}", err=True)


def _hint_at_runs() -> None:
    click.echo("no runs here yet", err=True)
    click.echo("hint: record one with 'git gage run <script.py>'", err=True)
    click.echo("hint: get those of others with 'git gage fetch'", err=True)
