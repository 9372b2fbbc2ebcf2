"""`git gage list` for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from git_gage.cli.listed import find_runs, limit_of, pick_rows, require_columns

if TYPE_CHECKING:
    from git_gage.cli.app import App

SHORT = ("operation", "status", "label")


def print_form(app: App, given: dict[str, Any]) -> None:
    """Print the runs in the form that was asked for, however many, one at a time."""
    screen = app.screen()
    for part in _parts(app, given):
        screen.write(screen.encode(part))


def _parts(app: App, given: dict[str, Any]) -> Iterator[str]:
    runs = find_runs(app, given).runs
    limit = limit_of(given)
    if given["words"]:
        runs = [runs[row - 1] for row in pick_rows(app, given["words"], runs or ())] if runs else []
    end = "\0" if given["nul"] else "\n"
    if given["as_json"]:
        from git_gage.render.machine import format_array

        return format_array(app.document_texts(limit, runs))
    if given["jsonl"]:
        from git_gage.render.machine import format_lines

        return format_lines(app.document_texts(limit, runs), end)
    return _lines(app, given, lambda: map(json.loads, app.document_texts(limit, runs)), end)


def _lines(
    app: App, given: dict[str, Any], read: Callable[[], Iterator[dict[str, Any]]], end: str
) -> Iterator[str]:
    """Lines of the columns that were asked for, or of those that the form has."""
    from git_gage.render import delimited
    from git_gage.render.columns import spread

    if given["own"] is not None:
        require_columns(app, delimited.layout_names(given["own"]))
        return delimited.format_own(read(), given["own"], end)
    asked = given["columns"] or (SHORT if given["short"] else ())
    require_columns(app, asked)
    if given["csv"]:
        return delimited.format_csv(read(), spread(asked or delimited.CSV_COLUMNS, read))
    if given["md"]:
        return delimited.format_markdown(read(), spread(asked or delimited.MARKDOWN_COLUMNS, read))
    columns = spread(asked or delimited.PORCELAIN_COLUMNS, read)
    return delimited.format_porcelain(read(), columns, end)
