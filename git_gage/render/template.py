"""Texts with `${name}` in them, for which something is put in.

Source: docs/reports.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from git_gage.errors import RequestError
from git_gage.safe import clean

_PLACE = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}\n?")
_EACH, _END = "each run", "end"


class Part(NamedTuple):
    """A text, or the name of what stands in its place; or parts that come again for each run."""

    text: str = ""
    name: str | None = None
    line: int = 0
    inner: tuple[Part, ...] = ()


def read_template(text: str, shown: str) -> tuple[Part, ...]:
    """The parts of a template; shown: its file, for messages.

    Raises: RequestError where what is to come for each run does not end, or begins within.
    """
    return tuple(_read(list(_tokens(text)), shown))


def _tokens(text: str) -> Iterator[Part]:
    last = 0
    for found in _PLACE.finditer(text):
        yield Part(text[last : found.start()])
        last = found.end()
        name = found[1]
        if name is None:
            yield Part("${")
            continue
        # What is no value stands on a line of its own.
        is_block = name.strip() in (_EACH, _END)
        yield Part(name=name.strip(), line=text.count("\n", 0, found.start()) + 1)
        if found[0].endswith("\n") and not is_block:
            yield Part("\n")
    yield Part(text[last:])


def _read(tokens: list[Part], shown: str) -> Iterator[Part]:
    begin: Part | None = None
    inner: list[Part] = []
    for token in tokens:
        if token.name == _EACH and begin is None:
            begin, inner = token, []
        elif token.name == _END and begin is not None:
            yield begin._replace(inner=tuple(inner))
            begin = None
        elif token.name in (_EACH, _END):
            raise _fault(token, shown, f"'${{{token.name}}}' is not in its place")
        elif begin is None:
            yield token
        else:
            inner.append(token)
    if begin is not None:
        raise _fault(begin, shown, f"'${{{_EACH}}}' needs a '${{{_END}}}' below it")


def fill(part: Part, put_in: Callable[[str], str | None], shown: str) -> str:
    """The text of a part; `put_in` says what stands for a name, None if it is no such name."""
    if part.name is None:
        return part.text
    found = put_in(part.name)
    if found is None:
        raise _fault(part, shown, f"nothing is called '{clean(part.name)}' here")
    return found


def _fault(part: Part, shown: str, message: str) -> RequestError:
    return RequestError(
        f"{clean(shown)}:{part.line}: {message}", hint="git gage report --print-template md"
    )
