"""`git gage rm`, by its other name `delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.params import RunName, never_ask_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "rm",
    cls=Command,
    usage="git gage rm (<run>... | -w <filter>) [-y]",
    examples=["git gage rm 3 4", "git gage rm -w 'status = error'"],
    note=f"""\
Deleted runs are in no list, and nothing of them is gone. They are shown by
'git gage list --deleted', and 'git gage restore' brings them back.

{RUN_NOTE}""",
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@filter_options()
@sign_options
@never_ask_option
@click.pass_obj
def command(app: App, runs: tuple[str, ...], wheres: tuple[str, ...], never_ask: bool) -> None:
    """Delete runs, until they are restored"""
    from git_gage.cli.put_away import ask, describe_done, require_ended
    from git_gage.runs.attributes import delete_runs

    chosen = find_chosen(app, runs, wheres)
    require_ended(app, chosen)
    if chosen and not never_ask:
        ask(app, chosen, "Delete")
    describe_done(app, "Deleted", delete_runs(app.store, app.catalog, chosen, app.author))
