"""`git gage list`, by its other names `ls` and `runs`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options, read_keys, tell_private
from git_gage.cli.params import (
    Count,
    MetricName,
    RemoteName,
    RunName,
    color_option,
    csv_option,
    json_option,
    md_option,
)
from git_gage.cli.parsing import BareOption, Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App
    from git_gage.cli.listed import Listed
    from git_gage.render.screen import Screen

SHOWN = 20
# Columns that somebody asked for are all shown where no screen bounds them.
WIDE_ENOUGH = 10_000
FORMS = ("--json", "--jsonl", "--csv", "--md", "--porcelain", "--format")


@click.command(
    "list",
    cls=Command,
    usage="git gage list [<run>...] [-w <filter>] [--sort <names>] [-n <num> | --all]",
    examples=["git gage list -w 'acc > 0.9 and not status = error' --sort -acc"],
    exclusive=[
        ("-n", "--all"),
        ("--graph", "--watch", *FORMS),
        *(("--graph", option) for option in ("--sort", "--group-by", "--best")),
        *(("-z", option) for option in ("--json", "--csv", "--md", "--graph", "--watch")),
        *(("--columns", option) for option in ("--json", "--jsonl", "--format", "-s")),
        *(("-s", option) for option in ("--json", "--jsonl", "--format", "--graph", "--group-by")),
    ],
    note="Rows name runs: git gage show 2 or 2:4. See git gage help filters, help formats\n",
)
@click.argument("words", metavar="<run>", nargs=-1, type=RunName())
@filter_options()
@click.option(
    *("--sort", "sorting"),
    metavar="<names>",
    multiple=True,
    help="Sort by values: -acc,lr (- means the highest first)",
)
@click.option("--group-by", metavar="<name>", help="Put runs with the same value together")
@click.option(
    "--best",
    metavar="<metric>",
    type=MetricName(),
    help="Show the best run, of each group if there are",
)
@click.option(
    *("-n", "--max-count", "count"),
    metavar="<num>",
    type=Count(),
    help=f"Show so many runs at most (default: {SHOWN})",
)
@click.option("-a", "--all", "everything", is_flag=True, help="Show all runs")
@click.option("--deleted", is_flag=True, help="Show runs that were deleted")
@click.option(
    "--archived", cls=BareOption, metavar="<name>", help="Show runs in archives, or in this one"
)
@click.option("--columns", metavar="<names>", multiple=True, help="Show these, such as run,lr,acc")
@click.option("-s", "--short", is_flag=True, help="Show operation, status and label alone")
@click.option("--graph", is_flag=True, help="Draw which run was made from which")
@click.option("--remote", metavar="<remote>", type=RemoteName(), help="Show what a remote has")
@click.option("--watch", is_flag=True, help="Show the list, again and again")
@json_option
@click.option("--jsonl", is_flag=True, help="Print JSON, one run a line")
@csv_option
@md_option
@click.option("--porcelain", is_flag=True, help="Print columns that stay, with tabs between")
@click.option("--format", "own", metavar="<text>", help="Print lines such as '{run} {acc}'")
@click.option("-z", "nul", is_flag=True, help="End lines with NUL (alone: --porcelain -z)")
@color_option
@click.pass_obj
def command(app: App, /, color: str, watch: bool, **given: Any) -> None:
    """List runs, newest first"""
    if given["remote"]:
        import shlex

        from git_gage.cli.elsewhere import Elsewhere
        from git_gage.cli.moving import hinting
        from git_gage.share.remote import hide_user

        shown = hide_user(given["remote"])
        with hinting(f"git gage list --remote {shlex.quote(shown)}"):
            app = Elsewhere(app, given["remote"])
        given["remote"] = shown  # from here on
    given["wheres"] += _read_put_away(given.pop("deleted"), given.pop("archived"))
    given["columns"] = read_keys("--columns", given["columns"])
    given["sorting"] = read_keys("--sort", given["sorting"])
    forms = ("as_json", "jsonl", "csv", "md", "porcelain", "nul")
    if given["own"] is not None or any(given[form] for form in forms):
        from git_gage.cli.list_forms import print_form

        print_form(app, given)
    elif watch:
        from git_gage.cli.list_watch import watch_list

        watch_list(app, lambda: _draw(app, given, color)[:2], _spell(app, given))
    else:
        _show(app, given, color)


def _read_put_away(deleted: bool, archived: str | None) -> tuple[str, ...]:
    """The filter that asks for runs which are otherwise in no list."""
    asked = ["deleted"] if deleted else []
    if archived:
        from git_gage.catalog.filter_nodes import spell_text

        asked.append(f"archived = {spell_text(archived)}")
    elif archived is not None:
        asked.append("archived")
    return (" or ".join(asked),) if asked else ()


def _show(app: App, given: dict[str, Any], color: str) -> None:
    text, screen, listed = _draw(app, given, color)
    if text:
        app.show(text, screen)
    if listed.documents:
        trouble = app.catalog.remember_rows(listed.to_remember)
        if trouble is not None:
            reason = (trouble.strerror or "").lower()
            app.progress().warning(f"rows of this list cannot be used: {reason}")
    elif app.catalog.count_listed() or (listed.wheres and app.catalog.count()):
        hint_at_filter(app, listed.wheres)
    elif not text:
        hint_at_runs(app, given["remote"])


def _draw(app: App, given: dict[str, Any], color: str) -> tuple[str, Screen, Listed]:
    """The list, or "" where nothing is found and no head is shown, and where it is shown."""
    from git_gage.cli.listed import find_listed

    listed = find_listed(app, given)
    screen = app.screen(color)
    if (given["columns"] or given["short"]) and not screen.terminal:
        screen.width = WIDE_ENOUGH
    if given["short"]:
        return _draw_short(app, listed, screen, given), screen, listed
    if not listed.documents:
        return "", screen, listed
    import time

    from git_gage.render.listing import Layout, format_list

    layout = Layout(
        graph=given["graph"],
        rows=listed.rows,
        columns=given["columns"],
        groups=listed.groups,
        order=listed.order,
    )
    text = format_list(
        listed.documents,
        screen=screen,
        now=time.time(),
        newest_here=app.catalog.newest_here(),
        older=listed.more,
        to_see_all=_spell(app, given, "--all"),
        layout=layout,
    )
    return text, screen, listed


def _draw_short(app: App, listed: Listed, screen: Screen, given: dict[str, Any]) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.render.short_list import format_short

    left = count_text(listed.more, f"{listed.order} run")
    below = f"{left}: {_spell(app, given, '--all')}" if listed.more else ""
    return format_short(listed.documents, listed.rows, below, screen)


def _spell(app: App, given: dict[str, Any], *more: str) -> str:
    """The command, as it can be typed once more."""
    plain = ["git", "gage", "list", *more]
    folder = ["--runs", app.typed_folder] if app.typed_folder else []
    words = [*plain[:2], *folder, *plain[2:]]
    words += ["--remote", given["remote"]] if given["remote"] else []
    words += ["-s"] if given["short"] else []
    words += [word for where in given["wheres"] for word in ("-w", where)]
    words += ["--sort", ",".join(given["sorting"])] if given["sorting"] else []
    words += ["--group-by", given["group_by"]] if given["group_by"] else []
    words += ["--best", given["best"]] if given["best"] else []
    if words == plain:
        return " ".join(words)
    from git_gage.safe import clean

    return clean(shlex.join(words))


def hint_at_filter(app: App, wheres: Sequence[str]) -> None:
    """Say on standard error that no run matches, and which names in filters no run has.

    One that is private matches nothing that moves runs.
    """
    from git_gage.safe import clean

    private = app.store.private
    count = len(private.intersection(app.runs.find(wheres))) if private else 0
    click.echo("no run matches that is not private" if count else "no run matches", err=True)
    tell_private(app, count)
    for name, near in app.catalog.find_unknown(wheres).items():
        guess = f": did you mean '{clean(near)}'?" if near else ""
        click.echo(f"hint: no run has a '{clean(name)}'{guess}", err=True)


def hint_at_runs(app: App, remote: str | None = None) -> None:
    """Say on standard error that there are no runs, and how to come by some."""
    from git_gage.safe import clean

    if remote is not None:
        if app.is_partial:
            return  # that has been told
        told = "any more: it has lost or hides them" if app.had_runs else "yet"
        click.echo(f"no runs on {clean(remote)} {told}", err=True)
        way = f"git gage push {shlex.quote(remote)}"
        app.progress().note(f"hint: send some with '{clean(way)}'")
        return
    none = app.no_runs()
    app.progress().note(f"{none.message}\nhint: {none.hint}")
    if not (app.asked_folder or app.catalog.count()):
        click.echo("hint: get those of others with 'git gage fetch'", err=True)
