"""`git gage fetch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.moving import (
    each_remote,
    fetch,
    find_there,
    moving_options,
    read_what,
    split_words,
)
from git_gage.cli.params import RemoteOrRun
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "fetch",
    cls=Command,
    usage="git gage fetch [<remote>] [<run>...] [-w <filter>] [--files[=<what>]]",
    examples=["git gage fetch", "git gage fetch origin 2", "git gage fetch -w 'acc > 0.9'"],
    note="""\
Without a <run> or filter, all that the remote has comes. A <run> is one that
'git gage list --remote <remote>' shows: its row there, its id or the first
characters of it, or its name.
""",
)
@click.argument("words", metavar="<run>", nargs=-1, type=RemoteOrRun())
@moving_options
@click.pass_obj
def command(app: App, /, words: tuple[str, ...], **given: Any) -> None:
    """Get runs from a remote"""
    remotes, words = split_words(app, words)
    what = read_what(words, **given)

    def get(remote: str) -> int | None:
        runs = find_there(app, remote, what)
        if runs == []:
            return None
        fetch(app, remote, runs, what)
        return 0

    each_remote(app, remotes, get, what)
