"""A file with config values, opened: what can be set in it, and the file with values set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from git_gage.config.arguments import pass_options
from git_gage.config.constants import change_constants, find_constants, reread
from git_gage.config.documents import DocumentError
from git_gage.config.edits import Place, name_place
from git_gage.config.formats import change_values, format_of, list_values, list_wholes
from git_gage.config.options import Option, find_options
from git_gage.config.script import Script, parse_script
from git_gage.config.words import Word, read_as, refuse_word
from git_gage.errors import ConfigError, RequestError

if TYPE_CHECKING:
    from git_gage.config.values import Value


class Changed(NamedTuple):
    """A file with values set. values: of all that can be set, by name, as they are now.

    argv: what the file, a script, is to be given for its options.
    """

    content: bytes
    values: Mapping[str, Value]
    argv: tuple[str, ...]
    problems: tuple[RequestError, ...]
    warnings: tuple[str, ...]


class Opened(Protocol):
    """A file of some format. Names are those of places, joined by dots.

    values: plain values, None for one that is nowhere said; wholes: lists and the like, which can
    be set as a whole; options: those of a script, by name; aliases: their other spellings;
    refused: why other names cannot be set; encoding: what its text is in.
    """

    content: bytes
    encoding: str
    places: Mapping[str, Place]
    values: Mapping[str, Value | None]
    wholes: Mapping[str, Value]
    options: Mapping[str, Option]
    aliases: Mapping[str, str]
    refused: Mapping[str, str]

    def change(self, words: Mapping[str, Word], inner: Mapping[str, str]) -> Changed:
        """The file with words set; `inner` are the names that their keys have here."""


def open_file(path: str, content: bytes, *, no_options: str | None = None) -> Opened | None:
    """A file as something with values; None if its format is none that has them.

    no_options: why options of a script cannot be given, None if they can.

    Raises: ConfigError with file and line if it cannot be read.
    """
    if path.endswith(".py"):
        return _ScriptFile(path, content, no_options)
    return None if format_of(path) is None else _ValuesFile(path, content)


class _ScriptFile:
    """A Python script: its constants and the options of its parser."""

    def __init__(self, path: str, content: bytes, no_options: str | None) -> None:
        self._script = parse_script(content, path)
        constants, refused = find_constants(self._script)
        found = find_options(self._script)
        if found is not None and no_options is not None:
            refused |= {name: no_options for name in found.known if name not in constants}
            found = None
        self.content = content
        self.encoding = self._script.encoding
        self.options: Mapping[str, Option] = found.known if found else {}
        self.aliases: Mapping[str, str] = found.aliases if found else {}
        self.refused: Mapping[str, str] = refused | (found.refused if found else {})
        self._constants = constants
        self.places: Mapping[str, Place] = {
            **{name: constant.place for name, constant in constants.items()},
            **{name: (name,) for name in self.options},
        }
        self.values: Mapping[str, Value | None] = {
            **{name: each.value for name, each in constants.items() if each.is_leaf},
            **{name: option.default for name, option in self.options.items()},
        }
        self.wholes: Mapping[str, Value] = {
            name: each.value for name, each in constants.items() if not each.is_leaf
        }

    def change(self, words: Mapping[str, Word], inner: Mapping[str, str]) -> Changed:
        options = {
            key: self.options[inner[key]]._replace(key=key, required=False)
            for key in words
            if inner[key] in self.options
        }
        constants = {key: self._constants[inner[key]] for key in words if key not in options}
        content, given, wrong = change_constants(
            self._script, constants, {key: words[key] for key in constants}
        )
        argv, passed, unfit = pass_options(options, {key: words[key] for key in options})
        values = {} if wrong else reread(self._script, content, self._constants)
        values |= _defaults_after(self._script, content, self.options)
        values |= {inner[key]: value for key, value in (given | passed).items()}
        warnings = [
            f"'{key}' of '{self._script.filename}' may not stay as it is set: {constant.doubt}"
            for key, constant in constants.items()
            if constant.doubt
        ]
        return Changed(content, values, argv, (*wrong, *unfit), tuple(warnings))


def _defaults_after(
    script: Script, changed: bytes, options: Mapping[str, Option]
) -> dict[str, Value]:
    """Defaults of options in the changed script: they may be its constants."""
    if changed != script.source and options:
        found = find_options(parse_script(changed, script.filename))
        assert found is not None
        options = {name: each for name, each in found.known.items() if name in options}
    return {name: each.default for name, each in options.items() if each.default is not None}


class _ValuesFile:
    """A file that holds nothing but values."""

    encoding = "utf-8"
    options: Mapping[str, Option] = {}
    aliases: Mapping[str, str] = {}
    refused: Mapping[str, str] = {}

    def __init__(self, path: str, content: bytes) -> None:
        self.content = content
        self._path = path
        values, wholes = self._list(content), list_wholes(content, path)
        self.values: Mapping[str, Value | None] = _by_name(values)
        self.wholes: Mapping[str, Value] = _by_name(wholes)
        self.places: Mapping[str, Place] = {
            name_place(place): place for place in (*wholes, *values)
        }

    def change(self, words: Mapping[str, Word], inner: Mapping[str, str]) -> Changed:
        problems: list[RequestError] = []
        changes: dict[Place, Value] = {}
        for key, word in words.items():
            old = self.values.get(inner[key]) or self.wholes[inner[key]]
            try:
                changes[self.places[inner[key]]] = read_as(word.type or old.type, word.text)[1]
            except ValueError:
                problems.append(refuse_word(key, word, old.type, old.text))
        content = self.content
        try:
            content = change_values(self.content, self._path, changes)
        except RequestError as problem:
            problems.append(problem)
        after = {**list_wholes(content, self._path), **self._list(content)}
        return Changed(content, _by_name(after), (), tuple(problems), ())

    def _list(self, content: bytes) -> dict[Place, Value]:
        try:
            return list_values(content, self._path)
        except DocumentError as error:
            place = f"{self._path}:{error.line}:{error.column}"
            raise ConfigError(f"{place}: {error.message}", hint=error.hint) from error


def _by_name(values: Mapping[Place, Value]) -> dict[str, Value]:
    return {name_place(place): value for place, value in values.items()}
