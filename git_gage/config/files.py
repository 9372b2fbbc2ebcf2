"""Config of an operation: the one door to values in files, on the command line and declared.

Source: docs/gagefile.md, "Config".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.config.declared import check_value, default_word, read_declared
from git_gage.config.edits import to_python
from git_gage.config.model import Operation
from git_gage.config.script import describe_changes
from git_gage.config.search import FileKey, Key, Keys, find_keys
from git_gage.config.words import Known, Word, match_words, raise_problems
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.config.opened import Changed
    from git_gage.config.values import Value

__all__ = ["AppliedFiles", "FileKey", "Key", "Keys", "Operation", "apply", "find_keys"]


class AppliedFiles(NamedTuple):
    """Config, applied. replaced: files with other content; argv: arguments for scripts, by file.

    config: the value of every key; of one whose files hold different values, one for each place
    (`train.py#lr`). warnings: those of the keys, and values that a script may set again.
    """

    replaced: Mapping[str, bytes]
    argv: Mapping[str, tuple[str, ...]]
    config: Mapping[str, Value]
    diff: str | None
    warnings: tuple[str, ...]


def apply(keys: Keys, assignments: Sequence[str], others: Iterable[str] = ()) -> AppliedFiles:
    """The files and arguments of a run with `key=value` words applied.

    others: what else can be set on the command line, by somebody else.
    A key may be given with its file (`train.py#lr=0.1`), which says more than the key alone.
    Raises: RequestError that names everything that is wrong with the words.
    """
    words, problems = match_words(_as_known(keys, others), assignments)
    problems += _find_missing(keys, words)
    words = _declared_words(keys, words)
    changed: dict[str, Changed] = {}
    for path, chosen in _sort_by_file(keys, words).items():
        problems += _find_twice(path, chosen)
        changed[path] = keys.files[path].change(
            {key: word for key, (_, word) in chosen.items()},
            {key: place.name for key, (place, _) in chosen.items()},
        )
        problems += changed[path].problems
    config, wrong = _read_config(keys, words, changed)
    raise_problems([*problems, *wrong])
    files = [(path, keys.files[path], after) for path, after in sorted(changed.items())]
    return AppliedFiles(
        {path: new.content for path, old, new in files if new.content != old.content},
        {path: new.argv for path, _, new in files if new.argv},
        config,
        describe_changes(
            [(path, old.content, new.content, old.encoding) for path, old, new in files]
        ),
        (*keys.warnings, *(warning for _, _, new in files for warning in new.warnings)),
    )


def _as_known(keys: Keys, others: Iterable[str]) -> Known:
    origins = {place.origin for key in keys.known.values() for place in key.places}

    def find(typed: str) -> str | None:
        key = typed.replace("-", "_")
        if typed in keys.known or typed in origins:
            return typed
        return key if key in keys.known else keys.aliases.get(key)

    owner = f"operation '{keys.operation}'"
    return Known(owner, [*keys.known, *others], find, keys.aliases, keys.refused)


def _find_missing(keys: Keys, words: Mapping[str, Word]) -> Iterator[RequestError]:
    for key in keys.known.values():
        given = key.name in words or any(place.origin in words for place in key.places)
        if key.is_required and not given:
            yield RequestError(f"'{key.name}' must be given", hint=f"{key.name}=<value>")


def _declared_words(keys: Keys, words: Mapping[str, Word]) -> dict[str, Word]:
    """Words with the types that are declared, and the defaults that files must get."""
    found: dict[str, Word] = {}
    for key in keys.known.values():
        for name in (key.name, *(place.origin for place in key.places)):
            declared = key.declared
            if name in words:
                kind = words[name].type or (declared.type if declared is not None else None)
                found[name] = words[name]._replace(type=kind)
            elif name == key.name and key.places and declared is not None and declared.has_default:
                found[name] = default_word(declared)
    return found


def _sort_by_file(
    keys: Keys, words: Mapping[str, Word]
) -> dict[str, dict[str, tuple[FileKey, Word]]]:
    """The words for each file; a word for a key in one file goes before that for the key alone."""
    found: dict[str, dict[str, tuple[FileKey, Word]]] = {}
    for key in keys.known.values():
        for place in key.places:
            name = place.origin if place.origin in words else key.name
            if name in words:
                word = words[name]._replace(passed=place.passed)
                found.setdefault(place.path, {})[name] = (place, word)
    return found


def _find_twice(path: str, chosen: Mapping[str, tuple[FileKey, Word]]) -> Iterator[RequestError]:
    """Keys of other names for one place, given other values."""
    seen: dict[str, tuple[str, Word]] = {}
    for key, (place, word) in chosen.items():
        other, same = seen.setdefault(place.name, (key, word))
        if same.text != word.text:
            yield RequestError(f"'{other}' and '{key}' are the same value in '{path}'")


def _read_config(
    keys: Keys, words: Mapping[str, Word], changed: Mapping[str, Changed]
) -> tuple[dict[str, Value], list[RequestError]]:
    """The values of all keys, and what is wrong with those that were set."""
    config: dict[str, Value] = {}
    problems: list[RequestError] = []
    for key in keys.known.values():
        try:
            values = dict(_read_key(key, words, changed))
        except RequestError as problem:
            problems.append(problem)
            continue
        found = list(values.values())
        alike = all(_is_same(found[0], other) for other in found)
        config |= {key.name: found[0]} if found and alike else values
        problems += _find_unfit(key, words, values)
        if key.name in keys.fields and key.name not in config and not key.is_required:
            message = f"'{key.name}' must be given: exec has it as '{{{key.name}}}'"
            problems.append(RequestError(message, hint=f"{key.name}=<value>"))
    return config, problems


def _is_same(value: Value, other: Value) -> bool:
    """Whether two values are equal, whatever their spelling."""
    found, same = to_python(value), to_python(other)
    return value == other or (found == same and isinstance(found, bool) == isinstance(same, bool))


def _find_unfit(
    key: Key, words: Mapping[str, Word], values: Mapping[str, Value]
) -> Iterator[RequestError]:
    """Values that are not what was declared."""
    for name, value in values.items():
        word = words.get(name, words.get(key.name))
        if word is not None and key.declared is not None:
            yield from check_value(key.declared, key.name, word.text, value)


def _read_key(
    key: Key, words: Mapping[str, Word], changed: Mapping[str, Changed]
) -> Iterator[tuple[str, Value]]:
    """The value of a key in each of its places; of one that no file has, as it was declared."""
    for place in key.places:
        after = changed.get(place.path)
        value = place.value if after is None else after.values.get(place.name)
        if value is not None:
            yield place.origin, value
    if not key.places and key.declared is not None:
        word = words.get(key.name)
        value = read_declared(key.declared, word) if word is not None else key.default
        if value is not None:
            yield key.name, value
