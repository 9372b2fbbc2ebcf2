"""Gage's runs: `<run>/` with what it made, beside it `<run>.meta` or `<run>.meta.zip`.

Source: gage/_internal/{run_meta,run_util,run_attr,attr_log,opref_util}.py of Gage, July 2024, and
opref_util.py of 0.1.2, April 2024.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from git_gage.formats.model import (
    BrokenError,
    ForeignRun,
    Found,
    Metrics,
    as_number,
    as_text,
    read_each,
    read_scalars,
    read_settings,
)
from git_gage.formats.opened import MAX_FILE, list_parts, newest_change, parse, read_bytes

TOOL = "gage"
NOT_READ = "when each line was printed, the operation's definition, archives, roles of files"

_META, _ZIP, _DELETED = ".meta", ".meta.zip", ".deleted"
_OUTPUT, _OTHERS = (
    "output/40_run",
    ("10_sourcecode", "20_runtime", "30_dependencies", "50_finalize"),
)
_COMMENT = "comment:"
_MAX_OUTPUT = 256 << 20


def is_here(path: Path) -> bool:
    """Whether a folder holds runs of Gage's."""
    return bool(_places(path))


def read_runs(path: Path) -> Iterator[Found]:
    """All runs in a folder, in its `runs` or `.gage/runs`, or the one whose folder it is."""
    yield from read_each(_read, _places(path))


def _places(path: Path) -> list[Path]:
    """Where the runs have their metadata."""
    beside = [path.with_name(path.name + ending) for ending in (_META, _ZIP)]
    if found := [meta for meta in beside if meta.exists()]:
        return found[:1]
    if path.name.endswith((_META, _ZIP)) and path.exists():
        return [path]
    for folder in (path, path / "runs", path / ".gage" / "runs"):
        try:
            found = sorted(
                child
                for child in folder.iterdir()
                if child.name.removesuffix(_DELETED).endswith((_META, _ZIP))
            )
        except OSError:
            continue
        if found:
            return found
    return []


def _read(path: Path) -> ForeignRun:
    if path.name.endswith(_DELETED):
        raise BrokenError("it is deleted")
    meta = _Meta(path)
    words = _read_opref(meta)
    started, ended = meta.time("started"), meta.time("stopped")
    if started is None:
        raise BrokenError("it has not started")
    folder = path.with_name(path.name.removesuffix(_META).removesuffix(_ZIP))
    code = meta.number("proc/exit")
    left_out: list[str] = []
    command = meta.document("proc/cmd.json")
    config = meta.document("config.json")
    metrics, attributes = _read_summary(meta.document("summary.json"), left_out)
    run = ForeignRun(
        TOOL,
        meta.text("id") or folder.name,
        str(folder),
        operation=words[2],
        started=started,
        ended=ended if code is not None else None,
        quiet_since=max(started, newest_change(folder)),
        took_s=None if ended is None else max(0.0, ended - started),
        status="completed" if code == 0 else "error" if code and code > 0 else "terminated",
        exit_code=code if code is not None and code >= 0 else None,
        argv=_words(command),
        shell=type(command) is str,
        config=read_settings(config if isinstance(config, dict) else {}, left_out),
        config_diff=meta.text("log/patched"),
        metrics=metrics,
        attributes=attributes,
        environment={"platform": as_text(meta.document("sys/platform.json"))},
        output=meta.content(_OUTPUT, _MAX_OUTPUT),
        files=list_parts(folder, left_out) if folder.is_dir() else (),
        left_out=left_out,
    )
    if len(words) > 3:
        run.attributes["version"] = " ".join(words[3:])
    if meta.content("log/patched") and run.config_diff is None:
        left_out.append("what the settings changed in its files")
    others = [name for name in _OTHERS if meta.content(f"output/{name}", _MAX_OUTPUT)]
    if others:
        left_out.append(f"what other phases printed: {', '.join(others)}")
    if not folder.is_dir():
        left_out.append("its files, which are not there")
    _read_user(run, folder.with_name(f"{folder.name}.user"))
    left_out += meta.broken
    return run


