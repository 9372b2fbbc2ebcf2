"""A run from its run object, or from what another form has kept of that.

Source: docs/json.md.
"""

from __future__ import annotations

import json
import math
from typing import Any

from git_gage.config.typed import as_value
from git_gage.errors import IntegrityError
from git_gage.formats.model import (
    OWN_TOOL,
    BrokenError,
    ForeignRun,
    as_number,
    as_text,
    is_commit,
    is_name,
    read_scalars,
    read_time,
    said_text,
)
from git_gage.metrics.series import parse_series


def read_run_object(found: dict[str, Any], where: str) -> ForeignRun:
    """The run that a run object tells of; `series` behind it are those of its metrics.

    Raises: BrokenError where it names no run, or one that has not ended.
    """
    id, operation = as_text(found.get("id")), as_text(found.get("operation"))
    started, ended = read_time(found.get("started")), read_time(found.get("ended"))
    for name, value in (("id", id), ("operation", operation), ("started", found.get("started"))):
        if not value:
            raise BrokenError(f"it has no '{name}'")
    if not id or not operation or started is None:
        raise BrokenError("its 'started' is no time, such as 2026-11-30T08:00:00Z")
    if found.get("status") not in ("completed", "error", "terminated"):
        raise BrokenError("it has not ended: its 'status' is not completed, error or terminated")
    left_out: list[str] = []
    author = _table(found, "author")
    took_s = as_number(found.get("duration_s"))
    if took_s is None or not math.isfinite(took_s):
        took_s = None if ended is None else max(ended - started, 0.0)
    command = _table(found, "command")
    run = ForeignRun(
        OWN_TOOL,
        id,
        where,
        operation=operation,
        started=started,
        ended=ended,
        took_s=took_s,
        status=found["status"],
        exit_code=_whole(found.get("exit_code")),
        reason=as_text(found.get("reason")),
        user=as_text(author.get("name")) or as_text(author.get("email")),
        argv=[word for word in _list(command, "argv") if as_text(word)],
        shell=command.get("shell") is True,
        config={
            name: as_value(value)
            for name, value in _table(found, "config").items()
            if is_name(name)
        },
        attributes=read_scalars(_table(found, "attributes"), left_out),
        label=as_text(found.get("label")),
        tags=[tag for tag in _list(found, "tags") if as_text(tag)],
        comments=[
            text
            for each in _list(found, "comments")
            if isinstance(each, dict) and (text := said_text(each))
        ],
        source=_read_source(_table(found, "source")),
        environment=_read_environment(_table(found, "environment")),
        left_out=left_out,
    )
    run.attributes.pop("label", None)
    _read_metrics(run, found)
    return run


def _read_source(found: dict[str, Any]) -> dict[str, Any]:
    texts = {name: as_text(found.get(name)) for name in ("commit", "branch", "remote")}
    if not is_commit(texts["commit"]):
        texts["commit"] = None
    dirty = found.get("dirty")
    return {**texts, "dirty": dirty if type(dirty) is bool else None}


def _read_environment(found: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: as_text(found.get(name)) for name in ("python", "platform", "host")},
        "cpus": _whole(found.get("cpus")),
        "gpus": [gpu for gpu in _list(found, "gpus") if as_text(gpu)],
    }


def _read_metrics(run: ForeignRun, found: dict[str, Any]) -> None:
    kept = _table(found, "series")
    for name, body in kept.items():
        try:
            line = json.dumps({**body, "name": name}).encode()
            series = parse_series([line])[name]
        except (IntegrityError, TypeError) as error:
            raise BrokenError(f"the values of metric '{name}' are not as we write them") from error
        if series.count > len(series.steps):
            run.left_out.append(f"values of metric '{name}' between those that were kept")
        for step, value, time_s in zip(series.steps, series.values, series.times_s, strict=True):
            run.metrics.add(name, step, value, run.started + time_s)
    for name, last in _table(found, "metrics").items():
        number = as_number(last)
        if name in kept or last is None:
            continue
        if number is None:
            run.left_out.append(f"metric '{name}', which is no number")
        else:
            run.metrics.end_with(name, number)


def _whole(value: Any) -> int | None:
    """A whole number that JSON holds exactly; None if it is none."""
    return value if type(value) is int and abs(value) < 1 << 53 else None


def _table(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _list(found: dict[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []
