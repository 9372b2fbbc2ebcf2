"""`git gage ls-files`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RunName, json_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "ls-files",
    cls=Command,
    usage="git gage ls-files [<run>] [<glob>...] [--json]",
    examples=["git gage ls-files @", "git gage ls-files 3 '*.png' logs"],
    exclusive=[("--json", "-z")],
    note="""\
Files of a run that was recorded elsewhere are listed, too, with where each is:
here, in git or not here. A <glob> means paths from the top of the run's
directory, as git means them: '*' takes '/', too, and a folder all in it.

"""
    + RUN_NOTE,
)
@click.argument("run", metavar="<run>", required=False, type=RunName())
@click.argument("globs", metavar="<glob>", nargs=-1)
@click.option("-z", "nul", is_flag=True, help="Print paths alone, as they are, each ended by NUL")
@json_option
@click.pass_obj
def command(app: App, run: str | None, globs: tuple[str, ...], nul: bool, as_json: bool) -> int:
    """List the files of a run"""
    from git_gage.files.globs import match_globs
    from git_gage.runs.files import list_files

    document = app.document(run)
    is_meant = match_globs(globs)
    files = [each for each in list_files(app.store, app.catalog, document) if is_meant(each.path)]
    screen = app.screen()
    if nul:
        screen.write(b"".join(file.path + b"\0" for file in files))
    elif as_json:
        from git_gage.render.machine import format_json
        from git_gage.render.sections import file_body

        found = {"run": document["id"], "files": [file_body(file) for file in files]}
        app.show(format_json(found), screen)
    elif files:
        from git_gage.render.files import format_listing

        app.show(format_listing(files, screen), screen)
    if files or not globs:
        return 0
    click.echo("no file matches", err=True)
    return 1
