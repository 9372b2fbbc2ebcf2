"""`doctor` finds what would bite later, and says what to type."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from git_gage import __version__
from git_gage.cli.app import App
from git_gage.cli.checks import check_all
from git_gage.errors import RequestError
from tests.support import clone, gage_inside, git, make_repo


def examined(folder: Path, **environ: str) -> dict[str, tuple[str, str, str | None]]:
    """Verdict, text and hint of each check, by its name."""
    app = App({**os.environ, **environ})
    app.cwd = folder
    return {check.name: check[1:] for check in check_all(app)}


def test_a_healthy_repository(repo: Path) -> None:
    found = examined(repo)
    assert found["repository"] == ("ok", f"'{repo}/.git' (sha1 objects, refs in files)", None)
    assert found["author"] == ("ok", "Ana <ana@example.com>", None)
    assert found["writing"] == ("ok", "runs can be recorded here", None)
    assert found["remotes"] == ("ok", "none", None)
    assert found["records"] == ("ok", "all readable, runs: 0", None)
    assert found["catalog"] == ("ok", "in step with the records", None)
    assert __version__ in found["git-gage"][1]
    result = gage_inside(repo, "doctor")
    assert (result.code, result.err) == (0, "")
    assert "ok       repository:" in result.out


def test_it_changes_nothing(repo: Path) -> None:
    before = sorted(path for path in repo.rglob("*") if "catalog" not in path.name)
    gage_inside(repo, "doctor")
    after = sorted(path for path in repo.rglob("*") if "catalog" not in path.name)
    assert [path for path in after if path not in before] in ([], [repo / ".git" / "gage"])


def test_outside_a_repository_it_says_so_and_looks_at_the_rest(tmp_path: Path) -> None:
    result = gage_inside(tmp_path, "doctor", "--json")
    checks: list[dict[str, Any]] = json.loads(result.out)
    assert (result.code, result.err) == (0, "")
    assert [check["name"] for check in checks][-1] == "repository"
    assert checks[-1]["verdict"] == "warning"
    assert checks[-1]["hint"] == "start one here with 'git init'"
    assert list(checks[0]) == ["name", "verdict", "text", "hint"]


def test_a_machine_without_git_has_a_problem(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    found = gage_inside(tmp_path, "doctor", env={"PATH": str(empty)})
    assert found.code == 1
    assert found.out.startswith("problem  git: no 'git' program on PATH\n")
    assert "no 'git-gage' on it" in found.out


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_man_page_is_looked_for_where_man_does(tmp_path: Path, ending: str) -> None:
    place = tmp_path / "share" / "man" / "man1"
    place.mkdir(parents=True)
    (place / f"git-gage.1{ending}").touch()
    on_path = examined(tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")["man page"]
    assert on_path == ("ok", f"'{place / 'git-gage.1'}'", None)
    named = examined(tmp_path, MANPATH=str(tmp_path / "share" / "man"))["man page"]
    assert named == on_path


def test_a_man_page_that_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.cli.checks.MAN_PAGE", "man1/no-such-page.1")
    verdict, _, hint = examined(tmp_path)["man page"]
    assert verdict == "warning"
    assert hint is not None
    assert hint.startswith("export MANPATH=")


@pytest.mark.parametrize(("there", "verdict"), [(True, "ok"), (False, "warning")])
def test_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, verdict: str
) -> None:
    compiled = tmp_path / "checks.pyc"
    if there:
        compiled.touch()
    monkeypatch.setattr("importlib.util.cache_from_source", lambda _path: str(compiled))
    assert examined(tmp_path)["bytecode"][0] == verdict


def test_nobody_in_particular(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", identity=False)
    assert examined(repo)["author"] == (
        "warning",
        "git does not know who you are: runs are recorded without your name",
        "git config --global user.name '<name>'",
    )


def test_a_repository_that_cannot_be_written_to(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    verdict, text, _ = examined(repo)["writing"]
    assert (verdict, text) == (
        "warning",
        f"no permission to write in '{repo}/.git': runs can be read only",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("begun", [False, True])
def test_a_disk_without_room_for_a_run(repo: Path, begun: bool) -> None:
    """The limit of a file's size cuts a write as a full disk does."""
    import resource

    place = repo / ".git"
    if begun:
        place /= "gage"
        place.mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        found = examined(repo)["writing"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    text = f"nothing can be written in '{place}': file too large"
    assert found == ("problem", text, f"df {place}")
    assert examined(repo)["writing"] == ("ok", "runs can be recorded here", None)


def test_kinds_of_repositories(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", files={}, commit=False, options=("--bare",))
    assert examined(bare)["repository"][1] == f"'{bare}' (bare, sha1 objects, refs in files)"
    sha256 = make_repo(tmp_path / "sha256", options=("--object-format=sha256",))
    assert "sha256 objects" in examined(sha256)["repository"][1]


def test_remotes_that_would_delete_runs(repo: Path) -> None:
    git(repo, "remote", "add", "--mirror=push", "backup", "../backup.git")
    git(repo, "remote", "add", "origin", "../origin.git")
    git(repo, "config", "--add", "remote.origin.fetch", direct := "+refs/gage/*:refs/gage/*")
    git(repo, "config", "--add", "remote.origin.push", "refs/gage/*")
    app = App(os.environ)
    app.cwd = repo
    dangers = [check for check in check_all(app) if check.name.startswith("remote ")]
    assert [check.text for check in dangers] == [
        "is a mirror: 'git push' deletes the runs there that are not here",
        f"fetches '{direct}': with --prune git deletes runs that were not pushed yet",
        "its push setting names refs/gage: a plain 'git push' leaves out your branches",
    ]
    for check in dangers:
        assert check.hint is not None
        git(repo, *shlex.split(check.hint)[1:])
    assert examined(repo)["remotes"] == ("ok", "backup, origin", None)


def test_remotes_as_clone_makes_them_are_no_danger(repo: Path, tmp_path: Path) -> None:
    assert examined(clone(repo, tmp_path / "clone"))["remotes"] == ("ok", "origin", None)


# -- runs --------------------------------------------------------------------------------------


def record_runs(repo: Path, count: int) -> None:
    for _ in range(count):
        assert gage_inside(repo, "run", "-q", "--", "true").code == 0


def test_runs_that_are_all_there(repo: Path) -> None:
    record_runs(repo, 2)
    found = examined(repo)
    assert found["records"] == ("ok", "all readable, runs: 2", None)
    assert found["catalog"] == ("ok", "in step with the records", None)


def test_records_of_a_newer_version(repo: Path) -> None:
    record_runs(repo, 1)
    journal = repo / ".git" / "gage" / "journal" / "1-1-000000.jsonl"
    journal.write_text('{"host":"x","journal":1,"pid":1}\n{"v":2,"kind":"run.begin"}\n')
    assert examined(repo)["records"] == (
        "warning",
        f"1 records cannot be read by git-gage {__version__}",
        "upgrade git-gage",
    )


def test_objects_that_are_missing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_runs(repo, 1)
    monkeypatch.setattr("git_gage.store.Store.read_lines", lambda _store, _blobs: iter(()))
    verdict, _, hint = examined(repo)["records"]
    assert (verdict, hint) == ("problem", "git gage fetch")


def test_a_catalog_that_went_astray(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.catalog.Catalog.count", lambda _catalog: 3)
    assert examined(repo)["catalog"] == (
        "problem",
        "knows 3 runs, but there are records of 0",
        f"rm '{repo}/.git/gage/catalog.db'",
    )


def test_a_lane_that_cannot_be_read_at_all(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_store: object) -> dict[str, str]:
        raise RequestError("read lane 'x': broken", hint="git fsck")

    monkeypatch.setattr("git_gage.store.Store.read_tips", refuse)
    assert examined(repo)["runs"] == ("problem", "read lane 'x': broken", "git fsck")
    assert gage_inside(repo, "doctor").code == 1
