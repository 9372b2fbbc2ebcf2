"""Plain columns that never wrap; without rich, which costs more than the rest of a `list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from git_gage.render.screen import text_width

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

GAP = 2
# No single value may push the others off the screen.
WIDEST = 24


class Column:
    """`rank`: columns with a higher one are left out first. `styles`: one colour a cell.

    `least` makes a column elastic: it may be cut down to that width, and takes what is left over.
    """

    def __init__(
        self,
        title: str,
        cells: Sequence[str],
        rank: int,
        *,
        right: bool = False,
        styles: Sequence[str | None] = (),
        least: int | None = None,
    ) -> None:
        self.title = title
        self.cells = cells
        self.rank = rank
        self.right = right
        self.styles = styles
        self.least = least
        self.width = max(map(text_width, (title, *cells)))


def number_column(title: str, cells: Sequence[str], rank: int) -> Column:
    """A column of numbers whose decimal points stand below each other."""
    after = max((len(_fraction(cell)) for cell in cells), default=0)
    padded = [cell + " " * (after - len(_fraction(cell))) for cell in cells]
    return Column(title, padded, rank, right=True)


def format_table(columns: Sequence[Column], screen: Screen) -> str:
    """Title and rows of the columns that fit, each line ended, none wider than the screen."""
    widths = _fit(columns, screen.width)
    shown = [(column, widths[number]) for number, column in enumerate(columns) if number in widths]
    rows = (None, *range(len(columns[0].cells)))
    lines = [[_cell(column, row, width, screen) for column, width in shown] for row in rows]
    return "".join((" " * GAP).join(cells).rstrip() + "\n" for cells in lines)


def left_out(columns: Sequence[Column], width: int) -> list[str]:
    """Titles of the columns that there is no room for."""
    shown = _fit(columns, width)
    return [column.title for place, column in enumerate(columns) if place not in shown]


def _fit(columns: Sequence[Column], width: int) -> dict[int, int]:
    """Width of each column that has room, by its number."""
    left = width + GAP
    widths = {}
    for number, column in sorted(enumerate(columns), key=lambda item: item[1].rank):
        widest = min(column.width, WIDEST)
        asked = widest if column.least is None else min(column.least, widest)
        if asked + GAP <= left:
            widths[number] = asked
            left -= asked + GAP
    for number, asked in widths.items():
        if columns[number].least is not None:
            widths[number] = min(columns[number].width, asked + left)
            left -= widths[number] - asked
    return widths


def _cell(column: Column, row: int | None, width: int, screen: Screen) -> str:
    text = screen.cut(column.title if row is None else column.cells[row], width)
    blank = " " * (width - text_width(text))
    style = "bold" if row is None else column.styles[row] if column.styles else None
    painted = screen.paint(text, style)
    return blank + painted if column.right else painted + blank


def _fraction(cell: str) -> str:
    """The point and what comes after it, up to where an exponent is told."""
    _, point, fraction = cell.partition(".")
    return point + fraction
