"""What a plan tells of itself, without what is secret in it: the program gets all of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from git_gage.config.values import Value
from git_gage.errors import RequestError
from git_gage.records import short_id
from git_gage.secrets import MASK, find_secrets, is_secret, mask_shell, mask_urls, mask_words

if TYPE_CHECKING:
    from git_gage.runs.phases import Step
    from git_gage.runs.plan import Plan

# A shorter one may stand in any word by chance.
_SHORTEST = 6


def find_secret_config(config: Mapping[str, Value]) -> dict[str, Value]:
    """Those of some settings that look secret, by name or by value."""
    return {
        name: value
        for name, value in config.items()
        if value.text != MASK and (is_secret(name, value.text) or _holds_secret(value.text))
    }


def mask_plan(plan: Plan) -> Plan:
    """The plan with `***` for what looks secret wherever it is recorded or shown."""
    hidden = {**find_secret_config(plan.config), **plan.hidden}
    config = {
        name: Value("str", MASK) if name in hidden else _mask_value(value)
        for name, value in plan.config.items()
    }
    changed = {name: value for name, value in plan.config.items() if config[name] != value}
    texts = sorted({value.text for value in hidden.values()}, key=len, reverse=True)
    texts = [text for text in texts if len(text) >= _SHORTEST]
    return replace(
        plan,
        config=config,
        hidden={**changed, **plan.hidden},
        steps=tuple(_mask_step(step, texts) for step in plan.steps),
        assignments=mask_words(plan.assignments),
        config_diff=plan.config_diff and _mask_diff(plan.config_diff, hidden, texts),
    )


def given_secrets(plan: Plan) -> tuple[bytes, ...]:
    """What a masked plan hides, as the program got it."""
    texts = {value.text for value in plan.hidden.values()}
    for step in plan.steps:
        if not step.shell:
            texts.update(_hidden_part(*pair) for pair in zip(step.argv, step.shown, strict=True))
    return tuple(os.fsencode(text) for text in sorted(texts) if len(text) >= _SHORTEST)


def _hidden_part(word: str, shown: str) -> str:
    """What stands in a word for the mask; nothing where more than that differs."""
    before, mask, after = shown.partition(MASK)
    if not mask or word == shown or not (word.startswith(before) and word.endswith(after)):
        return ""
    return word[len(before) : len(word) - len(after)]


def masked_places(body: Mapping[str, Any]) -> list[str]:
    """The keys of a body of `run.begin` that hold `***` for what is not recorded."""
    command = body["command"]
    env = body.get("definition", {}).get("env", {})
    named = {
        "definition.env": [name for name, text in env.items() if text == MASK],
        "config": [name for name, value in body["config"].items() if MASK in value["text"]],
        "command.variables": [name for name, text in command["variables"].items() if text == MASK],
    }
    places = [f"{key}.{name}" for key, names in named.items() for name in names]
    words = {"argv": command["argv"], "assignments": command.get("assignments", ())}
    places += [f"command.{key}" for key, found in words.items() if _has_mask(found)]
    phases = command.get("phases", {})
    places += [f"command.phases.{name}" for name in phases if _has_mask(phases[name]["argv"])]
    if _has_mask([body.get("config_diff")]):
        places.append("config_diff")
    return sorted(places)


def require_recorded_words(body: Mapping[str, Any], given: Sequence[str], run: str) -> None:
    """Refuse to repeat a run with `***` for a secret that it was given.

    given: settings that it gets now.
    Raises: RequestError that says which to give.
    """
    masked = body.get("masked", ())
    if "definition" not in body and "script" not in body["command"]:
        if "command.argv" in masked:
            raise RequestError(
                f"the command of run {short_id(run)} had a secret in it that is not recorded",
                hint="git gage run -- <command>",
            )
        return
    known = {_key(word) for word in given}
    words = body["command"].get("assignments", ()) if "command.assignments" in masked else ()
    missing = [_key(word) for word in words if _has_mask([word]) and _key(word) not in known]
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        asked = " ".join(f"{name}=<value>" for name in missing)
        raise RequestError(
            f"run {short_id(run)} was given a secret that is not recorded: {names}",
            hint=f"git gage restart {short_id(run)} {asked}",
        )


def require_nothing_masked(plan: Plan) -> None:
    """Refuse to stage a run that could not start as it was asked for.

    Raises: RequestError.
    """
    is_command = plan.definition is None and plan.script is None
    if _has_mask(plan.assignments) or (is_command and plan.program.told is not None):
        raise RequestError(
            "a run with a secret cannot start another time: secrets are not recorded",
            hint="give it by an environment variable, or run it now, without '--stage'",
        )


def _holds_secret(text: str) -> bool:
    return bool(find_secrets(text.encode(errors="surrogatepass")))


def _mask_value(value: Value) -> Value:
    masked = mask_urls(value.text)
    return value if masked == value.text else value._replace(text=masked)


def _mask_step(step: Step, texts: Sequence[str]) -> Step:
    words = step.shown
    masked = (mask_shell(words[0]),) if step.shell else mask_words(words)
    masked = tuple(_cover(word, texts) for word in masked)
    return step if masked == words else replace(step, told=masked)


def _cover(text: str, texts: Sequence[str]) -> str:
    for each in texts:
        text = text.replace(each, MASK)
    return text


def _mask_diff(diff: str, hidden: Mapping[str, Value], texts: Sequence[str]) -> str:
    """What was added for a hidden setting; what was there before is in the snapshot anyway."""
    names = [re.escape(name.rpartition(".")[2]) for name in hidden]
    named = re.compile(rf"(\+.*?\b(?:{'|'.join(names)})\b[\"']?\s*[=:]\s*).+") if names else None
    return "".join(_mask_added(line, named, texts) for line in diff.splitlines(keepends=True))


def _mask_added(line: str, named: re.Pattern[str] | None, texts: Sequence[str]) -> str:
    if not line.startswith("+") or line.startswith("+++ "):
        return line
    text, end = line.removesuffix("\n"), "\n" if line.endswith("\n") else ""
    found = named.fullmatch(text) if named else None
    return (found[1] + MASK if found else mask_urls(_cover(text, texts))) + end


def _has_mask(words: Sequence[Any]) -> bool:
    return any(isinstance(word, str) and MASK in word for word in words)


def _key(word: str) -> str:
    return word.partition("=")[0]
