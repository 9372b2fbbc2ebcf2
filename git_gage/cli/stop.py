"""`git gage stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import Duration, RunName
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.runs.stop import Stopped

# Those that are not for ending a program.
_OTHER_USES = {"STOP", "TSTP", "TTIN", "TTOU", "CONT", "CHLD", "CLD", "WINCH", "URG"}


class SignalName(click.ParamType):  # type: ignore[type-arg]
    """A signal by its name, with or without SIG, or by its number."""

    name = "signal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        import signal

        word = str(value).upper().removeprefix("SIG")
        by_number = {str(int(each)): each for each in signal.Signals}
        found = by_number.get(word) or getattr(signal, f"SIG{word}", None)
        if not isinstance(found, signal.Signals):
            option = param.opts[-1] if param else self.name
            message = f"'{option}' needs a signal such as TERM, INT or KILL, not '{value}'"
            raise click.UsageError(message, ctx)
        if found.name.removeprefix("SIG") in _OTHER_USES:
            raise click.UsageError(f"'{found.name}' does not end a program", ctx)
        return int(found)


@click.command(
    "stop",
    cls=Command,
    usage="git gage stop <run>... [--signal <signal>] [--timeout <time>]",
    examples=["git gage stop @", "git gage stop 1 2 --signal INT --timeout 1m"],
    note="""\
The program is asked to end, and killed if it does not. Its run keeps what it
printed and made, and is closed as terminated.

"""
    + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.option(
    *("-s", "--signal", "number"),
    metavar="<signal>",
    type=SignalName(),
    default="TERM",
    help="Signal that asks the program to end (default: TERM)",
)
@click.option(
    *("--timeout", "timeout_s"),
    metavar="<time>",
    type=Duration(),
    default="10s",
    help="Kill the program after this time (default: 10s)",
)
@click.pass_obj
def command(app: App, runs: tuple[str, ...], number: int, timeout_s: float) -> int:
    """Stop runs that go on"""
    from git_gage.runs.stop import require_stoppable, stop_runs

    chosen = app.select(runs)
    documents = [app.document(run) for run in chosen]
    require_stoppable(app.store, documents)
    stopped = {
        each.run: each for each in stop_runs(app.store, chosen, number=number, timeout_s=timeout_s)
    }
    for document in documents:
        _tell(app, app.document_now(document["id"]), stopped.get(document["id"]))
    return 0 if len(stopped) == len(documents) else 1


def _tell(app: App, document: dict[str, Any], stopped: Stopped | None) -> None:
    from git_gage.records import short_id
    from git_gage.render.wording import status_text

    progress = app.progress()
    run = f"run {short_id(document['id'])} {document['name']}"
    status = status_text(document, progress.screen, sign=False)
    if stopped is None:
        progress.warning(f"{run} does not go on: {status}")
    elif stopped.closing:
        progress.warning(f"{run} does not go on, but its end is not recorded yet")
    else:
        how = " (killed: it did not end in time)" if stopped.killed else ""
        click.echo(f"{run}: {status}{how}")
