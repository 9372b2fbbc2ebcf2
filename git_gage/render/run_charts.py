"""Charts of the metrics of runs: lines where there are values by step, else bars."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.records import short_id
from git_gage.render.amounts import value_text
from git_gage.render.board_rows import number_of
from git_gage.render.charts import bar_chart, line_chart
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.metrics.series import Series
    from git_gage.render.html import Html

Document = Mapping[str, Any]
ReadSeries = Callable[[str, Sequence[str]], Mapping[str, "Series"]]
"""The series of a run, by its id, of these metrics, by name."""
MOST_RUNS = 20
# What a line of a legend has room for.
_MOST_KEYS = 3


class Chart(NamedTuple):
    """A chart, and the metric that it is of."""

    metric: str
    svg: Html


def draw_charts(
    documents: Sequence[Document], metrics: Sequence[str], read: ReadSeries
) -> list[Chart]:
    """A chart for each metric that says something, of the first runs.

    One number of one run is no chart.
    """
    shown = documents[:MOST_RUNS]
    names = name_runs(shown)
    series = {document["id"]: read(document["id"], _many(document, metrics)) for document in shown}
    found = []
    for metric in metrics:
        lines = {
            names[document["id"]]: series[document["id"]][metric]
            for document in shown
            if metric in series[document["id"]]
        }
        bars = {
            names[document["id"]]: number
            for document in shown
            if (number := number_of(document["metrics"].get(metric))) is not None
        }
        if lines:
            found.append(Chart(metric, line_chart(metric, lines)))
        elif len(bars) > 1:
            found.append(Chart(metric, bar_chart(metric, bars)))
    return found


def name_runs(documents: Sequence[Document]) -> dict[str, str]:
    """Names to tell runs apart by, by their ids: what was set differently is part of them."""
    keys = differing_keys(documents)[:_MOST_KEYS]
    names = {}
    for document in documents:
        config = document["config"]
        settings = [f"{clean(key)}={value_text(config[key])}" for key in keys if key in config]
        names[document["id"]] = " ".join([clean(document["name"]), *settings])
    counts = Counter(names.values())
    return {
        run: f"{short_id(run)} {name}" if counts[name] > 1 else name for run, name in names.items()
    }


def differing_keys(documents: Iterable[Document]) -> list[str]:
    """Settings that are not the same in all runs, in the order of the first that have them."""
    configs = [document["config"] for document in documents]
    keys = dict.fromkeys(key for config in configs for key in config)
    return [key for key in keys if len({_spell(config, key) for config in configs}) > 1]


def _many(document: Document, metrics: Iterable[str]) -> list[str]:
    """Those of the metrics that have more than one value."""
    summaries = document["summaries"]
    return [name for name in metrics if name in summaries and summaries[name]["count"] > 1]


def _spell(config: Mapping[str, Any], key: str) -> str | None:
    return json.dumps(config[key], sort_keys=True) if key in config else None
