"""Odd places to record in, and places where it is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import TRAIN, Result, gage, gage_inside, git, make_repo, write_files


def recorded(repo: Path) -> list[dict[str, Any]]:
    listed = gage_inside(repo, "list", "--all", "--json")
    assert listed.code == 0, listed.err
    runs: list[dict[str, Any]] = json.loads(listed.out)
    return runs


def refused(result: Result, *texts: str) -> None:
    assert result.code == 128, result
    assert result.err.startswith("fatal: ")
    assert "\nhint: " in result.err
    assert "Traceback" not in result.err
    for text in texts:
        assert text in result.err


def test_without_a_commit(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "r", commit=False)
    assert gage_inside(repo, "run", "train.py").code == 0
    (run,) = recorded(repo)
    assert run["source"]["commit"] is None
    assert run["project"]["id"] is None
    files = git(repo, "ls-tree", "-r", "--name-only", run["source"]["snapshot"]).split()
    assert files == ["train.py"]
    assert "+lr = 0.1" in gage_inside(repo, "show", "--diff").out


def test_a_bare_repository_records_commands_without_source(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "r.git", files={}, commit=False, options=("--bare",))
    done = gage_inside(bare, "run", "--", "sh", "-c", "echo here; echo 'loss: 0.5'")
    assert done.code == 0, done.err
    assert "code not recorded: there is no work tree" in done.err
    (run,) = recorded(bare)
    assert run["source"]["snapshot"] is None
    assert run["metrics"] == {"loss": 0.5}
    assert gage_inside(bare, "output").out == "here\nloss: 0.5\n"
    refused(gage_inside(bare, "run", "train.py"), "no work tree")


@pytest.mark.parametrize("options", [("--object-format=sha256",), ("--ref-format=reftable",)])
def test_other_formats_through_the_git_program(tmp_path: Path, options: tuple[str, ...]) -> None:
    tried = subprocess.run(["git", "init", "-q", *options, str(tmp_path / "try")], check=False)
    if tried.returncode != 0:
        pytest.skip(f"this git has no {options[0]}")
    repo = make_repo(tmp_path / "r", options=options)
    (repo / "train.py").write_text(TRAIN + "# changed\n")
    assert gage_inside(repo, "run", "train.py", "lr=0.3").code == 0
    (run,) = recorded(repo)
    assert run["config"]["lr"] == 0.3
    assert run["metrics"]["loss"] == 0.15
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


def test_without_an_identity(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "r", identity=False)
    assert gage_inside(repo, "run", "train.py").code == 0
    assert gage_inside(repo, "label", "@", "--set", "mine").code == 0
    (run,) = recorded(repo)
    assert run["author"] is None
    assert run["label"] == "mine"


def test_in_a_subdirectory_and_a_linked_worktree(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"sub/here.py": "import os\nprint(open('x.txt').read(), end='')\n"})
    write_files(repo, {"sub/x.txt": "beside\n", ".gitignore": "data/\n"})
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "sub")
    assert gage_inside(repo / "sub", "run", "here.py").out == "beside\n"
    other = tmp_path / "other"
    git(repo, "worktree", "add", "-q", str(other), "-b", "side")
    write_files(other, {"data/y.txt": "ignored\n", "read.py": "print(open('data/y.txt').read())"})
    assert gage_inside(other, "run", "read.py").out == "ignored\n\n"
    runs = recorded(repo)
    assert [run["source"]["branch"] for run in runs] == ["side", "main"]
    assert runs[1]["command"]["cwd"] == "sub"
    assert runs[0]["source"]["linked"] == [{"path": "data/"}]


def test_a_path_with_a_line_end(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "a\nb", files={"c\nd/go.py": "print('acc:', 1)\n"})
    git(tmp_path, "init", "-q", "--bare", "o.git")
    assert gage_inside(repo / "c\nd", "run", "go.py").out == "acc: 1\n"
    assert gage_inside(repo, "push", str(tmp_path / "o.git")).code == 0
    assert git(repo, "status", "--porcelain") == ""


def test_the_program_lives_in_the_recorded_commit(repo: Path) -> None:
    """It reads ignored data, imports a sibling, opens a file beside itself and asks git."""
    program = """\
