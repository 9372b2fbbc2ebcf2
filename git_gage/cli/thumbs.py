"""`git gage thumbs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RunName
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "thumbs",
    cls=Command,
    usage="git gage thumbs <run>...",
    examples=["git gage thumbs @", "git gage thumbs 1:20"],
    note="Previews are added for runs whose files are here, whoever made the runs. They\n"
    "are shown by 'git gage show <run> --images', and shared by --files=thumbs of\n"
    "'git gage push' and 'git gage fetch'\n\n" + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.pass_obj
def command(app: App, runs: tuple[str, ...]) -> None:
    """Make the missing previews of images that runs wrote"""
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text
    from git_gage.runs.made import MadeFiles
    from git_gage.runs.thumbs import add_missing

    progress = app.progress()
    added, refused = 0, 0
    for run in app.select(runs):
        document = app.catalog.document(run)
        assert document is not None, f"the catalog named run {run}"
        files = MadeFiles(app.store, app.catalog, document)
        if files.filed is None and not files.are_here:
            progress.warning(f"the files of run '{short_id(run)}' are not here")
            continue
        found = add_missing(app.store, app.catalog, run)
        added, refused = added + found.previews, refused + found.refused
        if found.absent:
            images = count_text(found.absent, "image")
            what = f"{images} that {'is' if found.absent == 1 else 'are'} not here"
            progress.warning(f"run '{short_id(run)}' has {what}")
        if not found.whole:
            progress.warning(f"run '{short_id(run)}' takes too long: some previews are missing")
    if refused:
        progress.warning(f"{count_text(refused, 'image')} refused: damaged, or too large")
    click.echo(f"Made {count_text(added, 'preview')}" if added else "No previews to make")
