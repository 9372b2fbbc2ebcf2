"""How two runs differ, as lines in the manner of a patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.render.amounts import value_text
from git_gage.render.comparison import shown_name
from git_gage.render.wording import FETCH, command_text
from git_gage.runs.comparison import Missing, Row
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen


class Colors(NamedTuple):
    """What git begins a coloured line with; nothing where there is no colour."""

    old: str = ""
    new: str = ""
    meta: str = ""

    def paint(self, text: str, color: str) -> str:
        return f"{color}{text}\x1b[m" if color else text


class Section(NamedTuple):
    """One way in which runs differ. `body`: lines, or a patch; `here`: whether it can be told."""

    name: str
    body: bytes
    here: bool = True


def format_rows(rows: Sequence[Row], colors: Colors) -> str:
    """Values of two runs: `-lr = 0.1`, `+lr = 0.2`; and what of them is not here."""
    return "".join(line for row in rows for line in _lines(row, colors))


def format_sections(
    sections: Sequence[Section], colors: Colors, screen: Screen, *, titles: bool
) -> bytes:
    """What differs, one section after the other, with their names above if there may be more."""
    parts = []
    for section in sections:
        body = section.body if section.here else f"{FETCH}\n".encode()
        if body and titles:
            body = screen.encode(f"{colors.paint(section.name, colors.meta)}\n") + body
        parts += [body] if body else []
    return (b"\n" if titles else b"").join(parts)


def _lines(row: Row, colors: Colors) -> Iterator[str]:
    if not row.known and row.part != "packages":
        yield f"{shown_name(row)}: {FETCH}\n"
    for sign, color, value in zip("-+", colors[:2], row.values, strict=True):
        if row.differs and not isinstance(value, Missing):
            text = f"{sign}{shown_name(row)} = {_text(row, value)}"
            yield f"{colors.paint(text, color)}\n"


def _text(row: Row, value: Any) -> str:
    if row.part == "command":
        return command_text(value)
    if row.part == "inputs":
        return clean(f"run {value['run']}" if value["run"] else str(value["digest"]))
    return value_text(value)


def rows_body(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Values that differ, as docs/json.md has them."""
    return [
        {
            "part": row.part,
            "name": row.name,
            "values": [None if isinstance(value, Missing) else value for value in row.values],
        }
        for row in rows
        if row.differs
    ]
