"""`git gage config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import json_option
from git_gage.cli.parsing import Command
from git_gage.errors import ConfigError, GitError, RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from git_gage.cli.app import App
    from git_gage.git.settings import Settings

_WORDS = {"list": 0, "get": 1, "set": 2, "edit": 0}


class SettingName(click.ParamType):  # type: ignore[type-arg]
    """A word that names one of our settings."""

    name = "key"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from git_gage.git.known import KNOWN

        return [
            CompletionItem(known.name, help=known.meaning)
            for known in KNOWN
            if known.name.startswith(incomplete)
        ]


@click.command(
    "config",
    cls=Command,
    usage=(
        "git gage config [list] [--show-origin] [--json]",
        "git gage config get <key>",
        "git gage config set [--global | --local | --worktree] <key> <value>",
        "git gage config edit [--global | --local | --worktree]",
    ),
    examples=["git gage config --show-origin", "git gage config set gage.remote lab"],
    exclusive=[("--global", "--local", "--worktree")],
    note="""\
Settings are kept in git's own config, in all its layers: what 'git config' and
'git -c' set counts here, too. Without one of the three options 'set' and 'edit'
mean the config of this repository.
""",
)
@click.argument("action", metavar="<action>", type=click.Choice(list(_WORDS)), default="list")
@click.argument("words", metavar="<key>", nargs=-1, type=SettingName())
@click.option("--show-origin", is_flag=True, help="Show all values, with the files they are in")
@click.option("--global", "in_global", is_flag=True, help="Change the config of the user")
@click.option("--local", "in_local", is_flag=True, help="Change the config of this repository")
@click.option("--worktree", "in_worktree", is_flag=True, help="Change that of this work tree alone")
@json_option
@click.pass_obj
def command(
    app: App,
    action: str,
    words: tuple[str, ...],
    show_origin: bool,
    in_global: bool,
    in_local: bool,
    in_worktree: bool,
    as_json: bool,
) -> int:
    """Show and change settings, which git's config keeps"""
    layer = "global" if in_global else "worktree" if in_worktree else "local"
    _check_words(action, words)
    if action in ("set", "edit"):
        if show_origin or as_json:
            raise click.UsageError(f"'{action}' shows nothing: leave out the options that do")
        return _set(app, layer, *words) if action == "set" else _edit(app, layer)
    if in_global or in_local or in_worktree:
        raise click.UsageError(f"'{action}' reads all layers: leave out the option that names one")
    return _get(app, words[0]) if action == "get" else _list(app, show_origin, as_json)


def _check_words(action: str, words: tuple[str, ...]) -> None:
    wanted = _WORDS[action]
    if len(words) < wanted:
        raise click.UsageError(f"missing {('<key>', '<value>')[len(words)]}")
    if len(words) > wanted:
        raise click.UsageError(f"unexpected argument '{words[wanted]}'")


def _read(app: App) -> Settings:
    """The settings of this repository as they are now; where there is none those of the user."""
    from git_gage.git.settings import read_settings

    try:
        base = app.here.config_base
    except RequestError:
        base = app.cwd
    return read_settings(app.cwd, app.environ, base)


def _list(app: App, show_origin: bool, as_json: bool) -> int:
    from git_gage.git.known import describe_settings

    settings = _read(app)
    rows = describe_settings(settings)
    _warn(app, settings)
    screen = app.screen()
    if as_json:
        from git_gage.render.machine import format_json

        app.show(format_json([row._asdict() for row in rows]), screen)
    else:
        from git_gage.render.settings import format_settings

        app.show(format_settings(rows, screen, origins=show_origin), screen)
    return 0


def _get(app: App, key: str) -> int:
    from git_gage.git.known import SECTION, explain_key
    from git_gage.git.settings import fold_key

    found = _read(app).find(key)
    problem = explain_key(key)
    if problem is not None:
        if found is None or not fold_key(key).startswith(SECTION):
            raise ConfigError(problem.message, hint=problem.hint)
        app.progress().warning(problem.message)
    if found is None:
        return 1
    screen = app.screen()
    screen.write(screen.encode(f"{found.value}\n"))
    return 0


def _set(app: App, layer: str, key: str, value: str) -> int:
    from git_gage.git.known import check_setting
    from git_gage.git.settings import write_setting
    from git_gage.safe import clean

    name = check_setting(key, value)
    write_setting(_folder(app, layer), app.environ, layer, name, value)
    click.echo(f"Set {clean(name)}")
    now = _read(app).find(name)
    if now is not None and now.value != value:
        app.progress().warning(f"'{now.value}' counts before it (in {now.place})")
    return 0


def _edit(app: App, layer: str) -> int:
    from git_gage.git.settings import edit_settings

    code = edit_settings(_folder(app, layer), app.environ, layer)
    if code:
        raise GitError(f"git config --{layer} --edit: exit code {code}")
    _warn(app, _read(app))
    return 0


def _folder(app: App, layer: str) -> Path:
    """Where git is told to write: all but the user's layer need a repository, and say so."""
    return app.cwd if layer == "global" else app.here.cwd


def _warn(app: App, settings: Settings) -> None:
    from git_gage.git.known import find_problems

    progress = app.progress()
    for problem in find_problems(settings):
        progress.warning(problem.message)
        progress.note(f"hint: {problem.hint}")
