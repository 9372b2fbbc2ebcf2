"""The grammar of filters: a text taken apart into conditions, or told where it is wrong.

Source: docs/filters.md.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple, NoReturn, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from git_gage.errors import FilterSyntaxError
from git_gage.safe import clean

LONGEST = 20_000
DEEPEST = 12
SHOWN = 70

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
list: "[" [word ("," word)* ","?] "]"
word: WORD | TEXT
OPERATOR: "==" | "=~" | "=" | "!=" | "!~" | "<=" | ">=" | "<" | ">"
TEXT: /"(?:[^"\\]|\\.)*"/s | /'(?:[^'\\]|\\.)*'/s
WORD: /(?:\.(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|[^\s()\[\],=!<>~'"])+/is
%ignore /\s+/
"""
_QUOTED = re.compile(r"""(["'])((?:(?!\1)[^\\]|\\.)*)\1""", re.DOTALL)
_ESCAPE = re.compile(r"""\\(["'\\])""")


class Word(NamedTuple):
    """A name or value as it was typed, and as it is meant; `start` is its place in the filter."""

    typed: str
    text: str
    quoted: bool
    start: int


class Comparison(NamedTuple):
    """`name operator values`; the operators `in` and `not in` have any number of values."""

    name: Word
    operator: str
    values: tuple[Word, ...]
    start: int


class Alone(NamedTuple):
    """A word that is a condition by itself."""

    word: Word


class Negation(NamedTuple):
    part: Node


class Group(NamedTuple):
    """Parts that must all hold (`AND`), or one of them (`OR`)."""

    joint: str
    parts: tuple[Node, ...]


Node = Comparison | Alone | Negation | Group


def parse_filter(text: str) -> Node:
    """The conditions of a filter.

    Raises: FilterSyntaxError, which shows the place.
    """
    if len(text) > LONGEST:
        raise FilterSyntaxError(
            f"a filter has {LONGEST:,} characters at most, not {len(text):,}",
            hint="give a part of it by another '-w': all of them must hold",
        )
    if not text.strip():
        raise FilterSyntaxError("the filter is empty", hint="write one such as 'acc > 0.9'")
    try:
        found = _parser().parse(text)
    except UnexpectedInput as error:
        _explain(text, error)
    except VisitError as error:
        raise error.orig_exc from None
    return cast("Node", found)  # the builder leaves no tree


def fault(text: str, start: int, message: str, hint: str) -> FilterSyntaxError:
    """What is wrong at a place of a filter, with the part of it around the place."""
    first = max(0, start - SHOWN // 2)
    shown, before = clean(text[first : first + SHOWN]), clean(text[first:start])
    head = "..." if first else ""
    tail = "..." if first + SHOWN < len(text) else ""
    caret = " " * (len(head) + len(before)) + "^"
    return FilterSyntaxError(f"{message}\n  {head}{shown}{tail}\n  {caret}", hint=hint)


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
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
        return Comparison(name, spelled, values, operator.start_pos or 0)

    def among(self, name: Word, values: tuple[Word, ...]) -> Comparison:
        return Comparison(name, "in", values, name.start)

    def not_among(self, name: Word, values: tuple[Word, ...]) -> Comparison:
        return Comparison(name, "not in", values, name.start)

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
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder())


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
