"""Which files of a folder are meant by select patterns: `[-]glob tokens`, or `[-]regex:…`.

Source: docs/gagefile.md, "Patterns".
"""

from __future__ import annotations

import re
import shlex
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from git_gage.config.globs import compile_glob
from git_gage.errors import ConfigError
from git_gage.source.rules import MAX_FILE_BYTES
from git_gage.source.texts import is_text

DEFAULTS = (
    f"**/* text size<{MAX_FILE_BYTES} max-matches=10000",
    "-**/.* dir",
    "-**/* dir sentinel=bin/activate",
    "-**/* dir sentinel=pyvenv.cfg",
    "-**/* dir sentinel=.nocopy",
    "-summary.json",
)
"""What an operation's source is where its gagefile does not say, or only says what it is not."""

BINARY = "binary"
"""The reason for a file that is left out only because the default patterns take text."""

_REGEX = "regex:"
_SPELLINGS = ("text", "binary", "dir", "size<N", "size>N", "max-matches=N", "sentinel=<path>")
_TOKEN = re.compile(
    r"(?P<kind>text|binary|dir)|size<(?P<below>\d{1,18})|size>(?P<above>\d{1,18})"
    r"|max-matches=(?P<most>\d{1,18})|sentinel=(?P<sentinel>.+)",
    re.ASCII | re.DOTALL,
)


class Candidate(NamedTuple):
    """A file that may be chosen: `path` is relative to the folder, with `/`.

    read_start: its first 1,024 bytes; called only where a pattern asks for text or binary.
    """

    path: bytes
    size: int
    read_start: Callable[[], bytes]


class Selected(NamedTuple):
    """The chosen paths, sorted; those a limit left out, with that limit as it is spelled.

    unused: patterns that say what to take, and of which nothing was taken.
    """

    chosen: tuple[bytes, ...]
    left_out: tuple[tuple[bytes, str], ...]
    unused: tuple[str, ...]


class Patterns(NamedTuple):
    """Patterns that have been read; `by_default` if what they take is not said by the user."""

    rules: tuple[_Rule, ...]
    by_default: bool

    def select(self, candidates: Iterable[Candidate]) -> Selected:
        """The files that the patterns mean; for each the last pattern that matches it decides.

        A file is named as left out where it would have been chosen but for a size or a number.
        """
        files = sorted(candidates, key=lambda candidate: _walk_order(candidate.path))
        pruned = _find_pruned([rule for rule in self.rules if rule.kind == "dir"], files)
        rules = [rule for rule in self.rules if rule.kind != "dir"]
        counts = [0] * len(rules)
        takers: set[int] = set()
        chosen: list[bytes] = []
        left_out: list[tuple[bytes, str]] = []
        for file in files:
            if not pruned.isdisjoint(_folders(file.path)):
                continue
            taker, reason = _judge(rules, counts, file, self.by_default)
            if taker is not None:
                takers.add(taker)
                chosen.append(file.path)
            elif reason is not None:
                left_out.append((file.path, reason))
        unused = [
            rule.spelled
            for place, rule in enumerate(rules)
            if rule.takes and place not in takers and not self.by_default
        ]
        return Selected(tuple(sorted(chosen)), tuple(sorted(left_out)), tuple(unused))


class _Rule(NamedTuple):
    """One pattern. `expression` is searched from the start of a path to where it ends itself."""

    spelled: str
    takes: bool
    expression: re.Pattern[str]
    kind: str | None = None
    below: int | None = None
    above: int | None = None
    most: int | None = None
    sentinel: str | None = None

    def broken_limit(self, size: int, count: int) -> str | None:
        """The first limit that keeps the rule from a file that it matches by name and type."""
        if self.most is not None and count >= self.most:
            return f"max-matches={self.most}"
        if self.below is not None and size >= self.below:
            return f"size<{self.below}"
        if self.above is not None and size <= self.above:
            return f"size>{self.above}"
        return None

    def size_limit(self) -> str | None:
        """The size that the rule asks for, as it is spelled."""
        if self.above is not None:
            return f"size>{self.above}"
        return None if self.below is None else f"size<{self.below}"


def parse_patterns(patterns: Sequence[str] | None, defaults: Sequence[str] = DEFAULTS) -> Patterns:
    """Select patterns, ready to choose. `defaults` come first if they only say what not to take.

    None means the defaults; no pattern at all chooses nothing.
    Raises: ConfigError that names every pattern that is none, and why.
    """
    by_default = patterns is None or (
        bool(patterns) and all(pattern.startswith("-") for pattern in patterns)
    )
    rules: list[_Rule] = []
    problems: list[ConfigError] = []
    for pattern in [*(defaults if by_default else ()), *(patterns or ())]:
        try:
            rules.append(_read_rule(pattern))
        except ConfigError as problem:
            problems.append(problem)
    if problems:
        hint = next((problem.hint for problem in problems if problem.hint), None)
        raise ConfigError("\n".join(problem.message for problem in problems), hint=hint)
    return Patterns(tuple(rules), by_default)


# -- choosing ----------------------------------------------------------------------------------


