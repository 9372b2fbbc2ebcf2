"""The drawing beside a list: which run was made from which."""

from __future__ import annotations

from io import StringIO
from random import Random
from typing import Any

import pytest

from git_gage.render.graph import draw_graph, sources_of
from git_gage.render.listing import Layout, format_list
from git_gage.render.screen import Screen
from tests.unit.render.made_up import NOW, make_run


def run(name: str, *sources: str) -> dict[str, Any]:
    inputs = [{"run": source, "runs": []} for source in sources]
    return {"id": name, "inputs": inputs, "parent": None, "restart_of": None}


def drawn(*runs: dict[str, Any], unicode: bool = True) -> list[str]:
    lines = draw_graph(runs, Screen(StringIO(), unicode=unicode))
    return [text for line in lines for text in line if text]


def test_runs_that_have_nothing_in_common() -> None:
    assert drawn(run("b"), run("a", "not shown")) == ["○", "○"]


def test_a_chain() -> None:
    assert drawn(run("c", "b"), run("b", "a"), run("a")) == ["●", "●", "○"]


def test_two_sources_and_one_behind_both() -> None:
    story = run("d", "c", "b"), run("c", "a"), run("b", "a"), run("a")
    assert drawn(*story) == ["●", "├─┐", "● │", "│ ●", "├─┘", "○"]
    assert drawn(*story, unicode=False) == ["*", "+-+", "* |", "| *", "+-+", "o"]


def test_a_run_of_its_own_beside_others() -> None:
    assert drawn(run("c", "a"), run("b"), run("a")) == ["●", "│ ○", "○"]


def test_lines_cross_where_they_must() -> None:
    story = run("e", "d", "c", "b"), run("d", "b"), run("c", "a"), run("b", "a"), run("a")
    assert drawn(*story) == ["●", "├─┬─┐", "● │ │", "└─┼─┤", "  ● │", "  │ ●", "  ├─┘", "  ○"]
    story_of_five = drawn(
        run("f", "a", "b", "c"), run("e", "c", "a"), run("c"), run("b", "a"), run("a")
    )
    assert story_of_five[3:5] == ["├─┼─┼─┘", "│ │ ○"]


def test_every_run_is_reached_by_a_line_from_what_was_made_of_it() -> None:
    chance = Random(7)
    for _ in range(300):
        names = [f"r{number}" for number in range(9)]
        runs = [
            run(
                name, *chance.sample(names[at + 1 :], min(chance.randrange(4), len(names) - at - 1))
            )
            for at, name in enumerate(names)
        ]
        used = {each["run"] for document in runs for each in document["inputs"]}
        before = ""
        for document, line in zip(runs, draw_graph(runs, Screen(StringIO())), strict=True):
            place = max(line.run.find("●"), line.run.find("○"))
            if document["id"] in used:
                assert before[place] in "│├┤┐┬┼┌●"
            else:
                assert before[place : place + 1] in ("", " ", "○", "┘", "└", "┴", "─")
            before = line.below or line.run


def test_what_a_run_was_made_from_is_each_told_once() -> None:
    document = {
        "id": "x",
        "restart_of": "a",
        "parent": "b",
        "inputs": [{"run": "a", "runs": []}, {"run": None, "runs": ["c", "d"]}],
    }
    assert sources_of(document) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("width", [80, 140])
def test_a_list_with_a_graph_is_no_wider_than_the_screen(width: int) -> None:
    first, second = make_run(1), make_run(0)
    second["restart_of"] = first["id"]
    text = format_list(
        [second, first],
        screen=Screen(StringIO(), width=width),
        now=NOW,
        newest_here=None,
        older=0,
        layout=Layout(graph=True),
    )
    lines = text.splitlines()
    assert [line[0] for line in lines[1:3]] == ["●", "○"]
    assert max(map(len, lines)) <= width
