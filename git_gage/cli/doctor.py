"""`git gage doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "doctor",
    cls=Command,
    usage="git gage doctor [--json]",
    examples=["git gage doctor"],
    note="The exit code is 1 if there is a problem; warnings are none.\n",
)
@json_option
@click.pass_obj
def command(app: App, as_json: bool) -> int:
    """Check git, this repository and this environment"""
    from git_gage.cli.checks import PROBLEM, check_all

    checks = list(check_all(app))
    if as_json:
        from git_gage.render.machine import format_json

        click.echo(format_json([check._asdict() for check in checks]), nl=False)
    else:
        from git_gage.render.checkup import format_checks

        click.echo(format_checks(checks, app.screen()), nl=False)
    return int(any(check.verdict == PROBLEM for check in checks))
