"""Reports on runs, in Markdown or as a page, by a template.

Source: docs/reports.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote

from git_gage.gagefile.boards import RUN_ATTRS, Board, Column
from git_gage.render.amounts import count_text, metric_text, moment_text, value_text
from git_gage.render.board import cell_text, lay_out, numeric_columns
from git_gage.render.board_rows import board_rows
from git_gage.render.charts import MAX_CHARTS
from git_gage.render.delimited import markdown_head, markdown_line, markdown_text
from git_gage.render.html import STYLE, element, join, markup, table
from git_gage.render.run_charts import MOST_RUNS, Chart, ReadSeries, differing_keys, draw_charts
from git_gage.render.template import fill, read_template
from git_gage.render.wording import command_text, source_text

if TYPE_CHECKING:
    from git_gage.render.run_charts import Document

FORMS = ("md", "html")
MOST_COLUMNS = 30
_FIELD = re.compile(r"(run|run-attr|metric|attribute|config):.+")


class Written(NamedTuple):
    """A report, and the charts that lie beside it, by their paths from there."""

    text: str
    charts: Mapping[str, str]


class Template(NamedTuple):
    """What a report is made by. form: md or html; shown: its file, for messages."""

    text: str
    form: str
    shown: str


def default_template(form: str) -> Template:
    """The template that is used where none is given."""
    name = f"report.{form}"
    return Template(files("git_gage.render").joinpath(name).read_text("utf-8"), form, name)


def write_report(
    template: Template,
    documents: Sequence[Document],
    read: ReadSeries,
    *,
    title: str,
    now: float,
    folder: str | None,
) -> Written:
    """A report on run objects; `folder`: where charts of a Markdown report lie, None for nowhere.

    Raises: RequestError for a template that names what there is not.
    """
    form: _Form = _Page() if template.form == "html" else _Markdown(folder)
    report = _Report(form, documents, read, title, now)
    parts = []
    for part in read_template(template.text, template.shown):
        if not part.inner:
            parts.append(fill(part, report.put_in, template.shown))
            continue
        for document in documents:
            one = _One(form, document, read)
            parts += [fill(inner, one.put_in, template.shown) for inner in part.inner]
    return Written(form.whole("".join(parts)), form.files)


# -- what a template can name --------------------------------------------------------------------


class _Report:
    """What there is of all runs."""

    def __init__(
        self,
        form: _Form,
        documents: Sequence[Document],
        read: ReadSeries,
        title: str,
        now: float,
    ) -> None:
        self.form = form
        self.documents = documents
        self.read = read
        self.metrics = list(dict.fromkeys(name for each in documents for name in each["metrics"]))
        count = count_text(len(documents), "run")
        self.known: dict[str, Callable[[], str]] = {
            "title": lambda: form.text(title),
            "date": lambda: form.text(moment_text(now)),
            "count": lambda: count,
            "runs": self._runs,
            "common": self._common,
            "charts": self._charts,
            **({"style": lambda: STYLE} if isinstance(form, _Page) else {}),
        }

    def put_in(self, name: str) -> str | None:
        if name in self.known:
            return self.known[name]()
        word, _, rest = name.partition(" ")
        if word == "chart" and rest:
            return self.form.charts(draw_charts(self.documents, [rest], self.read))
        fields = [field.strip() for field in rest.split(",")]
        if word == "table" and all(map(_is_field, fields)):
            return self._table([field.replace("run-attr:", "run:") for field in fields])
        return None

    def _runs(self) -> str:
        """What tells the runs apart, and what came out."""
        different = [f"config:{key}" for key in differing_keys(self.documents)]
        values = [*different, *(f"metric:{name}" for name in self.metrics)]
        about = ["name", "operation", "status", "started", "took"]
        about += ["label"] if any(each["label"] for each in self.documents) else []
        shown = self._table([*(f"run:{each}" for each in about), *values[:MOST_COLUMNS]])
        return shown + self._more(len(values) - MOST_COLUMNS, "column")

    def _table(self, fields: Sequence[str]) -> str:
        return _field_table(self.form, self.documents, fields)

    def _common(self) -> str:
        """Settings that are the same in all runs."""
        different = set(differing_keys(self.documents))
        first = self.documents[0]["config"]
        rows = [(key, value_text(value)) for key, value in first.items() if key not in different]
        return self.form.table("Settings", ("setting", "value"), rows) or self.form.text("none")

    def _charts(self) -> str:
        charts = draw_charts(self.documents, self.metrics[:MAX_CHARTS], self.read)
        if not charts:
            return self.form.text("none")
        more_metrics = self._more(len(self.metrics) - MAX_CHARTS, "metric")
        more_runs = self._more(len(self.documents) - MOST_RUNS, "run")
        return self.form.charts(charts) + more_metrics + more_runs

    def _more(self, count: int, noun: str) -> str:
        return self.form.note(f"and {count_text(count, f'more {noun}')}") if count > 0 else ""


class _One:
    """What there is of one run."""

    def __init__(self, form: _Form, document: Document, read: ReadSeries) -> None:
        self.form = form
        self.document = document
        self.read = read
        self.known: dict[str, Callable[[], str]] = {
            "command": lambda: form.text(command_text(document["command"])),
            "code": lambda: form.text(source_text(document)),
            "config": lambda: self._values("Settings", "setting", "config"),
            "attributes": lambda: self._values("Attributes", "attribute", "attributes"),
            "metrics": self._metrics,
            "charts": lambda: self._draw(list(document["metrics"])[:MAX_CHARTS]),
        }

    def put_in(self, name: str) -> str | None:
        if name in self.known:
            return self.known[name]()
        if name.startswith("chart "):
            return self._draw([name.removeprefix("chart ")])
        return self._field(name) if _is_field(name) else None

    def _field(self, name: str) -> str:
        column = Column(name.replace("run-attr:", "run:"), more=_TYPES.get(name, {}))
        (row,) = board_rows(Board(columns=(column,)), [self.document]).rows
        return self.form.text(cell_text(column, row[column.field]))

    def _draw(self, metrics: Sequence[str]) -> str:
        return self.form.charts(draw_charts([self.document], metrics, self.read))

    def _values(self, caption: str, title: str, part: str) -> str:
        rows = [(name, value_text(value)) for name, value in self.document[part].items()]
        return self.form.table(caption, (title, "value"), rows)

    def _metrics(self) -> str:
        summaries = self.document["summaries"]
        rows = []
        for name, value in self.document["metrics"].items():
            found = summaries.get(name) or {}
            ends = [found.get("min", value), found.get("max", value)]
            rows.append((name, *(metric_text(each, 6) for each in (value, *ends))))
        return self.form.table("Metrics", ("metric", "last", "min", "max"), rows, (1, 2, 3))


_TYPES = {f"run:{name}": {"type": "duration"} for name in ("took", "duration", "duration_s")}


def _is_field(text: str) -> bool:
    kind, _, name = text.partition(":")
    return bool(_FIELD.fullmatch(text)) and (kind not in ("run", "run-attr") or name in RUN_ATTRS)


def _field_table(form: _Form, documents: Sequence[Document], fields: Sequence[str]) -> str:
    columns = tuple(Column(field, more=_TYPES.get(field, {})) for field in fields)
    board = Board(columns=columns)
    shown = lay_out(board, board_rows(board, documents))
    titles = [column.label for column in shown.columns]
    right = numeric_columns(shown)
    return form.table("Runs", titles, [line.cells for line in shown.lines], right)


# -- forms ---------------------------------------------------------------------------------------


class _Form(Protocol):
    """How a form of reports spells things. files: what lies beside the report, by its path."""

    files: dict[str, str]

    def whole(self, text: str) -> str:
        """The report of a text that a template makes."""

    def text(self, text: str) -> str:
        """A text that is no markup."""

    def note(self, text: str) -> str:
        """A text on its own, below something else."""

    def table(
        self,
        caption: str,
        titles: Sequence[str],
        rows: Sequence[Sequence[str]],
        right: Sequence[int] = (),
    ) -> str:
        """A table, or nothing without rows; `right`: columns of numbers."""

    def charts(self, charts: Sequence[Chart]) -> str:
        """Charts, side by side where there is room."""


class _Markdown:
    def __init__(self, folder: str | None) -> None:
        self.files: dict[str, str] = {}
        self._folder = folder

    def whole(self, text: str) -> str:
        """The report, without the blank lines around what stands for nothing."""
        return re.sub(r"\n{3,}", "\n\n", text)

    def text(self, text: str) -> str:
        return markdown_text(text)

    def note(self, text: str) -> str:
        return f"\n\n{text}"

    def table(
        self,
        caption: str,  # noqa: ARG002 - Markdown has none
        titles: Sequence[str],
        rows: Sequence[Sequence[str]],
        right: Sequence[int] = (),
    ) -> str:
        if not rows:
            return ""
        lines = [*markdown_head(titles, right), *map(markdown_line, rows)]
        return "".join(lines).rstrip("\n")

    def charts(self, charts: Sequence[Chart]) -> str:
        if self._folder is None:
            return ""
        return "\n\n".join(self._chart(chart, self._folder) for chart in charts)

    def _chart(self, chart: Chart, folder: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", chart.metric).strip("-.")[:60]
        path = f"{folder}/{len(self.files) + 1:02d}-{plain}.svg"
        self.files[path] = f"{chart.svg}\n"
        return f"![{markdown_text(chart.metric)}]({quote(path)})"


class _Page:
    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def whole(self, text: str) -> str:
        return text

    def text(self, text: str) -> str:
        return markup(text)

    def note(self, text: str) -> str:
        return element("p", text, class_="dim")

    def table(
        self,
        caption: str,
        titles: Sequence[str],
        rows: Sequence[Sequence[str]],
        right: Sequence[int] = (),
    ) -> str:
        return table(titles, rows, caption=caption, right=right) if rows else ""

    def charts(self, charts: Sequence[Chart]) -> str:
        drawn = join((element("figure", chart.svg) for chart in charts), "\n")
        return element("div", drawn, class_="charts") if charts else ""
