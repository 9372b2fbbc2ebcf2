"""Verdicts on what is known of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App
    from git_gage.records import Record
    from git_gage.trust.verdict import Verdict


def judge_runs(app: App, runs: Sequence[str]) -> list[tuple[Verdict, Record]]:
    """A verdict on each record of the runs, with a line of it."""
    records = list(app.catalog.record_lines(runs))
    by_id = {record.id: record for record in records}
    verdicts = app.judge.judge(records, _find_foreign(app, records))
    return [(verdict, by_id[verdict.record]) for verdict in verdicts]


def _find_foreign(app: App, records: Sequence[Record]) -> set[str]:
    """The runs among them that are of another project than this one."""
    from git_gage.runs.association import find_linked
    from git_gage.runs.project import find_ids, is_other_project

    if app.folder is not None:  # a folder holds runs of any project
        return set()
    ours = find_ids(app.repo)
    linked = find_linked(app.store, app.repo.work_tree)
    return {
        record.run
        for record in records
        if record.kind == "run.begin"
        and record.run not in linked
        and is_other_project(record.body.get("project"), ours)
    }


def find_signer(app: App, run: str) -> str | None:
    """Who recorded that a run begins, if that is verified."""
    for verdict, record in judge_runs(app, [run]):
        if record.kind == "run.begin" and verdict.state == "G":
            return verdict.principal
    return None
