"""`git gage private`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RunName
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "private",
    cls=Command,
    usage="git gage private [-d] [<run>...]",
    examples=["git gage private @", "git gage private -d kxbqy6v"],
    note=f"""\
A private run stays in this clone: neither 'git gage push' nor a plain
'git push' of refs/gage takes it; 'git push --mirror' takes all refs there are.
Without a <run>, the private ones are listed.

{RUN_NOTE}""",
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("-d", "--delete", is_flag=True, help="Let the runs be shared again")
@click.pass_obj
def command(app: App, runs: tuple[str, ...], delete: bool) -> None:
    """Let runs stay in this clone"""
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text
    from git_gage.share.private import change_privacy

    if not runs:
        if delete:
            raise click.UsageError("'--delete' needs a run")
        for run in sorted(app.store.private, reverse=True):
            click.echo(short_id(run))
        return
    changed = change_privacy(app.store, app.catalog, app.select(runs), private=not delete)
    state = "no longer private" if delete else "private"
    click.echo(f"{count_text(len(changed), 'run')} {'is' if len(changed) == 1 else 'are'} {state}")
