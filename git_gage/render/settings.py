"""Settings as a person reads them: the value, what it means, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.git.known import Described
    from git_gage.render.screen import Screen


def format_settings(rows: Sequence[Described], screen: Screen, *, origins: bool) -> str:
    """Each setting with its meaning; with `origins` all its values and the places they are in."""
    shown = [row for row in rows if origins or row.counts or row.value is None]
    return "".join(f"{line}\n" for row in shown for line in _lines_of(row, screen, origins))


def _lines_of(row: Described, screen: Screen, origins: bool) -> Iterator[str]:
    key = screen.paint(clean(row.key), "bold")
    if row.value is None:
        usual = f": {row.usual}" if row.usual else ""
        yield f"{key}  (not set{usual})"
    else:
        yield f"{key} = {clean(row.value)}"
        if origins:
            place = f" in {clean(row.origin)}" if row.origin else " (command line or environment)"
            another = "" if row.counts else ", another value counts"
            yield f"    {row.scope}{place}{another}"
    if row.meaning:
        yield f"    {row.meaning}"
