"""`git gage remote`, and runs that go to places by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import clone, commit, gage_inside, git, make_repo, write_files


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    path = tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", str(path))
    return path


def listed(where: Path) -> dict[str, dict[str, Any]]:
    rows = json.loads(gage_inside(where, "remote", "--json").out)
    return {row["name"]: row for row in rows}


def test_runs_go_to_a_place_and_come_from_it(repo: Path, lab: Path, tmp_path: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "true")
    assert gage_inside(repo, "config", "set", "gage.repo.lab.url", "../lab.git").code == 0
    before = listed(repo)["lab"]
    assert before == {
        "name": "lab",
        "kind": "place",
        "fetch_url": str(lab),
        "push_url": str(lab),
        "origin": str(repo / ".git" / "config"),
        "has_runs": False,
        "is_usual": False,
        "refused": None,
    }
    pushed = gage_inside(repo, "push", "lab")
    assert (pushed.code, pushed.out) == (0, "pushed 1 run to lab, with 1 commit of yours\n")
    assert listed(repo)["lab"]["has_runs"]
    assert gage_inside(repo, "push", "lab", "@").out == "lab is up to date\n"

    other = make_repo(tmp_path / "deep" / "er" / "other")
    write_files(
        tmp_path, {"gageconfig.toml": f"[repos.team]\ntype = 'git'\nurl = 'file://{lab}'\n"}
    )
    git(other, "config", "gage.remote", "team")
    assert gage_inside(other, "fetch").out == "fetched 1 run from team\n"
    assert listed(other)["team"]["is_usual"]
    assert len(json.loads(gage_inside(other, "list", "--json").out)) == 1


def test_remotes_are_listed_without_secrets(repo: Path, lab: Path, tmp_path: Path) -> None:
    git(repo, "remote", "add", "origin", "https://ana:s3cret@example.com/x.git?token=s3cret")
    git(repo, "remote", "add", "fork", "short:y")
    git(repo, "config", "url.ssh://git@example.com/.insteadOf", "short:")
    git(repo, "config", "remote.fork.pushurl", "https://tok3n@example.com/z.git")
    git(repo, "config", "gage.repo.fork.url", str(lab))
    shown = gage_inside(repo, "remote", "list")
    place = repo / ".git" / "config"
    assert shown.out == (
        "* origin  https://example.com/x.git\n"
        f"    remote in {place}, no runs of it here\n"
        "  fork  ssh://example.com/y\n"
        "    push to https://example.com/z.git\n"
        f"    remote in {place}, no runs of it here\n"
        f"  fork  {lab}\n"
        f"    place in {place}, no runs of it here\n"
        "    not used: the name is taken\n"
    )
    for text in (shown.out, gage_inside(repo, "remote", "--json").out):
        assert "s3cret" not in text
        assert "tok3n" not in text


def test_what_was_fetched_is_known(repo: Path, lab: Path, tmp_path: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "true")
    git(repo, "push", "-q", str(lab), "main")
    gage_inside(repo, "push", str(lab))
    other = clone(lab, tmp_path / "other")
    assert not listed(other)["origin"]["has_runs"]
    gage_inside(other, "fetch")
    assert listed(other)["origin"]["has_runs"]
    assert "its runs were fetched or pushed" in gage_inside(other, "remote").out
    third = clone(lab, tmp_path / "third")
    assert gage_inside(third, "list", "--remote", "origin").code == 0
    assert not listed(third)["origin"]["has_runs"]
    gage_inside(third, "fetch", "origin", "1")
    assert listed(third)["origin"]["has_runs"]


def test_no_remotes(repo: Path) -> None:
    assert gage_inside(repo, "remote").out == "No remotes: git remote add origin <url>\n"
    assert gage_inside(repo, "remote", "--json").out == "[]\n"


def test_a_file_that_came_along_is_shown_and_not_followed(repo: Path, lab: Path) -> None:
    write_files(repo, {"gageconfig.toml": f"[repos.'my lab']\npath = '{lab}'\n"})
    commit(repo)
    assert "    not used: the file came with the repository\n" in gage_inside(repo, "remote").out
    refused = gage_inside(repo, "push", "my lab")
    assert refused.code == 128
    assert refused.err == (
        f"fatal: 'my lab' of '{repo / 'gageconfig.toml'}' is not used: the file came with the"
        f" repository\nhint: to use it: git gage config set 'gage.repo.my lab.url' {lab}\n"
    )
    assert git(lab, "for-each-ref") == ""


def test_a_file_that_is_broken_is_told(repo: Path) -> None:
    write_files(repo, {"gageconfig.toml": "[\n"})
    shown = gage_inside(repo, "remote")
    assert shown.code == 0
    assert shown.err.startswith(f"warning: '{repo / 'gageconfig.toml'}' is not read: ")


def test_a_place_that_is_not_there(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "gage.repo.lab.url", "../none.git")
    gage_inside(repo, "run", "-q", "--", "true")
    failed = gage_inside(repo, "push", "lab")
    assert failed.code == 128
    assert failed.err.endswith("hint: check its address with 'git gage remote'\n")


def test_shells_complete_places(repo: Path) -> None:
    git(repo, "config", "gage.repo.lab.url", "../x")
    git(repo, "remote", "add", "origin", "../y")
    complete = {
        "_GIT_GAGE_COMPLETE": "bash_complete",
        "COMP_WORDS": "git-gage fetch ",
        "COMP_CWORD": "2",
    }
    assert gage_inside(repo, env=complete).out == "plain,origin\nplain,lab\n"
