"""Values of a file replaced in its bytes, and the check that this changed them and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from git_gage.config.tree import first_line
from git_gage.config.typed import as_value, is_number_literal, read_literal, read_word
from git_gage.config.values import Value
from git_gage.errors import ConfigError, RequestError

Place = tuple[str | int, ...]
"""Keys and indexes that lead to a value: `('model', 'layers', 0)`."""

Leaves = Mapping[Place, tuple[type, str]]
"""Values by place, with all in which they can differ: type and spelling (nan is not nan)."""


class Edit(NamedTuple):
    """Bytes from start to end become `text`."""

    start: int
    end: int
    text: bytes


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with edits made that do not overlap."""
    for start, end, text in sorted(edits, reverse=True):
        data = data[:start] + text + data[end:]
    return data


def apply_changes(
    data: bytes,
    changes: Mapping[Place, Value],
    read: Callable[[bytes], Leaves],
    edit: Callable[[Place, Value], tuple[Edit | None, Any]],
    splice: Callable[[bytes, Iterable[Edit]], bytes] = splice,
) -> bytes:
    """A file with some values replaced, read again to see that no other one changed.

    read: what a file holds; edit: how a value is replaced (None: it is there) and as what it will
    be read, a ValueError says why it cannot be.
    Raises: RequestError that names all values that cannot be set.
    """
    expected = dict(read(data))
    edits: list[Edit] = []
    problems: list[str] = []
    for place, value in changes.items():
        try:
            change, wanted = edit(place, value)
        except KeyError:
            problems.append(f"there is no '{name_place(place)}'")
        except ValueError as error:
            word = first_line(value.text)
            problems.append(f"'{name_place(place)}' cannot be '{word}': {error}")
        else:
            edits += [change] if change is not None else []
            others = {each: leaf for each, leaf in expected.items() if not _is_in(each, place)}
            expected = others | leaves(wanted, place)
    if problems:
        raise RequestError("\n".join(problems))
    # A value that is reached by two places, through aliases, is written once.
    changed = splice(data, set(edits))
    _check(_read_again(changed, read), expected, tuple(changes))
    return changed


def _is_in(place: Place, other: Place) -> bool:
    return place[: len(other)] == other


def _read_again(changed: bytes, read: Callable[[bytes], Leaves]) -> Leaves:
    try:
        return read(changed)
    except ConfigError:
        return {}


def _check(found: Leaves, expected: Leaves, chosen: tuple[Place, ...]) -> None:
    wrong = sorted({place for place, _ in found.items() ^ expected.items()}, key=name_place)
    if not wrong:
        return
    names = ", ".join(f"'{name_place(place)}'" for place in chosen)
    for place in wrong:
        if found and not any(_is_in(place, each) for each in chosen):
            raise RequestError(f"cannot set {names} alone: '{name_place(place)}' would change too")
    raise RequestError(f"cannot set {names} in the way the file is written")


def name_place(place: Place) -> str:
    """A place as people type it: `model.layers.0`."""
    return ".".join(map(str, place))


def leaves(value: Any, place: Place = ()) -> dict[Place, tuple[type, str]]:
    """All that a value of tables and arrays holds, and the empty ones of these."""
    return {inner: (type(leaf), repr(leaf)) for inner, leaf in _walk(value, place)}


def _walk(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    if not items or not value:
        yield place, value
    for key, item in items:
        yield from _walk(item, (*place, key))


def to_python(value: Value) -> Any:
    """The value itself.

    Raises: ValueError if its text is none of its type.
    """
    if value.type == "null":
        return None
    try:
        return read_word(value.type, value.text)
    except ValueError as error:
        raise ValueError(f"it is no {value.type}") from error


def look_at(text: str) -> Value:
    """A value that a file holds as text, typed by its look: a number, true, false, else text."""
    if is_number_literal(text):
        return as_value(read_literal(text), text)
    if text.lower() in ("true", "false"):
        return Value("bool", text.lower())
    return Value("str", text)


def spell_like(value: Value, like: str) -> str:
    """A value as text, where texts are all there is; true and false look as before.

    Raises: ValueError for null, which has no spelling that programs agree on.
    """
    if value.type == "null":
        raise ValueError("this format has no null")
    if value.type == "bool" and like in ("True", "False"):
        return value.text.capitalize()
    return value.text
