"""What the schema finds wrong in a document, in our words: jschon judges, and says nothing itself.

Source: gagefile.schema.json, board.schema.json; https://json-schema.org/draft/2020-12/schema.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from git_gage.gagefile.grammar import GAGEFILE
from git_gage.gagefile.model import PHASES
from git_gage.gagefile.problem import (
    KEY,
    TABLE,
    VALUE,
    Problem,
    closest,
    dotted,
    one_of,
    quoted,
)
from git_gage.gagefile.spellings import SYSTEM_WORDS

if TYPE_CHECKING:
    from jschon import JSONSchema
    from jschon.jsonschema import Result

    from git_gage.gagefile.grammar import Grammar
    from git_gage.gagefile.spellings import KeyPath

_WANTED = {
    "string": "a text",
    "array": "a list",
    "object": "a table",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_FOUND = {
    str: "a text",
    list: "a list",
    dict: "a table",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}
_BOOLS = {
    **dict.fromkeys(("true", "yes", "on", "1"), "true"),
    **dict.fromkeys(("false", "no", "off", "0"), "false"),
}
# What others call it.
_OTHER_WORDS = {
    **dict.fromkeys(("main", "command", "cmd", "script"), "exec"),
    **dict.fromkeys(("flags", "params", "parameters"), "config"),
    **dict.fromkeys(("inputs", "deps", "dependencies"), "depends"),
    "environment": "env",
    "source": "sourcecode",
}
MAX_ENTRIES = 1000
"""Entries that a list or table of an operation can have."""
# An enum of the schema starts with the usual spellings.
_USUAL = 6
NO_URL = "names a download, and nothing is downloaded: use a 'dvcfile', or files of a run elsewhere"
_NEEDS = {"keys": "'keys' (files with config) or 'name' (a declared key)"}


def judge(document: Any, grammar: Grammar = GAGEFILE) -> list[Problem]:
    """Everything that the schema has against a document of plain JSON values."""
    problems: list[Problem] = []
    for part in _split(document):
        problems += _judge_part(_shorten_lists(part, (), problems), grammar)
    # A key that is misspelt is not missing as well.
    meant = [
        (found.path[:-1], f"'{found.guess}'")
        for found in problems
        if found.at == KEY and found.guess is not None
    ]
    return [
        problem
        for problem in problems
        if problem.at != TABLE
        or not any(problem.path == path and key in problem.message for path, key in meant)
    ]


def _split(document: Any) -> Iterator[Any]:
    """A document by its keys, each judged alone: what jschon needs grows with the square."""
    if isinstance(document, dict) and document:
        yield from ({key: value} for key, value in document.items())
    else:
        yield document


def _shorten_lists(value: Any, path: KeyPath, problems: list[Problem]) -> Any:
    """A document without what is beyond the bounds of a list or table, which is a problem."""
    if not isinstance(value, dict | list):
        return value
    if len(value) > MAX_ENTRIES:
        message = f"'{dotted(path)}' has more than {MAX_ENTRIES:,} entries"
        problems.append(Problem(path, VALUE, message))
    if isinstance(value, list):
        return [
            _shorten_lists(inner, (*path, number), problems)
            for number, inner in enumerate(value[:MAX_ENTRIES])
        ]
    return {
        key: _shorten_lists(inner, (*path, key), problems)
        for key, inner in islice(value.items(), MAX_ENTRIES)
    }


def _judge_part(document: Any, grammar: Grammar) -> Iterable[Problem]:
    from jschon import JSON

    return dict.fromkeys(_explain(_schema(grammar).evaluate(JSON(document)), document))


@cache
def _schema(grammar: Grammar) -> JSONSchema:
    from jschon import JSONSchema, create_catalog

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what jschon uses
        create_catalog("2020-12")
        return JSONSchema(json.loads(grammar.schema_bytes()))


def _explain(node: Result, document: Any) -> Iterator[Problem]:
    if node.valid or node.key == "if":
        return
    if node.key == "anyOf" and node.error is not None:
        yield from _explain_choice(node, document)
        return
    explain = _EXPLAIN.get(str(node.key)) if node.error is not None else None
    if explain is None or (node.key == "additionalProperties" and node.children):
        for child in node.children.values():
            yield from _explain(child, document)
        return
    path, value = _locate(node, document)
    yield from explain(path, value, node.schema.value)


def _explain_choice(node: Result, document: Any) -> Iterator[Problem]:
    """Of the ways to write a value, what is wrong with the one that was meant."""
    path, value = _locate(node, document)
    types = [_types_wanted(branch, node) for branch in node.children.values()]
    meant = [
        list(_explain(branch, document))
        for branch, wanted in zip(node.children.values(), types, strict=True)
        if not wanted
    ]
    if meant:
        yield from min(meant, key=len)
    else:
        yield wrong_type(path, value, {kind for wanted in types for kind in wanted})


def _types_wanted(node: Result, choice: Result) -> list[str]:
    """The types that a branch of a choice wants the value itself to be, if it is not."""
    if node.valid or node.key == "if" or node.instance.path != choice.instance.path:
        return []
    if node.key == "type" and node.error is not None:
        rule: Any = node.schema.value
        return [rule["type"]]
    return [kind for child in node.children.values() for kind in _types_wanted(child, choice)]


def _locate(node: Result, document: Any) -> tuple[KeyPath, Any]:
    """The path of the value that was judged, and the value."""
    path: list[str | int] = []
    value = document
    for word in node.instance.path:
        key = int(word) if isinstance(value, list) else word
        path.append(key)
        value = value[key]
    return tuple(path), value


def _unknown_keys(path: KeyPath, value: Any, rule: Any) -> Iterator[Problem]:
    patterns = list(map(re.compile, rule.get("patternProperties", {})))
    for key in value:
        if key not in rule["properties"] and not any(found.search(key) for found in patterns):
            spelled = [word for word in _of_systems(key) if any(p.search(word) for p in patterns)]
            yield _unknown_key(path, key, [*rule["properties"], *spelled])


def _of_systems(key: str) -> Iterator[str]:
    """How commands for a system are spelled, as in a key that may mean one: `run[mac]`."""
    before = "exec." if key.startswith("exec.") else ""
    sign = "[" if "[" in key else "." if "." in key.removeprefix(before) else ""
    if sign:
        after = "]" if sign == "[" else ""
        yield from (
            f"{before}{phase}{sign}{word}{after}" for phase in PHASES for word in SYSTEM_WORDS
        )


def _unknown_key(path: KeyPath, key: str, known: Any) -> Problem:
    if key == "keys" and "choices" in known:
        message = f"'{dotted(path)}' has 'name' and 'keys': it is either a declared key or files"
        return Problem((*path, key), KEY, message)
    where = f" in '{dotted(path)}'" if path else ""
    message = f"unknown key {quoted(key)}{where}" if key else f"empty key{where}"
    meant = _OTHER_WORDS.get(key.lower())
    return Problem((*path, key), KEY, message, meant if meant in known else closest(key, known))


def _missing(path: KeyPath, value: Any, rule: Any) -> Iterator[Problem]:
    missing = (key for key in rule["required"] if key not in value)
    yield from (Problem(path, TABLE, _needs(path, key)) for key in missing)


def _needs(path: KeyPath, key: str) -> str:
    return f"'{dotted(path)}' needs {_NEEDS.get(key, quoted(key))}"


def _not_among(path: KeyPath, value: Any, rule: Any) -> Iterator[Problem]:
    if value == "url":
        yield Problem(path, VALUE, f"'{dotted(path)}' {NO_URL}")
        return
    usual = rule["enum"][:_USUAL]
    guess = closest(value, usual) or closest(value, rule["enum"])
    message = f"'{dotted(path)}' cannot be {quoted(value)}"
    if guess is None:
        message += f" (known: {', '.join(each if each else 'false' for each in usual)})"
    yield Problem(path, VALUE, message, guess)


def _not_type(path: KeyPath, value: Any, rule: Any) -> Iterator[Problem]:
    if path:
        yield wrong_type(path, value, {rule["type"]})
    else:
        wanted, noun = _WANTED[rule["type"]], rule["title"].lower()
        yield Problem(path, VALUE, f"a {noun} must be {wanted}, not {_FOUND[type(value)]}")


def wrong_type(path: KeyPath, value: Any, kinds: set[str]) -> Problem:
    """A value of a type that it cannot have."""
    wanted = one_of([words for kind, words in _WANTED.items() if kind in kinds])
    message = f"'{dotted(path)}' must be {wanted}, not {_FOUND[type(value)]}"
    return Problem(path, VALUE, message, _guess_bool(value) if kinds == {"boolean"} else None)


def _guess_bool(value: Any) -> str | None:
    word = str(value).lower()
    return _BOOLS.get(word) or closest(word, ("true", "false"))


def _empty(path: KeyPath, _value: Any, rule: Any) -> Iterator[Problem]:
    said = rule.get("errorMessage", "must not be empty")
    yield Problem(path, VALUE, f"'{dotted(path)}' {said}")


def _none_or_many(path: KeyPath, _value: Any, rule: Any) -> Iterator[Problem]:
    yield Problem(path, TABLE, f"'{dotted(path)}' {rule['errorMessage']}")


def _said(path: KeyPath, _value: Any, rule: Any) -> Iterator[Problem]:
    yield Problem(path, VALUE, f"'{dotted(path)}' {rule['errorMessage']}")


_EXPLAIN: dict[str, Callable[[KeyPath, Any, Any], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "enum": _not_among,
    "exclusiveMinimum": _said,
    "minItems": _empty,
    "minLength": _empty,
    "maxItems": _said,
    "minProperties": _said,
    "not": _said,
    "oneOf": _none_or_many,
    "pattern": _said,
    "required": _missing,
    "type": _not_type,
}
"""What is said of a keyword of the schema that a value fails."""
