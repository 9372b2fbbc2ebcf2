"""What a gagefile may not say although its schema allows it.

Source: docs/gagefile.md.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.gagefile.model import PHASES
from git_gage.gagefile.patterns import Explain, check_text, compile_regex
from git_gage.gagefile.printed import explain_pattern
from git_gage.gagefile.problem import KEY, VALUE, WARNING, Problem, closest, dotted, quoted
from git_gage.gagefile.rules_config import check_config
from git_gage.gagefile.rules_exec import check_exec
from git_gage.gagefile.rules_inputs import check_inputs
from git_gage.gagefile.spellings import PRINTED, PROGRESS, KeyPath, iter_items

if TYPE_CHECKING:
    from git_gage.gagefile.grammar import Clean

# NUL is told for all texts.
_NO_NAME = re.compile(r"^-|=|[\x01-\x1f\x7f]")
_NAMED = {"=": "'='", "\n": "a line break"}
_CONTROL = "a control character"

Problems = Iterator[Problem]


def break_rules(document: Mapping[str, Any], clean: Clean, explain: Explain) -> Problems:
    """What is wrong in the parts of a document that the schema has nothing against."""
    yield from _check_names(document)
    yield from check_texts(document, ())
    yield from _check_defaults(document)
    for name, table in document.items():
        if name[:1] not in ("", "$") and isinstance(table, Mapping):
            at = (name,)
            yield from check_config(table, at, clean)
            yield from check_inputs(table, at, clean, explain)
            yield from check_exec(table, at, clean)
            for check in _CHECKS:
                yield from check(table, at)
            yield from _check_twice(table, at)
            yield from _check_sourcecode(table, at, explain)


def _check_names(document: Mapping[str, Any]) -> Problems:
    """A name that the command line would read as something else cannot be run."""
    for name in document:
        found = None if name.startswith("$") else _NO_NAME.search(name)
        if found is not None:
            what = (
                "begins with '-'" if found[0] == "-" else f"holds {_NAMED.get(found[0], _CONTROL)}"
            )
            shown = quoted(name.replace("\n", "\\n"))
            yield Problem((name,), KEY, f"{shown} cannot be run: its name {what}")


def check_texts(value: Any, at: KeyPath) -> Problems:
    """No program, path or variable can hold a NUL."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if "\0" in key:
                yield Problem((*at, key), KEY, f"key {quoted(key)} holds a NUL character")
            yield from check_texts(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from check_texts(inner, (*at, number))
    elif isinstance(value, str) and "\0" in value:
        yield Problem(at, VALUE, f"'{dotted(at)}' holds a NUL character")


def _check_defaults(document: Mapping[str, Any]) -> Problems:
    named = [
        name
        for name, table in document.items()
        if isinstance(table, Mapping) and table.get("default") is True
    ]
    for name in named[1:]:
        message = f"'{name}' cannot be the default operation: '{named[0]}' is it already"
        yield Problem((name, "default"), VALUE, message)


def _inner(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table in a table; none where there is something else."""
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _check_env(table: Mapping[str, Any], at: KeyPath) -> Problems:
    for name in _inner(table, "env"):
        if not name or "=" in name:
            message = f"{quoted(name)} in '{dotted(at)}.env' cannot be the name of a variable"
            yield Problem((*at, "env", name), KEY, message)


def _check_numbers(table: Mapping[str, Any], at: KeyPath) -> Problems:
    numbers: dict[KeyPath, Any] = {(key,): table.get(key) for key in ("version", "timeout")}
    for name, value in _inner(table, "attributes").items():
        numbers["attributes", name] = value
    for keys, value in numbers.items():
        if not is_finite(value):
            path = (*at, *keys)
            yield Problem(path, VALUE, f"'{dotted(path)}' must be a finite number")


def is_finite(value: Any) -> bool:
    """Whether a number is one that can be compared and written down; so is what is no number."""
    try:
        return not isinstance(value, int | float) or math.isfinite(value)
    except OverflowError:
        return False


def _check_progress(table: Mapping[str, Any], at: KeyPath) -> Problems:
    for key, value in table.items():
        if key == "progress" and isinstance(value, Mapping):
            for phase in PHASES:
                yield from _check_style(value.get(phase), (*at, key, phase))
        elif key == "progress" or key.startswith("progress."):
            yield from _check_style(value, (*at, key))


def _check_style(style: Any, path: KeyPath) -> Problems:
    """A style that is no misspelling may be one of another tool: the run goes on without."""
    if style in PROGRESS or not isinstance(style, str):
        return
    guess = closest(style, PROGRESS)
    message = f"'{dotted(path)}' cannot be {quoted(style)} (known: {', '.join(PROGRESS)})"
    if guess is None:
        yield Problem(path, VALUE, message, severity=WARNING)
    else:
        yield Problem(path, VALUE, message.partition(" (")[0], guess)


def _check_summary(table: Mapping[str, Any], at: KeyPath) -> Problems:
    for keys, name in (
        (("summary.filename",), table.get("summary.filename")),
        (("summary", "filename"), _inner(table, "summary").get("filename")),
    ):
        if isinstance(name, str) and (posixpath.isabs(name) or _climbs(name)):
            path = (*at, *keys)
            yield Problem(path, VALUE, f"'{dotted(path)}' must be inside the run directory")
    pattern = table.get("output-summary")
    if not isinstance(pattern, str) or not pattern:
        return
    path = (*at, "output-summary")
    found = compile_regex(pattern)
    if isinstance(found, str):
        yield Problem(path, VALUE, f"'{dotted(path)}' is no regular expression: {found}")
    elif not found.groups:
        message = f"'{dotted(path)}' has no group, as in 'summary: (.*)', and so finds no summary"
        yield Problem(path, VALUE, message, severity=WARNING)


def _check_printed(table: Mapping[str, Any], at: KeyPath) -> Problems:
    for key in PRINTED:
        path, given = (*at, key), table.get(key)
        if isinstance(given, Mapping):
            texts = [((*path, name), text) for name, text in given.items()]
        else:
            texts = list(iter_items(given, path))
        for place, text in texts:
            fault = (
                isinstance(text, str)
                and text
                and explain_pattern(text, named=isinstance(given, Mapping))
            )
            if fault:
                yield Problem(place, VALUE, f"'{dotted(place)}' {fault}")
    for key, other in (PRINTED[:2], PRINTED[2:]):
        if key in table and other in table:
            message = f"'{dotted((*at, other))}' is given as '{key}' already"
            yield Problem((*at, other), KEY, message)


def _climbs(path: str) -> bool:
    return posixpath.normpath(path).partition("/")[0] == ".."


def _check_twice(table: Mapping[str, Any], at: KeyPath) -> Problems:
    for outer, key in (("summary", "filename"), ("listing", "description")):
        both = f"{outer}.{key}"
        if both in table and key in _inner(table, outer):
            yield Problem((*at, both), KEY, f"'{dotted((*at, both))}' is given twice")


def _check_sourcecode(table: Mapping[str, Any], at: KeyPath, explain: Explain) -> Problems:
    for path, pattern in iter_items(table.get("sourcecode", []), (*at, "sourcecode")):
        if isinstance(pattern, str):
            yield from check_text(pattern, path, explain.pattern)


_CHECKS = (_check_env, _check_numbers, _check_progress, _check_summary, _check_printed)
