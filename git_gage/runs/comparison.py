"""Runs beside each other: each value of theirs, which one is best, how far they are apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from git_gage.metrics.direction import as_float, best_number
from git_gage.records import author_name

Document = Mapping[str, Any]


class Missing(Enum):
    """Why there is no value: the run has none, it could have none, it is not in this clone, or it
    is larger than anything that is looked at of somebody else's.
    """

    NONE = "none"
    NOT_ASKED = "not asked"
    NOT_HERE = "not here"
    TOO_LARGE = "too large"


_UNKNOWN = (Missing.NOT_ASKED, Missing.NOT_HERE, Missing.TOO_LARGE)


class Row(NamedTuple):
    """One value of all runs. `part` is its place in a run, such as "config".

    `best` is the place of the best of several numbers, `deltas` are from the first run.
    """

    part: str
    name: str
    values: tuple[Any, ...]
    best: int | None
    deltas: tuple[float | None, ...]

    @property
    def known(self) -> bool:
        """Whether the values of all runs are here, and were looked at."""
        return not {Missing.NOT_HERE, Missing.TOO_LARGE}.intersection(
            value for value in self.values if isinstance(value, Missing)
        )

    @property
    def differs(self) -> bool:
        """Whether the runs of which it is known have different values."""
        known = [value for value in self.values if value not in _UNKNOWN]
        return any(not _same(known[0], value) for value in known[1:])


class Comparison(NamedTuple):
    """Runs, by their run objects, and all that they have."""

    runs: Sequence[Document]
    rows: Sequence[Row]

    def chosen(self, *, everything: bool) -> list[Row]:
        """All rows, or those that differ, or of which it cannot be told here."""
        return [
            row
            for row in self.rows
            # Of packages one row says that they are not here, for all of them.
            if everything or row.differs or (row.part != "packages" and not row.known)
        ]


def compare_runs(
    documents: Sequence[Document],
    changed: Sequence[Any] = (),
    *,
    metrics: Collection[str] = (),
) -> Comparison:
    """Every value of these runs; of the metrics only some, if any are asked for.

    `changed` has for each run the files that differ from the first run's (see runs/changes), or a
    `Missing`.
    """
    rows = []
    settings = all(document["config"] for document in documents)
    for part, read in _PARTS.items():
        if part == "command" and settings:
            continue
        found = [read(document) for document in documents]
        names = dict.fromkeys(
            name for each in found if not isinstance(each, Missing) for name in each
        )
        rows += [
            _row(part, name, [_value(each, name) for each in found])
            for name in names
            if part != "metrics" or not metrics or name in metrics
        ]
    if any(each not in (Missing.NONE, []) for each in changed):
        rows.insert(_last(rows, "source"), _row("source", "files", changed))
    return Comparison(documents, rows)


def _last(rows: Sequence[Row], part: str) -> int:
    """Where the rows of a part end."""
    return 1 + max(place for place, row in enumerate(rows) if row.part == part)


def _row(part: str, name: str, values: Sequence[Any]) -> Row:
    measured = part in ("metrics", "attributes") or name == "duration_s"
    best = best_number(name, values) if part == "metrics" else None
    same = (place for place, value in enumerate(values) if as_float(value) == best)
    deltas = [_delta(values[0], value) if measured else None for value in values[1:]]
    return Row(part, name, tuple(values), None if best is None else next(same), (None, *deltas))


def _value(found: Mapping[str, Any] | Missing, name: str) -> Any:
    return found if isinstance(found, Missing) else found.get(name, Missing.NONE)


def _delta(first: Any, value: Any) -> float | None:
    one, other = as_float(first), as_float(value)
    delta = math.nan if one is None or other is None else other - one
    return delta if math.isfinite(delta) else None


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


# -- what a run has ------------------------------------------------------------------------------


def _about(document: Document) -> dict[str, Any]:
    keys = ("operation", "version", "status", "exit_code", "signal", "label", "duration_s")
    return _known(
        {
            **{key: document[key] for key in keys},
            "tags": document["tags"] or None,
            "author": author_name(document["author"]) or None,
        }
    )


def _source(document: Document) -> dict[str, Any]:
    keys = ("commit", "branch", "dirty", "digest")
    return _known({key: document["source"][key] for key in keys})


def _environment(document: Document) -> dict[str, Any]:
    keys = ("python", "platform", "host", "cpus", "gpus", "git", "gage")
    found = {key: document["environment"].get(key) for key in keys}
    packages = _packages(document)
    count = packages if isinstance(packages, Missing) else len(packages)
    return _known(
        {
            **found,
            "gpus": found["gpus"] or None,
            "packages": None if count is Missing.NOT_ASKED else count,
        }
    )


def _packages(document: Document) -> Mapping[str, Any] | Missing:
    """By name. Where no Python ran nobody asks for them."""
    environment = document["environment"]
    packages: Mapping[str, Any] | None = environment.get("packages")
    if packages is None:
        return Missing.NOT_HERE if environment.get("python") else Missing.NOT_ASKED
    return packages


def _inputs(document: Document) -> dict[str, Any]:
    return {
        each["name"] or each["path"] or each["type"]: {
            "run": each["run"],
            "digest": each["digest"],
        }
        for each in document["inputs"]
    }


def _commands(document: Document) -> dict[str, Any]:
    """What was run; the settings say it better, where there are any."""
    return {"command": {key: document["command"][key] for key in ("argv", "shell")}}


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


_PARTS: dict[str, Callable[[Document], Mapping[str, Any] | Missing]] = {
    "run": _about,
    "command": _commands,
    "config": lambda document: document["config"],
    "metrics": lambda document: document["metrics"],
    "attributes": lambda document: document["attributes"],
    "inputs": _inputs,
    "source": _source,
    "environment": _environment,
    "variables": lambda document: document["command"]["variables"],
    "packages": _packages,
}
"""Parts of a run in the order they are shown."""
