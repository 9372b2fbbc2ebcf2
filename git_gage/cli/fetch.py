"""`git gage fetch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RemoteName, files_option, yes_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share import Fetched


@click.command(
    "fetch",
    cls=Command,
    usage="git gage fetch [<remote>] [--files=<what>]",
    examples=["git gage fetch", "git gage fetch origin --files=thumbs"],
)
@click.argument("remote", metavar="<remote>", required=False, type=RemoteName())
@files_option
@yes_option
@click.pass_obj
def command(app: App, remote: str | None, files: str) -> None:
    """Get runs from a remote"""
    from git_gage.share import fetch_runs, fetch_thumbs

    with app.progress() as progress:
        fetched = fetch_runs(app.store, app.catalog, remote, progress)
        previews = fetch_thumbs(app.store, remote, progress) if files == "thumbs" else 0
    click.echo(_describe(fetched, previews))


def _describe(fetched: Fetched, previews: int) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    remote = clean(fetched.remote)
    new = [count_text(previews, "preview")] if previews else []
    if fetched.runs_new:
        new.insert(0, count_text(fetched.runs_new, "run"))
    elif fetched.records_new:
        new.insert(0, count_text(fetched.records_new, "run update"))
    return f"fetched {' and '.join(new)} from {remote}" if new else f"nothing new on {remote}"
