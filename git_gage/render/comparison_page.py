"""Runs beside each other on a page that stands alone: table, charts, source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from git_gage.records import short_id
from git_gage.render.amounts import count_text
from git_gage.render.charts import line_chart
from git_gage.render.comparison import cell_text, delta_text, is_best, row_title
from git_gage.render.html import Html, element, join, page, table

if TYPE_CHECKING:
    from git_gage.metrics.series import Series
    from git_gage.render.screen import Screen
    from git_gage.runs.comparison import Comparison, Row

MAX_DIFF = 200_000
_COLORS = {"+": "--good", "-": "--bad"}


def format_comparison_page(
    comparison: Comparison,
    rows: Sequence[Row],
    series: Mapping[str, Mapping[str, Series]],
    patches: Mapping[str, bytes],
    screen: Screen,
) -> str:
    """The page; `series` by metric and run, `patches` from the first run's source by run."""
    runs = {run["id"]: f"{short_id(run['id'])} {run['name']}" for run in comparison.runs}
    body = [*_summary(comparison, rows), _table(list(runs.values()), rows, screen)]
    if series:
        charts = [
            line_chart(metric, {runs[run]: each for run, each in found.items()})
            for metric, found in series.items()
        ]
        body += [element("h2", "Metrics"), element("div", *charts, class_="charts")]
    if patches:
        body.append(element("h2", f"Source, from {next(iter(runs.values()))}"))
        body += [_patch(runs[run], content) for run, content in patches.items()]
    return page(f"{count_text(len(runs), 'run')} compared", join(body, "\n"))


def _summary(comparison: Comparison, rows: Sequence[Row]) -> Iterator[Html]:
    started = sorted(run["started"][:16].replace("T", " ") for run in comparison.runs)
    when = " to ".join(dict.fromkeys((started[0], started[-1])))
    hidden = len(comparison.rows) - len(rows)
    equal = f" {count_text(hidden, 'row')} that all have alike are left out." if hidden else ""
    yield element("p", f"Started {when} UTC.{equal}", class_="dim")


def _table(names: Sequence[str], rows: Sequence[Row], screen: Screen) -> Html:
    if not rows:
        return element("p", "Nothing differs.")
    cells = [
        [row_title(row), *(_cell(row, place, screen) for place in range(len(names)))]
        for row in rows
    ]
    caption = "Values of each run; * is the best, behind it the distance from the first run"
    return table(["", *names], cells, caption=caption, right=range(1, len(names) + 1))


def _cell(row: Row, place: int, screen: Screen) -> Html:
    text = cell_text(row, place, screen)
    delta = delta_text(row, place)
    style = {"class_": "good"} if is_best(row, place) else {}
    shown = element("span", text, **style)
    return join([shown, element("small", delta)], " ") if delta else shown


def _patch(name: str, content: bytes) -> Html:
    text = content[:MAX_DIFF].decode(errors="replace").expandtabs()
    lines = [_line(line) for line in text.splitlines()]
    if len(content) > MAX_DIFF:
        lines.append(element("em", f"{len(content) - MAX_DIFF:,} bytes more: git gage diff"))
    return element(
        "details", element("summary", name), element("pre", join(lines, "\n")), open="open"
    )


def _line(text: str) -> Html:
    color = _COLORS.get(text[:1])
    return element("span", text, **({"style": f"color:var({color})"} if color else {}))
