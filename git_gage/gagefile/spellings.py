"""The spellings that a gagefile may use, and the one that each stands for.

Source: docs/gagefile.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from git_gage.gagefile.model import PHASES

SYSTEMS = {
    "windows": ("windows",),
    "macos": ("macos", "mac", "posix"),
    "linux": ("linux", "posix"),
}
"""What a command may be marked with to run on a system, nearest first."""
ANY_SYSTEM = "default"
SYSTEM_WORDS = ("windows", "macos", "mac", "linux", "posix", ANY_SYSTEM)

DEPENDENCY_TYPES = {
    "project-files": "project-files",
    "run-files": "run-files",
    "runfiles": "run-files",
    "runs-summary": "runs-summary",
    "file": "file",
    "dir": "dir",
    "dvcfile": "dvcfile",
    "project_files": "project-files",
    "projectfiles": "project-files",
    "run_files": "run-files",
    "runs_summary": "runs-summary",
    "run": "run-files",
    "url": "url",
}
"""Spelling of a dependency's type: what it is."""
CONFIG_TYPES = {
    "int": "int",
    "float": "float",
    "str": "str",
    "bool": "bool",
    "null": "null",
    "json": "json",
    "integer": "int",
    "number": "float",
    "string": "str",
    "text": "str",
    "boolean": "bool",
}
"""Spelling of a config key's type: what it is."""
INPUT_KEYS = (
    *("run-select", "run.select", "run", "runs-select", "runs.select", "runs", "operation"),
    *("files", "files.select", "select", "path", "resource", "file", "dir", "dvcfile", "url"),
    *("project-files", "run-files", "runfiles", "runs-summary"),
)
"""Keys of an entry of config that make it an input of the operation."""
PRINTED = ("output-metrics", "output-scalars", "output-attributes", "output-attrs")
"""What the output has, each with its other spelling."""
PROGRESS = ("tqdm",)
"""The styles of progress that are understood."""

_PHASE_KEY = re.compile(
    rf"({'|'.join(PHASES)})(?:\.({'|'.join(SYSTEM_WORDS)})|\[({'|'.join(SYSTEM_WORDS)})\])?"
)

KeyPath = tuple[str | int, ...]
"""Keys and indexes that lead to a value of a document."""


def as_list(value: Any) -> list[Any]:
    """One or many, as many."""
    return value if isinstance(value, list) else [value]


def iter_items(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """One or many values, each with its path."""
    if isinstance(value, list):
        yield from (((*path, number), item) for number, item in enumerate(value))
    else:
        yield path, value


def split_phase(key: str) -> tuple[str, str] | None:
    """Phase and system of a key of exec such as `run`, `run.windows` or `run[windows]`."""
    found = _PHASE_KEY.fullmatch(key)
    return (found[1], found[2] or found[3] or ANY_SYSTEM) if found else None


def iter_commands(table: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str, str, Any]]:
    """KeyPath, phase, system and command of everything that an operation may run."""
    for key, value in table.items():
        if key == "exec" and isinstance(value, Mapping):
            for phase_key, command in value.items():
                yield from _split_command((key, phase_key), phase_key, command)
        elif key == "exec":
            yield (key,), "run", ANY_SYSTEM, value
        elif key.startswith("exec."):
            yield from _split_command((key,), key.removeprefix("exec."), value)


def _split_command(path: KeyPath, key: str, value: Any) -> Iterator[tuple[KeyPath, str, str, Any]]:
    found = split_phase(key)
    if found is None:
        return
    phase, system = found
    if isinstance(value, Mapping):
        for word, command in value.items():
            yield (*path, word), phase, word, command
    else:
        yield path, phase, system, value


def iter_dependencies(table: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    """KeyPath and value of each input of an operation, those among its config as well."""
    for key in ("depends", "requires"):
        if key in table:
            yield from iter_items(table[key], (key,))
    for path, item in iter_items(table.get("config", []), ("config",)):
        if is_dependency(item):
            yield path, item


def iter_config(table: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    """KeyPath and value of each entry of an operation's config that is no dependency."""
    for path, item in iter_items(table.get("config", []), ("config",)):
        if not is_dependency(item):
            yield path, item


def is_dependency(item: Any) -> bool:
    """Whether an entry of config is an input: by its type, else by keys that only inputs have."""
    if not isinstance(item, Mapping):
        return False
    kind = item.get("type")
    if isinstance(kind, str) and kind in DEPENDENCY_TYPES:
        return True
    return not ("name" in item or "keys" in item) and any(key in item for key in INPUT_KEYS)
