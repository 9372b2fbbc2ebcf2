"""Runs as a table, a row each: CSV and Parquet. Written, and read again.

Source: docs/export.md, docs/import.md; RFC 4180.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from git_gage.errors import RequestError
from git_gage.formats.model import BrokenError, Found, Unread, guess_text
from git_gage.formats.opened import open_plain
from git_gage.formats.run_object import read_run_object
from git_gage.safe import FORMULA

NOT_WRITTEN = (
    "the records and their signatures, the command, values of metrics before the last, the "
    "source, the rest of the environment, comments, what it printed, files"
)
NOT_READ = NOT_WRITTEN

PLAIN = (
    *("id", "name", "operation", "version", "status", "exit_code", "started", "ended"),
    *("duration_s", "label", "tags", "author", "email", "commit", "branch", "dirty", "digest"),
    *("host", "python", "platform"),
)
"""Columns that every table has; those of settings, metrics and attributes come behind."""
_TYPES = {"exit_code": int, "duration_s": float, "dirty": bool}
_PARTS = {"config": "config", "metrics": "metric", "attributes": "attr"}
_PLAIN_TYPES = (str, int, float, bool)
_NEEDED = {"id", "operation", "status", "started"}
_NEEDED_TEXT = "id, operation, status and started"
_MAGIC = b"PAR1"
# What programs for tables put between cells, by the country.
_DELIMITERS = (",", ";", "\t")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")
_MAX_HEAD = 1 << 20


def find_columns(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all columns: `config.lr`, `metric.loss`, `attr.kind` after the plain ones."""
    found: dict[str, dict[str, None]] = {part: {} for part in _PARTS}
    for document in documents:
        for part, names in found.items():
            names.update(dict.fromkeys(document[part]))
    others = [f"{_PARTS[part]}.{name}" for part, names in found.items() for name in names]
    return [*PLAIN, *others]


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table; a column of numbers is one of doubles or whole numbers, others are texts.

    Raises: RequestError without pyarrow; OSError.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise _needs_pyarrow(", or take --format csv") from error
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    arrays = [
        pa.array(*_as_column(name, column)) for name, column in zip(columns, values, strict=True)
    ]
    table = pa.table(dict(zip(columns, arrays, strict=True)))
    parquet.write_table(table, path)


def _needs_pyarrow(way_out: str = "") -> RequestError:
    hint = f"pip install 'git-gage[parquet]'{way_out}"
    return RequestError("pyarrow is needed for parquet, and not here", hint=hint)


def _as_column(name: str, column: list[Any]) -> tuple[list[Any], str]:
    """The values of a column as one type of Arrow's, and the type's name."""
    if name == "tags":
        return [",".join(value) for value in column], "string"
    kinds = {type(value) for value in column if value is not None} or {_TYPES.get(name, str)}
    words = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
    numbers = [words.get(value, value) if type(value) is str else value for value in column]
    kinds_of_numbers = {type(value) for value in numbers if value is not None}
    if name.startswith("metric.") or (str in kinds and kinds_of_numbers == {float}):
        return [None if value is None else float(value) for value in numbers], "double"
    if kinds == {bool}:
        return column, "bool"
    if kinds == {int} and all(abs(value) < 1 << 63 for value in column if value is not None):
        return column, "int64"
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in column], "double"
    return list(_texts(column)), "string"


def _texts(column: Iterable[Any]) -> Iterator[str | None]:
    for value in column:
        yield value if value is None or type(value) is str else json.dumps(value)


def is_csv(path: Path) -> bool:
    """Whether a file is a table of runs in CSV, as we write it or a spreadsheet has saved it."""
    return _find_delimiter(_read_head(path)) is not None


def is_parquet(path: Path) -> bool:
    """Whether a file is one of Parquet's."""
    return _read_head(path).startswith(_MAGIC)


def read_csv(path: Path) -> Iterator[Found]:
    """The runs of a table in CSV."""
    where = str(path)
    try:
        with open_plain(path) as file:
            head = file.readline(_MAX_HEAD)
            delimiter = _find_delimiter(head)
            if delimiter is None:
                yield Unread(where, f"its first line has not the columns {_NEEDED_TEXT}")
                return
            file.seek(0)
            text = io.TextIOWrapper(file, "utf-8-sig", newline="")
            comma = delimiter != ","
            rows = csv.DictReader(text, delimiter=delimiter, strict=True)
            for row in rows:
                where = f"{path}:{rows.line_num}"
                named = ((name, cell) for name, cell in row.items() if name and cell)
                cells = {name: _parse_cell(name, cell, comma=comma) for name, cell in named}
                yield _read_row(cells, where)
    except UnicodeDecodeError:
        yield Unread(where, "it is not text in UTF-8")
    except (BrokenError, csv.Error) as error:
        yield Unread(where, str(error))


def read_parquet(path: Path) -> Iterator[Found]:
    """The runs of a table in Parquet.

    Raises: RequestError without pyarrow.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise _needs_pyarrow() from error
    number = 0
    try:
        with open_plain(path) as file, parquet.ParquetFile(file) as table:
            if not _NEEDED.issubset(table.schema_arrow.names):
                yield Unread(str(path), f"it has not the columns {_NEEDED_TEXT}")
                return
            for batch in table.iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    yield _read_row(row, f"{path}:{number}")
    except (BrokenError, pa.ArrowException) as error:
        yield Unread(str(path), str(error))


def _read_head(path: Path) -> bytes:
    """The first line of a file; nothing where it cannot be read."""
    try:
        with open_plain(path) as file:
            return file.readline(_MAX_HEAD)
    except BrokenError:
        return b""


def _find_delimiter(head: bytes) -> str | None:
    """What stands between the columns of a table of runs; None where it is none."""
    try:
        text = head.decode("utf-8-sig")
        for delimiter in _DELIMITERS:
            if _NEEDED.issubset(next(csv.reader([text], delimiter=delimiter), [])):
                return delimiter
    except (UnicodeDecodeError, csv.Error):
        pass
    return None


def _parse_cell(name: str, text: str, *, comma: bool) -> Any:
    """The value that a cell of CSV stands for; `comma`: numbers may have one for a point."""
    if text.startswith("'") and text[1:2] in FORMULA:
        text = text[1:]
    if comma and _COMMA_NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    part, _, rest = name.partition(".")
    if (rest and part in _PARTS.values()) or name in _TYPES:
        return guess_text(text)
    return text


def _read_row(row: Mapping[str, Any], where: str) -> Found:
    document: dict[str, Any] = {part: {} for part in _PARTS}
    parts = {prefix: document[part] for part, prefix in _PARTS.items()}
    for name, value in row.items():
        part, _, rest = name.partition(".")
        if value is not None and rest and part in parts:
            parts[part][rest] = value if type(value) in _PLAIN_TYPES else str(value)
    plain = {name: _as_plain(name, row.get(name)) for name in PLAIN}
    document |= plain | {"status": (plain["status"] or "").lower()}
    document["tags"] = (plain["tags"] or "").split(",")
    document["author"] = {"name": plain["author"], "email": plain["email"]}
    document |= {"source": plain, "environment": plain}
    try:
        return read_run_object(document, where)
    except BrokenError as error:
        return Unread(where, str(error))


def _as_plain(name: str, value: Any) -> Any:
    """What a run object has there; other programs write times and ids as types of their own."""
    if value is None or name in _TYPES:
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
