"""The grammar of filters: a text taken apart into conditions, or told where it is wrong.

Source: docs/filters.md.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NoReturn, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from git_gage.catalog.filter_nodes import Alone, Comparison, Group, Negation, Node, Word, fault

_GRAMMAR = r"""
?start: either
?either: both ("or"i both)*
?both: test ("and"i test)*
?test: "not"i test               -> negation
     | "(" either ")"            -> within
     | word OPERATOR words       -> compare
     | word "in"i list           -> among
     | word "not"i "in"i list    -> not_among
     | word "not-in"i list       -> not_among
     | word                      -> alone
words: word+
list: "[" [word (","? word)* ","?] "]"
word: WORD | TEXT
OPERATOR: "==" | "=~" | "=" | "!=" | "!~" | "<=" | ">=" | "<" | ">"
TEXT: /"(?:[^"\\]|\\.)*"/s | /'(?:[^'\\]|\\.)*'/s
WORD: /(?:\.(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|[^\s()\[\],=!<>~'"])+/is
%ignore /\s+/
"""
_QUOTED = re.compile(r"""(["'])((?:(?!\1)[^\\]|\\.)*)\1""", re.DOTALL)
_ESCAPE = re.compile(r"""\\(["'\\])""")


def parse_conditions(text: str) -> Node:
    """The conditions of a filter.

    Raises: FilterSyntaxError, which shows the place.
    """
    try:
        found = _parser().parse(text)
    except UnexpectedInput as error:
        _explain(text, error)
    return cast("Node", found)  # the builder leaves no tree


@v_args(inline=True)
class Builder(Transformer[Token, Any]):
    """Makes nodes as the parser goes, so that depth costs no recursion."""

    def word(self, token: Token) -> Word:
        start = token.start_pos or 0
        if token.type == "TEXT":
            return Word(str(token), _unescape(token[1:-1]), True, start)
        text = _QUOTED.sub(lambda found: _unescape(found[2]), token)
        return Word(str(token), text, False, start)

    def words(self, *words: Word) -> tuple[Word, ...]:
        return words

    def list(self, *words: Word | None) -> tuple[Word, ...]:
        return tuple(word for word in words if word is not None)

    def compare(self, name: Word, operator: Token, values: tuple[Word, ...]) -> Comparison:
        spelled = "=" if operator == "==" else str(operator)
        return Comparison(name, spelled, values)

    def among(self, name: Word, values: tuple[Word, ...]) -> Comparison:
        return Comparison(name, "in", values)

    def not_among(self, name: Word, values: tuple[Word, ...]) -> Comparison:
        return Comparison(name, "not in", values)

    def alone(self, word: Word) -> Alone:
        return Alone(word)

    def negation(self, part: Node) -> Node:
        return part.part if isinstance(part, Negation) else Negation(part)

    def within(self, part: Node) -> Node:
        return part

    def both(self, *parts: Node) -> Group:
        return Group("AND", parts)

    def either(self, *parts: Node) -> Group:
        return Group("OR", parts)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=Builder())


def _unescape(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _explain(text: str, error: UnexpectedInput) -> NoReturn:
    """Say what stands there, and what could."""
    if isinstance(error, UnexpectedToken):
        at_end = error.token.type == "$END"
        start = len(text.rstrip()) if at_end else error.token.start_pos or 0
        found, expected = "" if at_end else str(error.token), error.expected
    else:
        assert isinstance(error, UnexpectedCharacters)
        start, expected = cast("int", error.pos_in_stream), error.allowed
        found = text[start]
    message, hint = _words_on(found, set(expected))
    raise fault(text, start, message, hint) from None


def _words_on(found: str, expected: set[str]) -> tuple[str, str]:
    for sign, token, message, hint in _ANSWERS:
        if sign in ("*", found) and token in {"", *expected}:
            return message.format(found), hint.format(found)
    return f"unexpected '{found}'", "put text with signs in it between quotes: label = 'a > b'"


# What stands there (* is anything), what could stand there ("" is anything), what to say.
_ANSWERS = (
    ("'", "", "a quote is not closed", "end the text with another {}"),
    ('"', "", "a quote is not closed", "end the text with another {}"),
    ("", "LSQB", "the filter ends after 'in'", "a list is written [a, b]"),
    ("", "RSQB", "a list is not closed", "end it with ]"),
    ("", "OPERATOR", "a parenthesis is not closed", "end it with )"),
    ("", "RPAR", "a parenthesis is not closed", "end it with )"),
    ("", "", "the filter ends where something should follow", "a condition is acc > 0.9"),
    ("[", "", "unexpected '['", "a list comes after 'in': op in [prepare, train]"),
    ("*", "LSQB", "unexpected '{}' where a list should be", "a list is written [a, b]"),
    ("~", "", "unexpected '~'", "patterns are compared with =~ or !~"),
    ("*", "RSQB", "unexpected '{}' in a list", "a list is written [a, b]"),
    (")", "$END", "a parenthesis closes that was not opened", "open it with ("),
    (")", "AND", "a parenthesis closes that was not opened", "open it with ("),
    ("*", "$END", "unexpected '{}'", "join conditions with 'and' or 'or'"),
    ("*", "AND", "unexpected '{}'", "join conditions with 'and' or 'or'"),
)