def _judge(
    rules: list[_Rule], counts: list[int], file: Candidate, by_default: bool
) -> tuple[int | None, str | None]:
    """The rule that takes a file, or the limit that keeps it out; counts what rules matched."""
    path = _text(file.path)
    taker: int | None = None
    reason: str | None = None
    for place, rule in enumerate(rules):
        if not rule.expression.match(path):
            continue
        if rule.kind is not None and (rule.kind == "text") != is_text(file.path, file.read_start):
            reason = BINARY if by_default and rule.takes and taker is None else reason
            continue
        broken = rule.broken_limit(file.size, counts[place])
        if broken is not None:
            reason = broken if rule.takes and taker is None else reason
            continue
        counts[place] += 1
        if rule.takes:
            taker, reason = place, None
        elif rule.size_limit() is None or taker is not None:
            taker, reason = None, rule.size_limit()
    return taker, reason


def _find_pruned(rules: list[_Rule], files: list[Candidate]) -> set[bytes]:
    """Folders that are not looked into, as far as that is not said by a folder above them."""
    if not rules:
        return set()
    marked = [
        None if rule.sentinel is None else _find_holders(rule.sentinel, files) for rule in rules
    ]
    counts = [0] * len(rules)
    pruned: set[bytes] = set()
    for folder in sorted(
        {folder for file in files for folder in _folders(file.path)}, key=_walk_order
    ):
        if not pruned.isdisjoint(_folders(folder)):
            continue
        for place, rule in enumerate(rules):
            holders = marked[place]
            if holders is not None and folder not in holders:
                continue
            if rule.broken_limit(0, counts[place]) or not rule.expression.match(_text(folder)):
                continue
            counts[place] += 1
            (pruned.discard if rule.takes else pruned.add)(folder)
    return pruned


def _find_holders(sentinel: str, files: list[Candidate]) -> set[bytes]:
    """The folders that hold a file or folder with such a path in them."""
    probe = max(re.split(r"\*\*/|[*?]", sentinel), key=len).encode("utf-8", "surrogateescape")
    inside = [compile_glob(glob, "/") for glob in (sentinel, f"{sentinel}/**/*")]
    return {
        folder
        for file in files
        if probe in file.path
        for folder in _folders(file.path)
        if any(glob.match(_text(file.path[len(folder) + 1 :])) for glob in inside)
    }


def _walk_order(path: bytes) -> tuple[list[bytes], bytes]:
    """Where a walk meets a path: a folder's files before those of the folders in it."""
    *folders, name = path.split(b"/")
    return folders, name


def _folders(path: bytes) -> Iterator[bytes]:
    """The folders that a path lies in."""
    while (cut := path.rfind(b"/")) > 0:
        path = path[:cut]
        yield path


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


# -- reading -----------------------------------------------------------------------------------


def _read_rule(pattern: str) -> _Rule:
    takes = not pattern.startswith("-")
    body = pattern[1:] if pattern.startswith(("-", "\\-")) else pattern
    body = body if takes else body.lstrip(" ")
    if body.startswith(_REGEX):
        text, words = _split_regex(body.removeprefix(_REGEX))
        expression = _compile_regex(pattern, text)
    else:
        text, words = _split_glob(pattern, body)
        expression = compile_glob(text, "/")
        if "dir" not in words and not re.search(r"[*?]", text):
            # A folder's name is said of all that is in it.
            expression = re.compile(f"{re.escape(text)}(?:/|\\Z)")
    if not text:
        raise ConfigError(
            f"pattern '{pattern}' names no file", hint="write '*' for all files of a folder"
        )
    return _add_tokens(_Rule(pattern, takes, expression), words)


def _split_glob(pattern: str, body: str) -> tuple[str, list[str]]:
    """A glob and the words behind it, split as a shell does."""
    try:
        words = shlex.split(body)
    except ValueError as error:
        raise ConfigError(f"pattern '{pattern}': {str(error).lower()}") from error
    glob = words[0].rstrip("/") if words else ""
    while glob.startswith("./"):
        glob = glob[2:].lstrip("/")
    return glob, words[1:]


def _split_regex(body: str) -> tuple[str, list[str]]:
    """A regular expression as it is, spaces too, and the tokens behind it."""
    words: list[str] = []
    text = body.strip(" ")
    while True:
        before, space, last = text.rpartition(" ")
        if not (space and _TOKEN.fullmatch(last)):
            return text, words
        words.insert(0, last)
        text = before.rstrip(" ")


def _compile_regex(pattern: str, text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        problem = str(error) or "nested too deeply"
        raise ConfigError(f"pattern '{pattern}' is no regular expression: {problem}") from error


def _add_tokens(rule: _Rule, words: list[str]) -> _Rule:
    for word in words:
        found = _TOKEN.fullmatch(word)
        if found is None:
            raise _refuse_word(rule.spelled, word)
        for name, text in found.groupdict().items():
            if text is not None:
                value: Any = text if name in ("kind", "sentinel") else int(text)
                rule = rule._replace(**{name: value})
    if rule.sentinel is not None and rule.kind != "dir":
        problem = f"pattern '{rule.spelled}' has a sentinel, which only a folder can hold"
        raise ConfigError(problem, hint=f"add 'dir': '{rule.spelled} dir'")
    if rule.size_limit() is not None and rule.kind == "dir":
        raise ConfigError(f"pattern '{rule.spelled}' has a size, which only a file has")
    return rule


def _refuse_word(pattern: str, word: str) -> ConfigError:
    from difflib import get_close_matches

    near = get_close_matches(word, _SPELLINGS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else "quote a name that has spaces"
    known = ", ".join(_SPELLINGS)
    return ConfigError(f"pattern '{pattern}' has '{word}', which is none of {known}", hint=hint)
