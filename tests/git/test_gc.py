"""What no run needs is freed, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from git_gage.git import open_repository
from git_gage.store import Store
from git_gage.store.lane import Lane
from tests.git.test_put_away import listed, run, say
from tests.support import clone, commit, gage_inside, git, write_files

MAKES = "import os\nopen('big.bin', 'wb').write(os.environ.get('WORD', 'x').encode() * 200_000)\n"


@pytest.fixture
def project(tmp_path: Path, repo: Path) -> Path:
    write_files(repo, {"train.py": MAKES})
    commit(repo)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    return repo


def store_of(where: Path) -> Store:
    return Store(open_repository(where, dict(os.environ)))


def collect(where: Path, *words: str) -> dict[str, int]:
    """What is freed, and how many of each."""
    found = json.loads(say(where, "gc", "--json", *words))
    return {pile["what"]: pile["count"] for pile in found["piles"]}


def make_old(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1, 1))


def test_where_every_run_needs_what_is_there_nothing_is_freed(project: Path) -> None:
    one = run(project)
    say(project, "rm", "-y", one)
    assert say(project, "gc") == "nothing to free\n"
    assert collect(project) == {}
    assert len(list(store_of(project).sidecar.list())) == 1


def test_a_purge_frees_the_files_that_no_other_run_has(project: Path) -> None:
    one, two = run(project), run(project)
    store = store_of(project)
    (kept,) = store.sidecar.list()
    say(project, "purge", "--force", one)
    assert list(store.sidecar.list()) == [kept]
    say(project, "purge", "--force", two)
    assert list(store.sidecar.list()) == []


def test_what_others_have_purged_is_freed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    mine = run(bob)
    store = store_of(bob)
    made = store.dir / "runs" / one
    write_files(made, {"big.bin": b"y" * 200_000})
    store.sidecar.take(made / "big.bin", "ab" * 32)
    write_files(store.dir / "outputs", {one: "much"})
    say(project, "purge", "--force", "--remote", "origin", one)
    assert collect(bob) == {}
    say(bob, "fetch")
    assert (made / "big.bin").exists()
    write_files(store.dir, {"lfs/incoming/half": "y"})
    (large, half) = gage_inside(bob, "gc", "-n").err.splitlines()
    assert large.startswith("kept: large files that no run has: 1, until 2")
    assert half.startswith("kept: files that came half: 1, 1 byte, until 2")
    assert json.loads(say(bob, "gc", "-n", "--json"))["kept"] == [
        line.removeprefix("kept: ") for line in (large, half)
    ]
    monkeypatch.setattr("git_gage.share.garbage.DAY_S", -1)
    expected = {
        "large files that no run has": 1,
        "directories of purged runs": 1,
    }
    assert collect(bob, "-n") == expected
    told = say(bob, "gc", "-n")
    assert "would free directories of purged runs: 1\n" in told
    assert made.exists()
    said = gage_inside(bob, "gc")
    assert said.out.startswith("freed large files that no run has: 1")
    assert "git gc --prune=now" in said.err
    assert not made.exists()
    assert len(list(store.sidecar.list())) == 1
    assert listed(bob) == [mine]
    assert collect(bob) == {}


def test_large_files_stay_where_nobody_can_tell(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.share.garbage.DAY_S", -1)
    one = run(project)
    store = store_of(project)
    write_files(project, {"odd": "z"})
    store.sidecar.take(project / "odd", "cd" * 32)
    state = store.state_dir(one)
    state.mkdir(parents=True)
    assert f"kept: large files, while runs go on ({one[10:17]})" in (gage_inside(project, "gc").err)
    state.rmdir()
    with monkeypatch.context() as context:
        context.setattr("git_gage.share.objects.read_manifest", lambda *_: None)
        assert "not all lists of files" in gage_inside(project, "gc").err
        say(project, "purge", "--force", one)
        assert len(list(store.sidecar.list())) == 2
    lane = Lane(store.repo, f"refs/gage/w/{store.lane}")
    with store.writing():
        epoch, _ = lane.open_epoch("202611", {})
        lane.append(epoch, [b'{"v":9}'], 0, [])
    assert "records here that can't be read" in gage_inside(project, "gc").err
    assert len(list(store.sidecar.list())) == 2


def test_what_is_stale_is_freed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(project)
    store = store_of(project)
    day = store.dir / "journal/day-20200101.jsonl"
    write_files(store.dir, {"cache/peek/x.git/HEAD": "ref", "log/1.txt": "oops"})
    half = {"tmp/a": "a", "incoming/b": "b", "incoming/lfs/incomplete/c.part": "c"}
    write_files(store.dir / "lfs", {**half, "incoming/rclone/ab/d": "d", "incoming/lock": ""})
    assert "; came half: 4 files, 4 bytes\n" in say(project, "files")
    told = json.loads(say(project, "files", "--json"))
    assert told["half"] == {"count": 4, "bytes": 4}
    say(project, "push", "origin", one)
    out = Lane(store.repo, f"refs/gage-out/origin/w/{'q' * 16}")
    head = git(project, "rev-parse", "HEAD").strip()
    with store.writing():
        epoch, _ = out.open_epoch("202611", {})
        out.pin(epoch, [head])
    git(project, "update-ref", "refs/gage-out/odd", head)
    make_old(day)
    assert "journals that are in git" in collect(project, "-n")
    monkeypatch.setattr("git_gage.share.garbage._STALE_S", -1)
    monkeypatch.setattr("git_gage.share.garbage._PART_S", -1)
    assert collect(project) == {
        "journals that are in git": 1,
        "files that came half": 4,
        "copies of remotes": 1,
        "error reports": 1,
        "pushes cut short": 1,
    }
