"""`git gage version`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from git_gage import __version__
from git_gage.cli.params import json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "version",
    cls=Command,
    usage="git gage version [--json]",
    examples=["git gage version"],
)
@json_option
@click.pass_obj
def command(app: App, as_json: bool = False) -> None:
    """Print the versions in use"""
    from git_gage.git.repository import git_version

    versions = {
        "git-gage": __version__,
        "git": ".".join(map(str, git_version(app.cwd, app.environ))),
        "python": ".".join(map(str, sys.version_info[:3])),
    }
    if as_json:
        import json

        click.echo(json.dumps(versions))
        return
    for name, version in versions.items():
        click.echo(f"{name} {version}")
