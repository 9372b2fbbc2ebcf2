"""`git gage check`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from git_gage.cli.params import color_option, json_option
from git_gage.cli.parsing import Command
from git_gage.errors import ConfigError, FilterSyntaxError, RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.gagefile.load import Checked


@click.command(
    "check",
    cls=Command,
    usage="git gage check [<file>] [--board] [--json]",
    examples=["git gage check", "git gage check examples/gage.yaml --json"],
    note="""\
Without a <file>, the gagefile of this folder or of the nearest above it is
checked, or with '--board' the board. A file called board.toml, board-best.json
or boards/best.yaml is taken for a board anyway. The exit code is 1 if there is
an error; warnings are none.
""",
)
@click.argument("file", metavar="<file>", required=False, type=click.Path())
@click.option("--board", is_flag=True, help="Check a board, whatever the file is called")
@json_option
@color_option
@click.pass_obj
def command(app: App, file: str | None, board: bool, as_json: bool, color: str) -> int:
    """Check the gagefile and tell everything that is wrong in it"""
    from git_gage.gagefile.boards import is_board

    if file is None:
        path = _find_board(app) if board else _find(app)
    else:
        path = _named(app.cwd / file, file)
    shown = os.path.relpath(path, app.cwd) if file is None or app.cwd / file != path else file
    checked = _check(app, path, shown, as_board=board or is_board(path), found=file is None)
    screen = app.screen(color)
    if as_json:
        from git_gage.render.machine import format_json

        faults = [fault.to_json() for fault in checked.faults]
        screen.write(screen.encode(format_json(faults)))
    else:
        from git_gage.render.faults import format_count, format_faults

        count = format_count(shown, checked.operations, checked.faults)
        app.show(format_faults(checked.faults, screen) + count, screen)
    return int(any(fault.severity == "error" for fault in checked.faults))


def _check(app: App, path: Path, shown: str, *, as_board: bool, found: bool) -> Checked:
    from git_gage.gagefile.boards import check_board
    from git_gage.gagefile.find import find_others
    from git_gage.gagefile.load import Checked, check_file
    from git_gage.gagefile.patterns import Explain

    explain = Explain(explain_pattern, explain_filter)
    if as_board:
        return Checked(check_board(path, shown, explain), None)
    for other in find_others(path, shown) if found else ():
        app.progress().warning(other)
    return check_file(path, shown, explain)


def _find_board(app: App) -> Path:
    from git_gage.gagefile.boards import find_board

    found = find_board(app.cwd, app.repo.work_tree)
    if found is None:
        raise RequestError(
            "no board in this project", hint="git gage board --print-file > board.toml"
        )
    return found


def _find(app: App) -> Path:
    from git_gage.gagefile.find import find_gagefile

    if app.repo.work_tree is None:
        raise RequestError("there is no work tree here", hint="git gage check <file>")
    found = find_gagefile(app.cwd, app.repo.work_tree)
    if found is None:
        raise RequestError("no gagefile in this project", hint="git gage init")
    return found


def _named(path: Path, name: str) -> Path:
    """The file of a name, or the gagefile of the folder of that name."""
    if not path.is_dir():
        return path
    from git_gage.gagefile.find import gagefiles_in

    found = gagefiles_in(path)
    if not found:
        raise RequestError(f"no gagefile in '{name}'", hint="git gage check <file>")
    return found[0]


def explain_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern of files, None if nothing is."""
    from git_gage.source.patterns import parse_patterns

    try:
        parse_patterns([pattern])
    except ConfigError as error:
        return error.message
    return None


def explain_filter(text: str) -> str | None:
    """What is wrong with a filter of runs, None if nothing is."""
    from git_gage.catalog.filter_nodes import parse_filter

    try:
        parse_filter(text)
    except FilterSyntaxError as error:
        return error.message.partition("\n")[0]
    return None
