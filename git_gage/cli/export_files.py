"""`git gage export-files`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from git_gage.cli.params import PathWord, RunName
from git_gage.cli.parsing import RUN_NOTE, GlobCommand

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "export-files",
    cls=GlobCommand,
    usage="git gage export-files <run> <dir> [--force] [-- <glob>...]",
    examples=["git gage export-files @ out", "git gage export-files 3 plots -- '*.png'"],
    note="""\
Copies can be changed; what is kept of the run stays as it is. Nothing that is
in the <dir> is replaced without '--force'. The exit code is 1 if a file is not
here.

"""
    + RUN_NOTE,
)
@click.argument("run", metavar="<run>", type=RunName())
@click.argument("folder", metavar="<dir>", type=PathWord())
@click.option("-f", "--force", is_flag=True, help="Replace files that are there")
@click.pass_obj
def command(app: App, run: str, folder: str, force: bool, globs: tuple[str, ...]) -> int:
    """Copy files of a run to a folder"""
    from git_gage.cli.absent import how_to_fetch, how_to_pull
    from git_gage.errors import ElsewhereError, NotHereError
    from git_gage.render.amounts import count_text, size_text
    from git_gage.runs.export_files import export_files
    from git_gage.safe import clean

    document = app.document(run)
    place = Path(app.cwd, folder)
    done = export_files(app.store, app.catalog, document, place, globs, force=force)
    amount = f"{count_text(done.files, 'file')}, {size_text(done.size)}"
    click.echo(f"Exported {amount} to {clean(folder)}")
    for path, why in done.left:
        app.progress().warning(f"'{clean(path)}' is left out: {why}")
    large = next((e for e in done.absent if isinstance(e, ElsewhereError)), None)
    if any(isinstance(error, NotHereError) for error in done.absent):
        app.progress().note(f"hint: {how_to_fetch(app, document['id'])}")
    if large is not None:
        hint = how_to_pull(app, document["id"], large.path, alone=False)
        app.progress().note(f"hint: {hint}")
    return int(bool(done.left))
