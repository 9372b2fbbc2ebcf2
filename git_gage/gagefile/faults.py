"""Everything that is wrong in a gagefile or board, each fault with its place in the file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.documents import (
    DocumentError,
    Entry,
    Node,
    kind_of_file,
    line_column,
)
from git_gage.errors import ConfigError
from git_gage.gagefile.grammar import GAGEFILE
from git_gage.gagefile.patterns import Explain
from git_gage.gagefile.problem import ERROR, KEY, TABLE, VALUE, WARNING, Problem, dotted
from git_gage.gagefile.spellings import PRINTED
from git_gage.gagefile.twice import read_on

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.gagefile.grammar import Grammar
    from git_gage.gagefile.spellings import KeyPath

MAX_BYTES = 128_000
"""A file that is larger is none of a project's."""
# Keys that true and false are meant for; elsewhere `yes` is more likely a text.
_BOOLEAN_KEYS = (
    *("default", "sourcecode", "output-summary", "required", *PRINTED),
    *("link", "writeable", "optional"),
    *("hide", "row-group", "filter", "filter-select-all", "filter-search", "agg"),
)
_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[\w$.-]+')
# TOML wants quotes around `run[windows]` and `größe`.
_MARKED_KEY = re.compile(r"\s*([\w.-]+\[\w+\])\s*=")
_LETTERS = re.compile(r"[\w-]+")


Places = dict["KeyPath", Entry]
"""Where everything in a document stands, by the keys that lead to it."""


class Fault(NamedTuple):
    """One thing that is wrong in a file.

    line, column, end_column: from 1, in characters; the part from column to end_column, which is
    the first that is not part of it, is wrong. guess: what was meant, if it can be guessed.
    severity: error or warning. keys: what leads to the fault, so that what it spoils is known.
    """

    path: str
    line: int
    column: int
    end_column: int
    message: str
    guess: str | None
    source_line: str
    severity: str = ERROR
    keys: KeyPath = ()

    def text(self) -> str:
        """The fault in one line, with its place."""
        question = "" if self.question is None else f" ({self.question})"
        return f"{self.path}:{self.line}:{self.column}: {self.message}{question}"

    @property
    def question(self) -> str | None:
        """Whether the guess was meant."""
        if self.guess is None:
            return None
        plain = self.guess in ("true", "false") or self.guess.startswith('"')
        return f"did you mean {self.guess}?" if plain else f"did you mean '{self.guess}'?"

    def to_json(self) -> dict[str, str | int | None]:
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "end_column": self.end_column,
            "severity": self.severity,
            "message": self.message,
            "guess": self.guess,
        }


def read_file(path: Path, shown: str, what: str) -> tuple[bytes, str]:
    """The content of a gagefile or board, as far as it may go, and its kind.

    Raises: ConfigError if it cannot be read, or its name does not say what it is.
    """
    kind = kind_of_file(path.name)
    if kind is None:
        raise ConfigError(
            f"'{shown}' is no {what}: its name must end in .toml, .yaml, .yml, .json or .jsonc"
        )
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1), kind
    except OSError as error:
        raise ConfigError(f"cannot read '{shown}': {(error.strerror or '').lower()}") from error


def find_faults(
    data: bytes,
    kind: str,
    path: str,
    explain: Explain | None = None,
    grammar: Grammar = GAGEFILE,
) -> list[Fault]:
    """All faults of a file of a kind (toml, json or yaml), by their place.

    path: the file's name, for the faults; explain: who knows what is wrong with patterns, filters;
    grammar: what the file must be.
    """
    if len(data) > MAX_BYTES:
        return [Fault(path, 1, 1, 2, f"larger than {MAX_BYTES:,} bytes", None, "")]
    tree, errors = read_on(data, kind)
    found = [_syntax_fault(data, path, error) for error in errors]
    if tree is None:
        return _in_order(found)
    if kind == "json" and not data.strip():
        return [Fault(path, 1, 1, 2, "the file is empty: JSON needs at least '{}'", None, "")]
    places = dict(_find_places(tree, ()))
    problems = _find_problems(plain(tree.value), places, explain or Explain(), grammar)
    twice = {error.offset for error in errors}
    renamed = {keys for keys, entry in places.items() if entry.key_start in twice}
    found += [
        _locate(data, path, tree, places.get(problem.path), problem)
        for problem in problems
        if not any(problem.path[: len(keys)] == keys for keys in renamed)
    ]
    return _in_order(found)


