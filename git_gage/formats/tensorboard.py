"""TensorBoard: folders of event files, read and written.

Source: tensorflow's event.proto, summary.proto, tensor.proto and record_writer.cc; TensorBoard's
plugins/scalar/metadata.py and plugins/hparams/{plugin_data,hparams_util}.proto.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from git_gage.formats.model import (
    OWN_TOOL,
    BrokenError,
    ForeignRun,
    Found,
    Metrics,
    OwnRun,
    Written,
    read_each,
    read_scalars,
)
from git_gage.formats.opened import MAX_FILE, list_parts, open_plain
from git_gage.formats.written import new_folder
from git_gage.metrics.crc32c import masked_crc32c
from git_gage.metrics.events import EventTail
from git_gage.records import parse_time, short_id
from git_gage.safe_paths import check_path

TOOL = "tensorboard"
NOT_READ = "images, audio, histograms, graphs, profiles, hyperparameters; how a run ended"
NOT_WRITTEN = (
    "the records and their signatures, the name and label, the command, who ran it, exit codes, "
    "the source, the environment, inputs, what it printed, files, attributes, tags, comments"
)

_EVENTS = "tfevents"
_VERSION = b"brain.Event:2"
_DOUBLE_TYPE = 2
# Hexadecimal digits of a digest in the id of a run.
_DIGITS = 16
# What `_write_run` calls it: a run of ours is known again.
_OWN_FILE = re.compile(r"events\.out\.tfevents\.-?[0-9]+\.([0-9a-z]{30})\.git-gage")
_NOT_SAID = "TensorBoard does not say how it ended"


# -- reading -----------------------------------------------------------------------------------


def is_here(path: Path) -> bool:
    """Whether event files lie in a folder, or in one below it."""
    return bool(_find(path))


def read_runs(path: Path) -> Iterator[Found]:
    """A run for each folder with event files."""
    for folder, names in _find(path).items():
        yield from read_each(lambda place, names=names: _read(path, place, names), [folder])  # type: ignore[misc]


def _find(path: Path) -> dict[Path, list[str]]:
    folders: dict[Path, list[str]] = {}
    for part in list_parts(path, []) if path.is_dir() else ():
        if _EVENTS in part.place.name:
            folders.setdefault(part.place.parent, []).append(part.place.name)
    return folders


def _read(top: Path, folder: Path, names: list[str]) -> ForeignRun:
    left_out: list[str] = []
    metrics = Metrics()
    paths = [folder / name for name in sorted(names)]
    id = _identify(paths)
    texts = read_events(paths, metrics, left_out)
    if metrics.first_s is None or metrics.last_s is None:
        raise BrokenError("its event files have no scalars with a time")
    name = folder.relative_to(top).as_posix()
    own = _OWN_FILE.fullmatch(paths[0].name)
    return ForeignRun(
        OWN_TOOL if own else TOOL,
        own[1] if own else id,
        str(folder),
        former_id=None if own else paths[0].name,
        operation=folder.name if name != "." else top.resolve().name or TOOL,
        started=metrics.first_s,
        ended=metrics.last_s,
        took_s=metrics.last_s - metrics.first_s,
        status="terminated",
        reason=_NOT_SAID,
        metrics=metrics,
        attributes=read_scalars(texts, left_out),
        label=None if name in (".", folder.name) else name,
        left_out=left_out,
    )


def _identify(paths: Iterable[Path]) -> str:
    """The name of the first file with a scalar, and a digest of its bytes up to there.

    The name has a second and a host, and with some writers nothing else: several runs may share
    it. The time in the first event is finer. Both stay while the run goes on.
    """
    for path in paths:
        tail = EventTail(path)
        with open_plain(path) as file:
            if tail.read(limit=1):
                head = file.read(min(tail.offset, MAX_FILE))
                return f"{path.name}:{hashlib.sha256(head).hexdigest()[:_DIGITS]}"
    raise BrokenError("its event files have no scalars with a time")


def read_events(
    paths: Iterable[Path], metrics: Metrics, left_out: list[str], prefix: str = ""
) -> dict[str, str]:
    """Put the scalars of event files into `metrics`; the texts in them.

    Raises: BrokenError where a file cannot be read.
    """
    texts: dict[str, str] = {}
    for path in paths:
        tail = EventTail(path)
        try:
            while scalars := tail.read():
                for scalar in scalars:
                    time_s = scalar.time_s or math.nan
                    metrics.add(f"{prefix}{scalar.name}", scalar.step, scalar.value, time_s)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BrokenError(f"'{path.name}' cannot be read: {reason}") from error
        tail.finish()
        left_out += tail.warnings()
        texts |= tail.texts
    return texts


# -- writing -----------------------------------------------------------------------------------


def write_runs(runs: Iterator[OwnRun], target: Path) -> Written:
    """Add a folder for each run, with one event file: scalars, and settings as hyperparameters."""
    written = Written()
    target.mkdir(parents=True, exist_ok=True)
    for run in runs:
        place = target / folder_name(run.document)
        if place.exists():
            written.there += 1
            continue
        with new_folder(place) as folder:
            _write_run(run, folder, written)
        written.count += 1
    return written


def folder_name(document: Mapping[str, Any]) -> str:
    """What the folder of a run is called, so that a person knows it."""
    name = f"{short_id(document['id'])}-{document['operation']}".replace("/", "_")
    return name if check_path(os.fsencode(name)) is None else short_id(document["id"])


def _write_run(run: OwnRun, folder: Path, written: Written) -> None:
    document = run.document
    started_s = parse_time(document["started"])
    file_name = f"events.out.tfevents.{int(started_s)}.{document['id']}.git-gage"
    with (folder / file_name).open("wb") as file:
        file.write(_record(_event(started_s, version=_VERSION)))
        file.write(_record(_event(started_s, summary=_session_start(document, started_s))))
        for name, series in run.points():
            written.clipped += series.count > len(series.steps)
            metadata = _field(9, _field(1, _field(1, b"scalars")))
            for step, value, time_s in zip(
                series.steps, series.values, series.times_s, strict=True
            ):
                at_s = started_s + (0.0 if time_s != time_s else time_s)
                tag = _field(1, name.encode(errors="replace"))
                summary = _field(1, tag + metadata + _field(8, _tensor(value)))
                file.write(_record(_event(at_s, step=step, summary=summary)))
        if document["ended"] is not None:
            ended_s = parse_time(document["ended"])
            file.write(_record(_event(ended_s, summary=_session_end(document, ended_s))))


def _session_start(document: Mapping[str, Any], started_s: float) -> bytes:
    """A summary that says which settings the run had."""
    settings = b"".join(
        _field(1, _field(1, name.encode(errors="replace")) + _field(2, _hparam(value)))
        for name, value in document["config"].items()
    )
    group = _field(4, document["id"].encode())
    info = settings + group + _double(5, started_s)
    return _hparams("_hparams_/session_start_info", _field(3, info))


def _session_end(document: Mapping[str, Any], ended_s: float) -> bytes:
    status = {"completed": 1, "error": 2}.get(document["status"], 0)
    return _hparams(
        "_hparams_/session_end_info", _field(4, _number(1, status) + _double(2, ended_s))
    )


def _hparams(tag: str, content: bytes) -> bytes:
    plugin = _field(1, b"hparams") + _field(2, content)
    empty = _field(8, _number(1, 1) + _field(2, _field(2, b"")))
    return _field(1, _field(1, tag.encode()) + _field(9, _field(1, plugin)) + empty)


def _hparam(value: Any) -> bytes:
    """A setting as google.protobuf.Value."""
    if type(value) is bool:
        return _number(4, value)
    if type(value) in (int, float):
        return _double(2, float(value))
    return _field(3, str(value).encode(errors="replace"))


def _tensor(value: float) -> bytes:
    """A number as a tensor without dimensions, in double precision."""
    return _number(1, _DOUBLE_TYPE) + _field(2, b"") + _field(6, struct.pack("<d", value))


def _event(time_s: float, *, step: int = 0, version: bytes = b"", summary: bytes = b"") -> bytes:
    event = _double(1, time_s)
    if step:
        event += _number(2, step)
    if version:
        event += _field(3, version)
    return event + (_field(5, summary) if summary else b"")


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return b"".join(
        [
            length,
            struct.pack("<I", masked_crc32c(length)),
            data,
            struct.pack("<I", masked_crc32c(data)),
        ]
    )


# -- protocol buffers --------------------------------------------------------------------------


def _varint(value: int) -> bytes:
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(key: int, value: int) -> bytes:
    return _varint(key << 3) + _varint(value)


def _double(key: int, value: float) -> bytes:
    return _varint(key << 3 | 1) + struct.pack("<d", value)


def _field(key: int, data: bytes) -> bytes:
    return _varint(key << 3 | 2) + _varint(len(data)) + data
