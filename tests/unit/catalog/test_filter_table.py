"""The table that filters are parsed by is that of the grammar, and does what lark would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, Transformer
from lark.exceptions import UnexpectedInput

from git_gage.catalog.filter_nodes import Node
from git_gage.catalog.filter_syntax import Builder, Token, parse_conditions
from git_gage.errors import FilterSyntaxError
from grammar import GRAMMAR, TABLE, make_table

PIECES = ["acc", "'a b'", "m.'x'", "and", "OR", "not", "not-in", "in", "=", "!=", "=~", "(", ")"]
PIECES += ["[", "]", ",", "0.9", '"q"', "#"]


class AsLarkDoes(Transformer[Any, Any]):
    """Calls our builder from lark."""

    def __default_token__(self, token: Any) -> Token:
        return Token(token.type, str(token), token.start_pos)

    def __default__(self, data: str, children: list[Any], meta: Any) -> Any:
        return getattr(Builder(), data)(*children)


LARK = Lark(GRAMMAR.read_text(), parser="lalr", maybe_placeholders=False)


def lark_parses(text: str) -> Node | None:
    try:
        found: Node = AsLarkDoes().transform(LARK.parse(text))
    except UnexpectedInput:
        return None
    return found


def test_the_table_is_that_of_the_grammar() -> None:
    assert make_table(GRAMMAR.read_text()) == TABLE.read_text(), "run 'make grammar'"


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9))
def test_it_reads_what_lark_reads(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        found: Node | None = parse_conditions(text)
    except FilterSyntaxError:
        found = None
    assert found == lark_parses(text)


def test_a_word_is_never_cut_in_two() -> None:
    """lark takes `and` out of `android` where no name can stand."""
    with pytest.raises(FilterSyntaxError, match="unexpected 'android'"):
        parse_conditions("(acc > 1) android")
