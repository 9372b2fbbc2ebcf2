"""What a run says of itself on standard error."""

from __future__ import annotations

import io
import shlex
from typing import Any

import pytest

from git_gage.render.progress import Progress
from git_gage.render.screen import Screen
from git_gage.render.wording import hint_text
from tests.unit.render.made_up import make_run


def told(document: dict[str, Any], *, quiet: bool = False) -> str:
    stream = io.StringIO()
    progress = Progress(Screen(stream), quiet=quiet)
    progress.begun(document)
    progress.ended(document)
    return stream.getvalue()


def test_a_run_from_its_begin_to_its_end() -> None:
    run = make_run(
        1,
        source__dirty=True,
        source__insertions=12,
        source__deletions=0,
        source__status={"train.py": " M"},
        metrics={"acc": 0.912, "loss": 0.291},
    )
    assert told(run) == (
        "run de3b4wz kind-heron: python3 train.py --lr 0.01\n"
        "code 8c1f0de + 12 changed lines in 1 file\n"
        "python /usr/bin/python3 (PATH)\n"
        "done in 14m 02s: acc 0.912, loss 0.291\n"
        "hint: show it with 'git gage show de3b4wz', share it with 'git gage push'\n"
    )


@pytest.mark.parametrize(("count", "end"), [(0, "02s"), (9, "m8 8"), (10, "m7 7, and 2 more")])
def test_of_many_metrics_some_are_told(count: int, end: str) -> None:
    run = make_run(1, metrics={f"m{number}": number for number in range(count)})
    (line,) = [line for line in told(run).splitlines() if line.startswith("done in")]
    assert line.endswith(end)


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"run": "01jd9ww8g0de3b4wz000000000000"}, "input run-files: run de3b4wz\n"),
        ({"path": "data.csv", "name": "it"}, "input it: data.csv\n"),
        ({"runs": ["a", "b"]}, "input run-files: 2 runs\n"),
        ({"count": 3}, "input run-files: 3 files\n"),
    ],
)
def test_each_input_is_named(entry: dict[str, Any], line: str) -> None:
    plain: dict[str, Any] = {
        "type": "run-files",
        "name": None,
        "run": None,
        "path": None,
        "runs": [],
        "count": 1,
    }
    assert line in told(make_run(1, inputs=[plain | entry]))


def test_a_quiet_run_says_nothing() -> None:
    assert told(make_run(1), quiet=True) == ""


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"status": "error", "exit_code": 3}, "failed with exit code 3 after 14m 02s\n"),
        ({"status": "terminated", "signal": "SIGINT"}, "terminated by SIGINT after 14m 02s\n"),
        ({"status": "terminated", "signal": None}, "terminated after 14m 02s\n"),
        (
            {"status": "terminated", "signal": None, "reason": "timeout after 14m"},
            "terminated after 14m 02s (timeout after 14m)\n",
        ),
        (
            {"status": "error", "exit_code": 3, "reason": "phase 'finalize' failed"},
            "phase 'finalize' failed with exit code 3 after 14m 02s\n",
        ),
    ],
)
def test_an_end_that_was_not_good(changes: dict[str, Any], ending: str) -> None:
    assert ending in told(make_run(1, metrics={}, **changes))


def test_a_command_says_nothing_of_a_python() -> None:
    run = make_run(1, command__interpreter=None, command__interpreter_origin=None)
    assert "python /" not in told(run)


def test_warnings_are_said_to_quiet_ears_too() -> None:
    stream = io.StringIO()
    progress = Progress(Screen(stream, color=True), quiet=True)
    progress.note("by the way")
    progress.warning("left out 'a\x1b[2J'\nand more")
    assert stream.getvalue() == (
        "\x1b[33mwarning: left out 'a\\x1b[2J'\x1b[0m\n\x1b[33mand more\x1b[0m\n"
    )


def test_a_long_sentence_is_wrapped_for_people_alone() -> None:
    text = "no place in csv for the source, the environment"
    wrapped = ["no place in csv for the source, the", "  environment"]
    for terminal, lines in ((True, wrapped), (False, [text])):
        stream = io.StringIO()
        Progress(Screen(stream, width=40, terminal=terminal)).sentence(text)
        assert stream.getvalue().splitlines() == lines


def test_counters_of_git_are_drawn_over_each_other_in_a_terminal() -> None:
    stream = io.StringIO()
    with Progress(Screen(stream, width=30, height=24)) as progress:
        progress.progress("Enumerating objects: 5, done.")
        progress.progress("Counting: 100% (5/5)")
        progress.progress("remote: Compressing objects: 100% (3/3), done.")
        progress.warning("look")
        progress.progress("Writing objects: 100% (5/5)")
    assert stream.getvalue() == (
        "\rEnumerating objects: 5, done."
        "\rCounting: 100% (5/5)         "
        "\rremote: Compressing objects:…"
        "\r                             \r"
        "warning: look\n"
        "\rWriting objects: 100% (5/5)"
        "\r                           \r"
    )


def test_elsewhere_only_what_the_remote_says_is_told() -> None:
    stream = io.StringIO()
    with Progress(Screen(stream)) as progress:
        progress.progress("Counting objects: 100% (5/5), done.")
        progress.progress("Delta compression using up to 2 threads")
        progress.progress("Total 5 (delta 0), reused 0 (delta 0)")
        progress.progress("remote: welcome")
    assert stream.getvalue() == "remote: welcome\n"


def test_a_quiet_one_draws_nothing() -> None:
    stream = io.StringIO()
    Progress(Screen(stream, height=24), quiet=True).progress("Counting objects: 5")
    assert stream.getvalue() == ""


def test_the_end_has_a_line_of_its_own_in_a_terminal() -> None:
    stream = io.StringIO()
    Progress(Screen(stream, width=10, height=24)).ended(make_run(1, metrics={}))
    assert stream.getvalue().startswith(" " * 9 + "\rdone in 14m 02s\n")


_HERE_AND_THERE = "here 'git gage --runs D export', there 'git gage import'"


@pytest.mark.parametrize(
    ("folder", "quoted"),
    [
        ("/a b", '"/a b"'),
        ("D", "D"),
        ("/it's", '"/it\'s"'),
        ("/a $b", "'/a $b'"),
        ("/a !b", "'/a !b'"),
    ],
)
def test_a_folder_with_a_blank_is_quoted_so_that_quotes_around_it_hold(
    folder: str, quoted: str
) -> None:
    told = hint_text("see 'git gage list', or: git gage push", folder)
    bare = shlex.quote(folder)
    assert told == f"see 'git gage --runs {quoted} list', or: git gage --runs {bare} push"
    assert shlex.split(quoted) == [folder]


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (
            "git gage fetch a && git gage push",
            "git gage --runs D fetch a && git gage --runs D push",
        ),
        ("here 'git gage export', there 'git gage import'", _HERE_AND_THERE),
        ("there: git gage stop q8gn708", "there: git gage stop q8gn708"),
        ("whoever has it can send it: git gage files push <run>", None),
        ("git gage --runs E list", None),
        ("git gage run train.py", None),
        ("see 'git gage -h'", None),
    ],
)
def test_a_hint_is_about_the_runs_that_were_meant(hint: str, told: str | None) -> None:
    assert hint_text(hint, "D") == (told or hint)
    assert hint_text(hint, None) == hint
