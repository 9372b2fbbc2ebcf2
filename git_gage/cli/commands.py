"""The commands there are, without loading any of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from git_gage.cli.parsing import HELP_NAMES, help_page, help_rows

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from git_gage.cli.parsing import Command

COMMANDS = {
    "run": "Run a program and record what ran and what came out",
    "list": "List runs, newest first",
    "show": "Show one run",
    "compare": "Compare runs: what differs, what came out",
    "diff": "Show how two runs differ, or a run and the work tree",
    "select": "Print the id of a run, or something else of it",
    "best": "Print the id of the run with the best value of a metric",
    "board": "Show runs in the columns that a file describes",
    "report": "Write a report on runs, with charts",
    "export": "Write what is known of runs for tools that are not ours",
    "import": "Import runs that other tools recorded",
    "output": "Print what a run printed",
    "ls-files": "List the files of a run",
    "cat": "Print a file of a run",
    "open": "Open the directory of a run, or a file of it",
    "export-files": "Copy files of a run to a folder",
    "files": "Tell of the files of runs, send and get the large ones",
    "watch": "Watch runs that go on, here or on a remote",
    "series": "Print the values of a run's metrics, step by step",
    "restart": "Run again what a run did, changed or not",
    "stop": "Stop runs that go on",
    "wait": "Wait until runs have ended",
    "thumbs": "Make the missing previews of images that runs wrote",
    "label": "Set or clear the label of runs",
    "tag": "Add tags to runs, or take them away",
    "comment": "Comment on runs",
    "set": "Set attributes of runs, or take them away",
    "rm": "Delete runs, until they are restored",
    "archive": "Put runs away into an archive",
    "restore": "Bring back runs that were deleted or archived",
    "purge": "End runs for good: records, sources and files",
    "backup": "Save all runs in one file, or on a remote",
    "gc": "Free what no run needs any more",
    "project": "Show which project this is, or say that runs belong to it",
    "associate": "Say which project directory a run belongs to on this machine",
    "sign": "Sign what runs came to: their records, output and files",
    "record": "Print one record exactly as it is stored",
    "whoami": "Show who you are in records, and what signs them",
    "verify": "Verify who wrote what is known of runs",
    "trust": "Say whose keys are trusted",
    "ops": "List operations, or show one",
    "check": "Check the gagefile or a run, and tell all that is wrong in it",
    "init": "Write a gagefile for the scripts of this folder",
    "config": "Show and change settings, which git's config keeps",
    "remote": "List the remotes and places that runs come from and go to",
    "push": "Send runs to a remote",
    "sync": "Fetch runs from a remote, then push to it",
    "copy": "Copy runs to a directory or remote, or from one",
    "publish": "Push runs for others, with a README of them",
    "redact": "Take secrets out of runs that were recorded",
    "fetch": "Get runs from a remote",
    "private": "Let runs stay in this clone",
    "fold": "Put the lanes of finished CI jobs on a remote together",
    "doctor": "Check git, this repository and this environment",
    "version": "Print the versions in use",
    "help": "Show the help of a command",
}
"""Each is the function `command` of the module of its name, with `_` for `-`."""
USUAL = {
    "RUN": ("run", "restart", "stop", "wait", "output"),
    "LOOK": ("list", "show", "compare", "diff", "best", "select"),
    "KEEP": ("label", "tag", "comment", "archive", "rm"),
    "SHARE": ("push", "fetch", "sync", "copy", "files"),
    "SET UP": ("init", "ops", "check", "config", "doctor"),
}
"""What people are shown first; the others they find when they look for them."""
ALIASES = {"ls": "list", "runs": "list", "operations": "ops", "delete": "rm"}
ABOUT = "Track runs of any program in git"
EXAMPLES = ("git gage run train.py lr=0.1",)
FOOTER = """\
All commands: git gage help -a; one of them: git gage <command> -h
Runs of a directory: git gage --runs <dir> <command>
The manual: git gage --help
"""


class FrontDoor(click.Group):
    """`git gage` itself; a command's module is loaded when it is asked for."""

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        command: Command = import_module(f"git_gage.cli.{name.replace('-', '_')}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        commands = COMMANDS.items()
        found = [
            CompletionItem(name, help=text)
            for name, text in commands
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            raise UnknownCommandError(name, ctx)
        return command.name, command, args[1:]

    def format_help(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        formatter: click.HelpFormatter,
    ) -> None:
        width = max(len(name) for names in USUAL.values() for name in names)
        sections = {
            title: help_rows(((name, COMMANDS[name]) for name in names), width)
            for title, names in USUAL.items()
        }
        formatter.write(help_page(ABOUT, EXAMPLES, sections, FOOTER))


class UnknownCommandError(click.UsageError):
    """No command has this name."""

    def __init__(self, name: str, ctx: click.Context) -> None:
        super().__init__(f"no command '{name}'", ctx)
        self.name = name


def _choose_folder(ctx: click.Context, _: click.Parameter, folder: str | None) -> None:
    if folder == "":
        raise click.UsageError("'--runs' needs a directory: leave it out for this repository", ctx)
    if folder is not None:
        ctx.obj.asked_folder = ctx.obj.typed_folder = folder


@click.group(
    "git gage",
    cls=FrontDoor,
    invoke_without_command=True,
    context_settings={"help_option_names": HELP_NAMES},
)
@click.option("--version", "show_version", is_flag=True, help="Print the versions in use")
@click.option(
    "--runs",
    metavar="<dir>",
    expose_value=False,
    callback=_choose_folder,
    help="Work with the runs of this directory (GAGE_RUNS)",
)
@click.pass_context
def front_door(ctx: click.Context, show_version: bool) -> int:
    """Track runs of any program in git"""
    if show_version:
        version = front_door.get_command(ctx, "version")
        assert version is not None
        ctx.invoke(version)
        ctx.exit()
    if ctx.invoked_subcommand is None:
        # As git itself: asked for nothing, it says what could be asked, and is not content.
        click.echo(ctx.get_help())
        return 1
    return 0
