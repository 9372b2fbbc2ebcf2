"""One run on one page."""

from __future__ import annotations

import io
from math import nan
from pathlib import Path
from typing import Any

import pytest

from git_gage.metrics.series import Series
from git_gage.records import short_id
from git_gage.render.page import format_page
from git_gage.render.screen import Screen, text_width
from git_gage.runs.lineage import Followers, Step
from tests.unit.render.made_up import NOW, make_run

RUN_DIR = Path("/home/ana/digits/.git/gage/runs/01")


def page(document: dict[str, Any], width: int = 100, **kw: Any) -> str:
    here: dict[str, Any] = {"source_here": True, "output_here": True, "run_dir": RUN_DIR}
    others = (*here, "places", "series", "followers", "unapplied")
    here |= {key: kw.pop(key) for key in list(kw) if key in others}
    screen = Screen(io.StringIO(), width=width, **kw)
    return format_page(document, screen=screen, now=NOW, **here)


def test_a_failed_run_of_a_dirty_tree() -> None:
    run = make_run(
        3,
        status="error",
        exit_code=1,
        label="a [bold]label[/x] :smile:",
        command__cwd="sub",
        source__dirty=True,
        source__snapshot="f" * 40,
        source__insertions=10,
        source__deletions=2,
        source__status={"train.py": " M", "new file.py": "??"},
        source__left_out=[{"path": ".env", "reason": "secret"}],
        source__linked=[{"path": "data"}],
        source__submodules=[{"path": "lib", "commit": "1" * 40}],
    )
    assert page(run) == (
        "run 9r3m11b brisk-otter  ✗ error 1\n"
        "id          01m817qnm09r3m11b2qvdrpr6e0q0x\n"
        "label       a [bold]label[/x] :smile:\n"
        "operation   train.py\n"
        "command     python3 train.py --lr 0.01\n"
        "folder      sub\n"
        "python      /usr/bin/python3 (PATH)\n"
        "config      batch=64  lr=0.0001\n"
        "metrics     acc  0.882346  best 0.95, 20 values\n"
        "            loss 0.6\n"
        "source      8c1f0de + 12 changed lines in 2 files, on main\n"
        "changed      M train.py\n"
        "            ?? new file.py\n"
        "snapshot    ffffffffffffffffffffffffffffffffffffffff\n"
        "digest      abababababababab over 14 files\n"
        "left out    .env  secret\n"
        "linked      data\n"
        "submodules  lib  1111111111111111111111111111111111111111\n"
        "started     2026-11-22 09:00 (3h ago), took 14m 02s\n"
        "by          Ana <ana@example.com>\n"
        "on          lab3, Linux-6.1-x86_64, Python 3.11.7, 1 package, git 2.39.5\n"
        "files       2 files, 47.7 MiB: /home/ana/digits/.git/gage/runs/01\n"
        "output      812 lines, 12.1 KiB: git gage output 9r3m11b\n"
    )


def test_what_is_not_in_this_clone_says_how_to_get_it() -> None:
    text = page(make_run(1), source_here=False, output_here=False, run_dir=None)
    assert "source     8c1f0de, on main, not here: git gage fetch\n" in text
    assert "output     812 lines, 12.1 KiB, not here: git gage fetch\n" in text
    assert "files      2 files, 47.7 MiB: not in this clone\n" in text
    for places, told in [
        ({"in git": 2}, "in git"),
        ({"in git": 1, "here": 1}, "1 here, 1 in git"),
    ]:
        text = page(make_run(1), run_dir=None, places=places)
        assert f"files      2 files, 47.7 MiB: {told}\n" in text


def test_a_going_run_offers_its_output_so_far() -> None:
    run = make_run(1, status="running", exit_code=None, duration_s=None, output=None)
    assert "output     so far: git gage output de3b4wz\n" in page(run)
    assert "took" not in page(run)


def test_a_killed_run_says_by_what_and_why() -> None:
    run = make_run(1, status="terminated", signal="SIGTERM", reason="git-gage was killed")
    assert page(run).startswith(
        "run de3b4wz kind-heron  ■ terminated by SIGTERM (git-gage was killed)\n"
    )


def test_a_command_outside_a_work_tree_has_little_to_say() -> None:
    run = make_run(
        1,
        config={},
        metrics={},
        author=None,
        output={"bytes": 0, "lines": 0, "kept": 0},
        generated=None,
        command__argv=["./any program", ""],
        command__interpreter=None,
        command__cwd=None,
        source={
            **dict.fromkeys(make_run()["source"], None),
            "status": {},
            "left_out": [],
            "linked": [],
            "submodules": [],
        },
        environment=dict.fromkeys(make_run()["environment"], None),
    )
    assert page(run) == (
        "run de3b4wz kind-heron  ✓ completed\n"
        "id         01m81ekcw0de3b4wzz6kye37bbg17f\n"
        "operation  train.py\n"
        "command    './any program' ''\n"
        "source     not recorded: there is no work tree\n"
        "started    2026-11-22 11:00 (60m ago), took 14m 02s\n"
        "on         unknown\n"
        "output     none\n"
    )


