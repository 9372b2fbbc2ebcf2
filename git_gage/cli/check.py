"""`git gage check`: a gagefile, a board, or a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.judging import judge_runs
from git_gage.cli.params import PathWord, RunName, color_option, json_option
from git_gage.cli.parsing import Command
from git_gage.errors import (
    FETCH,
    RESTORE,
    ConfigError,
    FilterSyntaxError,
    RequestError,
    RunNotFoundError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.gagefile.load import Checked
    from git_gage.records import Record
    from git_gage.runs.made import MadeFiles
    from git_gage.runs.validate import Line
    from git_gage.trust.verdict import Verdict


@click.command(
    "check",
    cls=Command,
    usage=(
        "git gage check [<file>] [--board] [--json]",
        "git gage check (<run> | --run <run>) [--json]",
    ),
    examples=["git gage check", "git gage check examples/gage.yaml --json", "git gage check @"],
    exclusive=[("--board", "--run")],
    note="""\
Without a <file>, the gagefile of this folder or of the nearest above it is
checked, or with '--board' the board. A file called board.toml, board-best.json
or boards/best.yaml is taken for a board anyway. The exit code is 1 if there is
an error; warnings are none.

Of a <run> it compares what is here with what was recorded, and runs nothing.
What is not here is no error, unless the run cannot be repeated without it.
""",
)
@click.argument("file", metavar="<file>", required=False, type=PathWord())
@click.option("--run", metavar="<run>", type=RunName(), help="Check this run, and no file")
@click.option("--board", is_flag=True, help="Check a board, whatever the file is called")
@json_option
@color_option
@click.pass_obj
def command(
    app: App, file: str | None, run: str | None, board: bool, as_json: bool, color: str
) -> int:
    """Check the gagefile or a run, and tell all that is wrong in it"""
    if run is not None and file is not None:
        raise click.UsageError("'--run' cannot be used with a <file>")
    document = None if board else _find_run(app, file, run)
    if document is not None:
        return _check_run(app, document, as_json, color)
    return _check_file(app, file, board, as_json, color)


def _find_run(app: App, word: str | None, run: str | None) -> dict[str, Any] | None:
    """The run that is meant, if it is no file that is."""
    if run is not None:
        return app.document(run)
    if word is None or os.path.lexists(app.cwd / word):
        return None
    try:
        _ = app.repo  # outside of any there are files alone
    except RequestError:
        return None
    try:
        return app.document(word)
    except RunNotFoundError:
        from git_gage.config.documents import kind_of_file

        if kind_of_file(word) is None:
            raise  # no file that could be checked has such a name
        return None


def _check_run(app: App, document: dict[str, Any], as_json: bool, color: str) -> int:
    lines = list(_iter_lines(app, document))
    is_good = all(line.verdict != "no" for line in lines)
    screen = app.screen(color)
    if as_json:
        from git_gage.render.machine import format_json

        checks = [line._asdict() for line in lines]
        found = {"run": document["id"], "good": is_good, "checks": checks}
        screen.write(screen.encode(format_json(found)))
    else:
        from git_gage.render.checkup import format_checks
        from git_gage.render.wording import hint_text

        lines = [
            line._replace(hint=line.hint and hint_text(line.hint, app.typed_folder))
            for line in lines
        ]
        app.show(format_checks(lines, screen), screen)
    return int(not is_good)


def _iter_lines(app: App, document: dict[str, Any]) -> Iterator[Line]:
    """All that is told of a run: who says so, and whether it is still so."""
    from git_gage.cli.absent import how_to_fetch, how_to_give_back
    from git_gage.runs.made import MadeFiles
    from git_gage.runs.validate import check_run

    judged = judge_runs(app, [document["id"]])
    files = MadeFiles(app.store, app.catalog, document)
    yield _check_signatures(document["id"], [verdict for verdict, _ in judged])
    for line in check_run(app.store, app.catalog, document, files, app.progress()):
        if line.hint is not None and line.hint.startswith(FETCH):
            hint = how_to_fetch(app, document["id"], is_lost=line.hint != FETCH)
            yield line._replace(hint=hint)
        elif line.hint == RESTORE:
            yield line._replace(hint=how_to_give_back(app, document["id"]))
        else:
            yield line
    signed = [each for each in judged if each[1].kind == "attest" and each[0].state == "G"]
    if signed:
        yield _check_attested(app, files, *max(signed, key=lambda each: each[1].lc))


def _check_attested(app: App, files: MadeFiles, verdict: Verdict, attest: Record) -> Line:
    """The files that the run made beside what the last one signed who is trusted."""
    from git_gage.runs.attest import is_as_attested
    from git_gage.runs.validate import Line

    as_signed = is_as_attested(app.store, files, attest)
    if as_signed is None:
        return Line("attested", "not here", f"the files that {verdict.principal} signed")
    if as_signed:
        return Line("attested", "ok", f"the files are those that {verdict.principal} signed")
    return Line("attested", "no", f"the files are not those that {verdict.principal} signed")


def _check_signatures(run: str, verdicts: list[Verdict]) -> Line:
    """Only what is false is wrong: nobody has to sign, or to know whose keys others have."""
    from git_gage.records import short_id
    from git_gage.render.verdicts import count_states
    from git_gage.runs.validate import Line
    from git_gage.trust.verdict import is_met

    told = "warning"
    if not all(is_met(verdict, "none") for verdict in verdicts):
        told = "no"
    elif all(is_met(verdict, "trusted") for verdict in verdicts):
        told = "ok"
    hint = None if told == "ok" else f"git gage verify {short_id(run)}"
    return Line("signatures", told, count_states(verdicts), hint)


def _check_file(app: App, file: str | None, board: bool, as_json: bool, color: str) -> int:
    from git_gage.gagefile.boards import is_board

    if file is None:
        path = _find_board(app) if board else _find(app)
    else:
        path = _named(app.cwd / file, file)
    shown = os.path.relpath(path, app.cwd) if file is None or app.cwd / file != path else file
    checked = _check(app, path, shown, as_board=board or is_board(path), found=file is None)
    screen = app.screen(color)
    if as_json:
        from git_gage.render.machine import format_json

        faults = [fault.to_json() for fault in checked.faults]
        screen.write(screen.encode(format_json(faults)))
    else:
        from git_gage.render.faults import format_count, format_faults

        count = format_count(shown, checked.operations, checked.faults)
        app.show(format_faults(checked.faults, screen) + count, screen)
    return int(any(fault.severity == "error" for fault in checked.faults))


def _check(app: App, path: Path, shown: str, *, as_board: bool, found: bool) -> Checked:
    from git_gage.gagefile.boards import check_board
    from git_gage.gagefile.find import find_others
    from git_gage.gagefile.load import Checked, check_file
    from git_gage.gagefile.patterns import Explain

    explain = Explain(explain_pattern, explain_filter)
    if as_board:
        return Checked(check_board(path, shown, explain), None)
    for other in find_others(path, shown) if found else ():
        app.progress().warning(other)
    return check_file(path, shown, explain)


def _find_board(app: App) -> Path:
    from git_gage.gagefile.boards import find_board

    found = find_board(app.cwd, app.here.work_tree)
    if found is None:
        raise RequestError(
            "no board in this project", hint="git gage board --print-file > board.toml"
        )
    return found


def _find(app: App) -> Path:
    from git_gage.gagefile.find import find_gagefile

    if app.here.work_tree is None:
        raise RequestError("there is no work tree here", hint="git gage check <file>")
    found = find_gagefile(app.cwd, app.here.work_tree)
    if found is None:
        raise RequestError("no gagefile in this project", hint="git gage init")
    return found


def _named(path: Path, name: str) -> Path:
    """The file of a name, or the gagefile of the folder of that name."""
    if not path.is_dir():
        return path
    from git_gage.gagefile.find import gagefiles_in

    found = gagefiles_in(path)
    if not found:
        raise RequestError(f"no gagefile in '{name}'", hint="git gage check <file>")
    return found[0]


def explain_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern of files, None if nothing is."""
    from git_gage.source.patterns import parse_patterns

    try:
        parse_patterns([pattern])
    except ConfigError as error:
        return error.message
    return None


def explain_filter(text: str) -> str | None:
    """What is wrong with a filter of runs, None if nothing is."""
    from git_gage.catalog.filter_nodes import parse_filter

    try:
        parse_filter(text)
    except FilterSyntaxError as error:
        return error.message.partition("\n")[0]
    return None
