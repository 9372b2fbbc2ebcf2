"""Which keys of which files an operation's config means: `[-]file#key`, both with wildcards.

Source: docs/gagefile.md, "Config".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from git_gage.config.globs import compile_glob
from git_gage.errors import ConfigError


class KeyPattern(NamedTuple):
    """One pattern. files: None for those that other patterns choose; keys: None for no part of
    files but the whole of them, as `-file` takes it away.

    chooses: whether it makes its files ones that have keys; `#key` does not.
    """

    takes: bool
    files: str | None
    keys: str | None
    chooses: bool

    def has_file(self, path: str) -> bool:
        """Whether it speaks of a file."""
        return self.files is None or bool(compile_glob(self.files, "/").match(path))

    def has_key(self, name: str) -> bool:
        """Whether it speaks of a key of its files."""
        return self.keys is not None and bool(compile_glob(self.keys, ".").match(name))


class FilePatterns(NamedTuple):
    """The patterns that say which keys of one file are taken."""

    taking: tuple[KeyPattern, ...]
    leaving: tuple[KeyPattern, ...]

    def choose(self, names: Iterable[str], wholes: Iterable[str] = ()) -> tuple[str, ...]:
        """The names of keys that are taken; of `wholes` only those that a pattern spells out."""
        spelled = {pattern.keys for pattern in self.taking}
        return (
            *(name for name in names if self._takes(name)),
            *(name for name in wholes if name in spelled and self._takes(name)),
        )

    def _takes(self, name: str) -> bool:
        taken = any(pattern.has_key(name) for pattern in self.taking)
        return taken and not any(pattern.has_key(name) for pattern in self.leaving)


def parse_key_patterns(patterns: Sequence[str]) -> tuple[KeyPattern, ...]:
    """Patterns of config keys. `#key` means the file of the pattern before it.

    Raises: ConfigError for one that says nothing.
    """
    parsed: list[KeyPattern] = []
    before: str | None = None
    for spelled in patterns:
        pattern = _parse(spelled)
        if pattern.takes:
            before = pattern.files or before
            pattern = pattern._replace(files=before)
        parsed.append(pattern)
    return tuple(parsed)


def choose_files(patterns: Sequence[KeyPattern], names: Iterable[str]) -> dict[str, FilePatterns]:
    """The files that patterns choose, in the order of these, with those that say which keys.

    The last pattern that speaks of a whole file decides about it. `-file#key` chooses no file.
    """
    found = {path: _find_patterns(patterns, path) for path in sorted(set(names))}
    chosen = [(path, each) for path, each in found.items() if each is not None]
    return dict(sorted(chosen, key=lambda pair: patterns.index(pair[1].taking[0])))


def is_glob(pattern: str) -> bool:
    """Whether a pattern has wildcards."""
    return bool(re.search(r"[*?]", pattern))


def _parse(spelled: str) -> KeyPattern:
    takes = not spelled.startswith("-")
    body = spelled[1:] if spelled.startswith(("-", "\\-")) else spelled
    body = body if takes else body.lstrip(" ")
    files, mark, keys = body.partition("#")
    if not (files or keys):
        raise ConfigError(
            f"config pattern '{spelled}' names no file and no key", hint="write <file>#<key>"
        )
    while files.startswith("./"):
        files = files[2:].lstrip("/")
    default = "*" if takes else None
    return KeyPattern(takes, files or None, keys if mark else default, takes and bool(files))


def _find_patterns(patterns: Sequence[KeyPattern], path: str) -> FilePatterns | None:
    taking: list[KeyPattern] = []
    chosen = False
    for pattern in patterns:
        if not pattern.has_file(path) or not (pattern.takes or pattern.keys is None):
            continue
        if not pattern.takes:
            chosen, taking = False, [each for each in taking if each.files is None]
        else:
            chosen = chosen or pattern.chooses
            taking.append(pattern)
    leaving = (each for each in patterns if not each.takes and each.has_file(path))
    return FilePatterns(tuple(taking), tuple(leaving)) if chosen else None
