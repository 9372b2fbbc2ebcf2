"""`git gage redact`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, json_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share.redaction import Redaction
    from git_gage.share.take_out import Redacted

ROTATE = (
    "replace the key where it was issued: whoever fetched it has it, and hosts keep what was sent"
)


@click.command(
    "redact",
    cls=Command,
    usage="git gage redact <run>... [--output] [--files] [--source] [--run]",
    examples=["git gage redact @", "git gage redact 3 --output"],
    note=f"""\
Without an option, what goes is what a secret is found in; of large files that
is looked for as 'files push' does. Where it is the record itself, the run goes
as a whole. What lies in its directory alone stays. It cannot be undone.

{RUN_NOTE}""",
)
@click.argument("runs", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.option("--output", is_flag=True, help="Take out what the run printed and logged")
@click.option("--files", is_flag=True, help="Take out the files it made, from git and remotes")
@click.option("--source", is_flag=True, help="Take out the code that ran")
@click.option("--run", "whole", is_flag=True, help="Take out the run as a whole")
@json_option
@sign_options
@click.option("-y", "--yes", is_flag=True, help="Never ask, for scripts")
@click.pass_obj
def command(
    app: App,
    runs: tuple[str, ...],
    output: bool,
    files: bool,
    source: bool,
    whole: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Take secrets out of runs that were recorded"""
    from git_gage.share.redact import plan_redaction, redact_runs

    asked = (("output", output), ("files", files), ("source", source), ("run", whole))
    parts = [name for name, wanted in asked if wanted]
    chosen = app.select(runs)
    plans = [plan_redaction(app.store, app.catalog, run, parts) for run in chosen]
    if not yes:
        _ask(plans)
    done = redact_runs(app.store, app.catalog, plans, app.author)
    if as_json:
        import json

        click.echo(json.dumps(_as_json(done), indent=2))
        return
    for line in _describe(done):
        click.echo(line)
    with app.progress() as progress:
        for hint in (*_hints(done), app.hint_at_gc()):
            progress.note(hint)


def _ask(plans: Sequence[Redaction]) -> None:
    """Let the user say yes to what is going to be gone.

    Raises: RefusedError where nobody can be asked, or the answer is no.
    """
    from git_gage.cli.consent import require_terminal, require_yes

    for plan in plans:
        click.echo(f"{_name(plan)}: {_spell(plan)} will be gone", err=True)
    require_terminal("changed", "say yes with '-y'")
    require_yes("Take it out?", "changed")


def _describe(done: Redacted) -> Iterator[str]:
    from git_gage.safe import clean

    for each in done.redactions:
        kinds = f" ({', '.join(each.kinds)})" if each.kinds else ""
        yield f"{_name(each)}: took out {_spell(each)}{kinds}"
    for path in done.left:
        yield f"still in a file that the run made: {clean(path)}"
    for place in done.elsewhere:
        yield f"still on a remote: {clean(place)}"


def _hints(done: Redacted) -> Iterator[str]:
    yield f"hint: {ROTATE}"
    for remote in done.remotes:
        yield f"hint: take it from the remote, too: git gage push {shlex.quote(remote)}"


def _name(plan: Redaction) -> str:
    from git_gage.records import short_id

    return f"run {short_id(plan.run)}"


def _spell(plan: Redaction) -> str:
    words = {
        "run": "the run as a whole",
        "source": "its source",
        "output": " and ".join(name for name in sorted(plan.files) if not _is_made(name)),
        "files": "files that it made",
        "records": "what was said of it with a secret in it",
    }
    return " and ".join(words[part] for part in plan.parts)


def _is_made(name: str) -> bool:
    return name.startswith("files")


def _as_json(done: Redacted) -> dict[str, Any]:
    runs = [
        {"run": each.run, "parts": each.parts, "files": sorted(each.files), "kinds": each.kinds}
        for each in done.redactions
    ]
    return {
        "runs": runs,
        "remotes": done.remotes,
        "elsewhere": done.elsewhere,
        "files": done.left,
    }
