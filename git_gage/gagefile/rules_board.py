"""What a board may not say although its schema allows it.

Source: docs/boards.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.gagefile.boards import RUN_ATTRS, read_field
from git_gage.gagefile.patterns import Explain, check_text
from git_gage.gagefile.problem import VALUE, Problem, closest, dotted, quoted
from git_gage.gagefile.rules import check_texts, is_finite

if TYPE_CHECKING:
    from git_gage.gagefile.grammar import Clean
    from git_gage.gagefile.spellings import KeyPath

Problems = Iterator[Problem]


def break_rules(document: Mapping[str, Any], clean: Clean, explain: Explain) -> Problems:
    """What is wrong in the parts of a board that the schema has nothing against."""
    yield from check_texts(document, ())
    if clean(("run-select",)):
        yield from _check_select(document.get("run-select", {}), explain)
    for place, column in enumerate(document.get("columns", []) if clean(("columns",)) else []):
        yield from _check_column(column, ("columns", place))
    if clean(("group-select",)):
        for key, value in document.get("group-select", {}).items():
            yield from _check_value(value, ("group-select", key))


def _check_select(select: Any, explain: Explain) -> Problems:
    at: KeyPath = ("run-select",)
    if isinstance(select, Mapping):
        select, at = select.get("where", ""), (*at, "where")
    if select.strip():
        yield from check_text(select, at, explain.filter)


def _check_column(column: Any, at: KeyPath) -> Problems:
    yield from _check_value(column, at)
    if not isinstance(column, Mapping) or "score" not in column:
        return
    for place, part in enumerate(column["score"]["average"]):
        path = (*at, "score", "average", place)
        field, weight = (part, 1) if isinstance(part, str) else part
        yield from _check_value(field, path if isinstance(part, str) else (*path, 0))
        if not is_finite(weight):
            yield Problem((*path, 1), VALUE, f"'{dotted((*path, 1))}' must be a finite number")


def _check_value(value: Any, at: KeyPath) -> Problems:
    """Whether every run has what is named."""
    field = read_field(value)
    if field is None or not field.startswith("run:"):
        return
    name = field.removeprefix("run:")
    if name not in RUN_ATTRS:
        keys = ("run-attr", "field") if isinstance(value, Mapping) else ()
        path = next(((*at, key) for key in keys if key in value), at)
        yield Problem(path, VALUE, f"no run has a {quoted(name)}", closest(name, RUN_ATTRS))
