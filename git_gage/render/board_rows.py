"""The rows of a board: what its runs have in its columns, and which of them it shows.

Source: docs/boards.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.gagefile.boards import Column
from git_gage.render.columns import FIELDS

if TYPE_CHECKING:
    from git_gage.gagefile.boards import Board, Choice

Row = dict[str, Any]
ID = "run:id"
_DEFAULT = ("name", "operation", "started", "status", "label")
_ORDER = {"config": 1, "attribute": 2, "metric": 3}
_PARTS = {"config": "config", "attribute": "attributes", "metric": "metrics"}
# What Gage calls them.
_OTHER_NAMES = {"op_ns": "project", "op_version": "version", "stopped": "ended"}


class Rows(NamedTuple):
    """Columns, rows (field -> value, `run:id` always there), and columns that group rows."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    by: Sequence[Column]


def board_rows(board: Board, documents: Iterable[Mapping[str, Any]]) -> Rows:
    """The rows of run objects, newest first or in the order that the columns ask for."""
    columns: Sequence[Column] = board.columns
    if columns:
        fields = _needed(board)
        rows = [{field: _read(document, field) for field in fields} for document in documents]
    else:
        rows = [_flatten(document, board.choice) for document in documents]
        columns = [Column(field) for field in _found(rows)]
    for column in columns:
        for row in rows if column.score else ():
            row[column.field] = _average(column.score, row)
    if board.choice is not None:
        rows = _choose(board.choice, rows)
    for column in reversed(columns):
        if column.more.get("sort"):
            rows = _sorted(rows, column.field, descending=column.more["sort"] == "desc")
    return Rows(columns, rows, [column for column in columns if column.more.get("row-group")])


def group_rows(found: Rows) -> list[tuple[tuple[Any, ...], list[Row]]]:
    """Rows with the same values together, in the order of their first ones."""
    groups: dict[tuple[str, ...], tuple[tuple[Any, ...], list[Row]]] = {}
    for row in found.rows:
        values = tuple(row[column.field] for column in found.by)
        key = tuple(repr(rank(value)) for value in values)
        groups.setdefault(key, (values, []))[1].append(row)
    return list(groups.values())


def aggregate(column: Column, rows: Sequence[Row]) -> Any:
    """What a column says of many rows; None where it says nothing."""
    how = column.more.get("agg")
    if not how:
        return None
    values = [row[column.field] for row in rows]
    there = [value for value in values if rank(value) is not None]
    if how == "first" or how == "last":
        return values[0 if how == "first" else -1]
    if how == "count":
        return len(there)
    return _AGGREGATES[how](there) if there else None


def rank(value: Any) -> tuple[int, Any] | None:
    """What values are compared by: numbers before text, text before others; None for nothing."""
    number = number_of(value)
    if number is not None:
        return None if math.isnan(number) else (0, number)
    if value is None:
        return None
    return (1, value) if isinstance(value, str) else (2, repr(value))


def number_of(value: Any) -> float | None:
    """A value as a number, also those that JSON has words for; None if it is none."""
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return float(value) if value in ("nan", "inf", "-inf") else None


def _needed(board: Board) -> list[str]:
    """Fields that have to be read."""
    fields = [ID]
    for column in board.columns:
        fields += [field for field, _ in column.score] or [column.field]
    if board.choice is not None:
        fields += [board.choice.group_by, board.choice.field]
    return list(dict.fromkeys(fields))


def _read(document: Mapping[str, Any], field: str) -> Any:
    kind, _, name = field.partition(":")
    if kind == "run":
        return FIELDS[_OTHER_NAMES.get(name, name)](document)
    return document[_PARTS[kind]].get(name)


def _flatten(document: Mapping[str, Any], choice: Choice | None) -> Row:
    """All that a board without columns may show."""
    fields = [ID, *(f"run:{name}" for name in _DEFAULT)]
    for kind, part in _PARTS.items():
        fields += [f"{kind}:{name}" for name in document[part]]
    if choice is not None:
        fields += [choice.group_by, choice.field]
    return {field: _read(document, field) for field in fields}


def _found(rows: Iterable[Row]) -> list[str]:
    """Fields of the columns of a board that names none."""
    names = {field: None for row in rows for field in row if not field.startswith("run:")}
    kept = sorted(names, key=lambda field: (_ORDER[field.partition(":")[0]], field))
    return [*(f"run:{name}" for name in _DEFAULT), *kept]


def _average(score: Sequence[tuple[str, float]], row: Row) -> float | str | None:
    """The average of the numbers that there are, each as often as it counts."""
    found = [(number_of(row[field]), weight) for field, weight in score]
    there = [(number, weight) for number, weight in found if number is not None]
    total = math.fsum(weight for _, weight in there)
    if not total:
        return None
    average = sum(number * (weight / total) for number, weight in there)
    return average if math.isfinite(average) else str(average)


def _choose(choice: Choice, rows: Iterable[Row]) -> list[Row]:
    """The best row of each group, by the values that groups have in common.

    Of equals it is the newest. A row without such a value is only taken where no other has one.
    """
    best: dict[str, Row] = {}
    for row in rows:
        key = repr(rank(row.get(choice.group_by)))
        if key not in best or _is_better(row, best[key], choice):
            best[key] = row
    return _sorted(list(best.values()), choice.group_by, descending=False)


def _is_better(row: Row, than: Row, choice: Choice) -> bool:
    new, old = rank(row.get(choice.field)), rank(than.get(choice.field))
    if new is None or old is None:
        return new is not None
    if new[0] != old[0]:
        return new[0] < old[0]
    return new > old if choice.greatest else new < old


def _sorted(rows: Sequence[Row], field: str, *, descending: bool) -> list[Row]:
    """Rows by a value; those without it last, equals as they were."""
    there = [(found, row) for row in rows if (found := rank(row.get(field))) is not None]
    sign = -1 if descending else 1
    there.sort(key=lambda item: (sign * item[0][0], item[0][1]), reverse=descending)
    return [row for _, row in there] + [row for row in rows if rank(row.get(field)) is None]


def _sum(values: Sequence[Any]) -> float | None:
    numbers = [number for value in values if (number := number_of(value)) is not None]
    return sum(numbers) if numbers else None


def _mean(values: Sequence[Any]) -> float | None:
    numbers = [number for value in values if (number := number_of(value)) is not None]
    return sum(numbers) / len(numbers) if numbers else None


def _rank_of(value: Any) -> tuple[int, Any]:
    return rank(value) or (3, None)


_AGGREGATES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sum": _sum,
    "avg": _mean,
    "min": lambda values: min(values, key=_rank_of),
    "max": lambda values: max(values, key=_rank_of),
    "first-val": lambda values: values[0],
    "last-val": lambda values: values[-1],
}
