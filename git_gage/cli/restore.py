"""`git gage restore`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.moving import hinting
from git_gage.cli.params import PathWord, PutAwayRun, sign_options, yes_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App

_MENDED = "; lanes here can be read again"


@click.command(
    "restore",
    cls=Command,
    usage=(
        "git gage restore (<run>... | -w <filter>)",
        "git gage restore --from (<file> | <remote>)",
    ),
    examples=["git gage restore 4dq7k2m", "git gage restore --from ~/runs.tar"],
    exclusive=[("-w", "--from")],
    note=RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=PutAwayRun())
@filter_options()
@click.option(
    "--from",
    "backup",
    metavar="<file>",
    type=PathWord(),
    help="Bring back a backup, or all that a remote has",
)
@sign_options
@yes_option
@click.pass_obj
def command(app: App, runs: tuple[str, ...], wheres: tuple[str, ...], backup: str | None) -> int:
    """Bring back runs that were deleted or archived"""
    if backup is not None:
        if runs:
            raise click.UsageError("a backup is restored as a whole: give no runs")
        return _restore_all(app, backup)
    from git_gage.cli.put_away import describe_done
    from git_gage.runs.attributes import restore_runs

    chosen = find_chosen(app, runs, wheres, put_away=True)
    done = restore_runs(app.store, app.catalog, chosen, app.author)
    describe_done(app, "Restored", done)
    return 0


def _restore_all(app: App, name: str) -> int:
    """Bring back all of a backup; 1 where some of it is damaged there and not here."""
    from git_gage.cli.backup import find_backup
    from git_gage.cli.copy import is_place
    from git_gage.cli.folder import take_in
    from git_gage.render.amounts import count_text
    from git_gage.share.backup import read_backup, require_format, restore_backup

    if is_place(app, name):
        _restore_from_there(app, name)
        return 0
    backup = read_backup(find_backup(app.find_path(name)))
    require_format(app.repo, backup)
    app.make_folder()
    with hinting(_again(name)), app.progress() as progress:
        done = restore_backup(app.store, app.catalog, backup, progress)
        if app.folder is not None:
            take_in(app)
        if done.beside:
            progress.note(f"{count_text(done.beside, 'ref')} went on here: both forms are kept")
    come = [count_text(done.runs, "run"), count_text(done.records, "record")]
    what = ", ".join([*come, count_text(done.large, "large file")])
    click.echo(f"Restored {what}{_MENDED if done.is_mended else ''}")
    return int(not done.is_all)


def _again(name: str) -> str:
    return f"git gage restore --from {shlex.quote(name)}"


def _restore_from_there(app: App, name: str) -> None:
    """Get all that a remote has, and what it has of large files; what was lost here first."""
    from git_gage.cli.copy import EVERYTHING, find_side, move, plan
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean
    from git_gage.share.mend import give_back_from

    side = find_side(app, name, sends=False)
    side.make(app)
    with hinting(_again(side.shown)):
        with app.progress() as progress:
            is_mended = give_back_from(app.store, app.catalog, side.address, progress)
        found = plan(app, side, EVERYTHING, put_away=True)
        move(app, found, EVERYTHING, allow_secrets=False)
    what = count_text(len(found.plan.moves), "run")
    click.echo(f"Restored {what} from {clean(side.shown)}{_MENDED if is_mended else ''}")
