"""`git gage project`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.params import RunName, json_option
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App

ACTIONS = ("show", "link")


@click.command(
    "project",
    cls=Command,
    usage="git gage project [show | link (<run>... | -w <filter>)]",
    examples=["git gage project", "git gage project link 1:4"],
    note="""\
A project is known by the '$project-id' of its gagefile, else by the first
commits of its history. Runs of before it had that name, or of a history that
was written anew, look like those of another project: 'link' says, in this clone
alone, that they belong to this one.

"""
    + RUN_NOTE,
)
@click.argument("action", metavar="<action>", type=click.Choice(ACTIONS), default="show")
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@filter_options()
@json_option
@click.pass_obj
def command(
    app: App, /, action: str, runs: tuple[str, ...], wheres: tuple[str, ...], as_json: bool
) -> None:
    """Show which project this is, or say that runs belong to it"""
    if action == "show":
        if runs or wheres:
            raise click.UsageError("'show' is about the project that you are in: leave out runs")
        _show(app, as_json)
        return
    if as_json:
        raise click.UsageError("'link' shows nothing: leave out '--json'")
    from git_gage.cli.associate import find_project_folder
    from git_gage.render.amounts import count_text
    from git_gage.runs.association import associate_runs
    from git_gage.safe import clean

    chosen = find_chosen(app, runs, wheres)
    folder = find_project_folder(app).resolve()
    if chosen:
        associate_runs(app.store, chosen, folder)
    click.echo(f"Linked {count_text(len(chosen), 'run')} with {clean(str(folder))}")


def _show(app: App, as_json: bool) -> None:
    from git_gage.cli.associate import NO_PROJECT
    from git_gage.runs.project import describe_project

    if app.is_outside:
        raise RequestError(NO_PROJECT, hint="cd to one")
    project: dict[str, Any] = describe_project(app.here)
    screen = app.screen()
    if as_json:
        from git_gage.render.machine import format_json

        app.show(format_json(project), screen)
        return
    from git_gage.safe import clean

    why = "the history is not all here" if app.here.is_shallow else "nothing is committed yet"
    ids = project["id"] or [f"not known: {why}"]
    rows = [("name", project["namespace"]), ("path", project["path"])]
    rows += [("id", text) for text in ids]
    app.show("".join(f"{name:<4}  {clean(text)}\n" for name, text in rows), screen)
