"""A list of runs in the few columns that Gage's `ls -s` has, with lines between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.render.screen import text_width
from git_gage.render.wording import status_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

TITLES = ("#", "operation", "status", "label")


def format_short(
    documents: Sequence[Mapping[str, Any]], rows: Sequence[int], below: str, screen: Screen
) -> str:
    """The table, its head also where there are no runs, and a line below it if there is one.

    `rows` are the numbers of the runs (none: from 1 on).
    """
    numbers = rows or range(1, len(documents) + 1)
    cells = [
        [
            str(row),
            _operation(document),
            status_text(document, screen, sign=False),
            _label(document),
        ]
        for row, document in zip(numbers, documents, strict=True)
    ]
    table = [list(TITLES), *([_bar_free(cell) for cell in row] for row in cells)]
    widths = [max(map(text_width, column)) for column in zip(*table, strict=True)]
    room = screen.width - sum(width + 3 for width in widths[:-1]) - 4
    widths[-1] = max(min(widths[-1], room), len(TITLES[-1]))
    for row in table:
        row[-1] = screen.cut(row[-1], widths[-1])
    head, *lines = (_line(row, widths) for row in table)
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    shown = [head, rule, *lines, *([below] if below else ())]
    return "".join(f"{screen.cut(line, screen.width)}\n" for line in shown)


def _operation(document: Mapping[str, Any]) -> str:
    """As Gage has it, behind the project's name: a folder holds runs of many."""
    name, namespace = document["operation"], document["project"]["namespace"]
    return clean(f"{namespace}:{name}" if namespace else name)


def _label(document: Mapping[str, Any]) -> str:
    return clean(document["label"] or "")


def _bar_free(cell: str) -> str:
    return cell.replace("|", "\\|")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - text_width(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return f"| {' | '.join(padded)} |"
