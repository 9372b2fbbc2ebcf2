"""`git gage gc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import json_option, yes_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share.garbage import Garbage, Pile


@click.command(
    "gc",
    cls=Command,
    usage="git gage gc [-n] [--json]",
    examples=["git gage gc -n", "git gage gc"],
    note="Large files that no run has, what purged runs left, old journals and caches go.\n"
    "A large file stays for a day, one that came half for a week. Nothing that a run\n"
    "needs is touched, and 'git gc' is left to you\n",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be freed, and free nothing")
@json_option
@yes_option
@click.pass_obj
def command(app: App, dry_run: bool, as_json: bool) -> None:
    """Free what no run needs any more"""
    from git_gage.render.machine import format_json
    from git_gage.share.garbage import collect_garbage

    runs = app.runs
    with app.progress() as progress:
        garbage = collect_garbage(app.store, runs, progress, dry_run=dry_run)
    if as_json:
        click.echo(format_json(_as_json(garbage, dry_run=dry_run)), nl=False)
        return
    _describe(garbage, "would free" if dry_run else "freed")
    with app.progress() as progress:
        for text in _kept_texts(garbage):
            progress.note(f"kept: {text}")
        if not dry_run:
            progress.note(app.hint_at_gc())


def _kept_texts(garbage: Garbage) -> list[str]:
    """What stays for now, and why or until when."""
    from git_gage.render.amounts import moment_text

    young = [
        f"{_describe_pile(each.pile)}, until {moment_text(each.until)}" for each in garbage.young
    ]
    return [*garbage.kept, *young]


def _describe_pile(pile: Pile) -> str:
    from git_gage.render.amounts import size_text

    size = f", {size_text(pile.size)}" if pile.size else ""
    return f"{pile.what}: {pile.things:,}{size}"


def _describe(garbage: Garbage, verb: str) -> None:
    for pile in garbage.piles:
        click.echo(f"{verb} {_describe_pile(pile)}")
    if not garbage.piles:
        click.echo("nothing to free")


def _as_json(garbage: Garbage, *, dry_run: bool) -> dict[str, Any]:
    piles = [
        {"what": pile.what, "count": pile.things, "bytes": pile.size} for pile in garbage.piles
    ]
    return {"freed": not dry_run, "piles": piles, "kept": _kept_texts(garbage)}
