"""`git gage push`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.moving import (
    each_remote,
    find_here,
    moving_options,
    push,
    read_what,
    split_words,
)
from git_gage.cli.params import RemoteOrRun, secrets_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "push",
    cls=Command,
    usage="git gage push [<remote>] [<run>...] [-w <filter>] [--files[=<what>]]",
    examples=["git gage push", "git gage push origin @", "git gage push -w 'acc > 0.9' -n"],
    note=f"""\
Without a <run> or filter, all runs begun in this clone are sent, and what was
said about runs. A <remote> is a name that 'git gage remote' lists, a URL, or a
path with a slash.

{RUN_NOTE}""",
)
@click.argument("words", metavar="<run>", nargs=-1, type=RemoteOrRun())
@moving_options
@secrets_option
@click.pass_obj
def command(app: App, /, words: tuple[str, ...], allow_secrets: bool, **given: Any) -> None:
    """Send runs to a remote"""
    remotes, words = split_words(app, words)
    what = read_what(words, **given)
    runs = find_here(app, what)

    def send(remote: str) -> int | None:
        return None if runs == [] else push(app, remote, runs, what, allow_secrets)

    each_remote(app, remotes, send, what)
