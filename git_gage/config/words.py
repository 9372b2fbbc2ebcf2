"""`key=value` words of the command line, matched with the keys that there are."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.typed import NEEDS, as_value, is_text, kind_of, read_word, shorten
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.config.values import Value

TYPES = ("int", "float", "str", "bool", "null", "json")
"""Types that `key:type=value` can force."""

_MANY = 30


class Word(NamedTuple):
    """What was typed for a key, the type that was asked for with it, and whether a script that has
    the key as an option is given it as an argument.
    """

    text: str
    type: str | None = None
    passed: bool = True


class Known(NamedTuple):
    """What can be set. `owner` is a script or operation, as a message names it.

    names: the keys, as a message lists them; find: the key that a spelling means; spellings: others
    that are near enough to guess from; refused: why other names cannot be set, each with a hint.
    """

    owner: str
    names: Sequence[str]
    find: Callable[[str], str | None]
    spellings: Iterable[str] = ()
    refused: Mapping[str, str] = {}
    hint: str | None = None


def match_words(
    known: Known, assignments: Sequence[str]
) -> tuple[dict[str, Word], list[RequestError]]:
    """The word for each key, and what is wrong with the assignments as such."""
    words: dict[str, Word] = {}
    problems: list[RequestError] = []
    unknown: list[str] = []
    for assignment in assignments:
        typed, equals, text = assignment.partition("=")
        key, kind = _find_key(known, typed)
        if not (typed and equals):
            hint = f"{typed or '<name>'}={text or '<value>'}"
            problems.append(RequestError(f"'{assignment}' is not <name>=<value>", hint=hint))
        elif key is None:
            unknown.append(typed)
        elif kind is not None and kind not in TYPES:
            message = f"'{typed}' asks for no type that there is ({', '.join(TYPES)})"
            hint = _guess([kind], TYPES) or _as_text(key, text)
            problems.append(RequestError(message, hint=hint))
        elif key in words:
            problems.append(RequestError(f"'{key}' is given twice"))
        else:
            words[key] = Word(text, kind)
    return words, [*_refuse_unknown(known, unknown), *problems, *_refuse_bytes(words)]


def raise_problems(problems: Sequence[RequestError]) -> None:
    """Raises one RequestError that says them all, if there are any."""
    if problems:
        hint = next((problem.hint for problem in problems if problem.hint), None)
        # Of a key in two files only the default is another.
        messages = {problem.message.partition(" (default ")[0]: problem for problem in problems}
        raise RequestError("\n".join(each.message for each in messages.values()), hint=hint)


def refuse_word(name: str, word: Word, kind: str, default: str | None) -> RequestError:
    """What is wrong with a word that stands for no value of the kind."""
    wanted = word.type or kind
    text = shorten(word.text)
    known = f" (default {shorten(default)})" if default is not None and not word.type else ""
    hint = None
    if wanted == "int" and not word.type and text == word.text and _is_number(text):
        hint = f"{name}:float={text}"
    elif word.type is not None and text == word.text:
        hint = _as_text(name, text)
    return RequestError(f"'{name}' needs {NEEDS[wanted]}, not '{text}'{known}", hint=hint)


def refuse_choice(name: str, text: str, choices: Iterable[Any]) -> RequestError:
    """What to say of a word that stands for none of the values that a key can have."""
    texts = [str(choice) for choice in choices]
    return RequestError(
        f"'{name}' must be one of {', '.join(texts)}, not '{shorten(text)}'",
        hint=_guess([text], texts),
    )


def read_as(kind: str, text: str) -> tuple[Any, Value]:
    """The value that a text stands for, and as a record has it.

    Raises: ValueError if it stands for none of this kind.
    """
    value = read_word(kind, text)
    number = kind_of(value) in ("int", "float")
    return value, as_value(value, text.strip() if number else None)


def _as_text(name: str, text: str) -> str:
    """The assignment that takes any text for what it is."""
    return shlex.quote(f"{name}:str={text}")


def _find_key(known: Known, typed: str) -> tuple[str | None, str | None]:
    """The key, and the type behind it if there is one."""
    key = known.find(typed)
    name, colon, kind = typed.rpartition(":")
    return (key, None) if key is not None or not colon else (known.find(name), kind)


def _refuse_unknown(known: Known, unknown: list[str]) -> Iterator[RequestError]:
    nowhere = []
    for typed in unknown:
        reason = known.refused.get(typed) or known.refused.get(typed.replace("-", "_"))
        if reason is None:
            nowhere.append(typed)
        else:
            message = f"'{typed}' of {known.owner} cannot be set: {reason}"
            yield RequestError(message, hint=known.hint)
    if nowhere:
        names = "settings " if len(nowhere) > 1 else "setting "
        names += ", ".join(f"'{typed}'" for typed in nowhere)
        yield RequestError(
            f"unknown {names} for {known.owner} ({_list_known(known.names)})",
            hint=_guess(
                [typed.partition(":")[0] for typed in nowhere], [*known.names, *known.spellings]
            ),
        )


def _refuse_bytes(words: Mapping[str, Word]) -> Iterator[RequestError]:
    for key, word in words.items():
        if not is_text(word.text):
            yield RequestError(f"'{key}' needs text in UTF-8, not '{word.text}'")


def _list_known(names: Sequence[str]) -> str:
    if not names:
        return "it has none"
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return f"known: {', '.join(names[:_MANY])}{more}"


def _guess(unknown: Sequence[str], known: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    by_word = {name.lower(): name for name in reversed(known)}
    for typed in unknown:
        for near in get_close_matches(typed.lower().replace("-", "_"), by_word, n=1):
            return f"did you mean '{by_word[near]}'?"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
