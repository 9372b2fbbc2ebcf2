"""All that comes out of a run besides its exit code and its files: metrics and attributes.

Source: docs/metrics.md.
"""

from __future__ import annotations

import copy
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.metrics.lines import LineTail, Point, is_name, read_point
from git_gage.metrics.metric import Metric
from git_gage.metrics.series import MAX_POINTS, MAX_TOTAL, Series
from git_gage.metrics.summary_file import MAX_NAMES, Attribute, Summary, is_attribute

if TYPE_CHECKING:
    from git_gage.metrics.documents import Documents
    from git_gage.metrics.events import EventTail, Scalar

# Guild writes attributes as texts of such event files.
_GUILD_ATTRIBUTES = ".attrs"

_Columns = tuple[list[float], list["int | None"], list[float]]
_Metrics = dict[str, Metric]


class Collector:
    """Reads the sources of one run again and again; memory does not grow with what they hold.

    metrics, attributes: files of lines. documents: whatever else is found. Points are taken in the
    order they are found. What documents and a printed summary say is final: it counts once, at the
    end, and is shown up to then.
    """

    def __init__(
        self,
        metrics: Sequence[Path],
        attributes: Sequence[Path],
        documents: Documents,
        *,
        started: float,
    ) -> None:
        """`started`: the run's begin, in Unix seconds."""
        self._started = started
        self._metrics: _Metrics = {}
        self._event_metrics: dict[Path, _Metrics] = defaultdict(dict)  # by folder
        self._attributes: dict[str, Attribute] = {}
        self._metric_lines = [LineTail(path) for path in metrics]
        self._attribute_lines = [LineTail(path) for path in attributes]
        self._documents = documents
        self._events: dict[Path, EventTail] = {}
        self._final: list[Summary] = []
        self._ended = False
        self._lately: _Metrics = {}
        self._lately_said: dict[str, Attribute] = {}
        self._left_out = self._no_numbers = self._no_attributes = 0

    def scan(
        self,
        printed: Summary | None = None,
        lately: Iterable[tuple[bool, dict[str, Any]]] = (),
    ) -> None:
        """Take in what is new; `printed` is the summary in the output.

        `lately` are lines of metrics (True) and attributes that may still change: they are shown
        until the next scan, and nothing of them is kept.
        """
        for tail in self._metric_lines:
            for lines in tail.read():
                self._take(map(read_point, lines), self._metrics)
        for tail in self._attribute_lines:
            for lines in tail.read():
                self._take_attributes(lines)
        self._look(printed)
        self._show_lately(lately)

    def finish(self, printed: Summary | None = None) -> None:
        """Take in the rest; each value that is final ends its metric."""
        self.scan(printed)
        for tail in self._metric_lines:
            self._take(map(read_point, tail.finish()), self._metrics)
        for tail in self._attribute_lines:
            self._take_attributes(tail.finish())
        for file in self._events.values():
            file.finish()
        named = self._named()
        for name, value in self._final_values().items():
            metric = named.get(name) or self._find(name, self._metrics, 1)
            if metric is not None:
                metric.end_with(value)
        self._ended = True

    def summaries(self) -> dict[str, dict[str, Any]]:
        """What is known of each metric, as `run.end` has it."""
        found = {name: metric.summary.to_json() for name, metric in self._named().items()}
        for name, value in () if self._ended else self._final_values().items():
            final = Metric()
            final.end_with(value)
            known = final.summary.to_json()
            found[name] = {**found.get(name, known), "last": known["last"]}
        return found

    def series(self) -> Iterator[tuple[str, Series]]:
        """The series of each metric."""
        limit = self._limit()
        for name, metric in self._named().items():
            metric.sampler.fit(limit)
            yield name, metric.sampler.series()

    def attributes(self) -> dict[str, Attribute]:
        """What the program said of itself; of two the later one, a document last."""
        found = self._attributes | self._lately_said
        for summary in self._final:
            found |= summary.attributes
        return found

    def warnings(self) -> list[str]:
        """What somebody should be told: what was found and is not recorded."""
        told = [text for tail in self._tails() for text in tail.warnings()]
        counts = (
            (self._left_out, f"of metrics beyond {MAX_NAMES:,}, or with names that are too long"),
            (self._no_numbers, "of metrics, for not being numbers"),
            (self._no_attributes, "of attributes, for being no text, number, true or false"),
        )
        told += [f"left out {_count_values(count)} {what}" for count, what in counts if count]
        for summary in self._final:
            told += summary.warnings()
        return told

    def _look(self, printed: Summary | None) -> None:
        events, summaries = self._documents.look()
        self._final = [*([printed] if printed else []), *summaries]
        for path in events:
            self._tail_events(path)
        for file in self._events.values():
            while scalars := _read_events(file):
                points = (Point(s.step, s.time_s or None, {s.name: s.value}, 0) for s in scalars)
                self._take(points, self._event_metrics[file.path.parent])
            if file.path.name.endswith(_GUILD_ATTRIBUTES):
                self._take_attributes([file.texts])
                file.texts.clear()

    def _tail_events(self, path: Path) -> None:
        from git_gage.metrics.events import EventTail

        self._events.setdefault(path, EventTail(path))

    def _show_lately(self, lately: Iterable[tuple[bool, dict[str, Any]]]) -> None:
        points: dict[str, list[Point]] = defaultdict(list)
        self._lately_said = {}
        for is_metric, line in lately:
            if is_metric:
                point = read_point(line)
                for name in point.values:
                    points[name].append(point)
            else:
                self._lately_said |= line
        self._lately = {}
        for name, found in points.items():
            metric = copy.deepcopy(self._metrics.get(name) or Metric())
            values, steps = [p.values[name] for p in found], [p.step for p in found]
            metric.extend(values, steps, [math.nan] * len(found))
            self._lately[name] = metric

    def _named(self) -> _Metrics:
        """All metrics. Folders of event files that are side by side have names: `train/loss`."""
        named = self._metrics | self._lately
        folders = list(self._event_metrics)
        top = Path(os.path.commonpath(folders)) if folders else Path()
        for folder, metrics in self._event_metrics.items():
            prefix = folder.relative_to(top).as_posix()
            for tag, metric in metrics.items():
                name = tag if prefix == "." else f"{prefix}/{tag}"
                named[name if name not in named else f"{folder.name}/{tag}"] = metric
        return named

    def _tails(self) -> Iterator[LineTail | EventTail]:
        yield from self._metric_lines
        yield from self._attribute_lines
        yield from self._events.values()

    def _final_values(self) -> dict[str, float]:
        return {name: value for each in self._final for name, value in each.values.items()}

    def _take(self, points: Iterable[Point], metrics: _Metrics) -> None:
        found: dict[str, _Columns] = defaultdict(lambda: ([], [], []))
        for step, time_s, values, no_numbers in points:
            self._no_numbers += no_numbers
            since_start = math.nan if time_s is None else time_s - self._started
            for name, value in values.items():
                columns = found[name]
                columns[0].append(value)
                columns[1].append(step)
                columns[2].append(since_start)
        for name, columns in found.items():
            metric = self._find(name, metrics, len(columns[0]))
            if metric is not None:
                metric.extend(*columns)
                metric.sampler.fit(self._limit())

    def _find(self, name: str, metrics: _Metrics, count: int) -> Metric | None:
        """The metric of that name; None, and `count` more are left out, if there is no room."""
        metric = metrics.get(name)
        if metric is None and self._count() < MAX_NAMES and is_name(name):
            metric = metrics[name] = Metric()
        if metric is None:
            self._left_out += count
        return metric

    def _count(self) -> int:
        return len(self._metrics) + sum(map(len, self._event_metrics.values()))

    def _limit(self) -> int:
        return min(MAX_POINTS, MAX_TOTAL // max(1, self._count()))

    def _take_attributes(self, lines: Iterable[Mapping[str, Any]]) -> None:
        for line in lines:
            for name, value in line.items():
                known = name in self._attributes or len(self._attributes) < MAX_NAMES
                if known and is_attribute(name, value):
                    self._attributes[name] = value
                else:
                    self._no_attributes += 1


def _count_values(count: int) -> str:
    return f"{count:,} value" if count == 1 else f"{count:,} values"


def _read_events(tail: EventTail) -> list[Scalar]:
    try:
        return tail.read()
    except FileNotFoundError:
        return []  # gone again: what was read of it counts
    except OSError as error:
        tail.problem = (error.strerror or "").lower() or str(error)
        return []
