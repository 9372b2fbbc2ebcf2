"""`git gage wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import Duration, RunName
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import GageError, NotHereError, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App

TIMED_OUT, END_UNSEEN = 124, 125


class StillGoingError(GageError):
    """Runs did not end in the time there was."""

    exit_code = TIMED_OUT


@click.command(
    "wait",
    cls=Command,
    usage="git gage wait [<run>...] [--timeout <time>]",
    examples=["git gage wait", "git gage wait 1 2 --timeout 2h"],
    note="""\
Without a <run>, the newest begun here is meant, or else the newest. The exit
code is that of the run, or 1 if any of several did not complete; 124 if the
time was up. Ctrl-C ends the waiting, not the runs.

"""
    + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option(
    *("--timeout", "timeout_s"),
    metavar="<time>",
    type=Duration(),
    help="Wait no longer than this (30s, 90m, 2h)",
)
@click.pass_obj
def command(app: App, runs: tuple[str, ...], timeout_s: float | None) -> int:
    """Wait until runs have ended"""
    from git_gage.records import short_id
    from git_gage.runs.wait import wait_for_ends

    documents = [app.document(run) for run in app.select(runs)] or [app.document(None)]
    _require_end(documents)
    waited = {app.store.state_dir(document["id"]): document["id"] for document in documents}
    left = wait_for_ends(
        waited, timeout_s=timeout_s, on_end=lambda path: _tell(app, app.document_now(waited[path]))
    )
    if left:
        first = short_id(waited[left[0]])
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise StillGoingError(
            f"the time is up: run '{first}'{more} still goes on", hint=f"git gage output -f {first}"
        )
    return _exit_code([app.document_now(document["id"]) for document in documents])


def _require_end(documents: Sequence[dict[str, Any]]) -> None:
    """Refuse runs whose end will never be seen here."""
    from git_gage.records import short_id

    for document in documents:
        run = short_id(document["id"])
        if document["status"] == "lost":
            raise NotHereError(
                f"cannot wait for run '{run}': it was begun elsewhere, no end is known here",
                document["id"],
            )
        if document["status"] == "staged":
            raise RequestError(
                f"cannot wait for run '{run}': it is staged, not started",
                hint=f"git gage run --start {run}",
            )


def _tell(app: App, document: dict[str, Any]) -> None:
    from git_gage.records import short_id
    from git_gage.render.wording import status_text

    progress = app.progress()
    status = status_text(document, progress.screen, sign=False)
    progress.note(f"run {short_id(document['id'])} {document['name']}: {status}")


def _exit_code(documents: Sequence[dict[str, Any]]) -> int:
    if len(documents) > 1:
        return int(any(document["status"] != "completed" for document in documents))
    code = documents[0]["exit_code"]
    return END_UNSEEN if code is None else int(code)
