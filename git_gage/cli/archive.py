"""`git gage archive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.params import (
    Label,
    RunName,
    json_option,
    secrets_option,
    sign_options,
    yes_option,
)
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App


@click.command(
    "archive",
    cls=Command,
    usage=(
        "git gage archive (<run>... | --all | -w <filter>) [--to <name>] [-m <note>]",
        "git gage archive --list [--json]",
    ),
    examples=["git gage archive -w 'started < 3 months ago' --to spring", "git gage archive 2"],
    exclusive=[("--all", "-w"), *(("--list", name) for name in ("--all", "-w", "--to", "-m"))],
    note=f"""\
Archived runs are in no list but 'git gage list --archived[=<name>]', and travel
as before. 'git gage restore' brings them back.

{RUN_NOTE}""",
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("-a", "--all", "everything", is_flag=True, help="Archive all runs that are listed")
@filter_options()
@click.option("--to", "name", metavar="<name>", type=Label(), help="Name of the archive")
@click.option("-m", "--message", "note", metavar="<note>", help="Say why")
@click.option("--list", "listing", is_flag=True, help="List the archives there are")
@json_option
@secrets_option
@sign_options
@yes_option
@click.pass_obj
def command(
    app: App,
    /,
    runs: tuple[str, ...],
    everything: bool,
    wheres: tuple[str, ...],
    name: str | None,
    note: str | None,
    listing: bool,
    as_json: bool,
    allow_secrets: bool,
) -> None:
    """Put runs away into an archive"""
    if (runs and listing) or (everything and (runs or wheres)):
        raise click.UsageError("give runs or a filter, or '--all', or '--list'")
    if as_json and not listing:
        raise click.UsageError("'--json' lists archives: give '--list'")
    if listing:
        _list_archives(app, as_json=as_json)
        return
    from git_gage.cli.put_away import describe_done
    from git_gage.runs.attributes import archive_runs

    chosen = app.runs.find(()) if everything else find_chosen(app, runs, wheres)
    done = archive_runs(
        app.store,
        app.catalog,
        chosen,
        app.author,
        name=name or "",
        note=note or "",
        allow_secrets=allow_secrets,
    )
    describe_done(app, "Archived", done)


def _list_archives(app: App, *, as_json: bool) -> None:
    from git_gage.render.machine import format_json
    from git_gage.render.said import format_archives

    screen, counts = app.screen(), app.runs.count_archives()
    if as_json:
        rows = [{"name": name, "runs": count} for name, count in counts]
        screen.write(screen.encode(format_json(rows)))
    else:
        app.show(format_archives(counts, screen), screen)