def test_output_of_a_run_that_printed_nothing_and_ended_is_none() -> None:
    assert "output     none\n" in page(make_run(1, output=None))


def test_many_paths_do_not_push_the_rest_away() -> None:
    status = {f"file{number}": "??" for number in range(50)}
    text = page(make_run(1, source__dirty=True, source__status=status))
    assert "source     8c1f0de + 50 changed files, on main\n" in text
    assert "           and 44 more\n" in text
    assert text.count("\n") < 30


def test_a_tree_without_a_commit() -> None:
    run = make_run(1, source__commit=None, source__branch=None, source__dirty=True)
    assert "source     without a commit + 0 changed files\n" in page(run)


@pytest.mark.parametrize("width", [40, 80, 140])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for line in page(make_run(1), width).splitlines():
        assert text_width(line) <= width


def test_only_the_terminals_own_colours_are_used() -> None:
    import re

    codes = set(re.findall(r"\x1b\[([0-9;]*)m", page(make_run(1, status="error"), color=True)))
    assert codes
    assert all(int(code or 0) < 38 for text in codes for code in text.split(";"))


def test_what_was_recorded_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;pwned\x07\n\u202e[/]"

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {f"{key}": spoil(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spoil(item) for item in value]
        return evil if isinstance(value, str) else value

    run = make_run(1)
    spoiled = spoil(run) | {
        "id": run["id"],
        "started": run["started"],
        "label": evil,
        "signal": evil,
    }
    spoiled |= {"config": {evil: evil}, "metrics": {evil: evil}, "reason": evil}
    for width in (40, 1000):
        text = page(spoiled, width)
        assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"train.py": " M", ".env": "??"}, "8c1f0de + 1 changed line in 1 file, on main"),
        ({".env": "??"}, "8c1f0de + 1 changed file not recorded, on main"),
    ],
)
def test_secrets_are_no_part_of_what_was_changed_and_recorded(
    status: dict[str, str], said: str
) -> None:
    run = make_run(
        1,
        source__dirty=True,
        source__insertions=len(status) - 1,
        source__deletions=0,
        source__status=status,
        source__left_out=[{"path": ".env", "reason": "secret"}],
    )
    assert f" {said}\n" in page(run)


def test_of_many_metrics_and_followers_the_first_are_shown() -> None:
    names = [f"m{number:02d}" for number in range(25)]
    run = make_run(1, metrics=dict.fromkeys(names, 0.5), summaries={})
    follower = make_run(2, metrics={"acc": 0.25})
    steps = (Step("parent", follower["id"], follower),)
    text = page(run, followers=Followers(4, steps))
    assert "metrics    m00 0.5\n" in text
    assert "           m19 0.5\n           and 5 more: git gage show de3b4wz --metrics\n" in text
    short = short_id(follower["id"])
    assert f"used by    started train.py {short}  ✓ completed  acc 0.25\n" in text
    assert "           and 3 more: git gage show de3b4wz --lineage\n" in text


def test_a_metric_that_was_never_finite_has_no_best() -> None:
    summary = {"last": "nan", "min": "nan", "max": "nan", "mean": "nan", "count": 3}
    run = make_run(1, metrics={"loss": "nan"}, summaries={"loss": summary})
    assert "metrics    loss nan  3 values\n" in page(run)
    flat = Series([1, 2, 3], [1.0, 1.0, 1.0], [nan, nan, nan], 3)
    assert "metrics    loss nan  ▄▄▄  3 values\n" in page(run, series={"loss": flat})


def test_the_newest_comments_and_what_does_not_count() -> None:
    said = {"author": {"name": "Ana"}, "at": "2026-11-22T11:00:00.000Z", "edited": None}
    comments = [{"text": f"{number}\nmore", **said} for number in range(5)]
    run = make_run(1, comments=comments)
    lines = [line.strip() for line in page(run, unapplied=2).splitlines()]
    first = next(place for place, line in enumerate(lines) if line.startswith("comments"))
    assert lines[first : first + 5] == [
        "comments     Ana, 60m ago: 2 …",
        "Ana, 60m ago: 3 …",
        "Ana, 60m ago: 4 …",
        f"and 2 before: git gage comment {run['id'][10:17]} --list",
        f"not counted  2 records: git gage show {run['id'][10:17]} --history",
    ]


def test_a_run_of_another_tool_may_have_no_command() -> None:
    run = make_run(1)
    run["command"]["argv"] = []
    assert "unknown" in page(run)
