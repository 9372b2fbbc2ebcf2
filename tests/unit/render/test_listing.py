"""Runs as a list that makes sense at a glance, on any screen."""

from __future__ import annotations

import io
from typing import Any

import pytest

from git_gage.render.listing import Layout, format_list
from git_gage.render.screen import Screen, text_width
from tests.unit.render.made_up import NOW, make_run, make_runs


def listed(
    runs: list[dict[str, Any]], width: int = 80, *, here: int | None = 0, older: int = 0, **kw: Any
) -> str:
    screen = Screen(io.StringIO(), width=width, **kw)
    newest = None if here is None else runs[here]["id"]
    return format_list(runs, screen=screen, now=NOW, newest_here=newest, older=older)


def test_four_runs_at_80_columns() -> None:
    assert listed(make_runs(), older=38) == (
        "  #  RUN      NAME         STATUS     AGE  TOOK          lr      acc  LABEL\n"
        "@ 1  de3b4wz  kind-heron   running     2m    2m      0.01    *0.9023  wider net\n"
        "  2  thsnweh  late-wren    completed   2h   14m      0.001    0.8923  baseline\n"
        "  3  9r3m11b  brisk-otter  error 1     3h   12s      0.0001   –\n"
        "  4  9ch7exy  odd-yak      lost?       4h     –  1e-05        0.8723  from Ana …\n"
        "All 4: operation=train.py batch=64\n"
        "38 older runs: git gage list --all\n"
    )


def test_a_wide_screen_has_signs_dates_commits_and_authors() -> None:
    lines = listed(make_runs(), 140).splitlines()
    titles = "# RUN NAME STATUS STARTED TOOK lr acc loss COMMIT BY LABEL"
    assert " ".join(lines[0].split()) == titles
    assert "▶ running    2026-11-22 11:58" in lines[1]
    assert "0.2  8c1f0de+  Ana  wider net" in lines[1]
    assert "✗ error 1" in lines[3]
    assert "8c1f0de   Sam  from Ana \\x1b[31m" in lines[4]


def test_without_unicode_everything_is_ascii() -> None:
    for width in (40, 80, 140):
        assert listed(make_runs(), width, unicode=False).isascii()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 140])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for line in listed(make_runs(), width, older=1).splitlines():
        assert text_width(line) <= width


def test_colour_only_repeats_what_words_say() -> None:
    colored = listed(make_runs(), color=True)
    assert "\x1b[31merror 1\x1b[0m" in colored
    assert "\x1b[32mcompleted\x1b[0m" in colored


def test_a_single_run_shows_its_own_operation_and_settings() -> None:
    text = listed([make_run(2)], here=None)
    assert text.splitlines()[0].split()[:4] == ["#", "RUN", "NAME", "OPERATION"]
    assert "batch" in text
    assert "All" not in text
    assert "@" not in text


def test_runs_of_different_kinds_show_what_they_are() -> None:
    other = make_run(2, operation="eval.py", config={"split": "test", "lr": True}, metrics={})
    lines = listed([make_run(1, metrics={"acc": "nan"}), other], 100).splitlines()
    assert "OPERATION" in lines[0]
    assert "eval.py" in lines[2]
    assert "true" in lines[2]
    assert "nan" in lines[1]


def test_a_value_of_both_kinds_has_room_before_labels_and_lengths() -> None:
    """Which was best, and what was changed, is what a list is looked at for."""
    names = ("wondrous-chestnut", "forest-briar", "pacific-bobolink")
    runs = [
        make_run(number, name=name, operation=operation, label="a long label that says much")
        for number, (name, operation) in enumerate(
            zip(names, ("train.py", "evaluate.py", "train.py"), strict=True), 1
        )
    ]
    titles = listed(runs).splitlines()[0].split()
    assert titles == ["#", "RUN", "NAME", "OPERATION", "STATUS", "AGE", "lr", "acc"]


@pytest.mark.parametrize("value", [0.123456789, 1.5e-07, "a long text of a setting"])
def test_no_width_has_room_for_lengths_and_none_for_a_setting(value: Any) -> None:
    lrs = (0.3, value, 20.5)
    runs = [make_run(place, config={"lr": lr}, metrics={}) for place, lr in enumerate(lrs, 1)]
    shown = {width: listed(runs, width).splitlines()[0].split() for width in range(40, 81)}
    assert {
        width for width, titles in shown.items() if "TOOK" in titles and "lr" not in titles
    } == set()
    assert "TOOK" in shown[80]
    cut = next(width for width, titles in shown.items() if "lr" in titles)
    beginnings = {0.123456789: "0.1…", 1.5e-07: "1.5e-07", "a long text of a setting": "a lon…"}
    assert beginnings[value] in listed(runs, cut)


