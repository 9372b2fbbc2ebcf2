"""`git gage watch`."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RemoteName, RunName
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.render.screen import Screen

LINES = 10
_LINES_BYTES = 64 << 10
_STYLE = r"\x1b\[[0-9;:]*m"


@click.command(
    "watch",
    cls=Command,
    usage="git gage watch [<run>] [--remote <remote>]",
    examples=["git gage watch", "git gage watch @", "git gage watch --remote origin"],
    note="Without a <run>, the list of runs is shown; with one, its page and the last\n"
    "lines that it printed. A remote is asked every 30 seconds: it knows of runs that\n"
    "were begun with '--live'. Ctrl-C ends it.\n\n" + RUN_NOTE,
)
@click.argument("run", metavar="<run>", required=False, type=RunName())
@click.option(
    "--remote", metavar="<remote>", type=RemoteName(), help="Watch runs that a remote has"
)
@click.pass_context
def command(ctx: click.Context, run: str | None, remote: str | None) -> None:
    """Watch runs that go on, here or on a remote"""
    from git_gage.cli.list_watch import watch_list

    if run is None:
        from git_gage.cli.list import command as list_command

        ctx.invoke(list_command, watch=True, remote=remote)
        return
    app: App = ctx.obj
    once = f"git gage show {shlex.quote(run)}"
    if remote is not None:
        from git_gage.cli.elsewhere import Elsewhere
        from git_gage.share.remote import hide_user

        app = Elsewhere(app, remote)
        once = f"git gage list --remote {shlex.quote(hide_user(remote))}"
    (chosen,) = app.select([run])
    watch_list(app, lambda: _draw(app, chosen), clean(once))


def _draw(app: App, run: str) -> tuple[str, Screen]:
    """The page of a run, as much as there is room for, and below it what the run printed last."""
    from git_gage.cli.show import draw_page

    screen = app.screen()
    (document,) = app.documents(1, [run])
    lines = [screen.cut(line, screen.width) for line in _read_lines(app, document)]
    if document["heard"] is not None:
        document = {**document, "heard": {**document["heard"], "output": ""}}
    room = max(1, (screen.height or 1) - 2 - len(lines))
    page = draw_page(app, document, screen).splitlines()[:room]
    return "\n".join([*page, "", *lines]), screen


def _read_lines(app: App, document: dict[str, Any]) -> list[str]:
    """The last lines of output that are known, without colours and other orders."""
    import re

    from git_gage.safe import clean_output

    heard = document["heard"]
    text = _read_end(app, document["id"]) if heard is None else heard["output"]
    return re.sub(_STYLE, "", clean_output(text)).splitlines()[-LINES:]


def _read_end(app: App, run: str) -> str:
    from git_gage.cli.bulk import open_output
    from git_gage.runs.follow import find_last_lines

    file = open_output(app, run)
    if file is None:
        return ""
    with file:
        start, end = find_last_lines(file, LINES), file.seek(0, os.SEEK_END)
        file.seek(max(start, end - _LINES_BYTES))
        return file.read(_LINES_BYTES).decode(errors="replace")
