"""`git gage list`, by its other names `ls` and `runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import Count, color_option, json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App

SHOWN = 20


@click.command(
    "list",
    cls=Command,
    usage="git gage list [-n <num> | --all] [--json]",
    examples=["git gage list", "git gage list --all --json"],
    exclusive=[("-n", "--all")],
    note="The row of a run here names it in other commands: git gage show 2\n",
)
@click.option(
    *("-n", "--max-count", "count"),
    metavar="<num>",
    type=Count(),
    default=SHOWN,
    help=f"Show so many runs at most (default: {SHOWN})",
)
@click.option("-a", "--all", "everything", is_flag=True, help="Show all runs")
@json_option
@color_option
@click.pass_obj
def command(app: App, count: int, everything: bool, as_json: bool, color: str) -> None:
    """List runs, newest first"""
    limit = None if everything else count
    if as_json:
        _print_json(app, limit)
        return
    documents = app.documents(limit)
    if not documents:
        _hint_at_runs()
        return
    import time

    from git_gage.render.listing import format_list

    screen = app.screen(color)
    text = format_list(
        documents,
        screen=screen,
        now=time.time(),
        newest_here=app.catalog.newest_here(),
        older=app.catalog.count() - len(documents),
    )
    app.catalog.remember_rows([document["id"] for document in documents])
    app.show(text, screen)


def _print_json(app: App, limit: int | None) -> None:
    from git_gage.render.machine import format_array

    screen = app.screen()
    for part in format_array(app.document_texts(limit)):
        screen.write(screen.encode(part))


def _hint_at_runs() -> None:
    click.echo("no runs here yet", err=True)
    click.echo("hint: record one with 'git gage run <script.py>'", err=True)
    click.echo("hint: get those of others with 'git gage fetch'", err=True)
