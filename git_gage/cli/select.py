"""`git gage select`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.params import MetricName, RunName
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from git_gage.cli.app import App

WHICH = ("--id", "--name", "--label", "--run-dir", "--project-dir", "--config", "--metric")


@click.command(
    "select",
    cls=Command,
    usage="git gage select [<run>...] [-w <filter>] [<what>]",
    examples=["git gage select", "git gage select 2 --metric acc"],
    exclusive=[WHICH],
    note="Without a <run>, the newest begun here is meant, or else the newest; with -w\n"
    "and its kind the newest of those. What is not set prints nothing, or an empty\n"
    "line where several runs are asked for\n\n" + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("--id", is_flag=True, help="Print the id (default)")
@click.option("--name", is_flag=True, help="Print the name")
@click.option("--label", is_flag=True, help="Print the label")
@click.option("--run-dir", is_flag=True, help="Print the run's directory")
@click.option("--project-dir", is_flag=True, help="Print the project's directory")
@click.option("--config", "config", metavar="<key>", help="Print a config value")
@click.option(
    *("--metric", "metric"),
    metavar="<name>",
    type=MetricName(),
    help="Print the last value of a metric",
)
@filter_options()
@click.pass_obj
def command(
    app: App,
    /,
    runs: tuple[str, ...],
    config: str | None,
    metric: str | None,
    wheres: tuple[str, ...],
    **fields: bool,
) -> int:
    """Print the id of a run, or something else of it"""
    documents = _choose(app, runs, wheres)
    what = next((field for field, asked in fields.items() if asked), "id")
    for document in documents:
        if config is not None:
            text = _text(document["config"].get(config))
        elif metric is not None:
            text = _text(document["metrics"].get(metric))
        else:
            text = _field(app, document, what)
        if text or len(documents) > 1:
            click.echo(text)
    if not documents:
        click.echo("no run matches", err=True)
    return 0 if documents else 1


def _choose(app: App, runs: Sequence[str], wheres: Sequence[str]) -> list[dict[str, Any]]:
    """Run objects of the runs that are meant."""
    if not (runs or wheres):
        return [app.document(None)]
    return app.documents(None, find_chosen(app, runs, wheres, limit=1))


def _field(app: App, document: Mapping[str, Any], what: str) -> str:
    """Text that a shell can take; "" for what is not known, or not here."""
    if what == "run_dir":
        folder = app.store.run_dir(document["id"])
        return str(folder) if folder.is_dir() else ""
    if what == "project_dir":
        from git_gage.cli.associate import find_folder

        return str(find_folder(app, document) or "")
    return _text(document[what])


def _text(value: Any) -> str:
    from git_gage.render.amounts import value_text

    return "" if value is None else value_text(value)
