"""The grammar of filters: a text taken apart into conditions, or told where it is wrong.

Source: docs/filters.md.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from git_gage.catalog.filter_nodes import Alone, Comparison, Group, Negation, Node, Word, fault
from git_gage.catalog.filter_table import END, KEYWORDS, RULES, SCANNER, STATES

_TOKEN = re.compile(SCANNER)
_QUOTED = re.compile(r"""(["'])((?:(?!\1)[^\\]|\\.)*)\1""", re.DOTALL)
_ESCAPE = re.compile(r"""\\(["'\\])""")


class Token(NamedTuple):
    """A piece of a filter: what kind it is, and where it starts."""

    kind: str
    text: str
    start: int


class _Unexpected(Exception):  # noqa: N818 - an error is made of it
    """A token that cannot stand there, and the kinds that could."""

    def __init__(self, token: Token, expected: set[str]) -> None:
        super().__init__(token.text)
        self.token = token
        self.expected = expected


def parse_conditions(text: str) -> Node:
    """The conditions of a filter.

    Raises: FilterSyntaxError, which shows the place.
    """
    try:
        return _Parser(text).parse()
    except _Unexpected as error:
        message, hint = _words_on(error.token.text, error.expected)
        raise fault(text, error.token.start, message, hint) from None


class _Parser:
    """Goes through a filter by the table of the grammar; depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._states = [0]
        self._values: list[Any] = []

    def parse(self) -> Node:
        place = 0
        while place < len(self._text):
            found = _TOKEN.match(self._text, place)
            token = Token("", self._text[place], place)
            if found is not None:
                place = found.end()
                token = Token(found.lastgroup or "", found[0], found.start())
            if not token.kind.startswith("__IGNORE"):
                self._take(token)
        self._take(Token("$END", "", len(self._text.rstrip())))
        node: Node = self._values[-1]
        return node

    def _take(self, token: Token) -> None:
        """Put together what a token ends, then keep it."""
        word = KEYWORDS.get(token.text.lower(), "")
        kind = word if word in STATES[self._states[-1]] else token.kind
        while self._states[-1] != END:
            actions = STATES[self._states[-1]]
            if kind not in actions:
                raise _Unexpected(token, {name for name in actions if name.isupper()})
            if actions[kind] >= 0:
                self._states.append(actions[kind])
                self._values.append(token)
                return
            self._reduce(*RULES[~actions[kind]])

    def _reduce(self, origin: str, method: str, single: bool, kept: tuple[bool, ...]) -> None:
        values = [
            value for value, keep in zip(self._values[-len(kept) :], kept, strict=True) if keep
        ]
        del self._states[-len(kept) :], self._values[-len(kept) :]
        children: list[Any] = []
        for value in values:
            children += value.children if isinstance(value, _Several) else [value]
        if not method:
            made: Any = _Several(children)
        elif single and len(children) == 1:
            made = children[0]
        else:
            made = getattr(_BUILDER, method)(*children)
        self._values.append(made)
        self._states.append(STATES[self._states[-1]][origin])


class _Several(NamedTuple):
    """What a repetition in the grammar gave: children of the rule that it stands in."""

    children: list[Any]


class Builder:
    """Makes nodes, by the names that the grammar gives them."""

    def word(self, token: Token) -> Word:
        if token.kind == "TEXT":
            return Word(token.text, _unescape(token.text[1:-1]), True, token.start)
        text = _QUOTED.sub(lambda found: _unescape(found[2]), token.text)
        return Word(token.text, text, False, token.start)

    def words(self, *words: Word) -> tuple[Word, ...]:
        return words

    def list(self, *words: Word) -> tuple[Word, ...]:
        return words

    def compare(self, name: Word, operator: Token, values: tuple[Word, ...]) -> Comparison:
        spelled = "=" if operator.text == "==" else operator.text
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


_BUILDER = Builder()


def _unescape(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


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
