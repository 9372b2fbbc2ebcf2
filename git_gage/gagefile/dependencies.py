"""An input of an operation, from each of the ways to write one.

Source: docs/gagefile.md, "depends".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from git_gage.gagefile.model import Dependency
from git_gage.gagefile.spellings import DEPENDENCY_TYPES, as_list

URL = re.compile(r"url:|[A-Za-z][A-Za-z0-9+.-]+://", re.IGNORECASE)
"""How a text begins that names something to download."""
RUN_SELECT = ("run-select", "run.select", "runs-select", "runs.select")
FILES_SELECT = ("files", "files.select", "select")
SUBJECT = {
    "project-files": "files",
    "run-files": "run-select",
    "runs-summary": "runs-select",
    "file": "path",
    "dir": "path",
    "dvcfile": "path",
    "url": "path",
}
"""The key that says what a dependency of a type is, for the texts that say only that."""

_SHORT = re.compile(r"([A-Za-z][\w-]+)\s*:\s*(.*)", re.DOTALL)
_RESOURCE = re.compile(r"([^?]*)\?where=(.*)", re.DOTALL)
_FILTER_WORDS = ("and", "or", "not", "in", "not-in")
_MOMENT = re.compile(r"\b(started|ended|staged)\s+(after|before)\b")
_ELSEWHERE = re.compile(r"[^\s#]+#[0-9a-z][0-9a-z-]{3,63}")
_WORD = re.compile(r"[A-Za-z_][\w.-]*")


def split_short(text: str) -> tuple[str | None, str]:
    """Type as it is spelled, and subject, of a text such as `file: data.csv`."""
    found = _SHORT.fullmatch(text.strip())
    return (found[1], found[2].strip()) if found else (None, text.strip())


def as_table(item: Any) -> dict[str, Any]:
    """A dependency as a table of the long form: `type`, `path`, `files`, `run-select`, …"""
    if isinstance(item, str):
        return _from_text(item)
    table = dict(item)
    for select, outer in (("run-select", "run"), ("runs-select", "runs")):
        inner = table.get(outer)
        if isinstance(inner, Mapping) and "select" in inner:
            table[select] = table.pop(outer)["select"]
    if isinstance(table.get("files"), Mapping):
        table["files"] = table["files"]["select"]
    return table | _from_type_key(table) | _from_resource(table)


def _from_text(text: str) -> dict[str, Any]:
    spelled, subject = split_short(text)
    if spelled is None:
        return {"type": "project-files", "files": subject}
    kind = DEPENDENCY_TYPES[spelled]
    return {"type": kind, **_read_subject(kind, subject)}


def _read_subject(kind: str, subject: Any) -> dict[str, Any]:
    """What a dependency is, where that is all that is said; runs by a filter or an operation."""
    if kind not in ("run-files", "runs-summary"):
        return {SUBJECT[kind]: subject}
    if kind == "run-files" and is_elsewhere(subject):
        return {"elsewhere": subject}
    resource = _RESOURCE.fullmatch(subject)
    if resource is not None:
        return {"operation": resource[1], "run-select": resource[2].strip("'\"")}
    return {"operation" if _WORD.fullmatch(subject) else "run-select": subject}


def _from_type_key(table: Mapping[str, Any]) -> dict[str, Any]:
    """`file: data.csv` as YAML reads it: a table whose key is the type."""
    for key in table:
        kind = DEPENDENCY_TYPES.get(key)
        if kind is not None:
            return {"type": kind, **_read_subject(kind, table[key])}
    return {}


def _from_resource(table: Mapping[str, Any]) -> dict[str, Any]:
    if "resource" not in table:
        return {}
    return _from_text(table["resource"])


def type_of(table: Mapping[str, Any]) -> str | None:
    """The type of a dependency in long form, that it names or that its keys make sure."""
    if "type" in table:
        return DEPENDENCY_TYPES[table["type"]]
    if any(key in table for key in ("run-select", "run.select", "operation")):
        return "run-files"
    if any(key in table for key in ("runs-select", "runs.select")):
        return "run-files" if any(key in table for key in FILES_SELECT) else "runs-summary"
    return "project-files" if any(key in table for key in FILES_SELECT) else None


def is_elsewhere(text: str) -> bool:
    """Whether a text names a run of another repository: `<url>#<id>`."""
    return _ELSEWHERE.fullmatch(text) is not None


def read_dependency(item: Any) -> Dependency:
    """A dependency without a fault, every spelling made one."""
    table = as_table(item)
    files: Any = next((table[key] for key in FILES_SELECT if key in table), [])
    kind = type_of(table)
    assert kind is not None, "checked before"
    return Dependency(
        type=kind,
        where=_where(table),
        files=tuple(as_list(files)),
        path=table.get("path"),
        elsewhere=table.get("elsewhere"),
        name=table.get("name"),
        link=_link(table),
        target=next((table[key] for key in ("target-path", "target") if key in table), None),
        rename=read_renames(table.get("rename")),
        sha256=table["sha256"].lower() if "sha256" in table else None,
        optional=table.get("optional", False),
        summary_filename=table.get("summary-filename"),
        description=table.get("description"),
    )


def read_renames(value: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of what is renamed and its new name; `*` is renamed where there is but a new name."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    return (("*", value),) if value is not None else ()


def _link(table: Mapping[str, Any]) -> bool | None:
    if table.get("writeable"):
        return False
    return table.get("link")


def _where(table: Mapping[str, Any]) -> str | None:
    """The filter of the language of `list --where` that chooses the runs."""
    parts = [as_filter(table[key]) for key in RUN_SELECT if key in table]
    operation = table.get("operation")
    if isinstance(operation, list):
        parts.append(f"op in [{', '.join(map(_quote, operation))}]")
    elif operation is not None:
        parts.append(f"op = {_quote(operation)}")
    if len(parts) > 1:
        parts = [f"({part})" for part in parts]
    return " and ".join(parts) or None


def as_filter(text: str) -> str:
    """A filter as it is read everywhere: Gage writes `started after 30 days ago` as well."""
    return _MOMENT.sub(lambda found: f"{found[1]} {'>' if found[2] == 'after' else '<'}", text)


def _quote(name: str) -> str:
    """A name as the filter language has it."""
    if _WORD.fullmatch(name) and name.lower() not in _FILTER_WORDS:
        return name
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return f'"{escaped}"'
