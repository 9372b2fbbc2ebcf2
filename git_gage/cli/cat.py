"""`git gage cat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.files_transfer import fetch_option, get_one
from git_gage.cli.params import FileOfRun
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App

_BLOCK = 1 << 20


@click.command(
    "cat",
    cls=Command,
    usage="git gage cat <run>:<path> [--fetch]",
    examples=["git gage cat @:report.md", "git gage cat 3:out/model.bin > model.bin"],
    note="The bytes come from the run's directory, the sidecar or git, wherever they are.\n"
    "A terminal gets them without what it would obey\n\n" + RUN_NOTE,
)
@click.argument("name", metavar="<file>", type=FileOfRun())
@fetch_option
@click.pass_obj
def command(app: App, name: tuple[str, str | None], fetch: bool) -> None:
    """Print a file of a run"""
    from git_gage.render.log import clean_parts
    from git_gage.runs.content import open_content

    run, path = name
    if not path:
        raise click.UsageError("name a file: <run>:<path>")
    document = app.document(run)
    if fetch:
        get_one(app, document["id"], path)
    warn = app.progress().warning
    with open_content(app.store, app.catalog, document, path, warn) as file:
        parts = iter(lambda: file.read(_BLOCK), b"")
        screen = app.screen()
        if screen.terminal:
            app.show_parts(clean_parts(parts), screen)
        else:
            for part in parts:
                screen.write(part)
