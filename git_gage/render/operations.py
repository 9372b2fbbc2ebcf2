"""The operations of a gagefile as a table, and one of them on a page."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from git_gage.render.amounts import count_text, span_text, value_text
from git_gage.render.screen import Screen
from git_gage.render.table import Column, format_table
from git_gage.safe import clean
from git_gage.secrets import mask_urls

# A page is a screen: what is longer is in `ops <operation> --json`.
MAX_FILES = 8


def format_operations(operations: Sequence[Mapping[str, Any]], screen: Screen) -> str:
    """Operations (as `ops --json` has them) as a table; below it what its `*` means."""
    marks = ["*" if each["default"] else " " for each in operations]
    names = [f"{mark} {clean(each['name'])}" for mark, each in zip(marks, operations, strict=True)]
    descriptions = [first_line(each["description"]) for each in operations]
    columns = [Column("  OPERATION", names, 0, least=24)]
    if any(descriptions):
        columns.append(Column("DESCRIPTION", descriptions, 1, least=10))
    table = format_table(columns, screen)
    if "*" not in marks:
        return table
    note = "* runs when no operation is named: git gage run"
    return table + screen.paint(screen.cut(note, screen.width), "dim") + "\n"


def format_operation(operation: Mapping[str, Any], screen: Screen) -> str:
    """One operation (as `ops <operation> --json` has it) on a page as wide as the screen."""
    rows = {name: text for name, text in _rows(operation).items() if text or name == "config"}
    left = max(map(len, rows)) + 2
    page = []
    for name, text in rows.items():
        room = _room_beside(left, screen)
        lines = _config_lines(operation["config"], room) if name == "config" else _fold(text, room)
        for number, line in enumerate(lines):
            start = screen.paint(f"{'' if number else name:<{left}}", "dim")
            page.append(f"{start}{line}".rstrip() + "\n")
    return "".join(page)


def _rows(operation: Mapping[str, Any]) -> dict[str, str]:
    """What stands on a page, by name; the lines of config are made apart, being a table."""
    source = operation["sourcecode"]
    left_out = [f"{each['path']}: {each['reason']}" for each in source["left_out"]]
    timeout = operation["timeout_s"]
    return {
        "operation": operation["name"] + ("  (default)" if operation["default"] else ""),
        "full name": operation["full_name"],
        "version": operation["version"] or "",
        "about": (operation["description"] or "").strip(),
        **{phase: _command(command) for phase, command in operation["exec"].items()},
        "config": "",
        "source": _source(source),
        "left out": _first_lines(left_out),
        "depends": "\n".join(map(_dependency, operation["depends"])),
        "env": "\n".join(f"{name}={value}" for name, value in operation["env"].items()),
        "attributes": "\n".join(
            f"{name}: {value_text(value)}" for name, value in operation["attributes"].items()
        ),
        "timeout": "" if timeout is None else span_text(timeout),
        "gagefile": operation["gagefile"],
    }


def _command(command: Mapping[str, Any]) -> str:
    if command["shell"] is not None:
        return str(command["shell"]).strip("\n")
    return shlex.join(command["argv"])


def _source(source: Mapping[str, Any]) -> str:
    patterns = source["patterns"]
    if patterns == []:
        return "none"
    chosen = "by the default patterns" if patterns is None else f"by {', '.join(patterns)}"
    return f"{count_text(len(source['files']), 'file')}, {chosen}\n" + _first_lines(source["files"])


def _first_lines(lines: Sequence[str]) -> str:
    """The first of many, a line each."""
    shown = list(lines[:MAX_FILES])
    if len(lines) > MAX_FILES:
        shown.append(f"and {len(lines) - MAX_FILES:,} more")
    return "\n".join(shown)


def _dependency(each: Mapping[str, Any]) -> str:
    """`run-files: op = prepare, files train.csv (run=<run>)`."""
    elsewhere = mask_urls(each["elsewhere"] or "")
    subject = each["path"] or elsewhere or each["where"] or ", ".join(each["files"])
    parts = [f"{each['type']}: {subject}"]
    if each["files"] and subject != ", ".join(each["files"]):
        parts.append(f"files {', '.join(each['files'])}")
    if each["summary_filename"]:
        parts.append(f"as {each['summary_filename']}")
    if each["target"]:
        parts.append(f"in {each['target']}")
    parts += [f"{old} as {new}" for old, new in each["rename"]]
    if each["sha256"]:
        parts.append(f"sha256 {each['sha256'][:16]}")
    if each["optional"]:
        parts.append("optional")
    bound = f" ({each['name']}=<run>)" if each["name"] and each["type"] == "run-files" else ""
    return ", ".join(parts) + bound


def _config_lines(keys: Sequence[Mapping[str, Any]], screen: Screen) -> list[str]:
    """A table of config keys; below each what it may be and what it means."""
    if not keys:
        return []
    columns = [
        Column("KEY", [clean(key["name"]) for key in keys], 0, least=10),
        Column("DEFAULT", [_default(key) for key in keys], 1, least=10),
        Column("TYPE", [clean(key["type"] or "") for key in keys], 2),
        Column("FROM", [_origin(key) for key in keys], 3, least=10),
    ]
    title, *rows = format_table(columns, screen).splitlines()
    notes = [_fold(f"  {_note(key)}", screen) if _note(key) else [] for key in keys]
    return [title, *(line for row, note in zip(rows, notes, strict=True) for line in (row, *note))]


def _note(key: Mapping[str, Any]) -> str:
    return ": ".join(filter(None, (_values(key), first_line(key["description"]))))


def _default(key: Mapping[str, Any]) -> str:
    if key["required"]:
        return "(required)"
    return value_text(key["default"]) if key["has_default"] else ""


def _origin(key: Mapping[str, Any]) -> str:
    """Where a key is: `train.py:3`; `gagefile` for one that is only declared."""
    places = [
        f"{each['path']}:{each['line']}" if each["line"] is not None else each["path"]
        for each in key["places"]
    ]
    return clean(", ".join(places)) or "gagefile"


def _values(key: Mapping[str, Any]) -> str:
    """What a key may be: one of some values, or a range."""
    if key["choices"] is not None:
        return f"one of {', '.join(map(value_text, key['choices']))}"
    low, high = key["min"], key["max"]
    if low is not None and high is not None:
        return f"from {low:g} to {high:g}"
    return (
        f"{low:g} or more" if low is not None else f"{high:g} at most" if high is not None else ""
    )


def first_line(text: str | None) -> str:
    """The first line of a description that is not empty."""
    lines = (text or "").strip().splitlines()
    return clean(lines[0].strip()) if lines else ""


def _room_beside(left: int, screen: Screen) -> Screen:
    width = max(screen.width - left, 20)
    return Screen(screen.stream, width, color=screen.color, unicode=screen.unicode)


def _fold(text: str, screen: Screen) -> list[str]:
    """Lines of a text that fit; the rest of a long one goes on below, further in."""
    return [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(
            clean(line),
            screen.width,
            subsequent_indent="  ",
            replace_whitespace=False,
            break_on_hyphens=False,
        )
        or [""]
    ]