import pathlib, subprocess, helper
here = pathlib.Path(__file__).parent
print(helper.NAME, (here / "note.txt").read_text().strip(), open("data/x").read().strip())
for words in (["rev-parse", "HEAD"], ["status", "--short"]):
    print(subprocess.run(["git", *words], capture_output=True, text=True).stdout.strip())
"""
    files = {"go.py": program, "helper.py": "NAME = 'sibling'\n", "note.txt": "beside\n"}
    ignore = "data/\n__pycache__/\n"
    write_files(repo, {**files, ".gitignore": ignore, "data/x": "ignored\n"})
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "go")
    write_files(repo, {"note.txt": "beside, changed\n"})
    done = gage_inside(repo, "run", "go.py")
    head = git(repo, "rev-parse", "HEAD").strip()
    assert done.out.splitlines() == [
        "sibling beside, changed ignored",
        head,
        "M note.txt",
    ]
    assert git(repo, "worktree", "list").count("\n") == 1


def test_two_runs_at_once_and_an_edit_between_them_do_not_meet(repo: Path) -> None:
    slow = "import time\nname = 'a'\ntime.sleep(0.6)\nopen('model.txt', 'w').write(name)\n"
    write_files(repo, {"slow.py": slow})
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "slow")
    both = [
        subprocess.Popen(["git", "gage", "run", "-q", "slow.py", f"name={name}"], cwd=repo)
        for name in ("one", "two")
    ]
    deadline = time.monotonic() + 20
    while len(recorded(repo)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {run["status"] for run in recorded(repo)} <= {"running", "completed"}
    (repo / "slow.py").write_text("raise SystemExit('changed')\n")
    git(repo, "commit", "-q", "-a", "-m", "changed while they run")
    assert [each.wait() for each in both] == [0, 0]
    for run in recorded(repo):
        model = repo / ".git/gage/runs" / run["id"] / "model.txt"
        assert model.read_text() == run["config"]["name"]
    assert not (repo / "model.txt").exists()


def test_the_catalog_can_go_at_any_time(repo: Path) -> None:
    gage_inside(repo, "run", "train.py")
    before = recorded(repo)
    catalog = repo / ".git/gage/catalog.db"
    for damage in (b"", b"not a database", catalog.read_bytes()[: 5 * 4096]):
        catalog.write_bytes(damage)
        assert recorded(repo) == before
    for path in repo.glob(".git/gage/catalog.db*"):
        path.unlink()
    listed = gage_inside(repo, "list", "--json")
    assert json.loads(listed.out) == before
    assert listed.err == ""


def test_outside_of_a_repository(tmp_path: Path) -> None:
    for command in (["list"], ["run", "train.py"], ["show"], ["push"], ["label", "@", "--clear"]):
        refused(gage_inside(tmp_path, *command), "not a git repository", "git init")


def test_unknown_and_ambiguous_runs(repo: Path) -> None:
    refused(gage_inside(repo, "show", "@"))
    gage_inside(repo, "run", "train.py")
    refused(gage_inside(repo, "show", "zzzz"), "no run 'zzzz'", "git gage list")
    refused(gage_inside(repo, "show", "7"))
    refused(gage_inside(repo, "output", "ab"))


def test_a_repository_of_somebody_else(repo: Path) -> None:
    gage_inside(repo, "run", "train.py")
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository to somebody else")
    for path in (repo, repo / ".git"):
        os.chown(path, 1234, 1234)
    refused(gage_inside(repo, "list"), "dubious ownership", "safe.directory")


def gage_by(git_dir: Path, where: Path, *args: str) -> Result:
    """git-gage with another git in front of its PATH."""
    done = subprocess.run(
        ["git-gage", *args],
        cwd=where,
        env={**os.environ, "PATH": f"{git_dir}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_a_git_too_old(repo: Path, tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    real = shutil.which("git")
    (fake / "git").write_text(
        '#!/bin/sh\n[ "$1" = version ] && { echo git version 2.20.1; exit 0; }\n'
        f'for word; do case "$word" in --path-format=*) set -- rev-parse "$word" --git-dir;; esac\n'
        f'done\n[ "$2" = --path-format=absolute ] && {{ echo "$2"; echo .git; exit 0; }}\n'
        f'exec {real} "$@"\n'
    )
    (fake / "git").chmod(0o755)
    refused(gage_by(fake, repo, "list"), "2.20.1 is too old", "upgrade git")


def test_a_git_too_old_only_to_sync_what_it_writes(repo: Path, tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "git").write_text(
        '#!/bin/sh\n[ "$1" = version ] && { echo git version 2.35.8; exit 0; }\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    (fake / "git").chmod(0o755)
    assert gage_by(fake, repo, "list").code == 0
    refused(gage_by(fake, repo, "run", "--", "true"), "2.35.8 is too old", "upgrade git")
    assert gage(repo, "list", "--json").out == "[]\n"
    gage(repo, "run", "--", "true")
    for command in (
        ["label", "@", "--set", "x"],
        ["push", str(tmp_path)],
        ["fetch", str(tmp_path)],
    ):
        refused(gage_by(fake, repo, *command), "2.35.8 is too old", "upgrade git")


def test_an_empty_list_says_where_runs_come_from(repo: Path) -> None:
    listed = gage(repo, "list")
    assert (listed.code, listed.out) == (0, "")
    assert "git gage fetch" in listed.err


def test_reading_where_nothing_can_be_written(repo: Path) -> None:
    gage(repo, "run", "train.py")
    before = recorded(repo)
    with_mount = os.geteuid() == 0
    if with_mount:
        mounted = subprocess.run(["mount", "--bind", repo, repo], capture_output=True, check=False)
        if mounted.returncode != 0:
            pytest.skip("no mounts here")
        subprocess.run(["mount", "-o", "remount,bind,ro", repo], check=True)
    else:
        for folder in [*repo.rglob("*"), repo]:
            if folder.is_dir():
                folder.chmod(0o555)
    try:
        assert recorded(repo) == before
        assert gage(repo, "show").code == 0
        assert gage(repo, "output").code == 0
        refused(gage(repo, "run", "train.py"), "no permission to write")
        refused(gage(repo, "label", "@", "--set", "x"), "no permission to write")
    finally:
        if with_mount:
            subprocess.run(["umount", repo], check=True)
        else:
            for folder in [repo, *repo.rglob("*")]:
                if folder.is_dir():
                    folder.chmod(0o755)
    assert recorded(repo) == before


def test_a_full_disk_loses_nothing_earlier(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no mounts here")
    try:
        repo = make_repo(disk / "repo")
        assert gage(repo, "run", "train.py").code == 0
        (earlier,) = recorded(repo)
        fill = "print('x' * 79)\n" * 3 + "open('big', 'wb').write(bytes(4 << 20))\n"
        write_files(repo, {"fill.py": fill})
        failed = gage(repo, "run", "fill.py")
        assert failed.code != 0
        assert "No space left" in failed.err
        # The disk is full now: whatever is tried, it says so and nothing is damaged.
        for _ in range(3):
            again = gage(repo, "run", "train.py")
            assert "Traceback" not in again.err
            assert again.code in (0, 125, 128), again.err
        assert recorded(repo)[-1] == earlier
        # What a run left has two names.
        shutil.rmtree(repo / ".git/gage/runs")
        shutil.rmtree(repo / ".git/gage/lfs")
        assert recorded(repo)[-1] == earlier
        assert gage(repo, "run", "train.py").code == 0
        assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    finally:
        subprocess.run(["umount", disk], check=True)
