"""`git gage sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.moving import (
    each_remote,
    fetch,
    find_anywhere,
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
    "sync",
    cls=Command,
    usage="git gage sync [<remote>] [<run>...] [-w <filter>] [--files[=<what>]]",
    examples=["git gage sync", "git gage sync -n", "git gage sync --user"],
    note=f"""\
Fetches, then pushes. Without a <remote> it is each that gage.remote names, or
that of the branch, or origin. Nothing is deleted on either side.

{RUN_NOTE}""",
)
@click.argument("words", metavar="<run>", nargs=-1, type=RemoteOrRun())
@moving_options
@secrets_option
@click.pass_obj
def command(app: App, /, words: tuple[str, ...], allow_secrets: bool, **given: Any) -> None:
    """Fetch runs from a remote, then push to it"""
    remotes, words = split_words(app, words)
    what = read_what(words, **given)

    def move(remote: str) -> int | None:
        runs = find_anywhere(app, remote, what)
        if runs == []:
            return None
        fetch(app, remote, runs, what)
        return push(app, remote, runs, what, allow_secrets)

    each_remote(app, remotes, move, what)
