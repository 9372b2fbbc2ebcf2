"""Scripts as tests write them, and what becomes of them when they are run."""

from __future__ import annotations

import argparse
import json
from textwrap import dedent
from typing import Any

import pytest

from git_gage.config import Applied, Value, apply_settings, find_settings
from git_gage.errors import RequestError


def apply(script: str | bytes, *words: str, name: str = "train.py") -> Applied:
    """A script with words applied; text is dedented."""
    source = script if isinstance(script, bytes) else dedent(script).encode()
    return apply_settings(find_settings(source, name), words)


def refused(script: str | bytes, *words: str) -> tuple[str, str | None]:
    """Message and hint of what is wrong with the words."""
    with pytest.raises(RequestError) as caught:
        apply(script, *words)
    return caught.value.message, caught.value.hint


def constants_of(source: bytes) -> dict[str, Any]:
    """What a script's names hold after it ran."""
    names: dict[str, Any] = {}
    exec(compile(source, "train.py", "exec"), names)
    return {name: value for name, value in names.items() if not name.startswith("__")}


def parsed_by(script: str, argv: tuple[str, ...]) -> dict[str, Any]:
    """What the script's own `parser` makes of its arguments."""
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(dedent(script), "train.py", "exec"), names)
    parser = names["parser"]
    assert isinstance(parser, argparse.ArgumentParser)
    return vars(parser.parse_args(argv))


def plain(value: Value) -> Any:
    """A recorded setting as Python has it; a list for a tuple."""
    match value.type:
        case "int":
            return int(value.text, 0 if value.text[:2] in ("0x", "0o", "0b") else 10)
        case "float":
            return float(value.text)
        case "str":
            return value.text
    return json.loads(value.text)
