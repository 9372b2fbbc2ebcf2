"""`git gage run`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from git_gage.cli.params import Label, yes_option
from git_gage.cli.parsing import Command, UsageError

if TYPE_CHECKING:
    from git_gage.cli.app import App

FIRST_EXAMPLE = "git gage run train.py lr=0.1"


class RunCommand(Command):
    """Takes everything after the script or `--` as it is, and knows which of the two it was."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        rest = super().parse_args(ctx, args)
        words = ctx.params["words"]
        first = len(given) - len(words)
        ctx.params["plain"] = first > 0 and given[first - 1] == "--"
        return rest


@click.command(
    "run",
    cls=RunCommand,
    usage=(
        "git gage run [<options>] <script.py> [<key>=<value>...]",
        "git gage run [<options>] -- <command> [<arg>...]",
    ),
    examples=["git gage run train.py lr=0.1 epochs=3", "git gage run -- ./train.sh --fast"],
    note="""\
The settings of a script are its argparse options, or else the constants that
are assigned at its top level. A command after -- runs as it is.
""",
    context_settings={"allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("-l", "--label", metavar="<text>", type=Label(), help="Label to give the run")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what the program says")
@yes_option
@click.pass_obj
def command(app: App, words: tuple[str, ...], plain: bool, label: str | None, quiet: bool) -> int:
    """Run a program and record what ran and what came out"""
    _check_words(words, plain=plain)
    from git_gage.runs.process import Console
    from git_gage.runs.request import RunRequest
    from git_gage.runs.run import run_command

    request = RunRequest(
        script=None if plain else words[0],
        assignments=() if plain else words[1:],
        argv=words if plain else (),
        label=label,
        author=app.author,
    )
    progress = app.progress(quiet=quiet)
    return run_command(app.store, app.catalog, request, Console(), progress).exit_code


def _check_words(words: tuple[str, ...], *, plain: bool) -> None:
    """Refuse what cannot be a script with settings, or a command."""
    if not words:
        raise UsageError("nothing to run", FIRST_EXAMPLE)
    if plain:
        return
    for word in words[1:]:
        key, equals, _ = word.partition("=")
        if word.startswith("-"):
            command = shlex.join(["git", "gage", "run", "--", "python", *words])
            raise UsageError(f"'{word}' is no setting: settings are <key>=<value>", command)
        if not (key and equals):
            raise UsageError(f"'{word}' is no setting: settings are <key>=<value>", FIRST_EXAMPLE)
