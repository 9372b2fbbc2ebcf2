"""What the commands of an operation may not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from git_gage.gagefile.operations import is_declared
from git_gage.gagefile.problem import KEY, VALUE, WARNING, Problem, closest, dotted
from git_gage.gagefile.spellings import KeyPath, iter_commands, iter_config

# As runs fill them in: `{{` stands for a brace, `${HOME}` is the shell's.
_FIELD = re.compile(r"\{\{|\}\}|(?<!\$)\{([A-Za-z_][\w.-]*)\}")
_SAME_SYSTEM = {"mac": "macos"}


def check_exec(table: Mapping[str, Any], at: KeyPath, *, declared: bool) -> Iterator[Problem]:
    """What is wrong with what an operation runs; `declared`: its config is known, so are fields."""
    seen: dict[tuple[str, str], KeyPath] = {}
    for inner, phase, system, command in iter_commands(table):
        path = (*at, *inner)
        place = (phase, _SAME_SYSTEM.get(system, system))
        if place in seen:
            message = f"'{dotted(path)}' is given twice: see '{dotted(seen[place])}'"
            yield Problem(path, KEY, message)
        seen.setdefault(place, path)
        if isinstance(command, list) and command and not command[0]:
            yield Problem((*path, 0), VALUE, f"'{dotted(path)}' must start with a program")
        if declared:
            yield from _check_fields(command, path, table)


def _check_fields(
    command: str | list[str], path: KeyPath, table: Mapping[str, Any]
) -> Iterator[Problem]:
    entries = [item for _, item in iter_config(table)]
    names = [item["name"] for item in entries if is_declared(item)]
    if len(names) < len(entries):
        return  # a key of a file may have any name
    texts = [command] if isinstance(command, str) else command
    unknown = {
        name: bare for text in texts for name, bare in _iter_fields(text) if name not in names
    }
    for name, bare in unknown.items():
        yield _unknown_field(name, path, names, sure=bool(names) or (bare and texts[0] is command))


def _unknown_field(name: str, path: KeyPath, names: list[str], *, sure: bool) -> Problem:
    if sure:
        message = f"'{{{name}}}' in '{dotted(path)}' is no config key of the operation"
        return Problem(path, VALUE, message, closest(name, names))
    message = f"'{{{name}}}' in '{dotted(path)}' stays as it is: no config key has this name"
    return Problem(path, VALUE, message, severity=WARNING)


def _iter_fields(text: str) -> Iterator[tuple[str, bool]]:
    """The names of fields, and whether each stands outside of quotes.

    In quotes braces may be of another language: `python -c "print(f'{i}')"`, `awk '{print}'`.
    """
    for found in _FIELD.finditer(text):
        if found[1] is not None:
            yield found[1], not _in_quotes(text[: found.start()])


def _in_quotes(text: str) -> bool:
    quote = ""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
    return bool(quote)
