"""`git gage label`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import Label, RunName, secrets_option, sign_options, yes_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "label",
    cls=Command,
    usage="git gage label <run>... (--set <text> | --clear)",
    examples=["git gage label @ --set 'wider net'", "git gage label 3 4 --clear"],
    exclusive=[("--set", "--clear")],
    note=RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.option("--set", "text", metavar="<text>", type=Label(), help="Label to give the runs")
@click.option("--clear", is_flag=True, help="Take the label away")
@secrets_option
@sign_options
@yes_option
@click.pass_obj
def command(
    app: App, runs: tuple[str, ...], text: str | None, clear: bool, allow_secrets: bool
) -> None:
    """Set or clear the label of runs"""
    if text is None and not clear:
        raise click.UsageError("give either '--set <text>' or '--clear'")
    from git_gage.render.amounts import count_text
    from git_gage.runs.attributes import set_label

    chosen = app.select(runs)
    set_label(app.store, app.catalog, chosen, text, app.author, allow_secrets=allow_secrets)
    count = count_text(len(chosen), "run")
    click.echo(f"Cleared label of {count}" if clear else f"Set label for {count}")
