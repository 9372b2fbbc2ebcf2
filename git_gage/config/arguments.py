"""Words typed for a script's options, as the arguments that its parser reads."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.config.typed import as_value, guess_word, read_bool, read_word, shorten
from git_gage.config.values import Value, json_text
from git_gage.config.words import Word, read_as, refuse_choice, refuse_word
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.config.options import Option

# The only words with a dash in front that a parser takes for a value (argparse, parse_args).
_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+", re.ASCII)
MAX_COUNT = 1000
_PATTERNS = {None: "A", "?": "A?", "*": "A*", "+": "A+"}


def pass_options(
    options: Mapping[str, Option], words: Mapping[str, Word]
) -> tuple[tuple[str, ...], dict[str, Value], list[RequestError]]:
    """Arguments for the script, the value of every option, and what was wrong with some words."""
    config = {key: option.default for key, option in options.items() if option.default is not None}
    passed: dict[str, list[str]] = {}
    problems: list[RequestError] = []
    for key, word in words.items():
        try:
            passed[key], config[key] = _pass_option(options[key], word.text)
            config[key] = _force(options[key], word, config[key])
        except RequestError as problem:
            problems.append(problem)
    passed = {key: args for key, args in passed.items() if words[key].passed}
    placed = [option for option in options.values() if not (option.names or option.off_names)]
    missing = list(_find_missing(options, words))
    problems.extend(missing or _find_unclear(placed, passed))
    named = [arg for key, args in passed.items() if options[key] not in placed for arg in args]
    positional = [arg for option in placed for arg in passed.get(option.key, [])]
    in_order = {key: config[key] for key in options if key in config}
    return _arrange(positional, named), in_order, problems


def _force(option: Option, word: Word, value: Value) -> Value:
    """The value as the type that was asked for."""
    if word.type is None:
        return value
    try:
        return read_as(word.type, word.text)[1]
    except ValueError as error:
        raise refuse_word(option.key, word, option.kind, None) from error


def _arrange(positional: list[str], named: list[str]) -> tuple[str, ...]:
    """Positional arguments first: after an option of many words they would be more of them."""
    if any(arg.startswith("-") for arg in positional):
        return (*named, "--", *positional)
    return (*positional, *named)


def _pass_option(option: Option, word: str) -> tuple[list[str], Value]:
    match option.action:
        case "switch":
            return _switch(option, word)
        case "flag":
            on = _read(option, word)
            return [_name(option)] if on else [], as_value(on)
        case "count":
            return _count(option, word)
    if option.action == "store" and option.nargs in (None, "?"):
        value = _read(option, word)
        return _pair(option, _as_passed(option, word, value)), _as_recorded(option, word, value)
    parts = _split(option, word)
    values = [_read(option, part) for part in parts]
    passed = [_as_passed(option, *both) for both in zip(parts, values, strict=True)]
    value = as_value([*(option.base or []), *values])
    if option.action == "append":
        return [arg for part in passed for arg in _pair(option, part)], value
    return _list(option, passed), value


def _switch(option: Option, word: str) -> tuple[list[str], Value]:
    on = _read(option, word)
    value = as_value(on)
    names = option.names if on else option.off_names
    if names:
        return [_longest(names)], value
    if option.default == value:
        return [], value
    raise RequestError(f"'{option.key}' can only be switched {'off' if on else 'on'}")


def _count(option: Option, word: str) -> tuple[list[str], Value]:
    start = option.base or 0
    times = _read(option, word) - start
    if not 0 <= times <= MAX_COUNT:
        raise RequestError(f"'{option.key}' must be from {start} to {start + MAX_COUNT}")
    return [_name(option)] * times, as_value(start + times)


def _list(option: Option, words: list[str]) -> list[str]:
    """Arguments of an option that takes many words, or of a positional one."""
    if not option.names:
        return words
    if option.apart:
        return [_name(option), *words]
    if len(words) == 1:
        return _pair(option, words[0])
    for word in words:
        if word.startswith("-") and not _NEGATIVE.fullmatch(word):
            raise RequestError(f"'{option.key}' cannot have '{shorten(word)}' among its words")
    return [_name(option), *words]


def _split(option: Option, word: str) -> list[str]:
    """The words of an option that takes many: a JSON list, or split as a shell does."""
    try:
        parts = _read_list(word) or shlex.split(word)
    except ValueError as error:
        raise RequestError(f"'{option.key}': {str(error).lower()} in '{shorten(word)}'") from error
    count = option.nargs
    if isinstance(count, int) and len(parts) != count:
        raise RequestError(
            f"'{option.key}' needs {count} words, not {len(parts)}",
            hint=f"{option.key}='{' '.join(['<word>'] * count)}'",
        )
    if count == "+" and not parts:
        raise RequestError(f"'{option.key}' needs at least one word")
    return parts


def _read_list(word: str) -> list[str]:
    """The words of a JSON list, as the default of such an option is shown; none if it is none."""
    try:
        values = json.loads(word) if word.startswith("[") else []
    except (ValueError, RecursionError):
        return []
    if any(isinstance(value, list | dict) for value in values):
        return []
    return [value if isinstance(value, str) else json_text(value) for value in values]


def _read(option: Option, word: str) -> Any:
    """The value that the script's parser makes of a word, as far as that can be known."""
    if word == "--":
        raise RequestError(f"'{option.key}' cannot be '--', which argparse drops")
    try:
        value = _read_kind(option.kind, word)
    except ValueError as error:
        kind = "bool" if option.kind == "word" else option.kind
        default = option.default.text if option.default else None
        raise refuse_word(option.key, Word(word), kind, default) from error
    if option.choices is not None and option.kind != "any" and value not in option.choices:
        raise refuse_choice(option.key, word, option.choices)
    return value