def test_of_settings_the_one_that_differs_most_has_room_first() -> None:
    runs = [
        make_run(number, config={"a": number // 3, "b": number, "c": [number // 2]})
        for number in (1, 2, 3)
    ]
    assert listed(runs, 56).splitlines()[0].split()[-2:] == ["b", "acc"]
    assert "a  b  c" in " ".join(listed(runs, 100).splitlines()[0].split()).replace(" ", "  ")


def test_commits_and_authors_have_room_before_the_fourth_value_of_a_kind() -> None:
    values = {f"metric{place}": place for place in range(9)}
    runs = [
        make_run(
            number,
            metrics={name: value + number for name, value in values.items()},
            config={name.replace("metric", "option"): number for name in values},
            author={"name": f"user {number}", "email": "u@example.com"},
        )
        for number in (1, 2)
    ]
    titles = listed(runs, 140).splitlines()[0].split()
    assert "COMMIT" in titles
    assert "BY" in titles
    assert "metric2" in titles
    assert "option2" in titles


def test_equal_settings_of_different_types_are_not_the_same() -> None:
    runs = [make_run(1, config={"n": 1}), make_run(2, config={"n": True})]
    assert "All 2: operation=train.py\n" in listed(runs)


def test_runs_without_a_commit_an_end_or_an_author() -> None:
    run = make_run(1, source__commit=None, author=None, status="error", exit_code=None)
    lines = listed([run, make_run(2)], 140).splitlines()
    assert "✗ error  " in lines[1]
    assert lines[1].endswith("  –")


def test_what_was_recorded_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;pwned\x07\n\u202e"
    run = make_run(
        1,
        operation=evil,
        config={evil: evil},
        metrics={evil: 1.5},
        label=evil,
        author={"name": evil, "email": evil},
        status=evil,
        source__commit=evil,
    )
    for runs in ([run], [run, make_run(2)], [run, run]):
        for width in (80, 300):
            text = listed(runs, width)
            assert all(char.isprintable() or char == "\n" for char in text)
            assert text.count("\n") <= len(runs) + 2


def laid_out(runs: list[dict[str, Any]], width: int = 80, **layout: Any) -> list[str]:
    screen = Screen(io.StringIO(), width=width)
    text = format_list(
        runs, screen=screen, now=NOW, newest_here=None, older=0, layout=Layout(**layout)
    )
    return text.splitlines()


def test_the_best_value_of_each_metric_has_a_star() -> None:
    runs = [
        make_run(1, metrics={"acc": 0.5, "loss": 0.5, "x": "nan", "y": "inf", "z": 1}),
        make_run(2, metrics={"acc": 0.75, "loss": 0.25, "x": 1, "y": 2, "z": 1}),
        make_run(3, metrics={"acc": 0.75, "loss": 0.125, "y": "-inf"}),
    ]
    lines = laid_out(runs, 140, columns=["metrics"])
    assert lines[0].split() == ["#", "acc", "loss", "y", "x", "z"]
    assert lines[1].split() == ["1", "0.5", "0.5", "inf", "nan", "1"]
    assert lines[2].split() == ["2", "*0.75", "0.25", "*2", "1", "1"]
    assert lines[3].split() == ["3", "*0.75", "*0.125", "-inf", "–", "–"]


def test_numbers_with_stars_stand_below_each_other() -> None:
    runs = [make_run(1, metrics={"acc": 10.25}), make_run(2, metrics={"acc": 9.5})]
    first, second = (line.index(".") for line in laid_out(runs, columns=["acc"])[1:])
    assert first == second


def test_columns_of_ones_own() -> None:
    names = ["age", "run", "name", "op", "status", "started", "took", "by", "commit", "tags"]
    runs = [make_run(1, tags=["a", "b"]), make_run(2)]
    lines = laid_out(runs, 200, columns=[*names, "label", "host", "config", "metric.acc", "attr.x"])
    titles = "# AGE RUN NAME OPERATION STATUS STARTED TOOK BY COMMIT TAGS LABEL host lr acc attr.x"
    assert lines[0].split() == titles.split()
    assert "a,b" in lines[1]
    assert len(lines) == 3


def test_columns_without_room_are_told() -> None:
    lines = laid_out(make_runs(), 40, columns=["run", "name", "started", "commit", "host"])
    assert lines[0].split() == ["#", "RUN", "NAME", "AGE", "COMMIT"]
    assert lines[-1] == "no room for host: ask for fewer columns"


def test_groups_have_titles() -> None:
    lines = laid_out(make_runs(), groups=[("lr=0.1", 1), ("lr=-", 3)])
    assert lines[1] == "lr=0.1: 1 run"
    assert lines[3] == "lr=-: 3 runs"
    assert len(lines) == 8


def test_rows_keep_their_numbers() -> None:
    lines = laid_out(make_runs()[:2], rows=[9, 10])
    assert [line.split()[0] for line in lines[1:3]] == ["9", "10"]


def test_tags_have_room_on_a_wide_screen() -> None:
    runs = [make_run(1, tags=["best", "v2"]), make_run(2)]
    assert "TAGS" in listed(runs, 140)
    assert "TAGS" not in listed(runs, 80)
