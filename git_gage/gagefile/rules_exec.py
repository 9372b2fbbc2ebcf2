"""What the commands of an operation may not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from git_gage.gagefile.operations import is_declared
from git_gage.gagefile.problem import KEY, VALUE, WARNING, Problem, closest, dotted
from git_gage.gagefile.spellings import KeyPath, iter_commands, iter_config

# As runs fill them in: `{{` stands for a brace, `${HOME}` is the shell's.
_PARTS = re.compile(r"\\.?|['\"]|\{\{|\}\}|(?<!\$)\{(?P<name>[A-Za-z_][\w.-]*)\}", re.DOTALL)
_SAME_SYSTEM = {"mac": "macos"}


def check_exec(
    table: Mapping[str, Any], at: KeyPath, clean: Callable[[KeyPath], bool]
) -> Iterator[Problem]:
    """What is wrong with what an operation runs."""
    names = _find_names(table)
    seen: dict[tuple[str, str], KeyPath] = {}
    for inner, phase, system, command in iter_commands(table):
        path = (*at, *inner)
        if not clean(path) or not _is_command(command):
            continue
        place = (phase, _SAME_SYSTEM.get(system, system))
        if place in seen:
            message = f"'{dotted(path)}' is given twice: see '{dotted(seen[place])}'"
            yield Problem(path, KEY, message)
        seen.setdefault(place, path)
        if isinstance(command, list) and command and not command[0]:
            yield Problem((*path, 0), VALUE, f"'{dotted(path)}' must start with a program")
        if names is not None:
            yield from _check_fields(command, path, names)


def _is_command(command: object) -> bool:
    """Whether it has a command's shape; what is wrong otherwise the schema has said."""
    words = command if isinstance(command, list) else [command]
    return all(isinstance(word, str) for word in words)


def _find_names(table: Mapping[str, Any]) -> list[str] | None:
    """The names that fields may have; None where they may have any, as keys of files do."""
    entries = [item for _, item in iter_config(table)]
    names = [str(item["name"]) for item in entries if is_declared(item)]
    return names if len(names) == len(entries) else None


def _check_fields(command: str | list[str], path: KeyPath, names: list[str]) -> Iterator[Problem]:
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
    quote = ""
    for found in _PARTS.finditer(text):
        part = found[0]
        if found["name"] is not None:
            yield found["name"], not quote
        elif part in ("'", '"') and quote in ("", part):
            quote = "" if quote else part
        elif part[0] == "\\" and quote == "'" and part[1:] == "'":
            quote = ""  # in single quotes a backslash is but a letter
