"""`git gage run`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from git_gage.cli.consent import find_consent, trust_code_option
from git_gage.cli.follow import find_follow, find_reach
from git_gage.cli.params import (
    RunName,
    detach_option,
    json_option,
    label_option,
    live_option,
    never_ask_option,
    private_option,
    quiet_option,
    secrets_option,
    sign_options,
    stage_option,
    tag_option,
    timeout_option,
)
from git_gage.cli.parsing import Command, UsageError, split_dashes

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.render.progress import Progress

FIRST_EXAMPLE = "git gage run train.py lr=0.1"


class RunCommand(Command):
    """Takes everything after `--` as it is; options may stand behind the settings too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ours, dashes, command = split_dashes(args)
        try:
            rest = super().parse_args(ctx, list(ours))
        except click.NoSuchOption as error:
            raise _refuse_option(error, ours) from error
        if dashes and ctx.params["words"]:
            word = ctx.params["words"][0]
            raise UsageError(
                f"'{word}' and a command cannot be run at once", f"git gage run {word}"
            )
        ctx.params["plain"] = dashes
        if dashes:
            ctx.params["words"] = tuple(command)
        return rest


def _refuse_option(error: click.NoSuchOption, args: list[str]) -> click.UsageError:
    """An option behind a script is most likely meant for the script."""
    words = [word for word in args if not word.startswith("-")]
    name = error.option_name
    if not words or args.index(words[0]) > next(
        (place for place, word in enumerate(args) if word.startswith(name)), len(args)
    ):
        return error
    command = shlex.join(["git", "gage", "run", "--", "python", *args[args.index(words[0]) :]])
    if not words[0].endswith(".py"):
        command = f"git gage ops {shlex.quote(words[0])}"
    return UsageError(f"'{name}' is no setting: settings are <key>=<value>", command)


@click.command(
    "run",
    cls=RunCommand,
    usage=(
        "git gage run [<options>] [<operation>] [<key>=<value>...]",
        "git gage run [<options>] <script.py> [<key>=<value>...]",
        "git gage run [<options>] -- <command> [<arg>...]",
        "git gage run --start <run>",
    ),
    examples=["git gage run train.py lr=0.1 epochs=3", "git gage run -- ./train.sh --fast"],
    exclusive=[
        ("--stage", "--start", "--preview", "--needed"),
        ("--detach", "--stage"),
        ("--live", "--private"),
        ("--detach", "--preview"),
        ("--start", "--in-place"),
        ("--start", "--require-clean"),
    ],
    note="""\
An operation is one of the gagefile's, see 'git gage ops'. The settings of a
script are its options, or else the constants that are assigned at its top
level. A command after -- runs as it is.
""",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@label_option
@tag_option
@click.option("-p", "--preview", is_flag=True, help="Show what would run, and run nothing")
@stage_option
@click.option("--start", metavar="<run>", type=RunName(), help="Start a run that was staged")
@click.option("--needed", is_flag=True, help="Run only what no run has done yet")
@click.option("--require-clean", is_flag=True, help="Refuse to run what is not committed")
@click.option("--in-place", is_flag=True, help="Run in the work tree itself, not in a copy")
@timeout_option
@detach_option
@live_option
@private_option
@click.option("--pull", is_flag=True, help="Get inputs that .dvc files name with 'dvc pull'")
@secrets_option
@quiet_option
@json_option
@sign_options
@trust_code_option
@never_ask_option
@click.pass_obj
def command(
    app: App,
    words: tuple[str, ...],
    plain: bool,
    label: str | None,
    tags: tuple[str, ...],
    preview: bool,
    stage: bool,
    start: str | None,
    needed: bool,
    require_clean: bool,
    in_place: bool,
    timeout: float | None,
    detach: bool,
    live: str | None,
    private: bool,
    pull: bool,
    allow_secrets: bool,
    quiet: bool,
    as_json: bool,
    trust_code: bool,
    never_ask: bool,
) -> int:
    """Run a program and record what ran and what came out"""
    _check_words(words, plain=plain, start=start)
    if as_json and not preview:
        raise UsageError("'--json' needs '--preview'", "git gage run --preview --json")
    app.require_here("run")
    from git_gage.runs.command import preview_run, run_command, start_run
    from git_gage.runs.environ import find_parent
    from git_gage.runs.process import Console
    from git_gage.runs.request import RunRequest

    has_target = not plain and words and "=" not in words[0]
    progress = app.progress(quiet=quiet)
    request = RunRequest(
        author=None if preview else app.author,
        target=words[0] if has_target else None,
        assignments=() if plain else words[bool(has_target) :],
        argv=words if plain else (),
        label=label,
        tags=tags,
        parent=find_parent(app.environ),
        stage=stage,
        needed=needed,
        in_place=in_place,
        require_clean=require_clean,
        timeout_s=timeout,
        pull=pull,
        detach=detach,
        consent=find_consent(app, trust_code=trust_code, never_ask=never_ask),
        allow_secrets=allow_secrets,
        follow=find_follow(app, live, progress),
        private=private,
        reach=find_reach(app, progress),
    )
    if preview:
        from git_gage.render.preview import show_preview

        screen = app.screen()
        found = preview_run(app.store, app.catalog, request, progress)
        app.show(show_preview(found, screen, as_json=as_json), screen)
        return 0
    if start is not None:
        (run,) = app.select([start])
        outcome = start_run(app.store, app.runs, run, request, Console(), progress)
    else:
        outcome = run_command(app.store, app.catalog, request, Console(), progress)
    if outcome.detached:
        tell_left(outcome.run, progress)
    return outcome.exit_code


def tell_left(run: str, progress: Progress) -> None:
    """Say which run goes on in the background, and what can be done with it."""
    from git_gage.records import short_id

    click.echo(run)
    follow, stop = f"git gage output -f {short_id(run)}", f"git gage stop {short_id(run)}"
    progress.note(f"hint: follow it with '{follow}', end it with '{stop}'")


def _check_words(words: tuple[str, ...], *, plain: bool, start: str | None) -> None:
    """Refuse what cannot be an operation or script with settings, or a command."""
    if start is not None:
        if words:
            raise UsageError(
                f"unexpected argument '{words[0]}': a staged run has its settings",
                f"git gage restart {start} {words[0]}",
            )
        return
    if plain and not words:
        raise UsageError("nothing to run", FIRST_EXAMPLE)
    if plain:
        return
    check_settings(words[1:], FIRST_EXAMPLE)


def check_settings(words: Sequence[str], example: str) -> None:
    """Refuse words that are not `<key>=<value>`."""
    for word in words:
        key, equals, _ = word.partition("=")
        if not (key and equals):
            raise UsageError(f"'{word}' is no setting: settings are <key>=<value>", example)
