"""`git gage output`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import Count, RunName
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App

_LOOK_S = 0.1


@click.command(
    "output",
    cls=Command,
    usage="git gage output [<run>] [-t] [-f] [-n <num>] [--phase <name>]",
    examples=["git gage output", "git gage output 2 -t", "git gage output -f -n 20"],
    note="Without a <run>, the newest begun here is meant, or else the newest.\n\n" + RUN_NOTE,
)
@click.argument("run", metavar="<run>", required=False, type=RunName())
@click.option(
    *("-t", "--timestamps"), is_flag=True, help="Begin each line with the seconds since the start"
)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run ends")
@click.option(
    "-n", "--lines", "count", metavar="<num>", type=Count(), help="Begin with the last <num> lines"
)
@click.option("--phase", metavar="<name>", help="Print what another phase than the run printed")
@click.pass_obj
def command(
    app: App,
    run: str | None,
    timestamps: bool,
    follow: bool,
    count: int | None,
    phase: str | None,
) -> None:
    """Print what a run printed"""
    document = app.document(run)
    name = _log_of(document, phase)
    if follow and document["status"] == "running":
        if _follow(app, app.store.state_dir(document["id"]), name, timestamps, count):
            return
        document = app.document_now(document["id"])
    print_output(app, document, name, timestamps, count)


def _log_of(document: dict[str, Any], phase: str | None) -> str:
    """The bulk file that holds what a phase printed."""
    from git_gage.runs.phases import RUN, log_name

    known = document["command"]["phases"] or [RUN]
    if phase is not None and phase not in known:
        raise RequestError(
            f"no phase '{phase}' in this run (known: {', '.join(known)})",
            hint=f"git gage output --phase {next(iter(known))}",
        )
    return log_name(phase or RUN)


def print_output(
    app: App, document: dict[str, Any], name: str, timestamps: bool, count: int | None
) -> None:
    from io import BytesIO

    from git_gage.cli.bulk import open_output, refuse_absent
    from git_gage.records import short_id
    from git_gage.render.log import Stamps, clean_parts, read_parts, stamp_parts
    from git_gage.runs.follow import find_last_lines

    file = open_output(app, document["id"], name)
    if file is None:
        if document["heard"] is not None:
            run = short_id(document["id"])
            raise RequestError(
                f"output of run {run}: it goes on elsewhere, and its output comes with its end",
                hint=f"its last lines: git gage show {run}",
            )
        if document["output"] is None and document["status"] != "lost":
            return  # the program has not printed anything yet, or never began
        raise refuse_absent(app, document, name)
    index_name = f"{name}.idx"
    found = open_output(app, document["id"], index_name) if timestamps else None
    with file, found or BytesIO() as index:
        start = 0 if count is None else find_last_lines(file, count)
        file.seek(start)
        parts = read_parts(file)
        if timestamps:
            growing = document["status"] == "running"
            parts = stamp_parts(parts, Stamps(index, growing=growing), start)
        screen = app.screen()
        app.show_parts(clean_parts(parts) if screen.terminal else parts, screen)


def _follow(app: App, state_dir: Path, name: str, timestamps: bool, count: int | None) -> bool:
    """Show output as it comes; False if the run ended before there was any."""
    import os
    import time
    from contextlib import ExitStack

    from git_gage.render.log import LiveLog, Stamps
    from git_gage.runs.follow import Follower, find_last_lines
    from git_gage.runs.wait import goes_on

    # The index is made after the output: when it is there, both are.
    while not (state_dir / f"{name}.idx").exists():
        if not goes_on(state_dir):
            return False
        time.sleep(_LOOK_S)
    with ExitStack() as files:
        try:
            file, index = (
                files.enter_context((state_dir / each).open("rb", buffering=0))
                for each in (name, f"{name}.idx")
            )
        except FileNotFoundError:
            return False
        follower = Follower(file, 0 if count is None else find_last_lines(file, count))
        log = LiveLog(app.screen(), Stamps(index, growing=True) if timestamps else None)
        going = True
        while going:
            # Asked before the last look: what is read then is all there is.
            going = goes_on(state_dir)
            while (change := follower.read()) is not None:
                log.change(*change)
            if going:
                time.sleep(_LOOK_S)
        log.end(file.seek(0, os.SEEK_END))
    return True
