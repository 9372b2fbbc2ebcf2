"""What commands share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.cli.app import App
from git_gage.errors import RequestError
from tests.support import gage_inside


def test_a_folder_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr("pathlib.Path.cwd", gone)
    with pytest.raises(RequestError, match="does not exist any more"):
        App(os.environ).repo.run("version")


def test_show_and_output_where_nothing_ran_yet(repo: Path) -> None:
    for command in ("show", "output"):
        result = gage_inside(repo, command)
        assert (result.code, result.out) == (128, "")
        told = "fatal: no runs here yet\nhint: record one with 'git gage run <script.py>'\n"
        assert result.err == told


def test_a_shell_that_completes_sees_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does anybody where standard error is closed."""
    began: list[object] = []
    monkeypatch.setattr("git_gage.render.loading.Loading", began.append)
    App({"_GIT_GAGE_COMPLETE": "bash_complete"}).tell_loading(0.5)
    monkeypatch.setattr("sys.stderr", None)
    App({}).tell_loading(0.5)
    assert began == []


def test_a_bar_begins_with_the_first_share(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[float | None] = []
    monkeypatch.setattr(
        "git_gage.render.loading.Loading.tell", lambda _, share: heard.append(share)
    )
    app = App({})
    for share in (None, 0.5, None):
        app.tell_loading(share)
    assert heard == [0.5, None]


def test_notices_of_the_catalog_are_warnings(repo: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "true")
    journal = repo / ".git" / "gage" / "journal" / "1-1-000000.jsonl"
    journal.write_text('{"host":"x","journal":1,"pid":1}\n{"v":2,"kind":"run.begin"}\n')
    result = gage_inside(repo, "list")
    assert result.code == 0
    assert result.err.startswith("warning: ")
