"""Results as JSON: ASCII alone, so that no terminal obeys what a run recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def format_json(value: Any) -> str:
    """One value, indented for the eye."""
    return json.dumps(value, indent=2) + "\n"


def format_array(texts: Iterable[str]) -> Iterator[str]:
    """An array of ready JSON texts in parts, one element a line; however many, one is in memory."""
    before = "[\n"
    for text in texts:
        yield before + _ascii(text)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def format_members(values: Mapping[str, Any]) -> Iterator[str]:
    """An object in parts, one member a line: for values too long to be indented."""
    before = "{\n"
    for name, value in values.items():
        yield f"{before}{json.dumps(name)}: {json.dumps(value)}"
        before = ",\n"
    yield "{}\n" if before == "{\n" else "\n}\n"


def format_lines(texts: Iterable[str], end: str) -> Iterator[str]:
    """Ready JSON texts, each with `end` behind it."""
    return (_ascii(text) + end for text in texts)


def _ascii(text: str) -> str:
    return text if text.isascii() else json.dumps(json.loads(text))
