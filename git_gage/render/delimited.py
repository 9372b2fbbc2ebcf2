"""Runs as lines for programs: CSV, Markdown, columns between tabs, or in a form of one's own.

Source: docs/list.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from git_gage.errors import RequestError
from git_gage.render.columns import Document, plain_text, read_field
from git_gage.safe import FORMULA, clean

CSV_COLUMNS = (
    *("id", "name", "operation", "status", "exit_code", "started", "duration_s"),
    *("label", "tags", "author", "commit", "dirty", "config", "metrics", "attributes"),
)
MARKDOWN_COLUMNS = ("run", "name", "operation", "status", "config", "metrics", "label")
# Never changed: programs count on them.
PORCELAIN_COLUMNS = (
    *("id", "name", "operation", "status", "exit_code", "started", "duration_s", "commit", "label"),
)

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
# What begins a list, or underlines a heading, at the start of a line.
_LINE_START = re.compile(r"^([0-9]*)([-+=.)])(?=$|[\s=-])")
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\\([nt0\\])|[{}]")
_ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def format_csv(documents: Iterable[Document], columns: Sequence[str]) -> Iterator[str]:
    """A line of names, then a line a run, as RFC 4180 has it but for its line ends.

    Text that a spreadsheet would take for a formula has a `'` before it.
    """
    yield csv_line(columns)
    for document in documents:
        yield csv_line([read_field(document, name) for name in columns])


def csv_line(values: Iterable[object]) -> str:
    """Values with commas between them, and the end of the line."""
    return ",".join(map(_csv_cell, values)) + "\n"


def format_markdown(documents: Iterable[Document], columns: Sequence[str]) -> Iterator[str]:
    """A table in GitHub's Markdown; what a run holds is text, and no markup."""
    yield from markdown_head(columns)
    for document in documents:
        yield markdown_line([read_field(document, name) for name in columns])


def markdown_head(titles: Sequence[str], right: Collection[int] = ()) -> Iterator[str]:
    """The lines that a table begins with; `right`: columns of numbers."""
    yield markdown_line(titles)
    yield _markdown_row("--:" if place in right else "---" for place in range(len(titles)))


def markdown_line(values: Iterable[object]) -> str:
    """A row of a table; what is text is no markup."""
    return _markdown_row(map(_markdown_cell, values))


def markdown_text(text: str) -> str:
    """Text outside of a table, so that it is no markup, nor begins a list or a heading."""
    escaped = _MARKUP.sub(r"\\\1", clean(text).strip())
    return _LINE_START.sub(r"\1\\\2", escaped)


def format_porcelain(
    documents: Iterable[Document], columns: Sequence[str], end: str
) -> Iterator[str]:
    """A line a run: its columns with a tab between them, then `end`."""
    for document in documents:
        yield "\t".join(plain_text(read_field(document, name)) for name in columns) + end


def format_own(documents: Iterable[Document], layout: str, end: str) -> Iterator[str]:
    """A line a run, as a layout `{run} {metric.acc}` says, then `end`."""
    for document in documents:
        yield _fill(document, layout) + end


def layout_names(layout: str) -> list[str]:
    """The names that a layout has between braces.

    Raises: RequestError if a brace is alone.
    """
    found = list(_PLACE.finditer(layout))
    if any(each[0] in ("{", "}") or each[1] == "" for each in found):
        raise RequestError(
            f"'{clean(layout)}' has a brace that does not hold a name",
            hint="write {run} for a name, and {{ or }} for a brace",
        )
    return [each[1] for each in found if each[1]]


def _fill(document: Document, layout: str) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[1]:
            return plain_text(read_field(document, found[1].strip()))
        return _ESCAPES[found[2]] if found[2] else found[0][0]

    return _PLACE.sub(replace, layout)


def _csv_cell(value: object) -> str:
    text = plain_text(value)
    if isinstance(value, (str, list)) and text.startswith(FORMULA) and not _is_number(value):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n\r]', text) else text


def _is_number(value: object) -> bool:
    return value in ("-inf", "inf", "nan")


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _markdown_cell(value: object) -> str:
    text = plain_text(value)
    return _MARKUP.sub(r"\\\1", text) if isinstance(value, (str, list, dict)) else text
