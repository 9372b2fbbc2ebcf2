"""Reports: what a template can name, and that nothing recorded becomes markup or a file's name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import RequestError
from git_gage.metrics.series import Series
from git_gage.render import report
from git_gage.render.report import FORMS, Template, Written, default_template, write_report
from git_gage.render.run_charts import MOST_RUNS, draw_charts, name_runs
from tests.unit.render.made_up import NOW, make_run, make_runs

PAGE = Path(__file__).parents[3] / "docs" / "reports.md"
EVIL = "<script>alert(1)</script> [x](javascript:y) |\n# $ `${title}`"


def read(run: str, names: Sequence[str]) -> Mapping[str, Series]:
    return {name: Series([0, 1, 2], [1, 2, 3], [math.nan] * 3, 3) for name in names}


def nothing(run: str, names: Sequence[str]) -> Mapping[str, Series]:
    return {}


def write(
    text: str, documents: Sequence[dict[str, Any]], form: str = "md", **changes: Any
) -> Written:
    given = {"title": "T", "now": NOW, "folder": "r-charts", **changes}
    return write_report(Template(text, form, f"t.{form}"), documents, read, **given)


@pytest.mark.parametrize("form", FORMS)
def test_the_templates_have_what_they_name(form: str) -> None:
    template = default_template(form)
    runs = make_runs()
    written = write_report(template, runs, read, title="T", now=NOW, folder=None)
    assert "${" not in written.text
    for run in runs:
        assert written.text.count(run["name"]) >= 2
    assert written.charts == {}
    assert "2026-11-22 12:00" in written.text


@pytest.mark.parametrize("form", FORMS)
def test_every_name_is_in_the_reference(form: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    parts = (report._Page(), report._Markdown(None))
    made = make_run()
    for each in parts:
        known = {
            *report._Report(each, [made], read, "", 0).known,
            *report._One(each, made, read).known,
        }
        for name in known:
            assert f"`${{{name}}}`" in page or f"`${{{name}}}`," in page, name
    for field in re.findall(r"\$\{((?:run|metric|config|attribute):[^}]*)\}", page):
        assert write(f"${{each run}}${{{field}}}${{end}}", [made], form).text is not None


def test_markdown_has_its_charts_beside_it() -> None:
    made = [make_run(1), make_run(2)]
    written = write("${chart acc}\n${charts}\n", made, folder="my report-charts")
    assert written.text.splitlines()[0] == "![acc](my%20report-charts/01-acc.svg)"
    assert list(written.charts) == [
        f"my report-charts/0{n}-{name}.svg" for n, name in ((1, "acc"), (2, "acc"), (3, "loss"))
    ]
    assert all(
        svg.startswith("<svg ") and svg.endswith("</svg>\n") for svg in written.charts.values()
    )


def test_metrics_do_not_name_files_elsewhere() -> None:
    names = ["../../etc/passwd", "a/b c", "..", "x" * 300]
    made = [
        make_run(number, metrics=dict.fromkeys(names, number), summaries={}) for number in (1, 2)
    ]
    found = list(write("${charts}", made).charts)
    assert found == [
        "r-charts/01-etc-passwd.svg",
        "r-charts/02-a-b-c.svg",
        "r-charts/03-.svg",
        f"r-charts/04-{'x' * 60}.svg",
    ]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_recorded_is_markup(form: str) -> None:
    made = [
        make_run(
            number,
            label=EVIL,
            name="a-b",
            operation=EVIL,
            config={EVIL: EVIL, "n": number},
            metrics={EVIL: number, "m": EVIL},
            attributes={EVIL: EVIL},
            summaries={EVIL: {"last": 1, "min": 1, "max": 2, "mean": 1, "count": 3}},
            command__argv=[EVIL],
            author={"name": EVIL, "email": EVIL},
        )
        for number in (1, 2)
    ]
    written = write_report(default_template(form), made, read, title=EVIL, now=NOW, folder="f")
    for text in (written.text, *written.charts.values()):
        assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"(?<!\\)\[x(?<!\\)\]\(", written.text) or form == "html"
    lines = written.text.splitlines()
    assert not [line for line in lines if line.startswith("# ") and "script" not in line]
    if form == "md":
        rows = [line for line in lines if line.startswith("| a-b |")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("- a", "\\- a"), ("1. a", "1\\. a"), ("12) a", "12\\) a"), ("+", "\\+"),
        ("    code", "code"), ("===", "\\==="), ("---", "\\---"), ("# a", "\\# a"),
        ("-1", "-1"), ("0.5", "0.5"), ("2026-11-22", "2026-11-22"), ("> a", "\\> a"),
    ],
)  # fmt: skip
def test_text_does_not_begin_a_list(label: str, shown: str) -> None:
    assert write("${each run}${run:label}${end}", [make_run(1, label=label)]).text == shown


def test_a_template_says_what_comes_again_for_each_run() -> None:
    made = [make_run(1), make_run(2, metrics={})]
    text = "a\n${each run}\n- ${run:name} ${ metric:acc } ${run:took}\n${end}\nz $x$ $${title}"
    lines = [f"- {made[0]['name']} 0.9023 14m 02s\n", f"- {made[1]['name']}  14m 02s\n"]
    assert write(text, made).text == "a\n" + "".join(lines) + "z $x$ ${title}"


def test_columns_are_named_as_in_boards() -> None:
    text = write("${table run-attr:name, config:lr,metric:acc}", [make_run(1)]).text
    assert text == "| name | lr | acc |\n| --- | --: | --: |\n| kind-heron | 0.01 | 0.9023 |"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n${titel}", "t.md:2: nothing is called 'titel' here"),
        ("${style}", "t.md:1: nothing is called 'style' here"),
        ("${run:name}", "t.md:1: nothing is called 'run:name' here"),
        ("${table run:nam}", "t.md:1: nothing is called 'table run:nam' here"),
        ("${table}", "t.md:1: nothing is called 'table' here"),
        ("${each run}\n${run:nam}\n${end}", "t.md:2: nothing is called 'run:nam' here"),
        ("${each run}${title}${end}", "t.md:1: nothing is called 'title' here"),
        ("${end}", "t.md:1: '${end}' is not in its place"),
        ("${each run}\n${each run}${end}", "t.md:2: '${each run}' is not in its place"),
        ("\n${each run}", "t.md:2: '${each run}' needs a '${end}' below it"),
    ],
)
def test_what_a_template_cannot_name(text: str, message: str) -> None:
    with pytest.raises(RequestError) as error:
        write(text, [make_run(1)])
    assert error.value.message == message


def test_charts_of_one_run() -> None:
    text = "${each run}${charts}|${chart loss}|${chart none}${end}"
    page = write(text, [make_run(1)], "html").text.split("|")
    assert [part.count("<svg") for part in page] == [1, 0, 0]


@pytest.mark.parametrize("form", FORMS)
def test_of_many_the_first_are_shown_and_the_others_told(form: str) -> None:
    many = {f"m{number:03d}": number for number in range(60)}
    made = [make_run(1, metrics=many, summaries={}, config={"k": number}) for number in range(25)]
    made = [{**each, "id": f"{number:030d}"} for number, each in enumerate(made)]
    written = write("${runs}\n@@\n${charts}", made, form)
    table, charts = written.text.split("@@")
    assert "and 31 more columns" in table
    assert "and 36 more metrics" in charts
    assert "and 5 more runs" in charts
    assert charts.count("svg xmlns" if form == "html" else "![") == 24


def test_what_is_the_same_is_told_once() -> None:
    made = [make_run(1, config={"a": 1, "b": 1}), make_run(2, config={"a": 1, "b": 2})]
    assert write("${common}", made).text == "| setting | value |\n| --- | --- |\n| a | 1 |"
    assert write("${common} ${charts}", [make_run(1, config={}, metrics={})]).text == "none none"


def test_labels_have_a_column_where_there_are_some() -> None:
    assert "label" not in write("${runs}", [make_run(1)]).text
    assert "label" in write("${runs}", [make_run(1, label="x")]).text


def test_lines_where_there_are_steps_else_bars() -> None:
    made = [make_run(1), make_run(2)]
    lines, bars = draw_charts(made, ["acc", "loss"], read)
    assert 'class="line"' in lines.svg
    assert 'class="line"' not in bars.svg
    assert [chart.metric for chart in draw_charts(made, ["acc", "none"], nothing)] == ["acc"]
    assert draw_charts(made[:1], ["acc"], nothing) == []
    assert (
        draw_charts([make_run(n) for n in range(30)], ["acc"], read)[0].svg.count("<g><title>")
        == 2 * MOST_RUNS
    )


def test_runs_are_told_apart() -> None:
    made = [
        make_run(1, name="a-b", config={"lr": 0.1, "x": 1}),
        make_run(2, name="c-d", config={"x": 1}),
        make_run(3, name="c-d", config={"x": 1}),
    ]
    assert list(name_runs(made).values()) == [
        "a-b lr=0.1",
        f"{made[1]['id'][10:17]} c-d",
        f"{made[2]['id'][10:17]} c-d",
    ]
