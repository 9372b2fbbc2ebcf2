"""What commands that put runs away ask and tell alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from git_gage.cli.app import App

MOST_TOLD = 10
# A line to type that is longer helps nobody.
MOST_NAMED = 5


def require_ended(app: App, runs: Sequence[str]) -> None:
    """Raises: RequestError for a run that goes on."""
    from git_gage.runs.stop import find_beginning, refuse_going

    for document in app.documents(None, runs):
        if document["status"] == "running":
            raise refuse_going(document["id"], find_beginning(app.store, document))


def tell(app: App, runs: Sequence[str]) -> None:
    """Say on standard error which runs are meant."""
    for line in _describe(app.documents(None, runs[:MOST_TOLD])):
        click.echo(line, err=True)
    if len(runs) > MOST_TOLD:
        click.echo(f"and {len(runs) - MOST_TOLD:,} more", err=True)


def ask(app: App, runs: Sequence[str], deed: str) -> None:
    """Let the user say yes to what is done to runs.

    Raises: RefusedError where nobody can be asked, or the answer is no.
    """
    from git_gage.cli.consent import require_terminal, require_yes
    from git_gage.render.amounts import count_text

    tell(app, runs)
    require_terminal("changed", "say yes with '-y'")
    require_yes(f"{deed} {count_text(len(runs), 'run')}?", "changed")


def describe_done(app: App, deed: str, runs: Sequence[str]) -> None:
    """Say what became of runs, and how to undo it; of none, that the answer is no."""
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text

    if not runs:
        click.echo("nothing to do: no such run is there, or it is so already", err=True)
        click.get_current_context().exit(1)
    click.echo(f"{deed} {count_text(len(runs), 'run')}")
    foreign = [run for run in runs if _is_request(app, run)]
    with app.progress() as progress:
        if foreign:
            progress.note(_describe_request(len(foreign), len(runs)))
        if deed != "Restored":
            names = map(short_id, runs) if len(runs) <= MOST_NAMED else ["<run>..."]
            progress.note(f"hint: undo it with 'git gage restore {' '.join(names)}'")


def _is_request(app: App, run: str) -> bool:
    """Whether others take what is done to a run for a request: with its key it counts at once."""
    if not app.catalog.is_foreign(run):
        return False
    (document,) = app.documents(None, [run])
    key = (document["author"] or {}).get("key")
    return key is None or key != (app.author or {}).get("key")


def _describe_request(foreign: int, runs: int) -> str:
    """What it is for others that somebody puts away a run that was begun elsewhere."""
    many = foreign > 1
    words, them = ("these are requests", "them") if many else ("this is a request", "it")
    named = "it was" if runs == 1 else f"{foreign:,} of them {'were' if many else 'was'}"
    return f"{named} begun elsewhere: for others {words}, until whoever\nbegan {them} does the same"


def _describe(documents: Sequence[dict[str, Any]]) -> Iterator[str]:
    from git_gage.records import short_id
    from git_gage.safe import clean

    for document in documents:
        label = f", {document['label']}" if document["label"] else ""
        words = f"{document['name']}, {document['operation']}, {document['status']}{label}"
        yield f"  {short_id(document['id'])}  {clean(words)}"
