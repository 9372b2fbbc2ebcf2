"""`git gage open`."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.files_transfer import get_one
from git_gage.cli.params import FileOfRun
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError, describe_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from git_gage.cli.app import App


@click.command(
    "open",
    cls=Command,
    usage="git gage open [<run>[:<path>]]",
    examples=["git gage open", "git gage open @:plot.png"],
    note="""\
A file that is not here is got from a remote: a large one alone, a short one
with what its run printed.
What opens it is the program that GAGE_OPENER names, or the system's. Where
there is none, or nobody can see it, the path is printed. So it is for a file
that could be a program: only pictures, sound, text and tables are opened.

"""
    + RUN_NOTE,
)
@click.argument("name", metavar="<run>", required=False, type=FileOfRun(), default="")
@click.pass_obj
def command(app: App, name: tuple[str, str | None]) -> None:
    """Open the directory of a run, or a file of it"""
    from git_gage.runs.opener import find_opener, is_looked_at, open_path

    run, path = name
    document = app.document(run or None)
    if path:
        get_one(app, document["id"], path)
    place = _find_file(app, document, path) if path else _find_folder(app, document)
    terminal = app.screen().terminal
    opener = find_opener(app.environ, terminal=terminal)
    if opener is None or not is_looked_at(place):
        from git_gage.safe import clean

        click.echo(clean(os.fsdecode(place)) if terminal else os.fsencode(place))
        if opener is not None:
            app.progress().note("hint: it could be a program, and is not opened")
        return
    sys.stdout.flush()
    open_path(opener, place, app.environ)


def _find_folder(app: App, document: Mapping[str, Any]) -> Path:
    from git_gage.records import short_id
    from git_gage.runs.files import read_filed_of
    from git_gage.runs.placing import place_files

    run = short_id(document["id"])
    run_dir = app.store.run_dir(document["id"])
    filed = read_filed_of(app.store, app.catalog, document)
    if filed is not None:  # there may be a part of it
        with _placing(f"git gage export-files {run} <dir>"):
            for left in place_files(app.store, filed):
                app.progress().warning(left.message)
    if not run_dir.is_dir():
        raise RequestError(f"run {run} has no files here", hint=f"git gage ls-files {run}")
    return run_dir


def _find_file(app: App, document: Mapping[str, Any], path: str) -> Path:
    from git_gage.records import short_id
    from git_gage.runs.content import find_place

    name = quote(f"{short_id(document['id'])}:{path}")
    with _placing(f"git gage cat {name} > <file>"):
        return find_place(app.store, app.catalog, document, path, app.progress().warning)


@contextmanager
def _placing(way: str) -> Iterator[None]:
    """What is opened lies in the directory of its run; where nothing can be put there, `way` works.

    Raises: RequestError.
    """
    try:
        yield
    except OSError as error:
        reason, hint = describe_os_error(error)
        raise RequestError(
            f"nothing can be put into the directory of the run: {reason}", hint=hint or way
        ) from error
