"""`git gage fetch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import RemoteName, files_option, yes_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share import Fetched

# Of more it takes longer than a fetch should: 'git gage verify --all' tells.
MOST_JUDGED = 500


@click.command(
    "fetch",
    cls=Command,
    usage="git gage fetch [<remote>] [--files=<what>]",
    examples=["git gage fetch", "git gage fetch origin --files=thumbs"],
)
@click.argument("remote", metavar="<remote>", required=False, type=RemoteName())
@files_option
@yes_option
@click.pass_obj
def command(app: App, remote: str | None, files: str) -> None:
    """Get runs from a remote"""
    from git_gage.share import fetch_runs, fetch_thumbs

    mark = app.catalog.mark()
    with app.progress() as progress:
        fetched = fetch_runs(app.store, app.catalog, remote, progress)
        previews = fetch_thumbs(app.store, remote, progress) if files == "thumbs" else 0
    click.echo(_describe(fetched, previews) + _judge_news(app, fetched, mark))


def _describe(fetched: Fetched, previews: int) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    remote = clean(fetched.remote)
    new = [count_text(previews, "preview")] if previews else []
    if fetched.runs_new:
        new.insert(0, count_text(fetched.runs_new, "run"))
    elif fetched.records_new:
        new.insert(0, count_text(fetched.records_new, "run update"))
    return f"fetched {' and '.join(new)} from {remote}" if new else f"nothing new on {remote}"


def _judge_news(app: App, fetched: Fetched, mark: int) -> str:
    """Of how many records it is known who wrote them, where that is quick to tell."""
    news = app.catalog.news(mark) if fetched.records_new else []
    if not news or len(news) > MOST_JUDGED:
        return ""
    from git_gage.render.verdicts import count_states

    ids = {id for _, id in news}
    runs = list(dict.fromkeys(run for run, _ in news))
    records = [record for record in app.catalog.record_lines(runs) if record.id in ids]
    verdicts = app.judge.judge(records)
    if all(verdict.state == "N" for verdict in verdicts):
        return ""  # nobody signs here: that says nothing
    return f" ({count_states(verdicts)})"
