"""What the inputs of an operation may not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from git_gage.gagefile.dependencies import (
    FILES_SELECT,
    RUN_SELECT,
    SUBJECT,
    URL,
    as_filter,
    as_table,
    split_short,
    type_of,
)
from git_gage.gagefile.patterns import Explain, check_text
from git_gage.gagefile.problem import KEY, TABLE, VALUE, Problem, closest, dotted, one_of, quoted
from git_gage.gagefile.schema import NO_URL
from git_gage.gagefile.spellings import DEPENDENCY_TYPES, KeyPath, as_list, iter_dependencies

_PATHS = ("file", "dir", "dvcfile")
_USUAL = ("project-files", "run-files", "runs-summary", *_PATHS)
_FOREIGN = {
    "project-files": (
        "run-select",
        "runs-select",
        "operation",
        "path",
        "sha256",
        "summary-filename",
    ),
    "run-files": ("path", "sha256", "summary-filename"),
    "runs-summary": ("files", "path", "sha256", "link", "rename"),
    "file": ("files", "run-select", "runs-select", "operation", "summary-filename"),
    "dir": ("files", "run-select", "runs-select", "operation", "sha256", "summary-filename"),
    "dvcfile": ("files", "run-select", "runs-select", "operation", "summary-filename"),
}
"""Keys that say nothing about an input of a type."""


def check_inputs(
    table: Mapping[str, Any],
    at: KeyPath,
    clean: Callable[[KeyPath], bool],
    explain: Explain,
) -> Iterator[Problem]:
    """What is wrong with the inputs of an operation, wherever they are listed."""
    names: dict[str, KeyPath] = {}
    for inner, item in iter_dependencies(table):
        path = (*at, *inner)
        if isinstance(item, str) and clean(path):
            yield from _check_text(item, path, explain)
        if not isinstance(item, Mapping) or not item:
            continue
        sound = {key: value for key, value in item.items() if clean((*path, key))}
        yield from _check_table(sound, path, explain, [key for key in item if key not in sound])
        name = sound.get("name")
        if name in names:
            message = f"input {quoted(name)} is named twice: see '{dotted(names[name])}'"
            yield Problem((*path, "name"), VALUE, message)
        elif name is not None:
            names[name] = path


def _check_text(text: str, path: KeyPath, explain: Explain) -> Iterator[Problem]:
    name = dotted(path)
    if URL.match(text):
        yield Problem(path, VALUE, f"'{name}' {NO_URL}")
        return
    spelled, subject = split_short(text)
    if spelled is not None and spelled not in DEPENDENCY_TYPES:
        guess = closest(spelled, _USUAL) or closest(spelled, DEPENDENCY_TYPES)
        known = "" if guess else f" (known: {', '.join(_USUAL)})"
        message = f"'{name}' cannot be of type {quoted(spelled)}{known}"
        yield Problem(path, VALUE, message, guess)
    elif not subject:
        yield Problem(path, VALUE, f"'{name}' says nothing after {quoted(f'{spelled}:')}")
    else:
        table = as_table(text)
        if "files" in table:
            yield from check_text(table["files"], path, explain.pattern)
        if "run-select" in table:
            yield from check_text(as_filter(table["run-select"]), path, explain.filter)


def _check_table(
    item: Mapping[str, Any], path: KeyPath, explain: Explain, wrong: list[str]
) -> Iterator[Problem]:
    """What is wrong with an input, besides the keys that are `wrong` already."""
    doubles = list(_find_doubles(item, path))
    yield from doubles
    if doubles:
        return
    if "resource" in item:
        faults = list(_check_text(item["resource"], (*path, "resource"), explain))
        yield from faults
        if faults:
            return
    yield from _check_addresses(item, path)
    table = as_table(item)
    kind = type_of(table)
    if kind is None and wrong:
        return  # it may be what makes the type sure
    if kind is None:
        usual = _PATHS if "path" in table else _USUAL
        message = f"'{dotted(path)}' needs a 'type' ({one_of(usual)})"
        yield Problem(path, TABLE, message)
        return
    if "type" not in wrong:
        yield from _check_subject(table, kind, path, wrong)
    yield from _check_foreign(item, kind, path)
    for key in FILES_SELECT:
        yield from _check_patterns(item.get(key, []), (*path, key), explain)
    for place, select in _iter_filters(item, path):
        yield from check_text(as_filter(select), place, explain.filter)


def _iter_filters(item: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    for key, value in item.items():
        if key in RUN_SELECT:
            yield (*path, key), value
        elif key in ("run", "runs") and isinstance(value, Mapping):
            yield (*path, key, "select"), value["select"]
        elif DEPENDENCY_TYPES.get(key) in ("run-files", "runs-summary"):
            table = as_table({key: value})
            if "run-select" in table:
                yield (*path, key), table["run-select"]


def _find_doubles(item: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
    """Keys that say the same; an operation only narrows what a filter chooses."""
    types = [key for key in item if key in DEPENDENCY_TYPES and not isinstance(item[key], Mapping)]
    selects = [key for key in (*RUN_SELECT, "run", "runs") if key in item and key not in types]
    same = (
        [key for key in ("type", *types, "resource") if key in item],
        selects,
        [key for key in FILES_SELECT if key in item],
        [key for key in ("target-path", "target") if key in item],
        [key for key in ("link", "writeable") if item.get(key)],
    )
    for keys in same:
        for key in keys[1:]:
            message = f"'{dotted((*path, key))}' cannot be given together with {quoted(keys[0])}"
            yield Problem((*path, key), KEY, message)


def _check_addresses(item: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
    for key in ("path", *_PATHS):
        if URL.match(item.get(key, "")):
            yield Problem((*path, key), VALUE, f"'{dotted((*path, key))}' {NO_URL}")


def _check_subject(
    table: Mapping[str, Any], kind: str, path: KeyPath, wrong: list[str]
) -> Iterator[Problem]:
    """A run may be named when the operation is run; anything else must be known."""
    if kind == "run-files":
        return
    known = {
        "files": FILES_SELECT,
        "runs-select": (*RUN_SELECT, "operation"),
        "path": ("path",),
    }[SUBJECT[kind]]
    if any(key in known or closest(key, known) for key in wrong):
        return
    if not any(key in table and table[key] != [] for key in known):
        message = f"'{dotted(path)}' needs '{SUBJECT[kind]}', as its type is {kind}"
        yield Problem(path, TABLE, message)


def _check_foreign(item: Mapping[str, Any], kind: str, path: KeyPath) -> Iterator[Problem]:
    for key in _FOREIGN[kind]:
        if key in item and DEPENDENCY_TYPES.get(key) != kind:
            message = f"'{dotted((*path, key))}' says nothing about an input of type {kind}"
            yield Problem((*path, key), KEY, message)


def _check_patterns(value: Any, path: KeyPath, explain: Explain) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        value, path = value["select"], (*path, "select")
    for number, pattern in enumerate(as_list(value)):
        place = (*path, number) if isinstance(value, list) else path
        yield from check_text(pattern, place, explain.pattern)
