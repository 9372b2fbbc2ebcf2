"""`git gage fetch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RemoteName, yes_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share import Fetched


@click.command(
    "fetch",
    cls=Command,
    usage="git gage fetch [<remote>]",
    examples=["git gage fetch", "git gage fetch origin"],
)
@click.argument("remote", metavar="<remote>", required=False, type=RemoteName())
@yes_option
@click.pass_obj
def command(app: App, remote: str | None) -> None:
    """Get runs from a remote"""
    from git_gage.share import fetch_runs

    with app.progress() as progress:
        fetched = fetch_runs(app.store, app.catalog, remote, progress)
    click.echo(_describe(fetched))


def _describe(fetched: Fetched) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    remote = clean(fetched.remote)
    if fetched.runs_new:
        return f"fetched {count_text(fetched.runs_new, 'run')} from {remote}"
    if fetched.records_new:
        return f"fetched {count_text(fetched.records_new, 'run update')} from {remote}"
    return f"nothing new on {remote}"
