"""Weights & Biases: run folders of offline mode, `offline-run-*/run-*.wandb` and files beside it.

The log is blocks of 32 KiB with pieces of records; a record is a protocol buffer.
Source: core/pkg/leveldb/record.go and wandb/proto/wandb_internal.proto of wandb 0.31.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from git_gage.formats.model import (
    BrokenError,
    ForeignRun,
    Found,
    as_number,
    as_text,
    counted,
    flatten,
    is_commit,
    read_each,
    read_scalars,
    read_settings,
)
from git_gage.formats.opened import list_parts, newest_change, open_plain, read_text
from git_gage.metrics.protobuf import MalformedError, fields, signed
from git_gage.source.remote import strip_user

TOOL = "wandb"
NOT_READ = (
    "artifacts, system metrics, alerts, tables, media as such, sweeps, saved code, "
    "what a server was told later"
)

_SUFFIX, _LOG = ".wandb", "output.log"
_HEADER = b":W&B\xe1\xbe\x00"
_BLOCK, _HEAD = 32 << 10, 7
_DAMAGED, _FULL, _FIRST, _LAST = 0, 1, 2, 4
_MAX_RECORD = 64 << 20
# Files of the tool's own, which are told in other places.
_OWN_FILES = frozenset(
    {b"output.log", b"requirements.txt", b"wandb-metadata.json", b"wandb-summary.json"}
    | {b"config.yaml"}
)
# Names that begin so are the tool's own.
_HIDDEN = "_"
# Fields of a run that become attributes.
_NAMES = {6: "group", 7: "job_type", 12: "sweep"}

# Numbers of fields: of a record, then of what it holds.
_HISTORY, _SUMMARY, _OUTPUT, _CONFIG, _FILES, _STATS, _ARTIFACT = 2, 3, 4, 5, 6, 7, 8
_TENSORBOARD, _ALERT, _OUTPUT_RAW, _RUN, _EXIT, _USED, _ENVIRONMENT = 9, 10, 13, 17, 18, 25, 26


def is_here(path: Path) -> bool:
    """Whether a folder is a run's, or holds some."""
    return bool(_places(path))


def read_runs(path: Path) -> Iterator[Found]:
    """All runs in a folder or in its `wandb`, or the one run."""
    yield from read_each(_read, _places(path))


def _places(path: Path) -> list[Path]:
    if _logs(path):
        return [path]
    for folder in (path, path / "wandb"):
        try:
            found = [
                child
                for child in sorted(folder.iterdir())
                if child.name.startswith(("offline-run-", "run-"))
                and not child.is_symlink()
                and _logs(child)
            ]
        except OSError:
            continue
        if found:
            return found
    return []


def _logs(path: Path) -> list[Path]:
    return sorted(path.glob(f"*{_SUFFIX}")) if path.is_dir() else []


def _read(path: Path) -> ForeignRun:
    log = _Log()
    (place, *more) = _logs(path)
    if more:
        log.run.left_out.append(counted(len(more), "log", " of other runs in its folder"))
    with open_plain(place) as file:
        for record in _read_records(file, log.run.left_out):
            log.take(record)
    return log.finish(path)


# -- the log as records ------------------------------------------------------------------------


def _read_records(file: BinaryIO, left_out: list[str]) -> Iterator[bytes]:
    """Whole records, each with the right checksums; what is damaged is told, and passed over.

    Raises: BrokenError for a file that is none of wandb's.
    """
    if file.read(len(_HEADER)) != _HEADER:
        raise BrokenError("its log does not begin as wandb's do")
    parts: list[bytes] = []
    damaged = 0
    for kind, data in _read_pieces(file):
        if kind in (_FULL, _FIRST):
            damaged += bool(parts)
            parts = []
        elif not parts:
            damaged += kind == _DAMAGED  # of others the beginning was
            continue
        parts.append(data)
        if kind == _DAMAGED or sum(map(len, parts)) > _MAX_RECORD:
            damaged += 1
            parts = []
        elif kind in (_FULL, _LAST):
            yield b"".join(parts)
            parts = []
    damaged += bool(parts)
    if damaged:
        left_out.append(counted(damaged, "part", " of its log damaged or unfinished"))


