"""A run that another tool recorded, as far as its files say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.typed import as_value, guess_word, is_text, kind_of, read_word
from git_gage.metrics.lines import MAX_NAME
from git_gage.metrics.series import MAX_POINTS, Series, SeriesSampler
from git_gage.metrics.summary import MetricSummary

if TYPE_CHECKING:
    from git_gage.config.values import Value

OWN_TOOL = "git-gage"
"""What recorded the runs that we export ourselves."""
MAX_NAMES = 10_000
"""How many metrics, settings or attributes of a run are taken."""
MAX_TEXT = 64 << 10
# Points wait until there are so many: samplers take them in by the row.
_ROW = 1024
_INT64 = 1 << 63
_MAX_TIME_S = 1e12
# How deep objects in settings are taken apart into dotted names.
_MAX_DEPTH = 8


class BrokenError(Exception):
    """A file is not what the tool writes."""


class Unread(NamedTuple):
    """A run, or what should be one, that is not taken: where it is, and why."""

    path: str
    reason: str


class RunPart(NamedTuple):
    """A file of a run: its path below the run's directory, and where it lies now."""

    path: bytes
    place: Path


class Metrics:
    """All values of the metrics of a run, in memory that does not grow with their number."""

    def __init__(self) -> None:
        self.left_out = 0
        """Values without a usable name, number or step."""
        self.first_s: float | None = None
        """When the first value was written, in Unix seconds, if anybody said."""
        self.last_s: float | None = None
        self._rows: dict[str, list[tuple[int, float, float]]] = {}
        self._series: dict[str, SeriesSampler] = {}
        self._summaries: dict[str, MetricSummary] = {}

    def add(self, name: str, step: int, value: float, time_s: float = math.nan) -> None:
        """One more value; `time_s` in Unix seconds, nan where nobody said."""
        row = self._rows.get(name)
        if row is None:
            if not is_name(name) or len(self._rows) >= MAX_NAMES:
                self.left_out += 1
                return
            row = self._rows[name] = []
        if not -_INT64 <= step < _INT64:
            self.left_out += 1
            return
        if 0 < time_s < _MAX_TIME_S:
            self.first_s = time_s if self.first_s is None else min(self.first_s, time_s)
            self.last_s = time_s if self.last_s is None else max(self.last_s, time_s)
        else:
            time_s = math.nan
        row.append((step, value, time_s))
        if len(row) >= _ROW:
            self._flush(name)

    def end_with(self, name: str, value: float) -> None:
        """A value of no step, which is the last one."""
        if name in self._rows:
            self._flush(name)
        if not is_name(name) or len(self._summaries) >= MAX_NAMES:
            self.left_out += 1
            return
        self._summaries.setdefault(name, MetricSummary()).end_with(value)

    def summaries(self) -> dict[str, dict[str, Any]]:
        """As `run.end` has them."""
        for name in self._rows:
            self._flush(name)
        return {name: summary.to_json() for name, summary in self._summaries.items()}

    def series(self, started_s: float) -> Iterator[tuple[str, Series]]:
        """The points of each metric, with times since the run began."""
        for name in self._rows:
            self._flush(name)
        for name, sampler in self._series.items():
            series = sampler.series()
            yield name, series._replace(times_s=[at_s - started_s for at_s in series.times_s])

    def _flush(self, name: str) -> None:
        row = self._rows[name]
        if not row:
            return
        steps, values, times_s = map(list, zip(*row, strict=True))
        row.clear()
        sampler = self._series.setdefault(name, SeriesSampler())
        sampler.extend(steps, values, times_s)
        sampler.fit(MAX_POINTS)
        self._summaries.setdefault(name, MetricSummary()).extend(
            values,
            steps,
        )


@dataclass(slots=True)
class ForeignRun:
    """A run of another tool; times in Unix seconds.

    id: what the tool knows it by, never used twice. former_id: what earlier versions of git-gage
    took for that, and may have been used twice. path: where it was found. ended: None where the
    tool has no end of it; `quiet_since` is then the time of the newest thing that is known, and
    `changed`, where that is later, the time of the newest file.
    took_s: how long it took, if that is known. output: a file, or the bytes, of what it printed.
    packages: name → version. left_out: what of it cannot be carried, a line each.
    """

    tool: str
    id: str
    path: str
    operation: str
    started: float
    former_id: str | None = None
    ended: float | None = None
    quiet_since: float = 0.0
    changed: float = 0.0
    status: str = "completed"
    exit_code: int | None = None
    reason: str | None = None
    took_s: float | None = None
    user: str | None = None
    argv: Sequence[str] = ()
    shell: bool = False
    config: dict[str, Value] = field(default_factory=dict)
    config_diff: str | None = None
    metrics: Metrics = field(default_factory=Metrics)
    attributes: dict[str, Any] = field(default_factory=dict)
    label: str | None = None
    tags: Sequence[str] = ()
    comments: Sequence[str] = ()
    source: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] | None = None
    output: Path | bytes | None = None
    files: Sequence[RunPart] = ()
    left_out: list[str] = field(default_factory=list)


