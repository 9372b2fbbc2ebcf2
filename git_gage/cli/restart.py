"""`git gage restart`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.consent import find_consent, trust_code_option
from git_gage.cli.follow import find_follow, find_reach
from git_gage.cli.params import (
    RunName,
    detach_option,
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
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.cli.run import check_settings, tell_left

if TYPE_CHECKING:
    from git_gage.cli.app import App

KEEP = "--keep-files"
ALL_FILES = ""


class RestartCommand(Command):
    """Takes `--keep-files` with a pattern, stuck to it or behind it, and without."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        plain = [f"{KEEP}={ALL_FILES}" if word == KEEP else word for word in args]
        rest = super().parse_args(ctx, plain)
        behind = args[args.index(KEEP) + 1 :][:1] if KEEP in args else []
        # Of two words behind the command one is the run; settings have a `=`.
        words = [ctx.params["run"], *ctx.params["words"]]
        if sum("=" not in word for word in words) > 1 and behind and behind[0] in words:
            words.remove(behind[0])
            ctx.params.update(keep=behind[0], run=words[0], words=tuple(words[1:]))
        return rest


@click.command(
    "restart",
    cls=RestartCommand,
    usage="git gage restart [<options>] <run> [<key>=<value>...]",
    examples=["git gage restart @ lr=0.01", "git gage restart 3 --code latest --keep-files '*.pt'"],
    exclusive=[("--detach", "--stage"), ("--live", "--private")],
    note="""\
The new run has the code, settings and inputs of the old one, as far as nothing
else is said. The old run stays as it is.

"""
    + RUN_NOTE,
)
@click.argument("run", metavar="<run>", type=RunName())
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--code",
    metavar="<code>",
    default="same",
    help="Code to run: same (default), latest, or a commit",
)
@click.option(
    KEEP,
    "keep",
    metavar="<pattern>",
    help="Start with files it made, without <pattern> all",
)
@label_option
@tag_option
@stage_option
@timeout_option
@detach_option
@live_option
@private_option
@secrets_option
@quiet_option
@sign_options
@trust_code_option
@never_ask_option
@click.pass_obj
def command(
    app: App,
    run: str,
    words: tuple[str, ...],
    code: str,
    keep: str | None,
    label: str | None,
    tags: tuple[str, ...],
    stage: bool,
    timeout: float | None,
    detach: bool,
    live: str | None,
    private: bool,
    allow_secrets: bool,
    quiet: bool,
    trust_code: bool,
    never_ask: bool,
) -> int:
    """Run again what a run did, changed or not"""
    check_settings(words, "git gage restart @ lr=0.01")
    app.require_here("restart")
    from git_gage.runs.command import read_code, restart_run
    from git_gage.runs.environ import find_parent
    from git_gage.runs.process import Console
    from git_gage.runs.request import RunRequest

    (chosen,) = app.select([run])
    progress = app.progress(quiet=quiet)
    request = RunRequest(
        author=app.author,
        assignments=words,
        label=label,
        tags=tags,
        parent=find_parent(app.environ),
        stage=stage,
        timeout_s=timeout,
        detach=detach,
        consent=find_consent(app, trust_code=trust_code, never_ask=never_ask),
        allow_secrets=allow_secrets,
        follow=find_follow(app, live, progress),
        private=private,
        reach=find_reach(app, progress),
    )
    wanted = read_code(app.repo, code)
    done = restart_run(app.store, app.catalog, chosen, wanted, keep, request, Console(), progress)
    if done.detached:
        tell_left(done.run, progress)
    return done.exit_code
