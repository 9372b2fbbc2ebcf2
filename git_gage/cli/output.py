"""`git gage output`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RunName
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "output",
    cls=Command,
    usage="git gage output [<run>] [-t]",
    examples=["git gage output", "git gage output 2 -t"],
    note="Without a <run>, the newest begun here is meant, or else the newest.\n\n" + RUN_NOTE,
)
@click.argument("run", metavar="<run>", required=False, type=RunName())
@click.option(
    *("-t", "--timestamps"), is_flag=True, help="Begin each line with the seconds since the start"
)
@click.pass_obj
def command(app: App, run: str | None, timestamps: bool) -> None:
    """Print what a run printed"""
    from git_gage.cli.bulk import INDEX, read_bulk, read_output
    from git_gage.render.log import clean_log, stamp_log

    document = app.document(run)
    content = read_output(app, document["id"])
    if content is None:
        if document["output"] is None and document["status"] != "lost":
            return  # the program has not printed anything yet, or never began
        raise RequestError("output: not here", hint="git gage fetch")
    if timestamps:
        content = stamp_log(content, read_bulk(app, document["id"], INDEX) or b"")
    screen = app.screen()
    app.show(clean_log(content) if screen.terminal else content, screen)
