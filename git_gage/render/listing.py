"""A list of runs as a table that fits the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.metrics.direction import best_number, is_number
from git_gage.records import author_name, parse_time, short_id
from git_gage.render.amounts import (
    age_text,
    count_text,
    metric_text,
    moment_text,
    short_span,
    value_text,
)
from git_gage.render.columns import FIELDS, plain_text, read_field
from git_gage.render.table import Column, format_table, left_out, number_column
from git_gage.render.wording import STATUS_STYLES, status_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

# From here on there is room for signs, dates instead of ages, and who ran it.
WIDE = 110
# The first setting and the first metric have room before a label, a few of each before a commit.
_FIRST, _FEW = 1, 3
# The beginning of a first setting that is a text.
_SHORTEST = 6


class Layout(NamedTuple):
    """What of a list is shown, and how.

    `rows` are the numbers of the runs (none: from 1 on), `columns` names as people give them (none:
    what there is room for), `groups` the title of each group and how many runs are in it.
    """

    graph: bool = False
    rows: Sequence[int] = ()
    columns: Sequence[str] = ()
    groups: Sequence[tuple[str, int]] = ()
    order: str = "older"


def format_list(
    documents: Sequence[Mapping[str, Any]],
    *,
    screen: Screen,
    now: float,
    newest_here: str | None,
    older: int,
    to_see_all: str = "git gage list --all",
    layout: Layout = Layout(),  # noqa: B008 - a tuple
) -> str:
    """The runs as a table; below it what they have in common, and how many are not shown.

    `now` is Unix seconds, `newest_here` the id that `@` stands for, `to_see_all` what to type.
    """
    listing = _Listing(documents, screen, now, layout)
    columns = listing.columns(newest_here)
    if layout.graph:
        from git_gage.render.graph import draw_graph, interleave

        lines = draw_graph(documents, screen)
        drawn = Column("", [line.run for line in lines], 0)
        table = interleave(format_table([drawn, *columns], screen), lines)
    else:
        table = _with_titles(format_table(columns, screen), layout.groups, screen)
    return table + listing.footer(columns, older, to_see_all)


def _with_titles(table: str, groups: Sequence[tuple[str, int]], screen: Screen) -> str:
    """A table with a line above the runs of each group."""
    if not groups:
        return table
    head, *rows = table.splitlines(keepends=True)
    lines = [head]
    for title, count in groups:
        text = screen.cut(f"{title}: {count_text(count, 'run')}", screen.width)
        lines += [f"{screen.paint(text, 'bold')}\n", *rows[:count]]
        rows = rows[count:]
    return "".join(lines)


class _Listing:
    def __init__(
        self,
        documents: Sequence[Mapping[str, Any]],
        screen: Screen,
        now: float,
        layout: Layout,
    ) -> None:
        self.layout = layout
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
        marks = [_mark(document, newest_here) for document in self.documents]
        numbers = self.layout.rows or range(1, len(self.documents) + 1)
        digits = len(str(max(numbers)))
        rows = [f"{mark} {row:>{digits}}" for row, mark in zip(numbers, marks, strict=True)]
        row = Column("#", rows, 3, right=True)
        if self.layout.columns:
            return [row, *self._chosen(self.layout.columns)]
        return [
            row,
            self._run(),
            self._name(),
            *([] if self.one_operation and len(self.documents) > 1 else [self._operation()]),
            self._status(),
            self._started(),
            self._duration(),
            *self._config(),
            *self._metrics(),
            self._commits(),
            *(column for column in [self._authors()] if len(set(column.cells)) > 1),
            *(column for column in [*self._wide_tags(), self._labels()] if any(column.cells)),
        ]

    def _chosen(self, names: Sequence[str]) -> list[Column]:
        """The columns that somebody asked for; the first of them have room first."""
        known: dict[str, Callable[[], list[Column]]] = {
            "run": lambda: [self._run()],
            "name": lambda: [self._name()],
            **{name: lambda: [self._operation()] for name in ("operation", "op")},
            **{name: lambda: [self._duration()] for name in ("took", "duration", "duration_s")},
            **{name: lambda: [self._authors()] for name in ("author", "by")},
            "status": lambda: [self._status()],
            "started": lambda: [self._started()],
            "age": lambda: [self._ages()],
            "commit": lambda: [self._commits()],
            "tags": lambda: [self._tags()],
            "label": lambda: [self._labels()],
            "config": self._config,
            "metrics": self._metrics,
        }
        found = [
            column
            for name in names
            for column in (known[name]() if name in known else [self._named(name)])
        ]
        for place, column in enumerate(found):
            column.rank = place
        return found

    def _named(self, name: str) -> Column:
        """The column of any other name."""
        for part, key in (("metric", "metrics"), ("config", "config")):
            bare = name.removeprefix(f"{part}.")
            if name not in FIELDS and any(bare in document[key] for document in self.documents):
                return self._value(key, bare, 0)
        found = [read_field(document, name) for document in self.documents]
        return Column(clean(name), [plain_text(value) for value in found], 0)

    def footer(self, columns: Sequence[Column], older: int, to_see_all: str) -> str:
        """What the columns leave out because it is the same everywhere, and the runs left out."""
        lines = []
        if self.layout.columns and (left := left_out(columns, self.screen.width)):
            lines.append(f"no room for {', '.join(left)}: ask for fewer columns")
        elif len(self.documents) > 1 and not self.layout.columns:
            lines += self._common()
        if any(document.get("here") for document in self.documents):
            lines.append("= is here, too")
        if older:
            lines.append(f"{count_text(older, f'{self.layout.order} run')}: {to_see_all}")
        return "".join(
            f"{self.screen.paint(self.screen.cut(line, self.screen.width), 'dim')}\n"
            for line in lines
        )

    def _common(self) -> list[str]:
        common = [f"{clean(key)}={value_text(value)}" for key, value in self.shared.items()]
        common += [f"{clean(key)}={metric_text(value)}" for key, value in self.same.items()]
        if self.one_operation:
            common.insert(0, f"operation={clean(self.documents[0]['operation'])}")
        return [f"All {len(self.documents)}: {' '.join(common)}"] if common else []

    def _texts(self, key: str) -> list[str]:
        return [clean(str(document[key] or "")) for document in self.documents]

    def _run(self) -> Column:
        return Column("RUN", [short_id(document["id"]) for document in self.documents], 0)

    def _name(self) -> Column:
        return Column("NAME", self._texts("name"), 2)

    def _operation(self) -> Column:
        return Column("OPERATION", self._texts("operation"), 6)

    def _status(self) -> Column:
        texts = [status_text(each, self.screen, sign=self.wide) for each in self.documents]
        styles = [STATUS_STYLES.get(document["status"]) for document in self.documents]
        return Column("STATUS", texts, 1, styles=styles)

    def _started(self) -> Column:
        if self.wide:
            times = [moment_text(parse_time(document["started"])) for document in self.documents]
            return Column("STARTED", times, 4)
        return self._ages()

    def _ages(self) -> Column:
        ages = [age_text(self.now - parse_time(document["started"])) for document in self.documents]
        return Column("AGE", ages, 4, right=True)

    def _duration(self) -> Column:
        took = [self._took(document) for document in self.documents]
        return Column("TOOK", took, 13, right=True)

    def _commits(self) -> Column:
        return Column("COMMIT", [self._commit(document) for document in self.documents], 30)

    def _took(self, document: Mapping[str, Any]) -> str:
        if document["status"] == "running":
            return short_span(self.now - parse_time(document["started"]))
        took = document["duration_s"]
        return self.none if took is None else short_span(took)

    def _commit(self, document: Mapping[str, Any]) -> str:
        source = document["source"]
        commit = source.get("commit")
        return clean(commit[:7]) + "+" * bool(source.get("dirty")) if commit else self.none

    def _config(self) -> list[Column]:
        """Settings that differ; when there is no room for all, those stay that differ the most."""
        keys = [key for key in _keys(self.documents, "config") if key not in self.shared]
        most = sorted(keys, key=lambda key: -_variety(self.documents, key))
        return [self._value("config", key, _rank(most.index(key)) + 1) for key in keys]

    def _metrics(self) -> list[Column]:
        keys = [key for key in _keys(self.documents, "metrics") if key not in self.same]
        return [self._value("metrics", key, _rank(place)) for place, key in enumerate(keys)]

    def _value(self, part: str, key: str, rank: int) -> Column:
        is_first = rank in (_rank(0), _rank(0) + 1)
        found = [document[part].get(key) for document in self.documents]
        to_text = metric_text if part == "metrics" else value_text
        best = best_number(key, found) if part == "metrics" else None
        cells = [
            ("*" if value == best and value is not None else "") + to_text(value)
            if key in document[part]
            else self.none
            for value, document in zip(found, self.documents, strict=True)
        ]
        if all(value is None or is_number(value) for value in found):
            return number_column(clean(key), cells, rank, can_be_cut=is_first)
        return Column(clean(key), cells, rank, narrowest=_SHORTEST if is_first else None)

    def _authors(self) -> Column:
        names = [clean(author_name(document["author"])) for document in self.documents]
        return Column("BY", names, 31)

    def _tags(self) -> Column:
        texts = [clean(",".join(document["tags"])) for document in self.documents]
        return Column("TAGS", texts, 32)

    def _wide_tags(self) -> list[Column]:
        return [self._tags()] if self.wide else []

    def _labels(self) -> Column:
        texts = [_description(document) for document in self.documents]
        return Column("LABEL", texts, 12, least=10)


def _mark(document: Mapping[str, Any], newest_here: str | None) -> str:
    if document.get("here"):  # of runs that a remote has
        return "="
    return "@" if document["id"] == newest_here else " "


def _rank(place: int) -> int:
    """How soon a metric of this place among its kind gives way; a setting is the next to go."""
    tier = 10 if place < _FIRST else 20 if place < _FEW else 40
    return tier + 2 * place


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


def _variety(documents: Sequence[Mapping[str, Any]], key: str) -> int:
    """How many different values a setting has."""
    return len({repr(document["config"].get(key)) for document in documents})
