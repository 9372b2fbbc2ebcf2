"""`git gage publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options
from git_gage.cli.moving import (
    What,
    dry_run_option,
    each_remote,
    find_here,
    hinting,
    push,
    repeat_move,
)
from git_gage.cli.params import RemoteName, RunName, files_option, secrets_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.cli.app import App

BRANCH = "runs"


@click.command(
    "publish",
    cls=Command,
    usage="git gage publish <remote> (<run>... | -w <filter>) [--title <text>]",
    examples=["git gage publish origin @", "git gage publish origin -t paper --title Digits"],
    note="""\
The runs are pushed, and a README.md that lists all runs the remote has is put
on a branch of it, which holds nothing else. That is made if there is none, and
left alone if anything else is on it. Title and URL stay until they are
given anew.
""",
)
@click.argument("remote", metavar="<remote>", type=RemoteName())
@click.argument("words", metavar="<run>", nargs=-1, type=RunName())
@filter_options(bounds=False)
@click.option("--branch", metavar="<name>", default=BRANCH, help="Branch of the index (runs)")
@click.option("--title", metavar="<text>", help="What the index is headed")
@click.option("--url", metavar="<url>", help="Where others get the runs from, if not by its URL")
@files_option
@dry_run_option
@secrets_option
@click.pass_obj
def command(
    app: App,
    /,
    remote: str,
    branch: str,
    title: str | None,
    url: str | None,
    allow_secrets: bool,
    **given: Any,
) -> None:
    """Push runs for others, with a README of them"""
    from git_gage.share.publish import require_own_branch, write_index
    from git_gage.share.remote import find_address, hide_user, is_remote

    what = What(**given, meta=False, user=False)
    if not is_remote(app.here, remote):
        from git_gage.cli.remote_words import no_remote

        raise no_remote(app, remote)
    if not what.is_chosen:
        raise click.UsageError("give the runs, or '-w <filter>'")
    runs = find_here(app, what)
    given_too = {"--branch": branch if branch != BRANCH else None, "--title": title, "--url": url}
    more = [f"{option}={value}" for option, value in given_too.items() if value]
    more += ["--allow-secrets"] if allow_secrets else []
    address = app.address(remote)
    usual = hide_user(find_address(app.here, remote, push=False))

    def write(there: Catalog, before: str) -> str:
        from git_gage.render.published import format_published, read_choices

        chosen = {"title": "Runs", "url": usual, **read_choices(before)}
        chosen |= {key: value for key, value in (("title", title), ("url", url)) if value}
        chosen["url"] = hide_user(chosen["url"])
        return format_published(there.newest(None), **chosen)

    def publish(remote: str) -> int | None:
        if not runs:
            return None
        with app.progress() as progress:
            require_own_branch(app.store, address, branch, progress)
        again = repeat_move(["publish", hide_user(remote)], runs, what, *more)
        with hinting(again):
            code = push(app, remote, runs, what, allow_secrets)
        is_changed = False
        if not what.dry_run:
            with app.progress() as progress:
                is_changed = write_index(app.store, app.catalog, address, branch, write, progress)
        click.echo(_describe(remote, branch, is_changed=is_changed, dry_run=what.dry_run))
        return code

    each_remote(app, [remote], publish, what)


def _describe(remote: str, branch: str, *, is_changed: bool, dry_run: bool) -> str:
    from git_gage.safe import clean
    from git_gage.share.remote import hide_user

    where = f"the index on the branch '{clean(branch)}' of {clean(hide_user(remote))}"
    if dry_run:
        return f"would write {where}"
    return f"wrote {where}" if is_changed else f"{where} is up to date"
