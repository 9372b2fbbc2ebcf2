"""A board as a table for a terminal, CSV, JSON, Markdown or a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.records import short_id
from git_gage.render.amounts import (
    count_text,
    metric_text,
    moment_text,
    size_text,
    span_text,
    value_text,
)
from git_gage.render.board_rows import (
    ID,
    Rows,
    aggregate,
    group_rows,
    number_of,
)
from git_gage.render.delimited import csv_line, markdown_head, markdown_line
from git_gage.render.html import Html, element, join, link, markup, page, table
from git_gage.render.screen import text_width
from git_gage.render.table import WIDEST, format_table, left_out, number_column
from git_gage.render.table import Column as TableColumn
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.gagefile.boards import Board, Column
    from git_gage.render.board_rows import Row
    from git_gage.render.screen import Screen

_TIMES = ("run:started", "run:stopped", "run:ended", "run:staged")
_IDS = (ID, "run:parent", "run:restart_of")
_GROUP = "group"
# No date is beyond it, and what is as large is no percentage.
_LARGEST = 1e11


def format_board(board: Board, found: Rows, screen: Screen) -> str:
    """The board as a table that fits the screen, below its title and description."""
    shown = lay_out(board, found)
    columns = _table_columns(shown)
    above = [screen.paint(clean(board.title), "bold")] if board.title else []
    above += [clean(board.description)] if board.description else []
    below = []
    if left := left_out(columns, screen.width):
        text = screen.cut(f"no room for {', '.join(left)}: --csv has all", screen.width)
        below.append(screen.paint(text, "dim"))
    head = "".join(f"{line}\n" for line in [*above, *([""] if above else [])])
    shown_table = format_table(columns, screen) if columns else ""  # all may be hidden
    return head + shown_table + "".join(f"{line}\n" for line in below)


def format_csv(found: Rows) -> Iterator[str]:
    """A line of what stands above the columns, then a line a row, with values as they are."""
    yield csv_line([column.more.get("label") or column.field for column in found.columns])
    for row in found.rows:
        yield csv_line([row.get(column.field) for column in found.columns])


def board_body(board: Board, found: Rows) -> dict[str, Any]:
    """The board with the keys that Gage's has.

    Source: docs/boards.md, "For programs".
    """
    kept = {ID, *(column.field for column in found.columns)}
    kept.update(field for column in found.columns for field, _ in column.score)
    meta = {"title": board.title, "description": board.description}
    body: dict[str, Any] = {key: text for key, text in meta.items() if text is not None}
    if board.group_column is not None:
        body["groupColumn"] = _camel(board.group_column)
    return body | {
        "colDefs": [{"field": column.field, **_camel(column.more)} for column in found.columns],
        "rowData": [
            {field: value for field, value in sorted(row.items()) if field in kept}
            for row in found.rows
        ],
    }


def format_markdown(board: Board, found: Rows) -> Iterator[str]:
    """The board as a table in GitHub's Markdown."""
    shown = lay_out(board, found)
    right = numeric_columns(shown)
    yield from markdown_head([column.label for column in shown.columns], right)
    for line in shown.lines:
        yield markdown_line(line.cells)


def format_html(board: Board, found: Rows) -> str:
    """The board as one page that needs nothing else."""
    shown = lay_out(board, found)
    title = board.title or "Board"
    right = numeric_columns(shown)
    rows = [
        [element("strong", cell) if line.is_group else cell for cell in line.cells]
        for line in shown.lines
    ]
    amount = count_text(len(found.rows), "run")
    body = [element("p", board.description)] if board.description else []
    heads = [_heading(column) for column in shown.columns]
    body.append(table(heads, rows, caption=f"{title}: {amount}", right=right))
    return page(title, join(body, "\n"))


# -- what people see -------------------------------------------------------------------------------


class Shown(NamedTuple):
    """Columns that are seen, and lines of their cells."""

    columns: list[Column]
    lines: list[Line]


class Line(NamedTuple):
    is_group: bool
    cells: list[str]


