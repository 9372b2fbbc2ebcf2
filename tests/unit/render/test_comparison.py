"""Runs beside each other: what a row says, and how rows fit a screen."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.metrics.series import Series
from git_gage.render.comparison import (
    comparison_body,
    format_comparison,
    format_csv_rows,
    format_markdown_rows,
)
from git_gage.render.comparison_page import MAX_DIFF, format_comparison_page
from git_gage.render.screen import Screen, text_width
from git_gage.runs.comparison import Missing, compare_runs
from git_gage.safe import clean
from tests.unit.render.made_up import make_run

ALIKE = {
    "config": {"batch": 64},
    "metrics": {"acc": 0.5},
    "duration_s": 842.0,
}


RUN = f"{'0' * 10}4hd81zt{'0' * 13}"


def made_input(name: str | None, run: str | None) -> dict[str, Any]:
    return {"name": name, "path": None, "type": "file", "run": run, "digest": "c" * 64}


def pair(**changes: Any) -> list[dict[str, Any]]:
    return [make_run(1, **ALIKE), make_run(2, **{**ALIKE, **changes})]


def screen(width: int = 80, **options: Any) -> Screen:
    return Screen(StringIO(), width, **options)


def rows(
    *runs: dict[str, Any], width: int = 80, everything: bool = False, **more: Any
) -> list[str]:
    comparison = compare_runs(runs, **more)
    return format_comparison(comparison, screen(width), everything=everything).splitlines()


def test_what_differs_stands_beside_each_other() -> None:
    runs = [
        make_run(1, config={"lr": 0.1}, label="baseline", duration_s=12.5),
        make_run(2, config={"lr": 0.01, "net": "wide"}, status="error", exit_code=1),
    ]
    changed = [Missing.NONE, [{"path": "train.py", "insertions": 3, "deletions": 1}]]
    assert rows(*runs, changed=changed) == [
        "                de3b4wz       thsnweh",
        "             kind-heron     late-wren",
        "run",
        "  status      completed         error",
        "  exit_code           0             1",
        "  label        baseline             –",
        "  took            12.5s       14m 02s +13m 49s",
        "config",
        "  lr                0.1          0.01",
        "  net                 –          wide",
        "metrics",
        "  acc           *0.9023        0.8923 -0.01",
        "  loss             *0.2           0.4 +0.2",
        "source",
        "  files               –  1 file +3 -1",
        "",
        "15 equal rows hidden (--all-rows)",
    ]


def test_equal_runs() -> None:
    assert rows(*pair())[-1] == "nothing differs: 20 equal rows hidden (--all-rows)"
    assert "  batch 64 64" in [
        re.sub(r"(?<=\S) +", " ", line) for line in rows(*pair(), everything=True)
    ]
    assert not any("hidden" in line for line in rows(*pair(), everything=True))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"config": {"batch": 64.0}}, "  batch          64       64.0"),
        ({"config": {"batch": None}}, "  batch          64       null"),
        ({"config": {}}, "  batch          64          –"),
        ({"metrics": {"acc": "nan"}}, "  acc         0.5        nan"),
        ({"metrics": {"acc": 0.75}}, "  acc         0.5      *0.75 +0.25"),
        ({"metrics": {"acc": "inf"}}, "  acc        *0.5        inf"),
        ({"attributes": {"size": 10**400}}, f"  size           –  1{'0' * 32}…"),
        ({"tags": ["a", "b"]}, "  tags           –       a, b"),
        ({"author": None}, "  author         Ana          –"),
        ({"environment__gpus": ["A100", "A100"]}, "  gpus           –  A100, A100"),
        ({"environment__packages": {"numpy": "2.4.1"}}, "  numpy       2.4.0      2.4.1"),
        ({"source__commit": "f" * 40}, "  commit  8c1f0de00000  ffffffffffff"),
        ({"source__digest": None}, "  digest  abababababab          –"),
        (
            {"command__variables": {"CUDA_VISIBLE_DEVICES": "1"}},
            f"  CUDA_VISIBLE_DEVICES{' ' * 11}0{' ' * 10}1",
        ),
        ({"label": "a\x1b[31m"}, r"  label           –  a\x1b[31m"),
        ({"inputs": [made_input("data", None)]}, "  data           –  cccccccccccc"),
        ({"inputs": [made_input(None, RUN)]}, "  file           –  run 4hd81zt"),
    ],
)
def test_a_row(changes: dict[str, Any], line: str) -> None:
    assert line in rows(*pair(**changes))


def test_what_is_not_here_is_told_and_no_difference() -> None:
    found = rows(*pair(environment__packages=None), changed=[Missing.NONE, Missing.NOT_HERE])
    assert "  packages           1   not here" in found
    assert not any("numpy" in line for line in found)
    assert found[-2:] == ["not here: git gage fetch", "19 equal rows hidden (--all-rows)"]
    without = [make_run(number, environment={}) for number in (1, 2)]
    assert not any("package" in line for line in rows(*without, everything=True))


def test_packages_are_compared_where_python_ran() -> None:
    runs = [*pair(environment__packages={"numpy": "2.4.1"}), make_run(3, **ALIKE)]
    runs[2]["environment"] = {**runs[2]["environment"], "python": None, "packages": None}
    shown = rows(*runs, width=140)
    assert any(re.fullmatch(r"  numpy +2\.4\.0 +2\.4\.1 +–", line) for line in shown)
    assert any(re.fullmatch(r"  packages +1 +1 +–", line) for line in shown)
    assert not any("numpy" in line for line in rows(runs[0], runs[2]))
    body = comparison_body(compare_runs(runs), compare_runs(runs).rows)
    (numpy,) = [row for row in body["rows"] if row["name"] == "numpy"]
    assert (numpy["missing"], numpy["not_here"]) == ([2], [])


def test_a_command_is_told_where_settings_are_missing() -> None:
    other = {**make_run(1)["command"], "argv": ["make"]}
    one, two = pair(command=other)
    assert not any("  command" in line for line in rows(one, two))
    one["config"] = {}
    assert "  command  python3 train.py --lr 0.01       make" in rows(one, two)


def test_only_some_metrics() -> None:
    runs = [make_run(1), make_run(2)]
    assert [
        row.name for row in compare_runs(runs, metrics=["loss"]).rows if row.part == "metrics"
    ] == ["loss"]


def test_equal_best_values_both_have_a_star() -> None:
    found = rows(*(make_run(1, metrics={"acc": value}) for value in (0.5, 0.75, 0.75)))
    assert "  acc         0.5       *0.75 +0.25       *0.75 +0.25" in found


def test_more_runs_than_fit_are_blocks_with_the_first_in_each() -> None:
    runs = [make_run(number, config={"lr": number}) for number in range(1, 9)]
    found = rows(*runs, width=80)
    heads = [number for number, line in enumerate(found) if "de3b4wz" in line]
    assert len(heads) == 3
    assert found[heads[1] - 1] == ""
    shown = [word for line in (found[head] for head in heads) for word in line.split()]
    assert len(set(shown)) == 8
    assert len(shown) == 10
    assert sum("de3b4wz" in line for line in rows(*runs, width=140)) == 1


def test_long_values_are_cut_with_a_word_on_it() -> None:
    runs = pair(label="long " * 40, config={"a long key " * 9: 1, "batch": 64})
    found = rows(*runs, width=80)
    assert max(map(text_width, found)) <= 80
    assert "what ends in … is whole in --csv" in found
    plain = format_comparison(compare_runs(runs), screen(80, unicode=False), everything=False)
    assert plain.isascii()
    assert "what ends in ... is whole in --csv" in plain


def test_colours_help_and_signs_tell() -> None:
    runs = pair(metrics={"acc": 0.75}, label="x")
    text = format_comparison(compare_runs(runs), screen(color=True), everything=False)
    assert "\x1b[32m*0.75\x1b[0m +0.25" in text
    assert "\x1b[2m–\x1b[0m" in text
    assert "\x1b[1mmetrics\x1b[0m\n" in text


texts = st.text(max_size=40)
values = st.one_of(texts, st.floats(), st.integers(), st.booleans(), st.none())


@settings(max_examples=40)
@given(
    st.lists(st.dictionaries(texts, values, max_size=4), min_size=2, max_size=6),
    st.integers(40, 160),
    st.booleans(),
)
def test_a_table_fits_whatever_runs_hold(
    configs: list[dict[str, Any]], width: int, everything: bool
) -> None:
    runs = [make_run(number, config=each) for number, each in enumerate(configs, 1)]
    found = rows(*runs, width=width, everything=everything)
    assert max(map(text_width, found)) <= max(width, 60)
    assert all(clean(line) == line for line in found)


# -- for programs --------------------------------------------------------------------------------


def test_csv_has_all_digits_and_no_formula() -> None:
    comparison = compare_runs(pair(metrics={"acc": 0.123456789}, label="=1+1"))
    lines = list(format_csv_rows(comparison, comparison.chosen(everything=False)))
    ids = ",".join(run["id"] for run in comparison.runs)
    assert lines == [f"name,{ids}\n", "label,,'=1+1\n", "metric.acc,0.5,0.123456789\n"]


def test_markdown_holds_no_markup() -> None:
    comparison = compare_runs(pair(metrics={"acc": 0.75}, label="<b>|*"))
    lines = format_markdown_rows(comparison, comparison.chosen(everything=False), screen())
    assert list(lines) == [
        "|  | de3b4wz kind-heron | thsnweh late-wren |\n",
        "| --- | --- | --- |\n",
        "| label | – | \\<b\\>\\|\\* |\n",
        "| metric.acc | 0.5 | \\*0.75 +0.25 |\n",
    ]


def test_a_body_tells_what_is_missing() -> None:
    comparison = compare_runs(pair(metrics={"acc": 0.75}, environment__packages=None))
    body = comparison_body(comparison, comparison.chosen(everything=False))
    assert body["hidden"] == 18
    assert [run["id"] for run in body["runs"]] == [run["id"] for run in comparison.runs]
    (acc,) = [row for row in body["rows"] if row["name"] == "acc"]
    assert acc == {
        "part": "metrics",
        "name": "acc",
        "values": [0.5, 0.75],
        "missing": [],
        "not_here": [],
        "differs": True,
        "best": 1,
        "deltas": (None, 0.25),
    }


# -- a page --------------------------------------------------------------------------------------


def made_page(runs: list[dict[str, Any]], patch: bytes = b"") -> str:
    comparison = compare_runs(runs)
    points = Series([0, 1], [0.5, 0.75], [0.0, 1.0], 2)
    series = {"acc": {run["id"]: points for run in runs}} if patch else {}
    patches = {runs[1]["id"]: patch} if patch else {}
    found = comparison.chosen(everything=False)
    return format_comparison_page(comparison, found, series, patches, screen())


def test_a_page_has_table_charts_and_patches() -> None:
    text = made_page(
        pair(metrics={"acc": 0.75}, label="<script>alert(1)</script>"),
        b"--- a\n+++ b\n-old & <tag>\n+new\t1\n same\n",
    )
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert '<span class="good">*0.75</span> <small>+0.25</small>' in text
    assert text.count("<svg") == 1
    assert '<span style="color:var(--bad)">-old &amp; &lt;tag&gt;</span>' in text
    assert '<span style="color:var(--good)">+new    1</span>\n<span> same</span>' in text
    assert not re.search(r"(?:src|href)=|https?://(?!www\.w3\.org)", text)


def test_a_page_of_equal_runs_and_one_with_a_long_patch() -> None:
    text = made_page(pair())
    assert "<p>Nothing differs.</p>" in text
    assert "20 rows that all have alike are left out" in text
    long = made_page(pair(label="x"), b"+" * (MAX_DIFF + 5))
    assert "5 bytes more: git gage diff" in long