Found = ForeignRun | Unread


class OwnRun(NamedTuple):
    """A run of ours, for files of other tools.

    document: the run object; series: by metric, empty where they are not here; output: what git
    keeps of what it printed, None where it is not here; files: those that it made, as far as they
    are here.
    """

    document: dict[str, Any]
    series: Mapping[str, Series]
    output: bytes | None
    files: Sequence[RunPart]

    def points(self) -> Iterator[tuple[str, Series]]:
        """All metrics; one whose values by step are not there has its last one."""
        yield from self.series.items()
        for name, last in self.document["metrics"].items():
            number = as_number(last)
            if name not in self.series and number is not None:
                step = self.document["summaries"][name]["last_step"] or 0
                yield name, Series([step], [number], [math.nan], 1)


@dataclass(slots=True)
class Written:
    """What became of an export: runs that were written, and those that were there already.

    renamed: names that the form does not have; left_out: values that it cannot hold under their
    names; clipped: metrics of which not every value is kept.
    """

    count: int = 0
    there: int = 0
    renamed: int = 0
    left_out: int = 0
    clipped: int = 0


def read_each(read: Callable[[Path], ForeignRun], places: Iterable[Path]) -> Iterator[Found]:
    """The run at each place, or why it is none."""
    for place in places:
        try:
            yield read(place)
        except BrokenError as error:
            yield Unread(str(place), str(error))


def counted(count: int, noun: str, rest: str = "") -> str:
    """How many of something."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}{rest}"


def is_name(name: str) -> bool:
    """Whether a metric, setting or attribute can be called so."""
    return 0 < len(name) <= MAX_NAME and is_text(name)


def read_settings(found: Mapping[Any, Any], left_out: list[str]) -> dict[str, Value]:
    """Settings as records have them; objects in them have dotted names."""
    config: dict[str, Value] = {}
    bad = 0
    for name, value in flatten(found):
        known = kind_of(value) not in (None, "bytes")
        if not known or not is_name(name) or len(config) >= MAX_NAMES:
            bad += 1
            continue
        config[name] = setting = as_value(value)
        if len(setting.text) > MAX_TEXT:
            del config[name]
            bad += 1
    if bad:
        left_out.append(counted(bad, "value", " too long, too many or of no plain type"))
    return config


def read_typed(found: Mapping[str, str], left_out: list[str]) -> dict[str, Value]:
    """The same of settings that the tool keeps as texts alone: their types are guessed."""
    config = read_settings({name: guess_text(text) for name, text in found.items()}, left_out)
    numbers = {name for name, value in config.items() if value.type in ("int", "float")}
    return config | {name: config[name]._replace(text=found[name].strip()) for name in numbers}


def native(value: Value) -> Any:
    """The value that a setting of a record stands for."""
    return guess_word(value.text) if value.type in ("int", "float", "bool", "null") else value.text


def read_scalars(found: Mapping[Any, Any], left_out: list[str]) -> dict[str, Any]:
    """Attributes, each a text, a number, true, false or null."""
    config = read_settings(found, left_out)
    known = dict(flatten(found))
    return {
        name: value.text if value.type == "json" else known[name] for name, value in config.items()
    }


def guess_text(text: str) -> Any:
    """The value that a text seems to be: a number, true or false, a list, a table, or a text."""
    if text[:1] in ("[", "{"):
        try:
            return read_word("json", text)
        except ValueError:
            return text
    return guess_word(text)


def as_number(value: Any) -> float | None:
    """The number that a JSON value is; None if it is none."""
    if type(value) in (int, float):
        try:
            return float(value)
        except OverflowError:
            return None
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    words |= {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
    return words.get(value) if type(value) is str else None


def as_text(value: Any) -> str | None:
    """A text that a record can hold; None if it is none."""
    return value if type(value) is str and is_text(value) and len(value) <= MAX_TEXT else None


def said_text(comment: Mapping[str, Any]) -> str | None:
    """A comment of a run object as an import takes it, which vouches for nobody: with who said it.

    None where it is no text.
    """
    text, author = as_text(comment.get("text")), comment.get("author")
    found = author if isinstance(author, dict) else {}
    who = as_text(found.get("name")) or as_text(found.get("email"))
    return f"{who}: {text}"[:MAX_TEXT] if who and text else text


def is_commit(text: str | None) -> bool:
    """Whether a text is the id of a commit, written out."""
    return text is not None and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text) is not None


def read_time(value: Any) -> float | None:
    """Unix seconds of a time in ISO 8601, in UTC where it names no zone; None if it is none.

    No computer ran anything before 1970: such a time stands for one that is not known.
    """
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    time_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return time_s if time_s > 0 else None


def flatten(
    found: Mapping[Any, Any], before: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Values of nested objects, with dotted names."""
    for key, value in found.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            yield from flatten(value, f"{name}.", depth + 1)
        else:
            yield name, value