def _read_pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The pieces of all blocks, each with its kind; what follows a damaged one is passed over."""
    at = len(_HEADER)
    while True:
        room = _BLOCK - at % _BLOCK
        if room < _HEAD:
            at += len(file.read(room))
        head = file.read(_HEAD)
        if len(head) < _HEAD:
            return
        length, kind = int.from_bytes(head[4:6], "little"), head[6]
        data = file.read(length)
        at += _HEAD + len(data)
        checksum = zlib.crc32(data, zlib.crc32(head[6:]))
        if checksum == int.from_bytes(head[:4], "little") and _FULL <= kind <= _LAST:
            yield kind, data
        else:
            at += len(file.read(-at % _BLOCK))
            yield _DAMAGED, b""


# -- records as a run --------------------------------------------------------------------------

_Reader = Callable[[bytes], None]


class _Log:
    """What the records of a log say."""

    def __init__(self) -> None:
        self.run = ForeignRun(TOOL, "", "", TOOL, 0.0)
        self._config: dict[str, Any] = {}
        self._summary: dict[str, Any] = {}
        self._printed: list[bytes] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._known: set[str] = set()
        self._ended: tuple[int, int] | None = None
        self._readers: dict[int, _Reader] = {
            _RUN: self._take_run,
            _CONFIG: self._take_config,
            _HISTORY: self._take_history,
            _SUMMARY: self._take_summary,
            _EXIT: self._take_exit,
            _ENVIRONMENT: self._take_environment,
            _OUTPUT: self._take_output,
            _OUTPUT_RAW: self._take_output,
            _STATS: self._count("system metric", ""),
            _ARTIFACT: self._count("artifact", " logged"),
            _USED: self._count("artifact", " used"),
            _ALERT: self._count("alert", ""),
            _TENSORBOARD: self._count("TensorBoard folder", ""),
        }

    def take(self, record: bytes) -> None:
        try:
            said = _gather(record)
            for number, read in self._readers.items():
                for content in said.messages(number):
                    read(content)
        except MalformedError:
            self._counts["record", " damaged"] += 1

    def finish(self, path: Path) -> ForeignRun:
        """The run. Raises: BrokenError where the log does not say that one began."""
        run = self.run
        if not run.id or not run.started:
            raise BrokenError("its log does not say which run it is")
        run.path = str(path)
        run.id = path.name.removeprefix("offline-").removeprefix("run-") or run.id
        run.quiet_since = max(run.started, newest_change(path))
        if self._ended is not None:
            code, took_s = self._ended
            run.took_s = float(max(took_s, 0))
            if run.metrics.last_s is not None:
                run.took_s = max(run.took_s, run.metrics.last_s - run.started)
            run.ended = run.started + run.took_s
            run.exit_code = code if code >= 0 else None
            run.status = "completed" if code == 0 else "error" if code > 0 else "terminated"
        else:
            run.status = "terminated"
        run.config = read_settings(self._config, run.left_out)
        self._end_summary()
        self._read_files(path / "files")
        if run.metrics.left_out:
            self._counts["value", " of metrics without a usable name"] += run.metrics.left_out
        run.left_out += [counted(count, *what) for what, count in self._counts.items()]
        return run

    def _end_summary(self) -> None:
        others = {}
        for name, value in flatten(self._without_media(self._summary)):
            if name.startswith(_HIDDEN) or name in self._known:
                continue
            number = None if type(value) is str else as_number(value)
            if number is None:
                others[name] = value
            else:
                self.run.metrics.end_with(name, number)
        self.run.attributes |= read_scalars(others, self.run.left_out)

    def _read_files(self, folder: Path) -> None:
        run = self.run
        if not folder.is_dir():
            return
        run.files = list_parts(folder, run.left_out, skip=_OWN_FILES)
        if (folder / _LOG).is_file():
            run.output = folder / _LOG
        elif self._printed:
            run.output = b"".join(self._printed)
        try:
            lines = read_text(folder / "requirements.txt", 1 << 20).splitlines()
        except BrokenError:
            return  # not every version writes it
        pairs = (line.partition("==") for line in lines)
        run.packages = {name: version for name, _, version in pairs if version} or None

    # -- kinds of records ----------------------------------------------------------------------

    def _take_run(self, data: bytes) -> None:
        run, said = self.run, _gather(data)
        run.id = said.text(1) or run.id
        run.operation = said.text(3) or run.operation
        run.label = said.text(8) or run.label
        run.comments = said.texts(9) or run.comments
        run.tags = list(dict.fromkeys([*run.tags, *said.texts(10)]))
        for number, name in _NAMES.items():
            if text := said.text(number):
                run.attributes[name] = text
        self._note_environment(host=said.text(13))
        for time in said.messages(17):
            run.started = _time(time)
        for config in said.messages(4):
            self._take_config(config)
        for git in said.messages(21):
            self._take_git(git)

    def _take_git(self, data: bytes) -> None:
        said = _gather(data)
        remote, commit = said.text(1), said.text(2)
        if remote:
            self.run.source["remote"] = strip_user(remote)
        if is_commit(commit):
            self.run.source["commit"] = commit

    def _take_config(self, data: bytes) -> None:
        self._update(self._config, data)

    def _take_summary(self, data: bytes) -> None:
        self._update(self._summary, data)

    def _update(self, values: dict[str, Any], data: bytes) -> None:
        """Values that are set, and then those that are taken away."""
        said = _gather(data)
        for item in said.messages(1):
            names, content = _read_item(item)
            if names and not names[0].startswith(_HIDDEN):
                self._put(values, names, content)
        for item in said.messages(2):
            _remove(values, _read_item(item)[0])

    def _take_history(self, data: bytes) -> None:
        values: dict[str, Any] = {}
        said = _gather(data)
        for item in said.messages(1):
            names, content = _read_item(item)
            self._put(values, names, content)
        steps = [_gather(each).number(1) or 0 for each in said.messages(2)]
        at_s = as_number(values.get("_timestamp"))
        for name, value in flatten(self._without_media(values)):
            number = as_number(value)
            if name.startswith(_HIDDEN):
                continue
            if number is None:
                self._counts["logged value", " without a number"] += 1
            else:
                self._known.add(name)
                time_s = math.nan if at_s is None else at_s
                self.run.metrics.add(name, steps[-1] if steps else 0, number, time_s)

    def _take_exit(self, data: bytes) -> None:
        said = _gather(data)
        self._ended = said.number(1) or 0, said.number(2) or 0

    def _take_environment(self, data: bytes) -> None:
        run, said = self.run, _gather(data)
        program = said.text(6)
        if program:
            run.argv = [program, *said.texts(5)]
            run.operation = program.replace("\\", "/").rpartition("/")[2] or run.operation
        run.user = said.text(13) or run.user
        self._note_environment(
            platform=said.text(1),
            python=(said.text(2) or "").removeprefix("CPython "),
            host=said.text(12),
            cpus=said.number(17),
            gpus=said.texts(18),
        )

    def _note_environment(self, **said: Any) -> None:
        self.run.environment |= {name: value for name, value in said.items() if value}

    def _take_output(self, data: bytes) -> None:
        self._printed += _gather(data).messages(3)

    def _without_media(self, values: dict[str, Any]) -> dict[str, Any]:
        """Values without objects that say of what type they are: images, tables, histograms."""
        kept = {}
        for name, value in values.items():
            if isinstance(value, dict) and "_type" in value:
                self._counts["object", " such as an image or a table"] += 1
            else:
                kept[name] = self._without_media(value) if isinstance(value, dict) else value
        return kept

    def _count(self, noun: str, rest: str) -> _Reader:
        def count(_: bytes) -> None:
            self._counts[noun, rest] += 1

        return count

    def _put(self, values: dict[str, Any], names: list[str], content: bytes) -> None:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            self._counts["value", " damaged"] += 1
            return
        for name in names[:-1]:
            if not isinstance(values.get(name), dict):
                values[name] = {}
            values = values[name]
        if names:
            values[names[-1]] = value


class _Message:
    """The fields of a message, by their numbers."""

    def __init__(self) -> None:
        self.values: dict[int, list[bytes | int]] = {}

    def messages(self, number: int) -> list[bytes]:
        return [value for value in self.values.get(number, ()) if type(value) is bytes]

    def texts(self, number: int) -> list[str]:
        texts = (as_text(value.decode(errors="replace")) for value in self.messages(number))
        return [text for text in texts if text]

    def text(self, number: int) -> str | None:
        return next(reversed(self.texts(number)), None)

    def number(self, number: int) -> int | None:
        found = [value for value in self.values.get(number, ()) if type(value) is int]
        return signed(found[-1]) if found else None


def _gather(data: bytes) -> _Message:
    """Raises: MalformedError."""
    message = _Message()
    for key, start, end in fields(data, 0, len(data)):
        value = start if key & 7 == 0 else data[start:end]
        message.values.setdefault(key >> 3, []).append(value)
    return message


def _read_item(data: bytes) -> tuple[list[str], bytes]:
    """The names that lead to a value, and the value as JSON."""
    said = _gather(data)
    names = [name.decode(errors="replace") for name in (*said.messages(1), *said.messages(2))]
    return names, next(iter(said.messages(16)), b"null")


def _remove(values: dict[str, Any], names: list[str]) -> None:
    for name in names[:-1]:
        inner = values.get(name)
        values = inner if isinstance(inner, dict) else {}
    if names:
        values.pop(names[-1], None)


def _time(data: bytes) -> float:
    """A google.protobuf.Timestamp in Unix seconds."""
    said = _gather(data)
    return (said.number(1) or 0) + (said.number(2) or 0) / 1e9
