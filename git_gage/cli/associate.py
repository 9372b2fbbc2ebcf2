"""`git gage associate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import PathWord, RunName
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from git_gage.cli.app import App

NO_PROJECT = "there is no project here"


@click.command(
    "associate",
    cls=Command,
    usage="git gage associate <run> [<dir> | --clear]",
    examples=["git gage associate 1 ~/work/digits"],
    note="Without a <dir>, the project that you are in is meant. A run that began here is\n"
    "known without this. It is never sent; 'git gage select --project-dir' prints it.\n\n"
    + RUN_NOTE,
)
@click.argument("run", metavar="<run>", type=RunName())
@click.argument("folder", metavar="<dir>", required=False, type=PathWord())
@click.option("--clear", is_flag=True, help="Forget which directory it was")
@click.pass_obj
def command(app: App, run: str, folder: str | None, clear: bool) -> None:
    """Say which project directory a run belongs to on this machine"""
    from git_gage.runs.association import associate_runs
    from git_gage.safe import clean

    if clear and folder is not None:
        raise click.UsageError("'--clear' takes no <dir>")
    document = app.document(run)
    chosen = document["id"]
    if clear:
        associate_runs(app.store, [chosen], None)
        began = find_folder(app, document)
        where = "no directory" if began is None else f"{clean(str(began))}, where it began"
        click.echo(f'Associated "{chosen}" with {where}')
        return
    path = find_project_folder(app) if folder is None else app.cwd / folder
    if not path.is_dir():
        raise RequestError(f"'{path}' is no directory", hint="give the project's directory")
    path = path.resolve()
    associate_runs(app.store, [chosen], path)
    click.echo(f'Associated "{chosen}" with {clean(str(path))}')


def find_folder(app: App, document: Mapping[str, Any]) -> Path | None:
    """What was said of the run here, else where it began, if that was here."""
    from pathlib import Path

    from git_gage.runs.association import read_folders

    said = read_folders(app.store).get(document["id"])
    if said is not None:
        return said
    tree, path = _work_tree(app), document["project"]["path"]
    if tree is None or path is None or app.catalog.is_foreign(document["id"]):
        return None
    if (place := Path(tree, path)).is_dir():
        return place.resolve()
    # It began in another work tree of this clone, or its folder is not there any more.
    others = [Path(each, path) for each in app.repo.list_work_trees()]
    there = [each.resolve() for each in others if each.is_dir()]
    return there[0] if len(there) == 1 else None


def _work_tree(app: App) -> Path | None:
    """Where the runs of this clone began; that of a folder we do not work in."""
    if app.folder is None:
        return app.repo.work_tree
    common = app.repo.common_dir
    return None if app.repo.bare or common.name != ".git" else common.parent


def find_project_folder(app: App) -> Path:
    """The directory of the project that the user is in: that of its gagefile, else this one."""
    from git_gage.gagefile.find import find_gagefile, project_of

    top = app.here.work_tree
    if top is None:
        raise RequestError(NO_PROJECT, hint="cd to one, or give its directory")
    found = find_gagefile(app.cwd, top)
    return app.cwd if found is None else project_of(found)
