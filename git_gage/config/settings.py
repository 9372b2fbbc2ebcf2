"""What can be set about a script, and a run's words applied to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from git_gage.config.constants import Constant
    from git_gage.config.options import Option
    from git_gage.config.script import Script
    from git_gage.config.values import Value
    from git_gage.config.words import Known


class ScriptSettings(NamedTuple):
    """A script with its options or, where it has no parser of options, its constants.

    kind: "option" or "constant"; nested: constants within lists and dicts, which are not told of
    but can be set; aliases: other spellings of keys; refused: why other names are no settings.
    """

    kind: str
    script: Script
    options: Mapping[str, Option]
    constants: Mapping[str, Constant]
    nested: Mapping[str, Constant]
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
    """The settings of a Python script: its parser's options, else its top-level constants.

    Raises: ConfigError with file and line if the script cannot be read.
    """
    from git_gage.config.constants import LONG, find_constants
    from git_gage.config.options import find_options
    from git_gage.config.script import parse_script

    script = parse_script(source, filename)
    options = find_options(script)
    if options is not None:
        known, aliases, refused = options
        return ScriptSettings("option", script, known, {}, {}, aliases, refused)
    constants, refused = find_constants(script)
    doubts = {name: constant.doubt for name, constant in constants.items() if constant.doubt}
    doubts |= {name: LONG for name, constant in constants.items() if constant.is_long}
    sure = {name: constant for name, constant in constants.items() if name not in doubts}
    top = {name: constant for name, constant in sure.items() if len(constant.place) == 1}
    nested = {name: constant for name, constant in sure.items() if name not in top}
    return ScriptSettings("constant", script, {}, top, nested, {}, doubts | refused)


def apply_settings(settings: ScriptSettings, assignments: Sequence[str]) -> Applied:
    """The script with `key=value` words applied: as arguments, or in its bytes.

    Raises: RequestError that names everything that is wrong with them.
    """
    from git_gage.config.arguments import pass_options
    from git_gage.config.constants import change_constants, reread
    from git_gage.config.script import describe_changes
    from git_gage.config.words import match_words, raise_problems

    words, problems = match_words(_known(settings), assignments)
    script = settings.script
    source = script.source
    argv: tuple[str, ...] = ()
    if settings.kind == "constant":
        constants = {**settings.constants, **settings.nested}
        source, given, wrong = change_constants(script, constants, words)
        raise_problems([*problems, *wrong])
        config = reread(script, source, settings.constants) | given
    else:
        argv, config, wrong = pass_options(settings.options, words)
        raise_problems([*problems, *wrong])
    diff = describe_changes([(script.filename, script.source, source, script.encoding)])
    return Applied(argv, source, config, diff)


def _known(settings: ScriptSettings) -> Known:
    from git_gage.config.words import Known

    name = settings.script.filename
    hint = f"git gage run -- python3 {name} <arguments>" if settings.kind == "option" else None

    def find(typed: str) -> str | None:
        if typed in settings.constants or typed in settings.nested:
            return typed
        key = typed.replace("-", "_")
        return key if key in settings.options else settings.aliases.get(key)

    names = [*settings.options, *settings.constants]
    return Known(f"'{name}'", names, find, settings.aliases, settings.refused, hint)
