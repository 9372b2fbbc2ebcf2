"""What is written in a file of a project: its schema, and the rules that no schema can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.gagefile.patterns import Explain
    from git_gage.gagefile.problem import Problem
    from git_gage.gagefile.spellings import KeyPath

Clean = Callable[["KeyPath"], bool]
"""Whether the schema found nothing wrong at a path or below."""
Rules = Callable[[Mapping[str, Any], Clean, "Explain"], Iterator["Problem"]]


class Grammar(NamedTuple):
    """What a kind of file must be. schema: the file of its schema; rules: loads and applies the
    rules besides.
    """

    schema: str
    rules: Rules

    def schema_bytes(self) -> bytes:
        """The schema as it is published."""
        return files("git_gage.gagefile").joinpath(self.schema).read_bytes()


def _gagefile_rules(
    document: Mapping[str, Any], clean: Clean, explain: Explain
) -> Iterator[Problem]:
    from git_gage.gagefile.rules import break_rules

    return break_rules(document, clean, explain)


def _board_rules(document: Mapping[str, Any], clean: Clean, explain: Explain) -> Iterator[Problem]:
    from git_gage.gagefile.rules_board import break_rules

    return break_rules(document, clean, explain)


GAGEFILE = Grammar("gagefile.schema.json", _gagefile_rules)
BOARD = Grammar("board.schema.json", _board_rules)
