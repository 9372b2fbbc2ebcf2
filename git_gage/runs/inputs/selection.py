"""Which files of a folder the patterns of a dependency mean."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from git_gage.runs.inputs.model import InputError
from git_gage.runs.inputs.walk import walk_files
from git_gage.source.choice import candidates_in_tree
from git_gage.source.patterns import Candidate, parse_patterns

EVERYTHING = ("**/*",)
_WILD = re.compile(r"[*?]|regex:")


def select_files(
    top: Path,
    patterns: Sequence[str],
    on_left_out: Callable[[bytes], None],
    skip: Collection[bytes],
    recorded: Mapping[bytes, int] | None = None,
) -> tuple[bytes, ...]:
    """Paths below `top` that the patterns choose, sorted; a folder's name means all that is in it.

    Only folders that a pattern can reach are looked into; `skip` are whole paths of others.
    `recorded` has the sizes of files that are chosen from too, whether they are there or not.
    Raises: InputError for patterns that choose nothing; ConfigError for what is no pattern.
    """
    recorded = recorded or {}
    spelled = {_with_contents(top, pattern, recorded): pattern for pattern in patterns}
    heads = {_head(pattern) for pattern in spelled if not pattern.startswith("-")} or {b""}
    paths = _walk_heads(os.fsencode(top), heads, on_left_out, skip)
    absent = (Candidate(path, recorded[path], bytes) for path in recorded.keys() - paths)
    candidates = [*candidates_in_tree(top, paths), *absent]
    found = parse_patterns(tuple(spelled), EVERYTHING).select(candidates)
    if found.unused:
        unused = ", ".join(f"'{spelled[pattern]}'" for pattern in found.unused)
        raise InputError(f"nothing matches {unused}")
    return found.chosen


def literal_path(pattern: str) -> str | None:
    """The path that a pattern is, if it is nothing but that."""
    if _WILD.search(pattern) or pattern.startswith("-"):
        return None
    try:
        words = shlex.split(pattern)
    except ValueError:
        return None  # the patterns' own reader says what is wrong with it
    return words[0].removeprefix("./").rstrip("/") if len(words) == 1 else None


def _with_contents(top: Path, pattern: str, recorded: Mapping[bytes, int]) -> str:
    """A pattern that names a folder, as one for the files in it."""
    sign = "-" if pattern.startswith("-") else ""
    path = literal_path(pattern.removeprefix("-"))
    if path is None or os.fsencode(path) in recorded or not (top / path).is_dir():
        return pattern
    return sign + shlex.quote(f"{path}/**/*")


def _head(pattern: str) -> bytes:
    """The place that all files lie in or at which a pattern can mean."""
    if any(char in pattern for char in "\"'\\") and literal_path(pattern) is None:
        return b""
    names = []
    for name in (literal_path(pattern) or pattern.removeprefix("./").split(" ")[0]).split("/"):
        if _WILD.search(name):
            break
        names.append(name)
    return os.fsencode("/".join(names))


def _walk_heads(
    top: bytes,
    heads: Iterable[bytes],
    on_left_out: Callable[[bytes], None],
    skip: Collection[bytes],
) -> set[bytes]:
    found: set[bytes] = set()
    for head in heads:
        start = os.path.join(top, head)
        if not os.path.isdir(start):
            if os.path.isfile(start):
                found.add(head)
            elif os.path.lexists(start):
                on_left_out(head)
            continue
        tell = partial(_tell_below, on_left_out, head)
        found.update(posixpath.join(head, path) for path in walk_files(start, tell, skip))
    return found


def _tell_below(on_left_out: Callable[[bytes], None], head: bytes, path: bytes) -> None:
    on_left_out(posixpath.join(head, path))
