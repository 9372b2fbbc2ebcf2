"""What a run has by the names that people give it: for columns, and for `--format`.

Source: docs/list.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from git_gage.records import author_name, short_id
from git_gage.render.amounts import value_text

Document = Mapping[str, Any]

_PARTS = {"metric": "metrics", "config": "config", "attr": "attributes"}
WHOLE = {"config": "config", "metrics": "metric", "attributes": "attr"}
"""Names that stand for all of a part of a run."""


def _key(name: str) -> Callable[[Document], Any]:
    return lambda document: document[name]


def _part(part: str, name: str) -> Callable[[Document], Any]:
    return lambda document: (document[part] or {}).get(name)


def _author(document: Document) -> str | None:
    return author_name(document["author"]) or None


FIELDS: dict[str, Callable[[Document], Any]] = {
    **{
        name: _key(name)
        for name in (
            *("id", "name", "operation", "status", "exit_code", "signal", "label"),
            *("tags", "started", "ended", "staged", "version", "parent", "restart_of"),
        )
    },
    "run": lambda document: short_id(document["id"]),
    "op": _key("operation"),
    "duration_s": _key("duration_s"),
    "duration": _key("duration_s"),
    "took": _key("duration_s"),
    "author": _author,
    "by": _author,
    "email": _part("author", "email"),
    **{name: _part("source", name) for name in ("commit", "branch", "dirty", "digest")},
    "project": _part("project", "namespace"),
    **{name: _part("environment", name) for name in ("host", "python", "platform")},
}
"""Names that every run has, each with how it is read."""


def read_field(document: Document, name: str) -> Any:
    """The value of a name; None where the run has none.

    A name that is none of `FIELDS` is that of a metric, else of a config value, else of an
    attribute; `config.lr` says which.
    """
    if name in FIELDS:
        return FIELDS[name](document)
    part, dot, rest = name.partition(".")
    if dot and part in _PARTS and rest in document[_PARTS[part]]:
        return document[_PARTS[part]][rest]
    for values in (document[key] for key in _PARTS.values()):
        if name in values:
            return values[name]
    return None


def plain_text(value: Any) -> str:
    """A value for a program to read: nothing where there is none, whole numbers, one line."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value_text(",".join(value))
    return value_text(value)


def spread(names: Sequence[str], read: Callable[[], Iterable[Document]]) -> list[str]:
    """Names with `config`, `metrics` and `attributes` replaced by what the runs have of them.

    `read` gives the runs, if they are needed for that.
    """
    if WHOLE.keys().isdisjoint(names):
        return list(names)
    found: dict[str, dict[str, None]] = {name: {} for name in WHOLE}
    for document in read():
        for name, keys in found.items():
            keys.update(dict.fromkeys(document[name]))
    return [
        each
        for name in names
        for each in ([f"{WHOLE[name]}.{key}" for key in found[name]] if name in WHOLE else [name])
    ]
