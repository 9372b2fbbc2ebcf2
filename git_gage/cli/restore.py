"""`git gage restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.params import PutAwayRun, sign_options, yes_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "restore",
    cls=Command,
    usage="git gage restore (<run>... | -w <filter>)",
    examples=["git gage restore 4dq7k2m", "git gage restore -w 'archived = spring'"],
    note=RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=PutAwayRun())
@filter_options()
@sign_options
@yes_option
@click.pass_obj
def command(app: App, runs: tuple[str, ...], wheres: tuple[str, ...]) -> None:
    """Bring back runs that were deleted or archived"""
    from git_gage.cli.put_away import describe_done
    from git_gage.runs.attributes import restore_runs

    chosen = find_chosen(app, runs, wheres, put_away=True)
    done = restore_runs(app.store, app.catalog, chosen, app.author)
    describe_done(app, "Restored", done)
