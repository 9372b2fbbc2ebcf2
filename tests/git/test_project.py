"""Which project runs belong to: what is said of it here stays here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support import clone, commit, gage_inside, git, make_repo, write_files


def say(where: Path, *words: str) -> str:
    result = gage_inside(where, *words)
    assert (result.code, result.err) == (0, "")
    return result.out


def refuse(where: Path, *words: str) -> str:
    result = gage_inside(where, *words)
    assert result.code in (128, 129)
    assert result.out == ""
    return result.err


def reasons(where: Path) -> set[str | None]:
    found = gage_inside(where, "verify", "--all", "--json").out
    return {each["reason"] for each in json.loads(found)}


@pytest.fixture
def pair(repo: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Ana's clone with a run, and Sam's, who has fetched it."""
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    git(tmp_path, "clone", "-q", "--bare", str(repo), "origin.git")
    git(repo, "remote", "add", "origin", "../origin.git")
    say(repo, "push")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam")
    say(sam, "fetch")
    return repo, sam


def test_an_association_stays_where_it_was_made(pair: tuple[Path, Path]) -> None:
    ana, sam = pair
    run = say(ana, "select").strip()
    assert say(ana, "select", "--project-dir") == f"{ana}\n"
    assert say(sam, "select", "--project-dir") == ""
    assert say(sam, "associate", run[10:17]) == f'Associated "{run}" with {sam}\n'
    assert say(sam, "select", "--project-dir") == f"{sam}\n"
    say(sam, "label", run, "--set", "seen")
    say(sam, "push", "origin", run)
    say(ana, "fetch")
    assert say(ana, "select", "--label") == "seen\n"
    assert say(ana, "select", "--project-dir") == f"{ana}\n"
    say(ana, "associate", run, "..")
    assert say(ana, "select", "--project-dir") == f"{ana.parent}\n"
    cleared = f'Associated "{run}" with {ana}, where it began\n'
    assert say(ana, "associate", run, "--clear") == cleared
    assert say(ana, "select", "--project-dir") == f"{ana}\n"
    assert say(sam, "associate", run, "--clear") == f'Associated "{run}" with no directory\n'
    assert say(sam, "select", "--project-dir") == ""


def test_a_broken_gagefile_is_told_of(repo: Path) -> None:
    """Which project this is, is said there: nobody is told another one."""
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    (repo / "gage.toml").write_text('"$project-id" = "digits"\n[train\n')
    refused = gage_inside(repo, "project")
    assert (refused.code, refused.out) == (128, "")
    assert refused.err == gage_inside(repo, "ops").err
    assert "gage.toml:" in refused.err
    # What can do without goes on.
    assert gage_inside(repo, "verify", "@", "--require", "none").code == 0


def test_what_cannot_be_associated(pair: tuple[Path, Path], tmp_path: Path) -> None:
    ana, _ = pair
    assert "'--clear' takes no <dir>" in refuse(ana, "associate", "@", "..", "--clear")
    assert "is no directory" in refuse(ana, "associate", "@", "train.py")
    outside = tmp_path / "outside"
    outside.mkdir()
    words = ("--runs", str(ana), "associate", "@")
    assert "there is no project here" in refuse(outside, *words)
    (ana / ".git/gage/projects.json").write_text("[]\n")
    assert "projects.json' cannot be read: it is damaged" in refuse(ana, "associate", "@", "..")
    assert (ana / ".git/gage/projects.json").read_text() == "[]\n"


def test_runs_of_before_are_linked(repo: Path, tmp_path: Path) -> None:
    """The history was written anew: the runs are those of another project until somebody knows."""
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    other = make_repo(tmp_path / "other", files={"gage.toml": '"$project-id" = "7"\n', "x.py": ""})
    git(other, "fetch", "-q", str(repo), "refs/gage/w/*:refs/gage-remotes/x/w/*")
    assert reasons(other) == {"of another project"}
    assert say(other, "project", "link", "-w", "op = train") == f"Linked 1 run with {other}\n"
    assert "of another project" not in reasons(other)
    assert say(other, "select", "--project-dir") == f"{other}\n"
    assert say(other, "project", "link", "-w", "op = none") == f"Linked 0 runs with {other}\n"


def test_a_run_of_another_work_tree_is_of_the_project_there(repo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(repo, "worktree", "add", "-q", str(other))
    write_files(other, {"new/train.py": "print(1)"})
    assert gage_inside(other / "new", "run", "-q", "train.py").code == 0
    for where in (repo, other):
        assert say(where, "select", "--project-dir") == f"{other}/new\n"
    # What two have could be either.
    third = tmp_path / "third"
    git(repo, "worktree", "add", "-q", str(third))
    (third / "new").mkdir()
    assert say(repo, "select", "--project-dir") == ""
    shutil.rmtree(third)
    assert say(repo, "select", "--project-dir") == f"{other}/new\n"
    shutil.rmtree(other / "new")
    assert say(repo, "select", "--project-dir") == ""


def test_what_a_project_is_called(repo: Path) -> None:
    root = git(repo, "rev-parse", "HEAD").strip()
    assert say(repo, "project") == f"name  repo\npath  .\nid    {root}\n"
    write_files(repo, {"sub/gage.toml": '"$namespace" = "vision"\n"$project-id" = "7"\n'})
    commit(repo)
    found = json.loads(say(repo / "sub", "project", "--json"))
    assert found == {"id": ["7"], "namespace": "vision", "path": "sub"}
    assert say(repo / "sub", "project").endswith("id    7\n")
    git(repo, "checkout", "-q", "--orphan", "new")
    assert "id    not known: nothing is committed yet" in say(repo, "project")
    git(repo.parent, "clone", "-q", "--depth=1", f"file://{repo}", "-b", "main", "cut")
    cut = say(repo.parent / "cut", "project")
    assert "id    not known: the history is not all here" in cut
    assert "leave out runs" in refuse(repo, "project", "show", "@")
    assert "leave out '--json'" in refuse(repo, "project", "link", "@", "--json")
