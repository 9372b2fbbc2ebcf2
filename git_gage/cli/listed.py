"""The runs that a list has, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.cli.list import SHOWN

if TYPE_CHECKING:
    from git_gage.cli.app import App


class Listed(NamedTuple):
    """Runs of a list. `rows` are their numbers (none: from 1 on), `more` how many are left out.

    `to_remember` are the ids that rows name from now on.
    """

    documents: list[dict[str, Any]]
    wheres: tuple[str, ...]
    rows: Sequence[int]
    groups: Sequence[tuple[str, int]]
    more: int
    order: str
    to_remember: Sequence[str]


class Found(NamedTuple):
    """Ids of all runs that are meant, in their order (None: every run), and groups of them."""

    runs: list[str] | None
    groups: Sequence[tuple[str, int]]


def find_listed(app: App, given: dict[str, Any]) -> Listed:
    """The runs that the options of a list ask for.

    Raises: RequestError for names that no run has.
    """
    runs, groups = find_runs(app, given)
    require_columns(app, given["columns"], "age")
    limit = limit_of(given)
    rows: list[int] = []
    if given["words"]:
        among = runs or []
        rows = pick_rows(app, given["words"], among)[:limit]
        documents = app.documents(None, [among[row - 1] for row in rows])
        ids = among[: max(rows, default=0)]
    else:
        documents = app.documents(limit, runs)
        ids = [document["id"] for document in documents]
    is_all = not (given["wheres"] or given["best"])
    total = app.catalog.count_listed() if is_all or runs is None else len(runs)
    return Listed(
        documents,
        given["wheres"],
        rows,
        _shown_groups(groups, len(documents)) if not rows else (),
        0 if rows else total - len(documents),
        "more" if given["sorting"] or given["group_by"] else "older",
        ids,
    )


def find_runs(app: App, given: dict[str, Any]) -> Found:
    """All runs that the options mean; of every run in another order as many as are shown."""
    wheres, sort, by, best = (given[key] for key in ("wheres", "sorting", "group_by", "best"))
    if best:
        found = app.runs.find_best(best, wheres, per=by)
        return Found(_ordered(app, found, sort), ())
    if by:
        groups = app.runs.find_groups(wheres, by, sort=sort)
        titles = [(f"{by}={_title(value)}", len(runs)) for value, runs in groups]
        return Found([run for _, runs in groups for run in runs], titles)
    if sort and not (wheres or given["words"]):  # how many there are is known
        return Found(app.runs.find((), limit=limit_of(given), sort=sort), ())
    if wheres or sort or given["words"]:
        return Found(app.runs.find(wheres, sort=sort), ())
    return Found(None, ())


def require_columns(app: App, columns: Sequence[str], *others: str) -> None:
    """Raises: RequestError for a column that no run and none of `others` has, with a guess."""
    if columns:
        from git_gage.render.columns import FIELDS, WHOLE

        app.runs.require_names(columns, [*FIELDS, *WHOLE, *others])


def limit_of(given: dict[str, Any]) -> int | None:
    """How many runs are shown at most; rows that are asked for by number all are."""
    if given["everything"] or (given["words"] and given["count"] is None):
        return None
    return given["count"] or SHOWN


def _ordered(app: App, runs: list[str], sort: Sequence[str]) -> list[str]:
    """Best runs of groups, in another order if one is asked for."""
    if not sort:
        return runs
    wanted = set(runs)
    return [run for run in app.runs.find((), sort=sort) if run in wanted]


def pick_rows(app: App, words: Sequence[str], runs: Sequence[str]) -> list[int]:
    """Rows, from 1 on, that words mean of this very list: by number, or what names a run."""
    from git_gage.catalog.resolve import read_slice

    picked: set[int] = set()
    places = {run: place for place, run in enumerate(runs)}
    for word in words:
        rows = read_slice(word)
        if rows is None and word.isascii() and word.isdigit() and len(word) < 4:
            rows = slice(int(word) - 1, int(word))
        if rows is not None:
            picked.update(range(*rows.indices(len(runs))))
        else:
            picked.update(places[run] for run in app.select([word]) if run in places)
    return [place + 1 for place in sorted(picked)]


def _title(value: Any) -> str:
    """The value of a group, as SQLite holds it."""
    from git_gage.render.amounts import metric_text, value_text

    if value is None:
        return "-"
    if isinstance(value, bytes):
        return "true" if value == b"\1" else "false"
    return value_text(value) if isinstance(value, str) else metric_text(value)


def _shown_groups(groups: Sequence[tuple[str, int]], count: int) -> list[tuple[str, int]]:
    """The groups that so many first runs are of."""
    shown = []
    for title, size in groups:
        if count > 0:
            shown.append((title, min(size, count)))
        count -= size
    return shown
