"""What is wrong in a file: the place, the line, and a mark below what is meant."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING, Protocol

from git_gage.render.amounts import count_text
from git_gage.render.screen import text_width
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_STYLES = {"error": "red", "warning": "yellow"}
_GUTTER = 7
# What is seen at least of what is meant, and behind it where the line is cut before it.
_AROUND = 20


class Fault(Protocol):
    """One thing that is wrong in a file; columns are counted from 1, in characters."""

    @property
    def path(self) -> str:
        """The file."""

    @property
    def line(self) -> int:
        """The line, from 1."""

    @property
    def column(self) -> int:
        """The first character that is meant."""

    @property
    def end_column(self) -> int:
        """The first character behind those that are meant."""

    @property
    def severity(self) -> str:
        """`error` or `warning`."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def question(self) -> str | None:
        """What may have been meant."""

    @property
    def source_line(self) -> str:
        """The line as it stands in the file."""


def format_faults(faults: Iterable[Fault], screen: Screen) -> str:
    """Each fault with its place, its line, and what may have been meant."""
    return "".join(_format_fault(fault, screen) for fault in faults)


def format_count(path: str, operations: int | None, faults: Iterable[Fault]) -> str:
    """What was found in a file, in one line; operations: None if it could not be read."""
    severities = [fault.severity for fault in faults]
    counts = [
        count_text(severities.count(severity), severity)
        for severity in _STYLES
        if severity in severities
    ]
    found = counts or ["no faults"]
    if operations is not None:
        found.insert(0, count_text(operations, "operation"))
    return f"{clean(path)}: {', '.join(found)}\n"


def _format_fault(fault: Fault, screen: Screen) -> str:
    style = _STYLES[fault.severity]
    place = screen.paint(f"{clean(fault.path)}:{fault.line}:{fault.column}:", "bold")
    kind = "" if fault.severity == "error" else screen.paint(f" {fault.severity}:", style)
    text = f"{place}{kind} {clean(fault.message)}"
    if screen.terminal:  # other programs read one line
        text = fill(text, screen.width, subsequent_indent="  ", break_on_hyphens=False)
    return "".join(f"{line}\n" for line in (text, *_quote_line(fault, screen)))


def _quote_line(fault: Fault, screen: Screen) -> Iterable[str]:
    """The line of the file, cut to the screen around the mark, and the mark."""
    guess = "" if fault.question is None else f" {clean(fault.question)}"
    before, meant, behind = (
        clean(part.replace("\t", " "))
        for part in (
            fault.source_line[: fault.column - 1],
            fault.source_line[fault.column - 1 : fault.end_column - 1],
            fault.source_line[fault.end_column - 1 :],
        )
    )
    room = screen.width - _GUTTER
    most = room - min(text_width(meant), _AROUND)
    if text_width(before) > most:
        mark = screen.sign("…", "...")
        before = mark + _last(before, most - _AROUND - len(mark))
    line = screen.cut(before + meant + behind, room)
    start = text_width(before)
    carets = "^" * max(min(text_width(meant), room - start), 1)
    yield f"{fault.line:>4} | {line}".rstrip()
    pointer = screen.paint(carets, _STYLES[fault.severity])
    below = f"     | {' ' * start}{pointer}"
    if start + len(carets) + len(guess) <= room:
        yield below + guess
    else:
        yield from (below, f"     |{guess}")


def _last(text: str, width: int) -> str:
    """The end of a text, no wider than `width` columns."""
    text = text[-4 * max(width, 1) :]
    while text and text_width(text) > width:
        text = text[1:]
    return text
