"""A list of runs as a table that fits the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import parse_time, short_id
from git_gage.render.amounts import (
    age_text,
    count_text,
    metric_text,
    moment_text,
    short_span,
    value_text,
)
from git_gage.render.table import Column, format_table, number_column
from git_gage.render.wording import STATUS_STYLES, status_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

# From here on there is room for signs, dates instead of ages, and who ran it.
WIDE = 110


def format_list(
    documents: Sequence[Mapping[str, Any]],
    *,
    screen: Screen,
    now: float,
    newest_here: str | None,
    older: int,
    to_see_all: str = "git gage list --all",
    graph: bool = False,
) -> str:
    """The runs as a table; below it what they have in common, and how many are not shown.

    `now` is Unix seconds, `newest_here` the id that `@` stands for, `to_see_all` what to type;
    `graph`: draw beside them which was made from which.
    """
    listing = _Listing(documents, screen, now)
    columns = listing.columns(newest_here)
    if graph:
        from git_gage.render.graph import draw_graph, interleave

        lines = draw_graph(documents, screen)
        drawn = Column("", [line.run for line in lines], 0)
        table = interleave(format_table([drawn, *columns], screen), lines)
    else:
        table = format_table(columns, screen)
    return table + listing.footer(older, to_see_all)


class _Listing:
    def __init__(self, documents: Sequence[Mapping[str, Any]], screen: Screen, now: float) -> None:
        self.documents = documents
        self.screen = screen
        self.now = now
        self.wide = screen.width >= WIDE
        self.none = screen.sign("–", "-")
        self.shared = _shared(documents, "config")
        self.same = _shared(documents, "metrics")
        self.one_operation = len({document["operation"] for document in documents}) == 1

    def columns(self, newest_here: str | None) -> list[Column]:
        """In the order they are shown; the rank says which go first when there is no room."""
        marks = ["@" if document["id"] == newest_here else " " for document in self.documents]
        digits = len(str(len(self.documents)))
        rows = [f"{mark} {row:>{digits}}" for row, mark in enumerate(marks, 1)]
        return [
            Column("#", rows, 3, right=True),
            Column("RUN", [short_id(document["id"]) for document in self.documents], 0),
            Column("NAME", self._texts("name"), 2),
            *self._operation(),
            self._status(),
            self._started(),
            Column("TOOK", [self._took(document) for document in self.documents], 8, right=True),
            *self._values(),
            Column("COMMIT", [self._commit(document) for document in self.documents], 60),
            *self._authors(),
            *self._labels(),
        ]

    def footer(self, older: int, to_see_all: str) -> str:
        """What the columns leave out because it is the same everywhere, and the runs left out."""
        common = [f"{clean(key)}={value_text(value)}" for key, value in self.shared.items()]
        common += [f"{clean(key)}={metric_text(value)}" for key, value in self.same.items()]
        if self.one_operation:
            common.insert(0, f"operation={clean(self.documents[0]['operation'])}")
        lines = []
        if len(self.documents) > 1 and common:
            lines.append(f"All {len(self.documents)}: {' '.join(common)}")
        if older:
            lines.append(f"{count_text(older, 'older run')}: {to_see_all}")
        return "".join(
            f"{self.screen.paint(self.screen.cut(line, self.screen.width), 'dim')}\n"
            for line in lines
        )

    def _texts(self, key: str) -> list[str]:
        return [clean(str(document[key] or "")) for document in self.documents]

    def _operation(self) -> list[Column]:
        if self.one_operation and len(self.documents) > 1:
            return []
        return [Column("OPERATION", self._texts("operation"), 6)]

    def _status(self) -> Column:
        texts = [status_text(each, self.screen, sign=self.wide) for each in self.documents]
        styles = [STATUS_STYLES.get(document["status"]) for document in self.documents]
        return Column("STATUS", texts, 1, styles=styles)

    def _started(self) -> Column:
        if self.wide:
            times = [moment_text(parse_time(document["started"])) for document in self.documents]
            return Column("STARTED", times, 4)
        ages = [age_text(self.now - parse_time(document["started"])) for document in self.documents]
        return Column("AGE", ages, 4, right=True)

    def _took(self, document: Mapping[str, Any]) -> str:
        if document["status"] == "running":
            return short_span(self.now - parse_time(document["started"]))
        took = document["duration_s"]
        return self.none if took is None else short_span(took)

    def _commit(self, document: Mapping[str, Any]) -> str:
        source = document["source"]
        commit = source.get("commit")
        return clean(commit[:7]) + "+" * bool(source.get("dirty")) if commit else self.none

    def _values(self) -> list[Column]:
        """Settings and metrics that differ; when there is no room for all, some of both stay."""
        config = [key for key in _keys(self.documents, "config") if key not in self.shared]
        metrics = [key for key in _keys(self.documents, "metrics") if key not in self.same]
        return [
            *(self._value("config", key, 11 + 2 * number) for number, key in enumerate(config)),
            *(self._value("metrics", key, 10 + 2 * number) for number, key in enumerate(metrics)),
        ]

    def _value(self, part: str, key: str, rank: int) -> Column:
        found = [document[part].get(key) for document in self.documents]
        to_text = metric_text if part == "metrics" else value_text
        cells = [
            to_text(value) if key in document[part] else self.none
            for value, document in zip(found, self.documents, strict=True)
        ]
        if all(value is None or _is_number(value) for value in found):
            return number_column(clean(key), cells, rank)
        return Column(clean(key), cells, rank)

    def _authors(self) -> list[Column]:
        names = [clean((document["author"] or {}).get("name", "")) for document in self.documents]
        return [Column("BY", names, 61)] if len(set(names)) > 1 else []

    def _labels(self) -> list[Column]:
        texts = [_description(document) for document in self.documents]
        return [Column("LABEL", texts, 7, least=10)] if any(texts) else []


def _description(document: Mapping[str, Any]) -> str:
    """The label, and what the operation wants to be told of its runs."""
    values = {**document["config"], **document["metrics"], **document["attributes"]}
    fields = document["definition"]["listing"] or []
    told = [f"{clean(name)}={value_text(values[name])}" for name in fields if name in values]
    return " ".join([*([clean(document["label"])] if document["label"] else ()), *told])


def _shared(documents: Sequence[Mapping[str, Any]], part: str) -> dict[str, Any]:
    """Settings or metrics that are equal in all of several runs."""
    if len(documents) < 2:
        return {}
    first, *others = (document[part] for document in documents)
    return {
        key: value
        for key, value in first.items()
        if all(key in other and _same(other[key], value) for other in others)
    }


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _keys(documents: Sequence[Mapping[str, Any]], part: str) -> list[str]:
    """Keys of a part of the run objects, those that most runs have first."""
    counts: dict[str, int] = {}
    for document in documents:
        for key in document[part]:
            counts[key] = counts.get(key, 0) + 1
    return sorted(counts, key=lambda key: -counts[key])


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("nan", "inf", "-inf")
    return isinstance(value, (int, float)) and not isinstance(value, bool)
