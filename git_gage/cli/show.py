"""`git gage show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, color_option, json_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.render.screen import Screen


@click.command(
    "show",
    cls=Command,
    usage="git gage show [<run>] [--lineage] [--json | --diff]",
    examples=["git gage show", "git gage show 2 --diff"],
    exclusive=[("--json", "--diff"), ("--lineage", "--diff")],
    note="Without a <run>, the newest begun here is shown, or else the newest.\n\n" + RUN_NOTE,
)
@click.argument("run", metavar="<run>", required=False, type=RunName())
@click.option("--diff", is_flag=True, help="Print the patch from the commit to what ran")
@click.option("--lineage", is_flag=True, help="Show what it was made from, and what used it")
@json_option
@color_option
@click.pass_obj
def command(
    app: App, run: str | None, diff: bool, lineage: bool, as_json: bool, color: str
) -> None:
    """Show one run"""
    document = app.document(run)
    screen = app.screen(color)
    if lineage:
        _show_lineage(app, document, screen, as_json=as_json)
    elif as_json:
        from git_gage.render.machine import format_json

        screen.write(screen.encode(format_json(document)))
    elif diff:
        app.show(_read_patches(app, document, screen), screen)
    else:
        app.show(_format_page(app, document, screen), screen)


def _show_lineage(app: App, document: dict[str, Any], screen: Screen, *, as_json: bool) -> None:
    from git_gage.render.lineage import format_lineage, lineage_body
    from git_gage.render.machine import format_json
    from git_gage.runs.lineage import trace_lineage

    lineage = trace_lineage(document, app.catalog)
    if as_json:
        screen.write(screen.encode(format_json(lineage_body(lineage))))
    else:
        app.show(format_lineage(lineage, screen), screen)


def _format_page(app: App, document: dict[str, Any], screen: Screen) -> str:
    import time

    from git_gage.cli.bulk import OUTPUT, has_bulk, has_source
    from git_gage.render.page import format_page

    run_dir = app.store.run_dir(document["id"])
    return format_page(
        document,
        screen=screen,
        now=time.time(),
        run_dir=run_dir if run_dir.is_dir() else None,
        source_here=has_source(app.repo, document["source"]),
        output_here=has_bulk(app, document["id"], OUTPUT),
    )


def _read_patches(app: App, document: dict[str, Any], screen: Screen) -> bytes:
    """From the commit to the snapshot, then from there to what the settings made of the script."""
    from git_gage.cli.bulk import read_config_diff, read_patch
    from git_gage.render.log import clean_log

    patch = read_patch(app.repo, document["source"], color=screen.color)
    settings = read_config_diff(app, document["id"])
    if settings is not None:
        patch += settings.encode("utf-8", "surrogateescape")
    return clean_log(patch) if screen.terminal else patch
