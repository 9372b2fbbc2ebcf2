"""Runs as a table, a row each: CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from git_gage.errors import RequestError

NOT_WRITTEN = (
    "the records and their signatures, values of metrics before the last, the source, "
    "the environment, comments, what it printed, files"
)

PLAIN = (
    *("id", "name", "operation", "version", "status", "exit_code", "started", "ended"),
    *("duration_s", "label", "tags", "author", "email", "commit", "branch", "dirty", "digest"),
    *("host", "python", "platform"),
)
"""Columns that every table has; those of settings, metrics and attributes come behind."""
_TYPES = {"exit_code": int, "duration_s": float, "dirty": bool}
_PARTS = {"config": "config", "metrics": "metric", "attributes": "attr"}


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
        raise RequestError(
            "pyarrow is needed for parquet, and not here",
            hint="pip install 'git-gage[parquet]', or take --format csv",
        ) from error
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    arrays = [
        pa.array(*_as_column(name, column)) for name, column in zip(columns, values, strict=True)
    ]
    table = pa.table(dict(zip(columns, arrays, strict=True)))
    parquet.write_table(table, path)


def _as_column(name: str, column: list[Any]) -> tuple[list[Any], str]:
    """The values of a column as one type of Arrow's, and the type's name."""
    if name == "tags":
        return [",".join(value) for value in column], "string"
    kinds = {type(value) for value in column if value is not None} or {_TYPES.get(name, str)}
    if name.startswith("metric."):
        words = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
        numbers = [words.get(value, value) if type(value) is str else value for value in column]
        return [None if value is None else float(value) for value in numbers], "double"
    if kinds == {bool}:
        return column, "bool"
    if kinds == {int} and all(abs(value) < 1 << 63 for value in column if value is not None):
        return column, "int64"
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in column], "double"
    return list(_texts(column)), "string"


def _texts(column: Iterable[Any]) -> Iterator[str | None]:
    import json

    for value in column:
        yield value if value is None or type(value) is str else json.dumps(value)
