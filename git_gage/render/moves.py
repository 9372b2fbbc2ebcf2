"""What a copy would move, before it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import short_id
from git_gage.render.amounts import count_text
from git_gage.render.table import Column, format_table
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

SHOWN = 20
_FIELDS = ("id", "name", "operation", "status", "label")


def move_objects(
    documents: Sequence[Mapping[str, Any]], counts: Sequence[tuple[bool, int]]
) -> list[dict[str, Any]]:
    """For each run `new`, whether the other side gets it with this, and `records` that go."""
    return [
        {**{key: document[key] for key in _FIELDS}, "new": is_new, "records": records}
        for document, (is_new, records) in zip(documents, counts, strict=True)
    ]


def format_moves(
    documents: Sequence[Mapping[str, Any]],
    counts: Sequence[tuple[bool, int]],
    where: str,
    screen: Screen,
    *,
    to: bool,
    new: str = "all",
) -> str:
    """The first runs in a table, how many more, and which way they go; `new`: what of new ones."""
    shown = documents[:SHOWN]
    texts = {
        title: [clean(str(document[key] or "")) for document in shown]
        for title, key in (("NAME", "name"), ("OPERATION", "operation"), ("STATUS", "status"))
    }
    columns = [
        Column("RUN", [short_id(document["id"]) for document in shown], 0),
        *(Column(title, cells, place + 2) for place, (title, cells) in enumerate(texts.items())),
        Column("GOES", [_goes(*each, new) for each in counts[:SHOWN]], 1),
        Column("LABEL", [clean(document["label"] or "") for document in shown], 5, least=10),
    ]
    more = len(documents) - len(shown)
    rest = f"and {count_text(more, 'more run')}\n" if more else ""
    way = f"{count_text(len(documents), 'run')} {'to' if to else 'from'} {clean(where)}\n"
    return format_table(columns, screen) + rest + way


def _goes(is_new: bool, records: int, new: str) -> str:
    if is_new:
        return new
    return count_text(records, "update") if records else "files"
