"""`git gage help`: another way to type `-h`, and what there is to read besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.commands import COMMANDS, UnknownCommandError, front_door
from git_gage.cli.parsing import Command, help_rows
from git_gage.cli.topics import TOPICS, topic_page

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class CommandName(click.ParamType):  # type: ignore[type-arg]
    """A word that names a command, or something else to read about."""

    name = "command"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        known = COMMANDS | TOPICS
        names = [name for name in known if name.startswith(incomplete)]
        return [CompletionItem(name, help=known[name]) for name in names]


@click.command(
    "help",
    cls=Command,
    usage="git gage help [-a | <command>]",
    examples=["git gage help -a", "git gage help run", "git gage help filters"],
    note="Besides commands it explains filters\n",
)
@click.argument("name", metavar="<command>", required=False, type=CommandName())
@click.option("-a", "--all", "everything", is_flag=True, help="List all commands")
@click.pass_context
def command(ctx: click.Context, name: str | None, everything: bool) -> None:
    """Show the help of a command"""
    door = ctx.parent
    assert door is not None
    if everything:
        click.echo(help_rows(sorted(COMMANDS.items())), nl=False)
        return
    if name is None:
        click.echo(door.get_help())
        return
    if name in TOPICS:
        click.echo(topic_page(name), nl=False)
        return
    asked = front_door.get_command(door, name)
    if asked is None:
        raise UnknownCommandError(name, ctx)
    with click.Context(asked, info_name=asked.name, parent=door) as inner:
        click.echo(asked.get_help(inner))
