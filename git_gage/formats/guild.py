"""Guild AI's run directories: `<run>/.guild/{opref,attrs/*,output}` and what the run made.

Source: guild/run.py, guild/opref.py and guild/op_util.py of Guild AI 0.9.0.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from git_gage.formats.model import (
    BrokenError,
    ForeignRun,
    Found,
    Metrics,
    as_text,
    read_each,
    read_settings,
)
from git_gage.formats.opened import list_parts, newest_change, parse, read_bytes, read_text
from git_gage.formats.tensorboard import read_events

TOOL = "guild"
NOT_READ = (
    "environment variables (they may hold secrets), when each line was printed, resolved "
    "dependencies as such, images and other summaries that are no scalars"
)

_OWN, _EVENTS = ".guild", "events.out.tfevents"
_COMMIT = re.compile(r"git:([0-9a-f]{40}|[0-9a-f]{64})(\*?)")
_MAX_PACKAGES = 10_000


def is_here(path: Path) -> bool:
    """Whether a folder is a run of Guild's, or holds some."""
    return bool(_places(path))


def read_runs(path: Path) -> Iterator[Found]:
    """All runs in a folder, in its `runs` or `.guild/runs`, or the one run."""
    yield from read_each(_read, _places(path))


def _places(path: Path) -> list[Path]:
    if (path / _OWN / "opref").is_file():
        return [path]
    for folder in (path, path / "runs", path / _OWN / "runs"):
        try:
            found = [child for child in folder.iterdir() if (child / _OWN / "opref").is_file()]
        except OSError:
            continue
        if found:
            return sorted(child for child in found if not child.is_symlink())
    return []


def _read(path: Path) -> ForeignRun:
    attrs = _Attributes(path / _OWN / "attrs")
    if (path / _OWN / "STAGED").exists() or (path / _OWN / "PENDING").exists():
        raise BrokenError("it has not started")
    started = attrs.time("started")
    if started is None:
        raise BrokenError("it has no time of its start")
    ended, code = attrs.time("stopped"), attrs.get("exit_status")
    code = code if type(code) is int else None
    left_out: list[str] = []
    found = list_parts(path, left_out, skip=frozenset([_OWN.encode()]))
    metrics = _read_metrics(path, left_out)
    flags = attrs.get("flags")
    output = path / _OWN / "output"
    run = ForeignRun(
        TOOL,
        as_text(attrs.get("id")) or path.name,
        str(path),
        operation=_read_operation(path / _OWN / "opref"),
        started=started,
        ended=ended if code is not None else None,
        quiet_since=max(started, newest_change(path)),
        took_s=None if ended is None else max(0.0, ended - started),
        status=_status(code),
        exit_code=code if code is not None and code >= 0 else None,
        user=as_text(attrs.get("user")) or None,
        argv=attrs.texts("cmd"),
        config=read_settings(flags if isinstance(flags, dict) else {}, left_out),
        metrics=metrics,
        attributes=_read_attributes(attrs),
        label=as_text(attrs.get("label")) or None,
        tags=attrs.texts("tags"),
        comments=_read_comments(attrs.get("comments")),
        source=_read_source(attrs.get("vcs_commit")),
        environment=_read_environment(attrs),
        packages=_read_packages(attrs.texts("pip_freeze")),
        output=output if output.is_file() else None,
        files=found,
        left_out=left_out,
    )
    deps = attrs.get("deps")
    if isinstance(deps, dict) and deps:
        left_out.append("what it depends on, as such: these are files like others now")
    left_out += attrs.broken
    return run


class _Attributes:
    """Small YAML files; one that is damaged is told, and has no value."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broken: list[str] = []

    def get(self, name: str) -> Any:
        path = self._folder / name
        if not path.exists():
            return None
        try:
            return parse(read_bytes(path, 1 << 20), "yaml", name)
        except BrokenError as error:
            self.broken.append(f"attribute {error}")
            return None

    def time(self, name: str) -> float | None:
        """A time in microseconds, as Unix seconds."""
        value = self.get(name)
        return value / 1e6 if type(value) is int and 0 <= value < 1 << 60 else None

    def texts(self, name: str) -> list[str]:
        value = self.get(name)
        return [each for each in value if as_text(each)] if isinstance(value, list) else []


def _status(code: int | None) -> str:
    if code == 0:
        return "completed"
    return "terminated" if code is None or code < 0 else "error"


def _read_operation(path: Path) -> str:
    """`<type>:<package> <version> <model> <operation>`, quoted as for a shell."""
    try:
        words = shlex.split(read_text(path, 1 << 16))
    except ValueError as error:
        raise BrokenError("'opref' is not as Guild writes it") from error
    if len(words) != 4 or not words[3]:
        raise BrokenError("'opref' is not as Guild writes it")
    return f"{words[2]}:{words[3]}" if words[2] else words[3]


def _read_metrics(path: Path, left_out: list[str]) -> Metrics:
    """Scalars of all event files; those of a folder are called after it, as Guild does."""
    metrics = Metrics()
    for part in list_parts(path, []):
        if part.place.name.startswith(_EVENTS):
            folder = os.fsdecode(os.path.dirname(part.path))
            prefix = f"{folder}#" if folder not in ("", _OWN) else ""
            read_events([part.place], metrics, left_out, prefix)
    return metrics


def _read_attributes(attrs: _Attributes) -> dict[str, Any]:
    found = {name: attrs.get(name) for name in ("random_seed", "marked", "sourcecode_digest")}
    return {
        name: value for name, value in found.items() if type(value) in (int, bool) or as_text(value)
    }


def _read_comments(found: Any) -> list[str]:
    comments = []
    for each in found if isinstance(found, list) else ():
        body = as_text(each.get("body")) if isinstance(each, dict) else None
        if body:
            who = as_text(each.get("user"))
            comments.append(f"{who}: {body}" if who else body)
    return comments


def _read_source(text: Any) -> dict[str, Any]:
    found = _COMMIT.fullmatch(text) if type(text) is str else None
    return {"commit": found[1], "dirty": bool(found[2])} if found else {}


def _read_environment(attrs: _Attributes) -> dict[str, Any]:
    platform = attrs.get("platform")
    platform = platform if isinstance(platform, dict) else {}
    python = (as_text(platform.get("python_version")) or "").split(" ")[0]
    cpus = platform.get("cpus")
    return {
        "python": python or None,
        "platform": (as_text(platform.get("uname")) or "").strip() or None,
        "host": as_text(attrs.get("host")) or None,
        "cpus": cpus if type(cpus) is int else None,
    }


def _read_packages(lines: list[str]) -> Mapping[str, str] | None:
    pairs = (line.partition("==") for line in lines[:_MAX_PACKAGES])
    return {name: version for name, _, version in pairs if version} or None
