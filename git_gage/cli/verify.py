"""`git gage verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.judging import judge_runs
from git_gage.cli.params import RunName, color_option, json_option
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App
    from git_gage.records import Record
    from git_gage.trust.verdict import Verdict


@click.command(
    "verify",
    cls=Command,
    usage="git gage verify [<run>... | --all] [--by <who>] [--require <what>]",
    examples=["git gage verify 3", "git gage verify --all --by sam@example.com --attr comment"],
    note="""\
Each record has a line: G verified, U unknown key, M mismatch, Y key expired,
X signature expired, R revoked, B bad, E cannot check, N unsigned. Who wrote a
record is without quotes if its signature shows it, else in quotes as the record
claims. The exit code is 0 if all are as required, else 1, also if there are
none. Without a <run>, the newest begun here is verified

"""
    + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("--all", "all_runs", is_flag=True, help="Verify all runs")
@click.option("--by", "who", metavar="<who>", help="Only what is, or claims to be, theirs")
@click.option(
    "--attr", "name", metavar="<name>", help="Only comment, tag, label, or another attribute"
)
@click.option(
    "--require",
    "required",
    metavar="<what>",
    type=click.Choice(["trusted", "signed", "none"]),
    default="trusted",
    help="What is enough: trusted (default), signed or none",
)
@json_option
@color_option
@click.pass_obj
def command(
    app: App,
    runs: tuple[str, ...],
    all_runs: bool,
    who: str | None,
    name: str | None,
    required: str,
    as_json: bool,
    color: str,
) -> int:
    """Verify who wrote what is known of runs"""
    from git_gage.trust.verdict import is_met

    if all_runs and runs:
        raise click.UsageError("give either runs or '--all'")
    chosen = app.runs.find([]) if all_runs else app.select(runs) or [app.document(None)["id"]]
    found = [
        (verdict, record)
        for verdict, record in judge_runs(app, chosen)
        if (who is None or _is_by(verdict, record, who)) and (name is None or _is_on(record, name))
    ]
    _show(app, found, required, as_json, color)
    return 0 if found and all(is_met(verdict, required) for verdict, _ in found) else 1


def _is_by(verdict: Verdict, record: Record, who: str) -> bool:
    by = record.by or {}
    return who in (verdict.principal, verdict.claimed, verdict.key, by.get("name"))


def _is_on(record: Record, name: str) -> bool:
    """Whether a record is a comment, a tag, or about the attribute of that name."""
    kind, _, _ = record.kind.partition(".")
    if kind == "attr":
        return record.body.get("name") == name
    return kind == name or record.kind == name


def _show(
    app: App,
    found: Sequence[tuple[Verdict, Record]],
    required: str,
    as_json: bool,
    color: str,
) -> None:
    screen = app.screen(color)
    verdicts = [verdict for verdict, _ in found]
    if as_json:
        from git_gage.render.machine import format_json
        from git_gage.render.verdicts import verdict_body

        app.show(format_json(list(map(verdict_body, verdicts))), screen)
    elif not found:
        click.echo("no such record", err=True)
    else:
        from git_gage.render.verdicts import format_verdicts

        records = [record for _, record in found]
        text = format_verdicts(verdicts, records, required, screen, app.store.clock())
        app.show(text, screen)
