"""`git gage diff`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, color_option, json_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App

SECTIONS = ("source", "config", "environment", "output")


class DiffCommand(Command):
    """Takes everything after `--` for paths; `--tool` needs no value, as in git."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ours = ["--tool=" if word == "--tool" else word for word in args[:at]]
        rest = super().parse_args(ctx, ours)
        ctx.params["paths"] = tuple(args[at + 1 :])
        return rest


@click.command(
    "diff",
    cls=DiffCommand,
    usage=(
        "git gage diff [<run> [<run>]] [<what>] [--stat] [-- <path>...]",
        "git gage diff [<run> [<run>]] --tool[=<tool>] [-- <path>...]",
    ),
    examples=["git gage diff 2 1", "git gage diff 2 --stat", "git gage diff 2 1 -- train.py"],
    exclusive=[
        ("--json", "--stat", "--tool"),
        *((option, f"--{section}") for option in ("--stat", "--tool") for section in SECTIONS[1:]),
    ],
    note="With one <run> its source is compared with the work tree, with none that of the\n"
    "newest run. Paths and --stat are about the source alone\n\n" + RUN_NOTE,
)
@click.argument("one", metavar="<run>", required=False, type=RunName())
@click.argument("other", metavar="<run>", required=False, type=RunName())
@click.option("--source", is_flag=True, help="Show how the source differs")
@click.option("--config", is_flag=True, help="Show how settings, inputs and command differ")
@click.option("--environment", is_flag=True, help="Show how machine and packages differ")
@click.option("--output", is_flag=True, help="Show how the output differs")
@click.option("--stat", is_flag=True, help="Show how many lines differ in which file")
@click.option("--tool", metavar="<tool>", help="Show the source by 'git difftool'")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is a difference")
@json_option
@color_option
@click.pass_obj
def command(
    app: App, /, one: str | None, other: str | None, exit_code: bool, color: str, **given: Any
) -> int:
    """Show how two runs differ, or a run and the work tree"""
    from git_gage.cli.differences import Differences

    runs = [app.document(one), *([app.document(other)] if other is not None else ())]
    with ExitStack() as scratch:
        found = Differences(app, runs, given, color, scratch)
        if given["tool"] is not None:
            return found.open_tool(given["tool"])
        differs = found.show()
    return 1 if exit_code and differs else 0