def _read_kind(kind: str, word: str) -> Any:
    if kind in ("bool", "word"):
        return read_bool(word)
    if kind == "int":
        return int(word)  # as argparse does, to which 0x10 is no number
    return word if kind == "any" else read_word(kind, word)


def _as_passed(option: Option, word: str, value: Any) -> str:
    """The word as typed, but true and false so that any function reads them right."""
    if option.kind == "bool":
        return word if value else ""  # to Python bool("false") is true
    if option.kind == "word" and word.lower() not in ("true", "false"):
        return "true" if value else "false"
    return word


def _as_recorded(option: Option, word: str, value: Any) -> Value:
    if option.kind != "any":
        return as_value(value, word.strip())
    # What a function of the script's makes of it is, most likely, what its default is.
    guess = as_value(guess_word(word), word.strip())
    kind = option.default.type if option.default else "str"
    if guess.type == kind or (guess.type, kind) == ("int", "float"):
        return Value(kind, guess.text)
    return as_value(word)


def _find_missing(
    options: Mapping[str, Option], words: Mapping[str, Word]
) -> Iterator[RequestError]:
    for key, option in options.items():
        if option.required and key not in words:
            yield RequestError(f"'{key}' must be given", hint=f"{key}=<value>")


def _find_unclear(placed: list[Option], passed: Mapping[str, list[str]]) -> Iterator[RequestError]:
    """Positional arguments that the parser would give to another option than was meant."""
    wanted = [len(passed.get(option.key, [])) for option in placed]
    pattern = "".join(f"({_pattern(option.nargs)})" for option in placed)
    found = re.match(pattern, "A" * sum(wanted))
    given = [len(group) for group in found.groups()] if found else [-1] * len(placed)
    for option, got, meant in zip(placed, given, wanted, strict=True):
        if meant and got != meant:
            yield RequestError(f"'{option.key}' cannot be told from the arguments beside it")
            return


def _pattern(nargs: int | str | None) -> str:
    return "A" * nargs if isinstance(nargs, int) else _PATTERNS[nargs]


def _pair(option: Option, word: str) -> list[str]:
    if not option.names:
        return [word]
    if (
        word[:1] in ("-", "@") and not option.apart
    ):  # would be an option, or name a file of arguments
        return [f"{_name(option)}={word}"]
    return [_name(option), word]


def _name(option: Option) -> str:
    return _longest(option.names)


def _longest(names: tuple[str, ...]) -> str:
    """The name to pass: the first long one, if there is one."""
    return next((name for name in names if name.startswith("--")), names[0])
