"""A first gagefile for a project, with comments that teach the format."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.gagefile.scripts import FoundScript

# What a pattern for config keys would not take for a part of a file's name.
_PATTERN = re.compile(r"[*?#]|^\\\\")
_LONGEST = 40
_HEAD = """\
# How this project is run. Each table below is an operation:
#
#     git gage run <operation> [<key>=<value>...]
#
# 'git gage ops' lists them, 'git gage check' tells what is wrong in this file.

# The first half of an operation's full name, {example}.
"$namespace" = {namespace}

# Tells this project from others wherever its folder goes: leave it as it is.
"$project-id" = {project_id}
"""
_TAIL = """
# More that an operation can have:
#
#     default = true                       # it runs when no operation is named
#     sourcecode = ["**/*.py", "-old dir"] # files a run gets a copy of
#     depends = ["file: data.csv"]         # what it needs besides
#     env = { OMP_NUM_THREADS = "1" }      # variables of its environment
#     timeout = "2h"                       # it is stopped after that
"""
_SAMPLE = """
[hello]
description = "Say something"

# The command, as a shell takes it; {words} is a key that is declared below.
exec = "echo {words}"

[[hello.config]]
name = "words"
default = "hello"
description = "What to say"
"""


def name_operations(scripts: Sequence[FoundScript]) -> dict[str, FoundScript]:
    """Scripts by the names of their operations: short where that is clear, never the same."""
    stems = Counter(_as_name(_stem(script.path)) for script in scripts)
    named: dict[str, FoundScript] = {}
    for script in scripts:
        choices = _choose_names(script.path, alone=stems[_as_name(_stem(script.path))] == 1)
        named[next(name for name in choices if name not in named)] = script
    return named


def draft_gagefile(operations: dict[str, FoundScript], namespace: str, project_id: str) -> str:
    """The text of a gagefile (TOML); with a sample operation if there is nothing to run."""
    first = next(iter(operations), "hello")
    name = _as_name(namespace)
    head = _HEAD.format(
        example=f"{name}:{first}", namespace=toml_text(name), project_id=toml_text(project_id)
    )
    if not operations:
        return head + _SAMPLE + _TAIL
    first_with_keys = next((name for name, script in operations.items() if script.keys), None)
    tables = [
        "\n".join(_describe(name, script, name == first, name == first_with_keys)) + "\n"
        for name, script in operations.items()
    ]
    return "\n".join([head, *tables]) + _TAIL


def _describe(
    name: str, script: FoundScript, explain_exec: bool, explain_config: bool
) -> Iterator[str]:
    """Lines of the table of an operation."""
    yield f"[{_toml_key(name)}]"
    if script.description:
        yield f"description = {toml_text(script.description)}"
    else:
        yield '# description = "what it does"'
    if explain_exec:
        yield "\n# The command: a text for the shell, or a list of words."
    yield f"exec = {_exec(script)}"
    if script.data:
        texts = [toml_text(f"{kind}: {path}") for kind, path in script.data]
        yield "# What it reads and its source has not, as git ignores it or it is no text."
        yield f"depends = [{', '.join(texts)}]"
    if not script.keys:
        return
    if not _is_nameable(script.path):
        yield "# Its keys cannot be named here: the name of the file would be taken for a pattern."
        return
    if explain_config:
        example = _example(name, *script.keys[0])
        yield f"\n# What can be set for a run: git gage run {example}"
    yield "config = ["
    yield from _config_lines(script)
    yield "]"


def _is_nameable(path: str) -> bool:
    """Whether a pattern of config keys takes the path for what it is."""
    return not _PATTERN.search(path)


def _config_lines(script: FoundScript) -> Iterator[str]:
    path = f"./{script.path}" if script.path.startswith("-") else script.path
    patterns = [f"    {toml_text(f'{path}#{key}')}," for key, _ in script.keys]
    width = max(map(len, patterns))
    for pattern, (_, value) in zip(patterns, script.keys, strict=True):
        yield f"{pattern:<{width}}  # {_shorten(value) or 'empty'}"


def _example(name: str, key: str, value: str) -> str:
    short = re.fullmatch(r"[\w.+-]+", value)
    return f"{clean(shlex.quote(name))} {key}={value if short else '<value>'}"


def _exec(script: FoundScript) -> str:
    keys = [key for key, _ in script.keys] if _is_nameable(script.path) else []
    words = [_escape_fields(word, keys) for word in script.argv]
    if all(shlex.quote(word) == word for word in words):
        return toml_text(" ".join(words))
    return f"[{', '.join(map(toml_text, words))}]"


def _escape_fields(word: str, keys: Sequence[str]) -> str:
    """A word whose braces stay: they are fields only around the name of a key."""
    if any(f"{{{key}}}" in word for key in keys):
        return word.replace("{", "{{").replace("}", "}}")
    return word


def _choose_names(path: str, *, alone: bool) -> Iterator[str]:
    """Names for an operation that runs the file, the best first."""
    whole, _, suffix = path.rpartition(".")
    if alone or "/" not in path:
        yield _as_name(_stem(path))
    joined = _as_name((whole or path).removesuffix("/__main__").replace("/", "-"))
    yield joined
    named = f"{joined}-{suffix}"
    yield named
    number = 2
    while True:
        yield f"{named}-{number}"
        number += 1


def _stem(path: str) -> str:
    """Name of the file without its suffix; of a package that is run, the package's."""
    *folders, name = path.split("/")
    if name == "__main__.py" and folders:
        return folders[-1]
    return name.rpartition(".")[0] or name


def _as_name(text: str) -> str:
    """Letters, digits, `_`, `.` and `-`: nothing that a shell or `<namespace>:<op>` would split."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or "main"


def _toml_key(name: str) -> str:
    """Source: https://toml.io/en/v1.0.0#keys"""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def toml_text(text: str) -> str:
    """A basic string. Source: https://toml.io/en/v1.0.0#string"""
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _shorten(value: str) -> str:
    text = clean(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
