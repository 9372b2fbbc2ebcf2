"""Config keys of an operation, found in the files of a project and declared.

Source: docs/gagefile.md, "Config".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.config.declared import default_of
from git_gage.config.keys import choose_files, is_glob, parse_key_patterns
from git_gage.config.opened import Opened, open_file
from git_gage.config.passing import read_command
from git_gage.errors import ConfigError

if TYPE_CHECKING:
    from git_gage.config.edits import Place
    from git_gage.config.keys import FilePatterns, KeyPattern
    from git_gage.config.model import Declared, Operation, Section
    from git_gage.config.values import Value


class FileKey(NamedTuple):
    """A place in a file that a key sets; the path is relative to the project's folder.

    name: what the place is called in the file; value: what it holds, None where nothing says.
    passed: whether the file, a script, is given a new value as an argument.
    """

    key: str
    path: str
    name: str
    place: Place
    value: Value | None
    passed: bool = False
    choices: tuple[object, ...] | None = None

    @property
    def origin(self) -> str:
        """The place as people write it: `train.py#lr`."""
        return f"{self.path}#{self.name}"


class Key(NamedTuple):
    """A key as the user types it: the places that it sets, and what is declared about it.

    default: the value that it has if it is not given; None if there is none, or not the same in
    all places.
    """

    name: str
    places: tuple[FileKey, ...]
    declared: Declared | None
    description: str | None
    default: Value | None

    @property
    def is_required(self) -> bool:
        """Whether it must be given, as it was declared."""
        return self.declared is not None and self.declared.required


class Keys(NamedTuple):
    """The keys of an operation by name. warnings: patterns that mean nothing, and why.

    files: those that were opened; aliases: other spellings of keys; refused: why others are none;
    fields: what exec has as `{name}`.
    """

    operation: str
    known: Mapping[str, Key]
    files: Mapping[str, Opened]
    aliases: Mapping[str, str]
    refused: Mapping[str, str]
    warnings: tuple[str, ...]
    fields: frozenset[str]


def find_keys(
    operation: Operation, files: Callable[[str], bytes | None], names: Sequence[str]
) -> Keys:
    """The config keys of an operation, with what they are in the project now.

    files: the content of a file of the project, None if it is not there; names: its files.
    Raises: ConfigError for a pattern that is none, or a file that is named and cannot be read.
    """
    search = _Search(operation, files, names)
    for section in operation.config_files:
        search.look_in(section)
    return search.finish(operation.config_keys)


class _Search:
    """Looks for keys in one section of config after the other."""

    def __init__(
        self,
        operation: Operation,
        files: Callable[[str], bytes | None],
        names: Sequence[str],
    ) -> None:
        self._operation = operation.name
        self._command = read_command(operation)
        self._read = files
        self._names = names
        self._opened: dict[str, Opened | None] = {}
        self._places: dict[str, list[FileKey]] = {}
        self._descriptions: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._warnings: list[str] = []

    def look_in(self, section: Section) -> None:
        patterns = parse_key_patterns(section.patterns)
        named = {each.files for each in patterns if each.takes and each.files} - {None}
        literal = {name for name in named if not is_glob(name)}
        names = self._names if literal != named else ()
        taken: dict[str, Sequence[str]] = {}
        rename = _Rename(section)
        for path, chosen in choose_files(patterns, [*names, *literal]).items():
            opened = self._open(path, is_named=path in literal)
            if opened is not None:
                taken[path] = self._add_keys(section, path, opened, chosen, rename)
        for pattern in patterns:
            self._note_empty(pattern, taken)
        for old in rename.unused if taken else ():
            self._warn(True, f"config key '{old}' is renamed, and is not there")

    def finish(self, declared: Iterable[Declared]) -> Keys:
        by_name = {key.name: key for key in declared}
        known = {
            name: Key(
                name,
                tuple(self._places.get(name, ())),
                key := by_name.get(name),
                (key and key.description) or self._descriptions.get(name),
                default_of(key, [place.value for place in self._places.get(name, ())]),
            )
            for name in dict.fromkeys([*self._places, *by_name])
        }
        opened = {path: file for path, file in self._opened.items() if file is not None}
        return Keys(
            self._operation,
            known,
            opened,
            self._aliases,
            self._refused,
            tuple(self._warnings),
            self._command.fields,
        )

    def _open(self, path: str, *, is_named: bool) -> Opened | None:
        if path not in self._opened:
            self._opened[path] = self._try_open(path, is_named=is_named)
        return self._opened[path]

    def _try_open(self, path: str, *, is_named: bool) -> Opened | None:
        content = self._read(path)
        if content is None:
            self._warn(is_named, f"config file '{path}' is not there")
            return None
        try:
            opened = open_file(path, content, no_options=self._command.keeps_all_from(path))
        except ConfigError as error:
            if is_named:
                raise ConfigError(error.message) from error
            self._warn(True, f"no config is taken from {error.message}")
            return None
        if opened is None:
            self._warn(is_named, f"no config can be read from '{path}': its format has none")
        return opened

    def _warn(self, matters: bool, message: str) -> None:
        if matters and message not in self._warnings:
            self._warnings.append(message)

    def _add_keys(
        self,
        section: Section,
        path: str,
        opened: Opened,
        patterns: FilePatterns,
        rename: _Rename,
    ) -> Sequence[str]:
        """Take what the patterns choose of a file; its names there."""
        names = patterns.choose(opened.values, opened.wholes)
        rename.alone = len(names) == 1
        for name in names:
            self._add_key(section, rename(name), path, name, opened)
        for alias, name in opened.aliases.items():
            if name in names:
                self._aliases.setdefault(alias, rename(name))
        for name in patterns.choose(opened.refused):
            self._refused.setdefault(rename(name), f"in '{path}', {opened.refused[name]}")
        for pattern in patterns.taking:
            self._note_unused(pattern, path, opened, names)
        return names

    def _add_key(self, section: Section, key: str, path: str, name: str, opened: Opened) -> None:
        option = opened.options.get(name)
        value = opened.values.get(name, opened.wholes.get(name))
        passed = False
        if option is not None and key not in self._command.fields:
            reason = self._command.keeps_from(path, option)
            if reason is not None:
                self._refused.setdefault(key, f"in '{path}', {reason}")
                return
            passed = True
        places = self._places.setdefault(key, [])
        if all((place.path, place.name) != (path, name) for place in places):
            choices = option.choices if option is not None else None
            where = opened.places[name]
            places.append(FileKey(key, path, name, where, value, passed, choices))
        if section.description is not None:
            self._descriptions.setdefault(key, section.description)

    def _note_unused(
        self, pattern: KeyPattern, path: str, opened: Opened, names: Sequence[str]
    ) -> None:
        """A key that is spelled out, in a file that is, must be there."""
        key = pattern.keys
        if not key or is_glob(key) or pattern.files != path or key in names:
            return
        reason = f": {opened.refused[key]}" if key in opened.refused else ""
        self._warn(True, f"config key '{key}' of '{path}' is not there{reason}")

    def _note_empty(self, pattern: KeyPattern, taken: Mapping[str, Sequence[str]]) -> None:
        """Wildcards that were written behind `#` are there to find something."""
        if not pattern.takes or pattern.keys in (None, "*") or not is_glob(pattern.keys):
            return
        files = [names for path, names in taken.items() if pattern.has_file(path)]
        if files and not any(pattern.has_key(name) for names in files for name in names):
            self._warn(True, f"config pattern '{pattern.files}#{pattern.keys}' takes no key")


class _Rename:
    """Turns the names of a file's keys into those that the user types.

    A key that `rename` names is called as it says, the others lose one prefix and gain another.
    `alone`: whether the file at hand has one key only; `unused`: what was to be renamed, until it
    is found.
    """

    def __init__(self, section: Section) -> None:
        self._renamed: dict[str, str] = {}
        for old, new in section.rename.items():
            words = new.split()
            pair = words if old == "*" and len(words) == 2 else (old, new)
            self._renamed.update([(pair[0], pair[1])])
        self._strip = section.strip_prefix or ""
        self._prefix = section.prefix or ""
        self.alone = False
        self.unused = dict.fromkeys(old for old in self._renamed if old != "*")

    def __call__(self, name: str) -> str:
        short = name.removeprefix(self._strip).removeprefix("." if self._strip else "") or name
        for known in (name, short):
            above = (old for old in self._renamed if old.endswith(".") and known.startswith(old))
            for old in (known, *above):
                if old in self._renamed:
                    self.unused.pop(old, None)
                    return self._renamed[old] + known.removeprefix(old)
        if self.alone and "*" in self._renamed:
            return self._renamed["*"]
        return self._prefix + short
