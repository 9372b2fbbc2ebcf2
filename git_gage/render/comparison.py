"""Runs beside each other in a table that fits the screen, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import short_id
from git_gage.render.amounts import count_text, metric_text, span_text, value_text
from git_gage.render.delimited import csv_line, markdown_head, markdown_line
from git_gage.render.screen import text_width
from git_gage.render.wording import FETCH, command_text
from git_gage.runs.comparison import Comparison, Missing, Row
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_GAP = 2
# Of three runs or more none may push the others off the screen.
_WIDEST, _LEAST = 16, 8
_PREFIXES = {
    "config": "config",
    "metrics": "metric",
    "attributes": "attr",
    "inputs": "input",
    "variables": "env",
    "packages": "package",
}


def format_comparison(comparison: Comparison, screen: Screen, *, everything: bool) -> str:
    """The rows that differ, or all, with a column a run; as many blocks of columns as it takes.

    The first run stands in each block: the deltas are from it.
    """
    rows = comparison.chosen(everything=everything)
    table = _Table(comparison, rows, screen)
    blocks = "\n".join("".join(table.lines(block)) for block in table.split())
    notes = "".join(f"{screen.paint(note, 'dim')}\n" for note in table.notes())
    return f"{blocks}\n{notes}" if notes else blocks


class _Table:
    """Rows as text, and how wide the columns are that they stand in."""

    def __init__(self, comparison: Comparison, rows: Sequence[Row], screen: Screen) -> None:
        self.rows = rows
        self.screen = screen
        self.hidden = len(comparison.rows) - len(rows)
        places = self.places = range(len(comparison.runs))
        self.heads = [(short_id(run["id"]), clean(run["name"])) for run in comparison.runs]
        self.names = [f"  {shown_name(row)}" for row in rows]
        self.cells = [[cell_text(row, place, screen) for place in places] for row in rows]
        self.deltas = [[delta_text(row, place) for place in places] for row in rows]
        widest = max(map(text_width, self.names), default=0)
        self.name_width = min(widest, max(2 * _LEAST, screen.width // 3))
        self.after = [max((len(row[place]) for row in self.deltas), default=0) for place in places]
        self.widths = self._find_widths()

    def _find_widths(self) -> list[int]:
        """Two runs share what there is; with more, the first and any other one fit."""
        room = self.screen.width - self.name_width - max(self.after) - 1
        half = (room - 2 * _GAP) // 2
        most = max(half if len(self.places) == 2 else min(half, _WIDEST), _LEAST)
        return [
            min(most, max(map(text_width, [*head, *(row[place] for row in self.cells)])))
            for place, head in enumerate(self.heads)
        ]

    def split(self) -> Iterator[list[int]]:
        """Places of the runs that stand beside each other, as many as the screen has room for."""
        taken = [
            _GAP + width + (after and after + 1)
            for width, after in zip(self.widths, self.after, strict=True)
        ]
        room = self.screen.width - self.name_width
        block = [0]
        for place in self.places[1:]:
            if len(block) > 1 and sum(taken[each] for each in block) + taken[place] > room:
                yield block
                block = [0]
            block.append(place)
        yield block

    def lines(self, block: Sequence[int]) -> Iterator[str]:
        """The runs of a block, the rows below them, with a title where a part begins."""
        for number, style in enumerate(("bold", "dim")):
            cells = [(head[number], "", style) for head in self.heads]
            yield self._line("", block, cells)
        part = ""
        for row, name, texts, deltas in zip(
            self.rows, self.names, self.cells, self.deltas, strict=True
        ):
            if row.part != part:
                part = row.part
                yield f"{self.screen.paint(part, 'bold')}\n"
            styles = [_style(row, place) for place in self.places]
            yield self._line(name, block, list(zip(texts, deltas, styles, strict=True)))

    def _line(
        self, name: str, block: Sequence[int], cells: Sequence[tuple[str, str, str | None]]
    ) -> str:
        screen = self.screen
        shown = screen.cut(name, self.name_width)
        parts = [shown + " " * (self.name_width - text_width(shown))]
        for place in block:
            text, delta, style = cells[place]
            text = screen.cut(text, self.widths[place])
            parts.append(" " * (_GAP + self.widths[place] - text_width(text)))
            parts.append(screen.paint(text, style))
            parts.append(f" {delta:<{self.after[place]}}" if self.after[place] else "")
        return "".join(parts).rstrip() + "\n"

    def notes(self) -> Iterator[str]:
        """What the table does not have, and how to see it."""
        if not all(row.known for row in self.rows):
            yield FETCH
        if self._is_cut():
            yield f"what ends in {self.screen.sign('…', '...')} is whole in --csv"
        if self.hidden:
            nothing = "" if self.rows else "nothing differs: "
            yield f"{nothing}{count_text(self.hidden, 'equal row')} hidden (--all-rows)"

    def _is_cut(self) -> bool:
        widths = [self.name_width, *self.widths]
        return any(
            text_width(text) > width
            for name, cells in zip(self.names, self.cells, strict=True)
            for text, width in zip([name, *cells], widths, strict=True)
        )


def _style(row: Row, place: int) -> str | None:
    if isinstance(row.values[place], Missing):
        return "dim"
    return "green" if is_best(row, place) else None


# -- values as text ------------------------------------------------------------------------------


def cell_text(row: Row, place: int, screen: Screen) -> str:
    """A value as people read it; the best one has a `*`."""
    value = row.values[place]
    if value in (Missing.NOT_HERE, Missing.TOO_LARGE):
        return str(value.value)
    if isinstance(value, Missing):
        return screen.sign("–", "-")
    return "*" * is_best(row, place) + _text(row, value)


def delta_text(row: Row, place: int) -> str:
    """How far a value is from that of the first run."""
    delta = row.deltas[place]
    if not delta:
        return ""
    amount = abs(delta)
    return ("-" if delta < 0 else "+") + (
        span_text(amount) if row.part == "run" else metric_text(amount, 3)
    )


def shown_name(row: Row) -> str:
    """The name of a row as people read it."""
    return "took" if (row.part, row.name) == ("run", "duration_s") else clean(row.name)


def row_name(row: Row) -> str:
    """The name of a row for programs, as in a list: `metric.acc`, `commit`."""
    prefix = _PREFIXES.get(row.part)
    return f"{prefix}.{row.name}" if prefix else row.name


def row_title(row: Row) -> str:
    """The same for people who see no parts."""
    return row_name(row) if row.part in _PREFIXES else shown_name(row)


def is_best(row: Row, place: int) -> bool:
    return row.best is not None and row.values[place] == row.values[row.best]


def _text(row: Row, value: Any) -> str:
    match row.part, row.name:
        case "metrics", _:
            return metric_text(value)
        case "run", "duration_s":
            return span_text(value)
        case ("run", "tags") | ("environment", "gpus"):
            return clean(", ".join(map(str, value)))
        case "source", "commit" | "digest":
            return clean(value[:12])
        case "source", "files":
            return _files_text(value)
        case "inputs", _:
            return clean(
                f"run {short_id(value['run'])}" if value["run"] else str(value["digest"])[:12]
            )
        case "command", _:
            return command_text(value)
    return value_text(value)


def _files_text(files: Sequence[dict[str, Any]]) -> str:
    if not files:
        return "same"
    added, taken = (sum(each[key] or 0 for each in files) for key in ("insertions", "deletions"))
    return f"{count_text(len(files), 'file')} +{added} -{taken}"


# -- for programs --------------------------------------------------------------------------------


def format_csv_rows(comparison: Comparison, rows: Sequence[Row]) -> Iterator[str]:
    """A line of ids, then a line a row: its name and the values with all their digits."""
    yield csv_line(["name", *(run["id"] for run in comparison.runs)])
    for row in rows:
        known = [None if isinstance(value, Missing) else value for value in row.values]
        yield csv_line([row_name(row), *known])


def format_markdown_rows(
    comparison: Comparison, rows: Sequence[Row], screen: Screen
) -> Iterator[str]:
    """A table as on the screen, with all columns."""
    runs = comparison.runs
    yield from markdown_head(["", *(f"{short_id(run['id'])} {clean(run['name'])}" for run in runs)])
    for row in rows:
        cells = [
            f"{cell_text(row, place, screen)} {delta_text(row, place)}".rstrip()
            for place in range(len(runs))
        ]
        yield markdown_line([row_title(row), *cells])


def comparison_body(comparison: Comparison, rows: Sequence[Row]) -> dict[str, Any]:
    """As docs/json.md has it."""
    return {
        "runs": [
            {key: run[key] for key in ("id", "name", "status", "started")}
            for run in comparison.runs
        ],
        "rows": [_row_body(row) for row in rows],
        "hidden": len(comparison.rows) - len(rows),
    }


def _row_body(row: Row) -> dict[str, Any]:
    return {
        "part": row.part,
        "name": row.name,
        "values": [None if isinstance(value, Missing) else value for value in row.values],
        "missing": [
            place
            for place, value in enumerate(row.values)
            if value in (Missing.NONE, Missing.NOT_ASKED, Missing.TOO_LARGE)
        ],
        "not_here": [place for place, value in enumerate(row.values) if value is Missing.NOT_HERE],
        "differs": row.differs,
        "best": row.best,
        "deltas": row.deltas,
    }
