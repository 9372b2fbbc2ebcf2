"""`git gage push`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RemoteOrRun, files_option, secrets_option, yes_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share import Pushed


@click.command(
    "push",
    cls=Command,
    usage="git gage push [<remote>] [<run>...] [--files=<what>]",
    examples=["git gage push", "git gage push origin @"],
    note=f"""\
Without a <run>, all runs begun in this clone are sent, and what was said about
runs. A <remote> is a name that 'git gage remote' lists, a URL, or a path with a
slash.

{RUN_NOTE}""",
)
@click.argument("words", metavar="<run>", nargs=-1, type=RemoteOrRun())
@files_option
@secrets_option
@yes_option
@click.pass_obj
def command(app: App, words: tuple[str, ...], files: str, allow_secrets: bool) -> None:
    """Send runs to a remote"""
    from git_gage.share import push_runs, push_thumbs
    from git_gage.share.remote import is_remote

    named = bool(words) and is_remote(app.repo, words[0])
    remote, texts = (words[0], words[1:]) if named else (None, words)
    runs = app.select(texts)
    with app.progress() as progress:
        pushed = push_runs(
            app.store, app.catalog, remote, runs, progress, allow_secrets=allow_secrets
        )
        previews = 0
        if files == "thumbs":
            previews = push_thumbs(app.store, app.catalog, remote, runs, progress)
    click.echo(_describe(pushed, previews))


def _describe(pushed: Pushed, previews: int) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    remote = clean(pushed.remote)
    sent = [count_text(previews, "preview")] if previews else []
    if not pushed.up_to_date:
        amount = (pushed.runs, "run") if pushed.runs else (pushed.records, "run update")
        sent.insert(0, count_text(*amount))
    if not sent:
        return f"{remote} is up to date"
    commits = f", with {count_text(pushed.commits, 'commit')} of yours" if pushed.commits else ""
    return f"pushed {' and '.join(sent)} to {remote}{commits}"
