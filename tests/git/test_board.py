"""`git gage board`: which board, which runs, which form."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from git_gage.cli.app import App
from git_gage.cli.board import BoardOrRun, command
from tests.support import gage_inside, make_repo, write_files

PROGRAM = "lr = 0.1\nmodel = 'a'\nprint('acc:', 1 - lr)\n"
BEST = """
title = "Best"
run-select = { operation = "train", status = "completed", where = "acc > 0" }
group-select = { group-by = { config = "model" }, max = "metric:acc" }
columns = [{ config = "model" }, { metric = "acc", label = "Accuracy" }]
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = make_repo(tmp_path / "repo", files={"train.py": PROGRAM, "sub/x": ""})
    for lr, model in (("0.5", "a"), ("0.25", "b"), ("0.75", "a")):
        assert gage_inside(made, "run", "-q", "train.py", f"lr={lr}", f"model={model}").code == 0
    return made


def test_boards_runs_and_forms(repo: Path) -> None:
    bare = gage_inside(repo, "board")
    assert bare.out.splitlines()[0].split() == [
        *("name", "operation", "started", "status", "label", "lr", "model", "acc")
    ]
    assert bare.err == "hint: choose columns: 'git gage board --print-file > board.toml'\n"

    narrow = gage_inside(
        repo, "board", env={"COLUMNS": "40", "GIT_PAGER_IN_USE": "1", "NO_COLOR": "1"}
    )
    # How many fit depends on the names of the runs.
    head, *_, last = narrow.out.splitlines()
    left = [title for title in bare.out.splitlines()[0].split() if title not in head.split()]
    assert {"label", "model", "acc"} <= {*left}
    assert last == f"no room for {', '.join(left)}: --csv has all"[:39] + "…"

    write_files(repo, {"board.toml": gage_inside(repo, "board", "--print-file").out})
    assert gage_inside(repo, "check", "board.toml").out == "board.toml: no faults\n"
    assert gage_inside(repo / "sub", "check", "--board").out == "../board.toml: no faults\n"
    assert gage_inside(repo / "sub", "board").err == ""
    assert gage_inside(repo, "board", "--no-config").out == bare.out

    write_files(repo, {"board.toml": BEST})
    shown = "Best\n\nmodel  Accuracy\na          0.5\nb          0.75\n"
    for words in ([], ["board.toml"], ["-c", "../board.toml"], ["../board.toml"], ["board"]):
        where = repo / "sub" if ".." in " ".join(words) else repo
        assert gage_inside(where, "board", *words) == (0, shown, ""), words
    assert gage_inside(repo, "board", "--csv").out == "config:model,Accuracy\na,0.5\nb,0.75\n"
    assert gage_inside(repo, "board", "--md", "-n", "1").out.splitlines()[2:] == ["| a | 0.5 |"]
    assert gage_inside(repo, "board", "-w", "lr > 0.3", "--csv").out.splitlines()[1:] == ["a,0.5"]
    body = json.loads(gage_inside(repo, "board", "--json").out)
    assert [row["metric:acc"] for row in body["rowData"]] == [0.5, 0.75]

    gage_inside(repo, "list")
    assert gage_inside(repo, "board", "1:2", "--csv").out.splitlines()[1:] == ["a,0.25", "b,0.75"]
    result = gage_inside(repo, "board", "board", "2", "--no-config", "--csv")
    assert (result.code, result.err.splitlines()[0]) == (128, "fatal: no run 'board' here")
    assert len(gage_inside(repo, "board", "--no-config", "2", "--csv").out.splitlines()) == 2

    done = gage_inside(repo / "sub", "board", "--html", "b.html")
    assert done == (0, "Wrote b.html\n", "")
    assert "<h1>Best</h1>" in (repo / "sub" / "b.html").read_text()
    page = (repo / "sub" / "b.html").read_text()
    assert gage_inside(repo / "sub", "board", "--html", "-").out == page
    nowhere = gage_inside(repo, "board", "--html", "none/b.html")
    assert nowhere.err == "fatal: cannot write 'none/b.html': no such file or directory\n"

    app = App({})
    app.cwd = repo
    context = click.Context(command, obj=app)
    found = [item.value for item in BoardOrRun().shell_complete(context, command.params[0], "boar")]
    assert found == ["board"]
    context.params["words"] = ("board",)
    assert BoardOrRun().shell_complete(context, command.params[0], "boar") == []


def test_what_cannot_be_shown(repo: Path) -> None:
    write_files(repo, {"board.json": '{"run-select": "accc > 1"}', "board-x.yaml": "title: 5\n"})
    none = gage_inside(repo, "board")
    assert none == (0, "", "no run matches\nhint: no run has a 'accc': did you mean 'acc'?\n")
    assert json.loads(gage_inside(repo, "board", "--json").out)["rowData"] == []
    broken = gage_inside(repo, "board", "x")
    assert broken.code == 128
    assert broken.err.splitlines() == [
        "fatal: board-x.yaml:1:8: 'title' must be a text, not an integer",
        "hint: git gage check board-x.yaml",
    ]
    told = gage_inside(repo, "check", "board-x.yaml")
    assert (told.code, told.out.splitlines()[-1]) == (1, "board-x.yaml: 1 error")
    missing = gage_inside(repo, "board", "none.toml")
    assert missing.err == "fatal: cannot read 'none.toml': no such file or directory\n"
    assert gage_inside(repo, "board", "--csv", "--json").code == 129


def test_where_there_is_nothing_yet(tmp_path: Path) -> None:
    empty = make_repo(tmp_path / "empty")
    assert gage_inside(empty, "board").err.splitlines()[0] == "no runs here yet"
    result = gage_inside(empty, "check", "--board")
    assert (result.code, result.err) == (
        128,
        "fatal: no board in this project\nhint: git gage board --print-file > board.toml\n",
    )
