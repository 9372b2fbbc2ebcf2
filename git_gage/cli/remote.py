"""`git gage remote`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "remote",
    cls=Command,
    usage="git gage remote [list] [--json]",
    examples=["git gage remote", "git gage remote --json"],
    note="""\
Remotes are those of git. Places have a name in git's config, or in the config
of Gage (gageconfig.toml, .gage/config.toml); to name one type
'git gage config set gage.repo.lab.url /mnt/runs.git'. * marks what push and
fetch take when none is named.
""",
)
@click.argument("action", metavar="<action>", type=click.Choice(["list"]), default="list")
@json_option
@click.pass_obj
def command(
    app: App,
    action: str,  # noqa: ARG001 - there is one alone
    as_json: bool,
) -> None:
    """List the remotes and places that runs come from and go to"""
    from git_gage.share.known import list_remotes

    remotes, notices = list_remotes(app.here, None if app.folder is None else app.repo)
    for notice in notices:
        app.progress().warning(notice)
    screen = app.screen()
    if as_json:
        from git_gage.render.machine import format_json

        app.show(format_json([remote._asdict() for remote in remotes]), screen)
        return
    from git_gage.cli.folder import add_where_runs_are
    from git_gage.render.remotes import format_remotes

    app.show(add_where_runs_are(app, format_remotes(remotes, screen)), screen)
