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
# A point, a digit and a sign for those that are cut off.
_CUT_FRACTION = 3


class Column:
    """`rank`: columns with a higher one are left out first. `styles`: one colour a cell.

    `least` makes a column elastic: it may be cut down to that width, and takes what is left over.
    One with a `narrowest` is cut as far as that before it is left out, and where it is, so are all
    that come after it.
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
        narrowest: int | None = None,
    ) -> None:
        self.title = title
        self.cells = cells
        self.rank = rank
        self.right = right
        self.styles = styles
        self.least = least
        self.narrowest = narrowest
        self.inner = max(map(text_width, cells), default=0)
        self.width = max(map(text_width, (title, *cells)))


def number_column(
    title: str, cells: Sequence[str], rank: int, *, can_be_cut: bool = False
) -> Column:
    """A column of numbers whose decimal points stand below each other."""
    after = max((len(_fraction(cell)) for cell in cells), default=0)
    padded = [cell + " " * (after - len(_fraction(cell))) for cell in cells]
    column = Column(title, padded, rank, right=True)
    if can_be_cut:
        # Without its last digits a fraction is about what it was, an exponent is not.
        spare = 0 if any("e" in cell for cell in cells) else max(after - _CUT_FRACTION, 0)
        column.narrowest = column.inner - spare
    return column


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
        if column.narrowest is not None:
            asked = min(asked, max(left - GAP, column.narrowest))
        if asked + GAP <= left:
            widths[number] = asked
            left -= asked + GAP
        elif column.narrowest is not None:
            break
    for number, asked in widths.items():
        if columns[number].least is not None:
            widths[number] = min(columns[number].width, asked + left)
            left -= widths[number] - asked
    return widths


def _cell(column: Column, row: int | None, width: int, screen: Screen) -> str:
    text = column.title if row is None else column.cells[row]
    if column.right and row is not None and width < column.inner:
        # What stands below each other still does where their ends are cut off.
        text = " " * (column.inner - text_width(text)) + text.rstrip()
        text += " " * (width - text_width(text))
    text = screen.cut(text, width)
    blank = " " * (width - text_width(text))
    style = "bold" if row is None else column.styles[row] if column.styles else None
    painted = screen.paint(text, style)
    return blank + painted if column.right else painted + blank


def _fraction(cell: str) -> str:
    """The point and what comes after it, up to where an exponent is told."""
    _, point, fraction = cell.partition(".")
    return point + fraction
