"""Whose keys are trusted, and which keys came with which names, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.render.amounts import value_text
from git_gage.render.listing import WIDE
from git_gage.render.table import Column, format_table
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen


def format_trusted(rows: Sequence[Mapping[str, Any]], screen: Screen) -> str:
    """Lines of the trust files. Source of the keys: docs/json.md, "Trust"."""
    columns = [
        Column("WHO", [clean(row["principals"]) for row in rows], 1, least=12),
        Column("KEY", [row["key"] for row in rows], 0, least=50),
        Column("UNTIL", [_until(row) for row in rows], 2),
    ]
    if screen.width >= WIDE:  # a fingerprint that is cut is of no use
        columns.append(Column("FROM", [clean(row["file"] or "") for row in rows], 3, least=8))
    return format_table(columns, screen)


def format_pins(rows: Sequence[Mapping[str, Any]], screen: Screen) -> str:
    """Keys with what came with them: a name in quotes is nobody's word but theirs."""
    columns = [
        Column("CLAIMED", [f'"{value_text(row["claimed"])}"' for row in rows], 1, least=12),
        Column("KEY", [clean(row["key"]) for row in rows], 0, least=50),
        Column("SINCE", [row["since"][:10] for row in rows], 2),
    ]
    return format_table(columns, screen)


def _until(row: Mapping[str, Any]) -> str:
    if row["revoked"]:
        return "revoked"
    if row["file"] is None:
        return "your own"
    words = ("admin" if row["admin"] else "", (row["valid_before"] or "")[:10])
    return " ".join(filter(None, words))