def lay_out(board: Board, found: Rows) -> Shown:
    """What is seen, from left to right: groups, then what is pinned left, the rest, and right."""
    seen = [
        column
        for column in found.columns
        if not column.more.get("hide") and not column.more.get("row-group")
    ]
    is_grouped = bool(found.by) or any(column.more.get("agg") for column in seen)
    columns = [*([_group_column(board)] if is_grouped else []), *seen]
    columns.sort(key=lambda column: _SIDES.get(column.more.get("pinned", ""), 0))
    if not is_grouped:
        return Shown(columns, [_row(columns, row) for row in found.rows])
    lines = []
    for values, rows in group_rows(found):
        title = ", ".join(map(cell_text, found.by, values)) or "all"
        lines.append(_group_line(columns, f"{title} ({len(rows)})", rows))
        lines += [_row(columns, row) for row in rows] if found.by else []
    if not found.by:
        lines = [*(_row(columns, row) for row in found.rows), *lines]
    return Shown(columns, lines)


_SIDES = {"left": -1, "right": 1}


def _group_column(board: Board) -> Column:
    from git_gage.gagefile.boards import Column

    more = {"label": _GROUP, "pinned": "left", **(board.group_column or {})}
    return Column(f"{_GROUP}:", more=more)


def _row(columns: Sequence[Column], row: Row) -> Line:
    return Line(False, [cell_text(column, row.get(column.field)) for column in columns])


def _group_line(columns: Sequence[Column], title: str, rows: Sequence[Row]) -> Line:
    cells = []
    for column in columns:
        value = aggregate(column, rows)
        is_count = column.more.get("agg") == "count"
        text = str(value) if is_count else cell_text(column, value)
        cells.append(title if column.field == f"{_GROUP}:" else text)
    return Line(True, cells)


def cell_text(column: Column, value: Any) -> str:
    """A value as its column shows it, on one line."""
    if value is None:
        return ""
    as_type = _TYPES.get(column.more.get("type", ""))
    number = number_of(value)
    if as_type is not None and number is not None and abs(number) < _LARGEST:
        return as_type(number)
    kind = column.field.partition(":")[0]
    if isinstance(value, str) and column.field in _IDS:
        return short_id(value)
    is_time = column.field in _TIMES or column.more.get("type") in _DATES
    if isinstance(value, str) and is_time:
        return _time_text(value, column.more.get("type"))
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return clean(", ".join(value))
    if number is not None and kind not in ("config", "run"):
        return metric_text(value)
    return value_text(value)


def _time_text(text: str, kind: str | None) -> str:
    """A time in the reader's own time zone; what is none stays as it is."""
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        return clean(text)
    return f"{moment:%Y-%m-%d}" if kind == "date" else f"{moment:%Y-%m-%d %H:%M}"


_DATES = ("date", "datetime")
_TYPES: dict[str, Callable[[float], str]] = {
    "percent": lambda number: f"{number:.1%}",
    "duration": span_text,
    "bytes": lambda number: size_text(int(number)),
    "date": lambda number: moment_text(number).partition(" ")[0],
    "datetime": moment_text,
}


def numeric_columns(shown: Shown) -> list[int]:
    """Columns that are read from the right: all that is seen in them begins with a digit."""
    found = []
    for place, column in enumerate(shown.columns):
        cells = [line.cells[place] for line in shown.lines if line.cells[place]]
        if column.field not in (*_IDS, *_TIMES) and cells and all(map(_is_amount, cells)):
            found.append(place)
    return found


def _is_amount(cell: str) -> bool:
    return cell.lstrip("-")[:1].isdigit() or cell in ("nan", "inf", "-inf")


def _table_columns(shown: Shown) -> list[TableColumn]:
    numeric, found = numeric_columns(shown), []
    for place, column in enumerate(shown.columns):
        cells = [line.cells[place] for line in shown.lines]
        # What is pinned has room first.
        rank = place + (0 if column.more.get("pinned") else len(shown.columns))
        title = clean(column.label)
        if place in numeric:
            found.append(number_column(title, cells, rank))
        else:
            wide = max(map(text_width, cells), default=0) > WIDEST
            found.append(TableColumn(title, cells, rank, least=10 if wide else None))
    return found


def _heading(column: Column) -> Html:
    links = [
        element("small", link(each["href"], each.get("label") or each.get("type") or each["href"]))
        for each in column.more.get("links", ())
    ]
    about = column.more.get("description")
    name = element("span", column.label, title=about) if about else markup(column.label)
    return join([name, *links], " ")


def _camel(table: Mapping[str, Any]) -> dict[str, Any]:
    """Keys as JavaScript has them: `row-group` is `rowGroup`."""
    return {
        _camel_key(key): _camel(value) if isinstance(value, dict) else value
        for key, value in table.items()
    }


def _camel_key(key: str) -> str:
    first, *others = key.split("-")
    return first + "".join(word.title() for word in others)
