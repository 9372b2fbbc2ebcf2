"""`git gage fold`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import Duration, RemoteName
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "fold",
    cls=Command,
    usage="git gage fold [<remote>] [--idle <time>] [-n]",
    examples=["git gage fold -n", "git gage fold origin"],
    note="""\
Each CI job records its runs in a lane of its own. Lanes whose runs have all
ended, the last of them a week ago, are put together there: the same records,
files and sources, in few refs. With --idle <time> so are those of people.
""",
)
@click.argument("remote", metavar="<remote>", required=False, type=RemoteName())
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be put together")
@click.option(
    "--idle",
    metavar="<time>",
    type=Duration(),
    help="Take lanes of anybody that have been idle for 90d, say",
)
@click.pass_obj
def command(app: App, remote: str | None, dry_run: bool, idle: float | None) -> None:
    """Put the lanes of finished CI jobs on a remote together"""
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean
    from git_gage.share.fold import fold_lanes
    from git_gage.share.remote import usual_remotes

    remote = app.address(remote or usual_remotes(app.here)[0], push=True)
    with app.progress() as progress:
        found = fold_lanes(app.store, app.catalog, remote, progress, idle_s=idle, only_look=dry_run)
    there = clean(found.remote)
    if not found.lanes:
        click.echo(f"no lanes to fold on {there}")
        return
    what = f"{count_text(found.lanes, 'lane')} with {count_text(found.runs, 'run')} on {there}"
    click.echo(f"would fold {what}" if dry_run else f"folded {what}")
