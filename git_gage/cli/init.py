"""`git gage init`."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from git_gage.cli.app import App
    from git_gage.gagefile.scripts import FoundScript

NAME = "gage.toml"


@click.command(
    "init",
    cls=Command,
    usage="git gage init [-n]",
    examples=["git gage init", "git gage init --dry-run"],
    note="""\
The file describes the scripts, notebooks and programs of this folder that git
does not ignore. It is never overwritten, and runs need none: git gage run
train.py works without.
""",
)
@click.option("-n", "--dry-run", is_flag=True, help="Print the file, write nothing")
@click.pass_obj
def command(app: App, dry_run: bool) -> None:
    """Write a gagefile for the scripts of this folder"""
    _refuse_second(app)
    from uuid import uuid4

    from git_gage.gagefile.init import draft_gagefile, name_operations
    from git_gage.gagefile.scripts import find_scripts
    from git_gage.safe import clean

    found = find_scripts(
        _list_files(app),
        read=lambda name: _read(app.cwd / name),
        executable=lambda name: os.access(app.cwd / name, os.X_OK),
        kind_of_data=_Data(app).kind_of,
    )
    operations = name_operations(found.scripts)
    text = draft_gagefile(operations, app.cwd.name, str(uuid4()))
    for reason in found.left_out:
        app.progress().warning(f"left out {clean(reason)}")
    if dry_run:
        screen = app.screen()
        screen.write(screen.encode(text))
        return
    _write(app.cwd, text)
    _tell(operations)


def _refuse_second(app: App) -> None:
    from git_gage.gagefile.find import gagefiles_in

    if app.here.work_tree is None:
        raise RequestError("there is no work tree here", hint="cd to one, then 'git gage init'")
    for path in gagefiles_in(app.cwd):
        raise _is_there(path.relative_to(app.cwd).as_posix())


def _list_files(app: App) -> list[str]:
    """Files below this folder that git knows or does not ignore; no installed packages."""
    from git_gage.source.rules import find_installed

    asked = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    paths = app.here.run(*asked).split(b"\0")[:-1]
    installed = find_installed(paths)
    kept = [path for path in paths if not path.startswith(installed)]
    return [path.decode(errors="surrogateescape") for path in kept]


class _Data:
    """Files and folders here that no run gets with its source, because of what they are."""

    def __init__(self, app: App) -> None:
        from tempfile import TemporaryDirectory

        from git_gage.source import capture_source
        from git_gage.source.choice import Choice

        self._folder = app.cwd
        prefix = os.fsencode(app.here.prefix)
        with TemporaryDirectory(prefix="git-gage-") as scratch:
            taken = capture_source(app.here, Path(scratch), Choice(prefix, None)).taken
        source = [os.fsdecode(path.removeprefix(prefix)) for path in taken or ()]
        self._source = {
            *source,
            *(str(up) for path in source for up in PurePosixPath(path).parents),
        }

    def kind_of(self, path: str) -> str | None:
        """`file` or `dir`; None for what is not there, is source, secret, or no data."""
        from git_gage.source.rules import find_disposable, is_secret

        name = os.fsencode(path)
        place = self._folder / path
        if path in self._source or is_secret(name) or find_disposable(name) is not None:
            return None
        if place.is_dir():
            own = name.split(b"/")[0] == b".git" or (place / "pyvenv.cfg").exists()
            return None if own else "dir"
        return "file" if place.is_file() else None


def _read(path: Path) -> bytes | None:
    from git_gage.gagefile.scripts import MAX_BYTES

    if not path.is_file():  # deleted, a submodule, or a link to nowhere
        return None
    with path.open("rb") as file:
        # Of a program only the start is looked at; a notebook may hold many pictures.
        return file.read() if path.suffix == ".ipynb" else file.read(MAX_BYTES + 1)


def _write(folder: Path, text: str) -> None:
    try:
        with (folder / NAME).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:  # a link to nowhere, or made this very moment
        raise _is_there(NAME) from error


def _is_there(name: str) -> RequestError:
    return RequestError(f"'{name}' is here already", hint="see it with 'git gage ops'")


def _tell(operations: Mapping[str, FoundScript]) -> None:
    from shlex import quote

    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    rows = {name: script.path for name, script in operations.items()} or {"hello": "a sample"}
    click.echo(f"Wrote {NAME} with {count_text(len(rows), 'operation')}")
    width = max(map(len, rows))
    for name, path in rows.items():
        click.echo(f"  {name:<{width}}  {clean(path)}")
    run = f"run one with 'git gage run {quote(next(iter(rows)))}'"
    click.echo(f"hint: see them with 'git gage ops', {run}", err=True)
