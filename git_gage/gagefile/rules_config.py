"""What the declared config keys of an operation may not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from git_gage.config.keys import parse_key_patterns
from git_gage.errors import ConfigError
from git_gage.gagefile.operations import is_declared
from git_gage.gagefile.patterns import check_text
from git_gage.gagefile.problem import KEY, VALUE, Problem, closest, dotted, quoted
from git_gage.gagefile.spellings import CONFIG_TYPES, KeyPath, iter_config, iter_items

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "null": (type(None),),
}
_NEEDED = {
    "int": "an integer",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "null": "null",
}


def check_config(
    table: Mapping[str, Any], at: KeyPath, clean: Callable[[KeyPath], bool]
) -> Iterator[Problem]:
    """What is wrong with the declared keys of an operation."""
    seen: dict[str, KeyPath] = {}
    for inner, item in iter_config(table):
        path = (*at, *inner)
        yield from _check_patterns(item, path)
        if not is_declared(item) or not clean((*path, "name")):
            continue
        sound = {key: value for key, value in item.items() if clean((*path, key))}
        name = item["name"]
        if name in seen:
            message = f"config key {quoted(name)} is declared twice: see '{dotted(seen[name])}'"
            yield Problem((*path, "name"), VALUE, message)
        seen.setdefault(name, path)
        # Of a type that is not known anything may be meant.
        kind = (
            CONFIG_TYPES[sound["type"]] if "type" in sound else "json" if "type" in item else None
        )
        yield from _check_key(sound, kind, path)


def _check_patterns(item: Any, path: KeyPath) -> Iterator[Problem]:
    by_table = isinstance(item, Mapping)
    keys, place = (item.get("keys", []), (*path, "keys")) if by_table else (item, path)
    for inner, pattern in iter_items(keys, place):
        if isinstance(pattern, str) and pattern:
            yield from check_text(pattern, inner, _explain_keys)


def _explain_keys(pattern: str) -> str | None:
    try:
        parse_key_patterns([pattern])
    except ConfigError as error:
        return error.message
    return None


def _check_key(item: Mapping[str, Any], kind: str | None, path: KeyPath) -> Iterator[Problem]:
    lowest, highest = item.get("min"), item.get("max")
    if (lowest is not None or highest is not None) and kind not in (None, "int", "float", "json"):
        bound = "min" if lowest is not None else "max"
        message = f"'{dotted((*path, bound))}' needs type int or float, not {kind}"
        yield Problem((*path, bound), KEY, message)
        return
    if lowest is not None and highest is not None and lowest > highest:
        message = f"'{dotted((*path, 'max'))}' is less than min: {highest} < {lowest}"
        yield Problem((*path, "max"), VALUE, message)
        return
    if item.get("required") and "default" in item:
        message = f"'{dotted(path)}' has a default, and so cannot be required"
        yield Problem((*path, "required"), KEY, message)
    for number, choice in enumerate(item.get("choices", [])):
        yield from _check_value(choice, item, kind, (*path, "choices", number))
    if "default" in item:
        yield from _check_default(item, kind, (*path, "default"))


def _check_default(item: Mapping[str, Any], kind: str | None, path: KeyPath) -> Iterator[Problem]:
    value = item["default"]
    if value is None:
        return
    wrong = list(_check_value(value, item, kind, path))
    yield from wrong
    if not wrong and "choices" in item and not _is_among(value, item["choices"]):
        words = ", ".join(map(quoted, item["choices"]))
        message = f"'{dotted(path)}' is not among its choices: {words}"
        yield Problem(path, VALUE, message, closest(value, filter(_is_text, item["choices"])))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_among(value: Any, choices: list[Any]) -> bool:
    return any(value == choice and _same_kind(value, choice) for choice in choices)


def _same_kind(value: Any, other: Any) -> bool:
    # True == 1, which nobody means.
    return isinstance(value, bool) == isinstance(other, bool)


def _check_value(
    value: Any, item: Mapping[str, Any], kind: str | None, path: KeyPath
) -> Iterator[Problem]:
    name = dotted(path)
    if kind in _TYPES and not _has_type(value, kind):
        yield Problem(path, VALUE, f"'{name}' must be {_NEEDED[kind]}, not {quoted(value)}")
        return
    lowest, highest = item.get("min"), item.get("max")
    if lowest is None and highest is None:
        return
    if not _has_type(value, "float"):
        yield Problem(path, VALUE, f"'{name}' must be a number, not {quoted(value)}")
    elif lowest is not None and value < lowest:
        yield Problem(path, VALUE, f"'{name}' is less than min: {value} < {lowest}")
    elif highest is not None and value > highest:
        yield Problem(path, VALUE, f"'{name}' is greater than max: {value} > {highest}")


def _has_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _TYPES[kind])