def _read_opref(meta: _Meta) -> list[str]:
    """The words `<schema> <namespace> <operation>`, in schema 2 also a version."""
    text = meta.text("opref")
    if not text:
        raise BrokenError("it has no readable 'opref'")
    words = text.split(" ")
    if words[0] not in ("1", "2"):
        raise BrokenError(f"'opref' is of schema '{words[0]}', and only 1 and 2 are known")
    if len(words) < 3 or not words[1] or not words[2] or (words[0] == "1" and len(words) > 3):
        raise BrokenError("'opref' is not as Gage writes it")
    return words


class _Meta:
    """The files of a run's metadata, in a folder or in a zip file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_zip = path.name.endswith(_ZIP)
        self.broken: list[str] = []

    def content(self, name: str, limit: int = MAX_FILE) -> bytes | None:
        """A file; None where there is none. Raises: BrokenError."""
        if not self._is_zip:
            place = self._path.joinpath(*name.split("/"))
            return read_bytes(place, limit) if os.path.lexists(place) else None
        try:
            with zipfile.ZipFile(self._path) as archive:
                if name not in archive.NameToInfo:
                    return None
                with archive.open(name) as file:
                    data = file.read(limit + 1)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
            raise BrokenError(f"'{self._path.name}' cannot be read: {error}") from error
        if len(data) > limit:
            raise BrokenError(f"'{name}' is larger than {limit >> 20} MiB")
        return data

    def text(self, name: str) -> str | None:
        data = self.content(name)
        text = None if data is None else as_text(data.decode(errors="replace"))
        return text.rstrip() if text and name != "log/patched" else text

    def number(self, name: str) -> int | None:
        try:
            return int(self.text(name) or "")
        except ValueError:
            return None

    def time(self, name: str) -> float | None:
        """A time in microseconds, as Unix seconds."""
        number = self.number(name)
        return number / 1e6 if number is not None and 0 <= number < 1 << 60 else None

    def document(self, name: str) -> Any:
        """JSON; None where there is none, and where it is damaged, which is told."""
        data = self.content(name)
        try:
            return None if data is None else parse(data, "json", name)
        except BrokenError as error:
            self.broken.append(str(error))
            return None


def _words(command: Any) -> list[str]:
    if type(command) is str:
        return [command]
    return [word for word in command if as_text(word)] if isinstance(command, list) else []


def _read_summary(summary: Any, left_out: list[str]) -> tuple[Metrics, dict[str, Any]]:
    metrics, found = Metrics(), summary if isinstance(summary, dict) else {}
    values = found.get("metrics")
    for name, value in values.items() if isinstance(values, dict) else ():
        number = as_number(value.get("value") if isinstance(value, dict) else value)
        if number is None:
            left_out.append(f"metric '{name}', which is no number")
        else:
            metrics.end_with(name, number)
    said = found.get("attributes")
    plain = {
        name: value.get("value") if isinstance(value, dict) else value
        for name, value in (said.items() if isinstance(said, dict) else ())
    }
    return metrics, read_scalars(plain, left_out)


def _read_user(run: ForeignRun, folder: Path) -> None:
    """What people said, in the order of the names of the files; the last word counts."""
    said: dict[str, tuple[Any, str | None]] = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            entry = json.loads(read_bytes(path, 1 << 20))
        except (BrokenError, ValueError, RecursionError):
            run.left_out.append(f"'{path.name}' of what was said of it, which is damaged")
            continue
        if not isinstance(entry, dict):
            continue
        values, gone = entry.get("set"), entry.get("delete")
        author = as_text(entry.get("author"))
        said |= {
            name: (value, author)
            for name, value in (values.items() if isinstance(values, dict) else ())
        }
        for name in gone if isinstance(gone, list) else ():
            said.pop(name, None) if type(name) is str else None
    comments = []
    plain = {}
    for name, (value, author) in said.items():
        if name.startswith(_COMMENT):
            text = as_text(value.get("msg")) if isinstance(value, dict) else None
            comments += [f"{author}: {text}" if author else text] if text else []
        elif name == "label":
            run.label = as_text(value) or None
        else:
            plain[name] = value
    run.comments = comments
    run.attributes |= read_scalars(plain, run.left_out)
