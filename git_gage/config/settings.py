"""What can be set about a script, and a run's words applied to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.config.constants import Constant
    from git_gage.config.options import Option
    from git_gage.config.script import Script
    from git_gage.config.values import Value

_MANY = 30


class ScriptSettings(NamedTuple):
    """A script with its options or, without an argparse parser, its constants.

    kind: "option" or "constant"; aliases: other spellings of keys; refused: why other names are no
    settings.
    """

    kind: str
    script: Script
    options: Mapping[str, Option]
    constants: Mapping[str, Constant]
    aliases: Mapping[str, str]
    refused: Mapping[str, str]


class Applied(NamedTuple):
    """A run's words, applied: `argv` goes behind the script, `source` are its bytes to run.

    config: the value of every setting that is known; diff: unified, None if no byte changed.
    """

    argv: tuple[str, ...]
    source: bytes
    config: Mapping[str, Value]
    diff: str | None


def find_settings(source: bytes, filename: str) -> ScriptSettings:
    """The settings of a Python script: its argparse options, else its top-level constants.

    Raises: ConfigError with file and line if the script cannot be read.
    """
    from git_gage.config.constants import find_constants
    from git_gage.config.options import find_options
    from git_gage.config.script import parse_script

    script = parse_script(source, filename)
    options = find_options(script)
    if options is not None:
        return ScriptSettings("option", script, options.known, {}, options.aliases, options.refused)
    constants, refused = find_constants(script)
    return ScriptSettings("constant", script, {}, constants, {}, refused)


def apply_settings(settings: ScriptSettings, assignments: Sequence[str]) -> Applied:
    """The script with `key=value` words applied: as arguments, or in its bytes.

    Raises: RequestError that names everything that is wrong with them.
    """
    from git_gage.config.arguments import pass_options
    from git_gage.config.constants import change_constants
    from git_gage.config.script import describe_change

    words, problems = _match(settings, assignments)
    if settings.kind == "constant":
        source, config, wrong = change_constants(settings.script, settings.constants, words)
        argv: tuple[str, ...] = ()
    else:
        source = settings.script.source
        argv, config, wrong = pass_options(settings.options, words)
    problems += wrong
    if problems:
        hint = next((problem.hint for problem in problems if problem.hint), None)
        raise RequestError("\n".join(problem.message for problem in problems), hint=hint)
    return Applied(argv, source, config, describe_change(settings.script, source))


def _match(
    settings: ScriptSettings, assignments: Sequence[str]
) -> tuple[dict[str, str], list[RequestError]]:
    """The word for each key, and what is wrong with the assignments as such."""
    words: dict[str, str] = {}
    problems: list[RequestError] = []
    unknown: list[str] = []
    for assignment in assignments:
        typed, equals, word = assignment.partition("=")
        key = _find_key(settings, typed)
        if not (typed and equals):
            hint = f"{typed}=<value>" if typed else None
            problems.append(RequestError(f"'{assignment}' is not <name>=<value>", hint=hint))
        elif key is None:
            unknown.append(typed)
        elif key in words:
            problems.append(RequestError(f"'{key}' is given twice"))
        else:
            words[key] = word
    return words, [*_refuse_unknown(settings, unknown), *problems, *_refuse_bytes(words)]


def _find_key(settings: ScriptSettings, typed: str) -> str | None:
    if typed in settings.constants:
        return typed
    key = typed.replace("-", "_")
    return key if key in settings.options else settings.aliases.get(key)


def _refuse_unknown(settings: ScriptSettings, unknown: list[str]) -> Iterator[RequestError]:
    name = settings.script.filename
    nowhere = []
    for typed in unknown:
        reason = settings.refused.get(typed.replace("-", "_"))
        if reason is None:
            nowhere.append(typed)
            continue
        hint = f"git gage run -- python3 {name} <arguments>" if settings.kind == "option" else None
        yield RequestError(f"'{typed}' of '{name}' cannot be set: {reason}", hint=hint)
    if nowhere:
        known = [*settings.options, *settings.constants]
        names = "settings " if len(nowhere) > 1 else "setting "
        names += ", ".join(f"'{typed}'" for typed in nowhere)
        yield RequestError(
            f"unknown {names} for '{name}' ({_list_known(known)})",
            hint=_guess(nowhere, [*known, *settings.aliases]),
        )


def _refuse_bytes(words: Mapping[str, str]) -> Iterator[RequestError]:
    from git_gage.config.typed import is_text

    for key, word in words.items():
        if not is_text(word):
            yield RequestError(f"'{key}' needs text in UTF-8, not '{word}'")


def _list_known(known: list[str]) -> str:
    if not known:
        return "it has none"
    more = f" and {len(known) - _MANY} more" if len(known) > _MANY else ""
    return f"known: {', '.join(known[:_MANY])}{more}"


def _guess(unknown: list[str], known: list[str]) -> str | None:
    from difflib import get_close_matches

    by_word = {name.lower(): name for name in reversed(known)}
    for typed in unknown:
        for near in get_close_matches(typed.lower().replace("-", "_"), by_word, n=1):
            return f"did you mean '{by_word[near]}'?"
    return None