def _in_order(faults: list[Fault]) -> list[Fault]:
    return sorted(set(faults), key=lambda fault: (fault.line, fault.column, fault.message))


def plain(value: Any) -> Any:
    """A document as plain JSON values: a date is the text that it would be."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value


def _find_problems(
    document: Any, places: Places, explain: Explain, grammar: Grammar
) -> list[Problem]:
    from git_gage.gagefile.schema import judge

    problems = judge(document, grammar)
    if isinstance(document, dict):
        spoiled = {
            problem.path[:length] for problem in problems for length in range(len(problem.path) + 1)
        }
        problems += grammar.rules(document, lambda path: path not in spoiled, explain)
    words = {problem.path: problem for problem in _find_words(places)}
    for number, problem in enumerate(problems):
        word = words.pop(problem.path, None)
        if word is not None and problem.at == VALUE:
            problems[number] = problem._replace(guess=problem.guess or word.guess)
    return [*problems, *words.values()]


def _find_words(places: Places) -> Iterator[Problem]:
    """Values that are not what they are spelled like: `yes` in YAML, a version 1.10."""
    for path, entry in places.items():
        node = entry.node
        if node.kind == "bool" and node.spelled.lower() not in ("true", "false"):
            value = "true" if node.value else "false"
            message = f"'{node.spelled}' is read as {value} by YAML 1.1"
            guess = value if path[-1] in _BOOLEAN_KEYS else f'"{node.spelled}"'
            yield Problem(path, VALUE, message, guess, WARNING)
        elif node.kind == "float" and path[1:] == ("version",) and node.spelled != str(node.value):
            message = f"'{dotted(path)}' is the number {node.value}, not the text it looks like"
            yield Problem(path, VALUE, message, f'"{node.spelled}"', WARNING)


def _find_places(node: Node, at: KeyPath) -> Iterator[tuple[KeyPath, Entry]]:
    for entry in node.entries:
        path = (*at, entry.key)
        yield path, entry
        yield from _find_places(entry.node, path)


def _syntax_fault(data: bytes, path: str, error: DocumentError) -> Fault:
    token = _TOKEN.match(data, error.offset)
    end = None if token is None else token.end()
    fault = _place(data, path, Problem((), VALUE, error.message), error.offset, end)
    marked = _MARKED_KEY.match(fault.source_line)
    if marked is not None:
        return fault._replace(guess=f'"{marked[1]}"')
    word = _LETTERS.match(fault.source_line, fault.column - 1)
    if word is None or word[0].isascii() or "quotes" not in fault.message:
        return fault
    return fault._replace(end_column=word.end() + 1, guess=f'"{word[0]}"')


def _locate(data: bytes, path: str, tree: Node, entry: Entry | None, problem: Problem) -> Fault:
    if entry is None:  # it is the document itself
        return _place(data, path, problem, tree.start, tree.end)
    start, end = _span(entry, problem.at)
    return _place(data, path, problem, start, end)


def _span(entry: Entry, at: str) -> tuple[int, int]:
    by_name = isinstance(entry.key, str)
    if by_name and at in (KEY, TABLE):
        return entry.key_start, entry.key_end
    return entry.node.start, entry.node.end


def _place(data: bytes, path: str, problem: Problem, start: int, end: int | None = None) -> Fault:
    line, column = line_column(data, start)
    first = data.rfind(b"\n", 0, start) + 1
    last = data.find(b"\n", start)
    source = data[first : len(data) if last < 0 else last]
    text = source.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r")
    end_line, end_column = line_column(data, start + 1 if end is None else end)
    if end_line != line:
        end_column = len(text) + 1
    return Fault(
        path=path,
        line=line,
        column=column,
        end_column=max(end_column, column + 1),
        message=problem.message,
        guess=problem.guess,
        source_line=text,
        severity=problem.severity,
        keys=problem.path,
    )
