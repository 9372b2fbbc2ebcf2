"""Runs of a folder: `--runs`, GAGE_RUNS. What it may be, and who the user is meanwhile."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from git_gage.cli.commands import COMMANDS
from tests.support import Result, clone, gage_inside, git, make_repo, ways, write_files
from tests.unit.share.world import refs_of

ORDERS = {
    "show": ["@"],
    "compare": ["@"],
    "diff": ["@"],
    "best": ["acc"],
    "series": ["acc"],
    "stop": ["@"],
    "wait": ["@"],
    "label": ["@", "--clear"],
    "tag": ["@", "x"],
    "comment": ["@", "-m", "x"],
    "set": ["@", "x=1"],
    "sign": ["@"],
    "record": ["0123456"],
    "trust": ["list"],
    "config": ["get", "gage.sign"],
    "redact": ["@"],
    "restart": ["@"],
    "run": ["--", "true"],
    "report": ["@"],
    "export": ["@"],
    "thumbs": ["@"],
    "associate": ["@"],
    "copy": ["--all", "--to", "../other"],
    "cat": ["@:x"],
    "open": ["@"],
    "ls-files": ["@"],
    "export-files": ["@", "../out"],
    "rm": ["@"],
    "archive": ["@"],
    "restore": ["@"],
    "purge": ["@"],
    "backup": ["../saved.tar"],
    "import": ["../nothing"],
    "publish": ["../nowhere", "@"],
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder in no repository."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def at(folder: Path, *words: str, where: Path) -> Result:
    return gage_inside(where, "--runs", str(folder), *words)


def record(repo: Path, *words: str) -> str:
    assert gage_inside(repo, "run", "-q", *words).code == 0
    return gage_inside(repo, "select").out.strip()


@pytest.mark.parametrize("is_there", [True, False])
def test_every_command_leaves_an_empty_folder_as_it_is(
    tmp_path: Path, outside: Path, repo: Path, is_there: bool
) -> None:
    place = tmp_path / "place"
    if is_there:
        place.mkdir()
    for where in (outside, repo):
        for name in COMMANDS:
            result = at(place, name, *ORDERS.get(name, ()), where=where)
            assert result.code in (0, 1, 128), (name, result)
    assert list(tmp_path.glob("place/*")) == []
    assert place.exists() == is_there
    assert not (repo / ".git/gage/runs").exists()


@pytest.mark.parametrize("is_exported", [False, True])
def test_an_empty_folder_says_how_runs_come_there(
    outside: Path, repo: Path, is_exported: bool
) -> None:
    run = record(repo, "--", "echo", "1")
    words = [] if is_exported else ["--runs", str(outside)]
    env = {"GAGE_RUNS": str(outside)} if is_exported else {}
    hint = f"hint: bring some there: git gage --runs {outside} copy --all --from <where>"
    told = [f"no runs in '{outside}' yet", hint]
    result = gage_inside(outside, *words, "list", env=env)
    assert (result.code, result.out, result.err.splitlines()) == (0, "", told)
    for asked in (["show"], ["backup", "x.tar"]):
        result = gage_inside(outside, *words, *asked, env=env)
        assert (result.code, result.err.splitlines()) == (128, [f"fatal: {told[0]}", hint])
    checked = gage_inside(outside, *words, "doctor", env=env).out
    assert f"'{outside}' is empty: it is made when runs come in" in checked
    assert gage_inside(outside, "list", env={"GAGE_RUNS": ""}).code == 128
    typed = hint.partition("git gage ")[2].replace("<where>", str(repo)).split()
    assert gage_inside(outside, *typed, "-y", env=env).out == "Copied 1 run\n"
    (there,) = json.loads(gage_inside(outside, *words, "list", "--json", env=env).out)
    assert there["id"] == run


def test_a_folder_of_which_all_runs_are_put_away_says_so(repo: Path, outside: Path) -> None:
    run = record(repo, "--", "echo", "1")
    mistyped = at(outside, "copy", "--all", "--from", "./mistyped", "-y", where=repo)
    assert (mistyped.code, mistyped.out) == (128, "")
    assert mistyped.err.startswith("fatal: no such directory: './mistyped'\n")
    empty = repo / "empty"
    empty.mkdir()
    came = at(outside, "copy", "--all", "--from", "./empty", "-y", where=repo)
    assert came.out == "Nothing to copy: no runs yet\n"
    assert at(outside, "copy", "--all", "--from", ".", "-y", where=repo).out == "Copied 1 run\n"
    assert at(outside, "rm", run, "-y", where=repo).code == 0
    listed = at(outside, "list", where=repo)
    assert listed.err.startswith("no runs are listed: 1 run put away\n")
    shown = at(outside, "show", where=repo)
    assert (shown.code, shown.err) == (128, f"fatal: {listed.err}")


def test_what_is_no_repository_is_refused_and_left_alone(tmp_path: Path, outside: Path) -> None:
    write_files(outside, {"data/x": "1"})
    for name in ("list", "copy"):
        result = at(outside, name, *ORDERS.get(name, ()), where=outside)
        assert result.code == 128
        assert "holds files and is no repository: nothing was done there" in result.err
    assert [path.name for path in outside.rglob("*")] == ["data", "x"]
    result = at(outside / "data/x", "list", where=outside)
    assert (
        f"fatal: runs are kept in a folder, and '{outside}/data/x' is a file\nhint: name"
        in result.err
    )
    deep = gage_inside(
        make_repo(tmp_path / "repo"), "copy", "--all", "--to", f"{outside}/data/x/y/z"
    )
    assert deep.err == (
        f"fatal: runs are kept in a folder, and '{outside}/data/x' is a file\n"
        "hint: name a folder, or one that is not there yet\n"
    )
    result = at(outside / ("x" * 300), "list", where=outside)
    assert (result.code, "cannot look into" in result.err) == (128, True)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize(
    "address", ["s3://bucket/runs", "rclone:lab:runs", "https://me:pw@example.com/r", "lab:runs"]
)
def test_a_place_that_is_no_directory_is_refused(repo: Path, outside: Path, address: str) -> None:
    """Else runs would be copied into a directory of that name, and seem to have gone there."""
    record(repo, "--", "true")
    shown = address.replace("me:pw@", "")
    there = f"git gage list --remote {shown}, or: git gage copy @ --to {shown}"
    for words in (["list"], ["copy", "--all", "--from", str(repo), "-y"]):
        refused = gage_inside(outside, "--runs", address, *words)
        assert (refused.code, refused.out) == (128, "")
        assert refused.err.splitlines() == [
            f"fatal: runs are kept in a directory, and '{shown}' is none",
            f"hint: leave out --runs and GAGE_RUNS, then: {there}",
        ]
    refused = gage_inside(outside, "list", env={"GAGE_RUNS": address})
    assert refused.code == 128
    assert list(outside.iterdir()) == []


def test_a_directory_may_have_any_name(repo: Path, outside: Path) -> None:
    """One with a colon is no place if it is there; file:///path is the path."""
    record(repo, "--", "true")
    (outside / "lab:runs").mkdir()
    copy = ("copy", "--all", "--from", str(repo), "-y")
    for name, path in (("lab:runs", "lab:runs"), (f"file://{outside}/new place", "new place")):
        assert gage_inside(outside, "--runs", name, *copy).out == "Copied 1 run\n"
        assert len(json.loads(gage_inside(outside, "--runs", name, "list", "--json").out)) == 1
        assert (outside / path / "objects").is_dir()
    assert sorted(os.listdir(outside)) == ["lab:runs", "new place"]


def test_the_name_of_a_remote_is_said_to_be_no_directory(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    told = (
        "warning: there is no directory 'origin'; the remote of that name is elsewhere\n"
        "hint: leave out --runs and GAGE_RUNS, then: git gage list --remote origin\n"
    )
    listed = gage_inside(repo, "--runs", "origin", "list")
    assert listed.code == 0
    assert listed.err.startswith(told)
    assert told in gage_inside(repo, "show", env={"GAGE_RUNS": "origin"}).err
    (repo / "origin").mkdir()
    assert "remote" not in gage_inside(repo, "--runs", "origin", "list").err


def test_hints_are_typed_as_the_command_was(repo: Path, outside: Path) -> None:
    """With `--runs` they name the folder, too; with GAGE_RUNS they need not."""
    run = record(repo, "--", "echo", "told")[10:17]
    place = outside / "lab's runs"
    assert at(place, "copy", "--all", "--from", str(repo), "--meta", "-y", where=outside).code == 0
    there = f"git gage --runs {shlex.quote(str(place))}"

    refused = at(place, "output", run, where=outside)
    assert refused.err.endswith(f"hint: {there} fetch {repo} {run}\n")
    by_name = gage_inside(outside, "output", run, env={"GAGE_RUNS": str(place)})
    assert by_name.err.endswith(f"hint: git gage fetch {repo} {run}\n")
    command = refused.err.rpartition("hint: git gage ")[2]
    assert gage_inside(outside, *shlex.split(command)).code == 0
    assert at(place, "output", run, where=outside).out == "told\n"

    removed = at(place, "rm", run, "-y", where=outside)
    quoted = f'git gage --runs "{place}"'  # so that quotes around a command hold
    assert removed.err.endswith(f"hint: undo it with '{quoted} restore {run}'\n")
    assert f"see them with '{quoted} list --archived'" in at(place, "list", where=outside).err
    assert gage_inside(outside, *shlex.split(quoted)[2:], "restore", run).code == 0
    # What is for somewhere else, or names the folder itself, stays.
    assert at(place, "restart", run, where=repo).err.endswith("git gage copy @ --to <dir>\n")

    git(outside, "init", "-q", "--bare", "hub.git")
    hook = outside / "hub.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    no = at(place, "copy", run, "--to", "./hub.git", "-y", where=outside)
    assert no.code == 128
    assert no.err.endswith(f"{there} copy --to ./hub.git {run} -y\n")


def test_the_page_of_a_run_names_the_folder_in_what_is_to_be_typed(
    repo: Path, outside: Path
) -> None:
    write_files(repo, {"big.py": "print('told')\nopen('a.bin', 'wb').write(b'x' * 200_000)\n"})
    run = record(repo, "big.py")[10:17]
    place = outside / "place"
    assert at(place, "copy", "--all", "--from", str(repo), "-y", where=outside).code == 0
    there = f"git gage --runs {place}"
    assert at(place, "rm", run, "-y", where=outside).code == 0
    wide = {"COLUMNS": "300"}
    page = gage_inside(outside, "--runs", str(place), "show", run, env=wide).out
    assert f", {there} restore {run}\n" in page
    assert f": {there} output {run}\n" in page
    checked = gage_inside(outside, "--runs", str(place), "check", run, env=wide).out
    assert f"hint: {there} files pull {run}\n" in checked
    named = gage_inside(outside, "show", run, env=wide | {"GAGE_RUNS": str(place)}).out
    assert f": git gage output {run}\n" in named


def test_where_the_option_stands_is_said(repo: Path, outside: Path) -> None:
    for words in (["list"], ["ls"], ["copy", "--all"], ["select", "@"], ["run"]):
        refused = gage_inside(outside, *words, "--runs", str(repo))
        assert (refused.code, refused.err.splitlines()) == (
            129,
            [
                "fatal: '--runs' stands before the command",
                f"hint: git gage --runs <dir> {words[0].replace('ls', 'list')}",
            ],
        )


def test_the_footer_of_a_list_is_typed_as_the_list_was(repo: Path, outside: Path) -> None:
    for number in range(2):
        record(repo, "--", "echo", str(number))
    place = Path("lab's runs")
    assert at(place, "copy", "--all", "--from", "../repo", "-y", where=outside).code == 0
    for words in ([], ["-s"], ["--remote", "../repo"]):
        told = at(place, "list", "-n", "1", *words, where=outside).out
        (command,) = [line for line in told.splitlines() if line.startswith("1 older run: ")]
        typed = command.removeprefix("1 older run: git gage ")
        assert typed.startswith(f"--runs {shlex.quote(str(place))} list --all")
        assert gage_inside(outside, *shlex.split(typed)).out.count("echo") >= 1
    named = gage_inside(outside, "list", "-n", "1", env={"GAGE_RUNS": str(place)}).out
    assert named.endswith("1 older run: git gage list --all\n")


def test_a_folder_that_a_full_disk_left_half_made_is_made_whole(repo: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    full = [
        "sh",
        "-c",
        'trap "" XFSZ; ulimit -f 0; exec git init -q --bare --template= "$1"',
        "sh",
        str(place),
    ]
    assert subprocess.run(full, capture_output=True, check=False).returncode != 0
    (place / "refs").mkdir(exist_ok=True)  # git 2.55 leaves an empty folder, others this
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    assert gage_inside(repo, "copy", "-y", "--all", "--to", str(place)).code == 0
    listed = gage_inside(tmp_path, "--runs", str(place), "select")
    assert (listed.code, listed.out) == (0, gage_inside(repo, "select").out)
    (tmp_path / "data" / "refs").mkdir(parents=True)
    (tmp_path / "data" / "refs" / "paper.txt").write_text("")
    refused = gage_inside(repo, "copy", "-y", "--all", "--to", str(tmp_path / "data"))
    assert "holds files and is no repository" in refused.err


def test_what_git_cannot_make_is_told_in_its_words(repo: Path, tmp_path: Path) -> None:
    record(repo, "train.py")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "x")
    result = gage_inside(repo, "copy", "--all", "--to", "../link", "-y")
    assert result.code == 128
    assert result.err.startswith("fatal: git init ")
    assert "link: " in result.err
    assert result.err.endswith("\nhint: name a directory where you may write\n")


def test_the_folder_of_another_user_is_refused(
    repo: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    result = at(repo, "list", where=outside)
    assert result.code == 128
    assert "dubious ownership" in result.err
    assert "safe.directory" in result.err


def test_a_clone_by_its_folder_or_its_git_directory(
    repo: Path, outside: Path, tmp_path: Path
) -> None:
    run = record(repo, "train.py")
    git(repo, "worktree", "add", "-q", str(tmp_path / "second"))
    for place in (repo, repo / ".git", tmp_path / "second"):
        assert at(place, "select", where=outside).out == f"{run}\n"
        assert at(place, "select", "--project-dir", where=outside).out == f"{repo.resolve()}\n"
    named = {"GAGE_RUNS": os.path.relpath(repo, outside)}
    for said in ({"GIT_DIR": str(tmp_path / "nothing")}, {"GIT_WORK_TREE": str(outside)}):
        assert gage_inside(outside, "select", env={**said, **named}).out == f"{run}\n"


def test_a_bare_repository_in_a_work_tree_is_opened_as_it_is_named(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = record(repo, "train.py")
    assert gage_inside(repo, "copy", run, "--to", "./runs", "-y").code == 0
    git(tmp_path, "config", "--global", "safe.bareRepository", "explicit")
    assert at(Path("runs"), "select", where=repo).out == f"{run}\n"
    assert at(Path("runs"), "list", "-s", where=repo).out.count("completed") == 1


def test_runs_are_recorded_where_the_user_is(repo: Path, outside: Path) -> None:
    record(repo, "train.py")
    for words in (["run", "train.py"], ["run", "--preview", "train.py"], ["restart", "@"]):
        result = at(repo, *words, where=outside)
        assert result.code == 128
        assert result.err.endswith(
            f"records runs where you are, not in '{repo}'\n"
            "hint: leave out --runs and GAGE_RUNS, then: git gage copy @ --to <dir>\n"
        )
    result = at(repo, "diff", "@", where=repo)
    assert "runs of a folder cannot be compared with a work tree" in result.err


def test_of_runs_in_a_folder_none_is_of_another_project(
    repo: Path, tmp_path: Path, outside: Path
) -> None:
    record(repo, "train.py")
    other = make_repo(tmp_path / "other", files={"other.py": "pass\n"})
    for where in (outside, other):
        found = json.loads(at(repo, "verify", "--all", "--json", where=where).out)
        assert {each["state"] for each in found} == {"N"}
        assert "of another project" not in {each["reason"] for each in found}


def test_who_the_user_is_is_said_where_they_are(repo: Path, tmp_path: Path, outside: Path) -> None:
    record(repo, "train.py")
    other = make_repo(tmp_path / "other")
    git(other, "config", "user.name", "Sam")
    git(other, "config", "color.diff", "always")
    assert at(repo, "label", "@", "--set", "seen", where=other).code == 0
    write_files(repo, {"train.py": "print('other')\n"})
    record(repo, "train.py")
    assert "\x1b[" in at(repo, "diff", "@~1", "@", "--source", where=other).out
    history = json.loads(at(repo, "show", "@~1", "--history", "--json", where=other).out)
    assert "Sam" in json.dumps(history)
    git(other, "config", "gage.remote", "lab")
    assert at(repo, "config", "get", "gage.remote", where=other).out == "lab\n"


def test_nobody_is_trusted_by_a_folder_of_runs(repo: Path, outside: Path, tmp_path: Path) -> None:
    record(repo, "train.py")
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGSeVtgDHU3etZyMFLePZetj0pcPvn3DFXvDGc36Xo/T"
    write_files(outside, {"key.pub": f"{key}\n"})
    words = ("trust", "add", "sam@example.com", "key.pub")
    result = at(repo, *words, where=outside)
    assert (result.code, result.out) == (128, "")
    assert "you are in no repository, and a folder of runs trusts nobody" in result.err
    assert at(repo, *words, "--user", where=outside).code == 0
    assert not (repo / ".git/gage/allowed_signers").exists()
    other = make_repo(tmp_path / "other")
    write_files(other, {"key.pub": f"{key}\n"})
    assert at(repo, *words, where=other).code == 0
    assert (other / ".git/gage/allowed_signers").exists()


def test_remotes_are_those_of_where_the_user_is(repo: Path, tmp_path: Path, outside: Path) -> None:
    run = record(repo, "train.py")
    shared, mirror = tmp_path / "shared", tmp_path / "mirror.git"
    assert gage_inside(repo, "copy", run, "--to", str(shared), "-y").code == 0
    git(tmp_path, "init", "-q", "--bare", "mirror.git")
    other = make_repo(tmp_path / "other")
    git(other, "remote", "add", "origin", "../mirror.git")
    git(other, "config", "gage.repo.lab.url", "../mirror.git")
    assert at(shared, "push", "origin", run, where=other).out == (
        f"pushed 1 run to {mirror}, with 1 commit of yours\n"
    )
    assert at(shared, "push", "lab", run, where=other).out == f"{mirror} is up to date\n"
    found = json.loads(at(shared, "remote", "--json", where=other).out)
    assert [(each["name"], each["has_runs"]) for each in found] == [("origin", True), ("lab", True)]
    assert at(shared, "push", str(mirror), run, where=outside).out == f"{mirror} is up to date\n"
    got = tmp_path / "got"
    assert at(got, "fetch", where=other).out == f"fetched 1 run from {mirror}\n"
    assert at(got, "copy", "--all", "--to", "lab", "-n", where=other).code == 0
    assert at(got, "fetch", where=other).out == f"nothing new on {mirror}\n"
    for words in (["origin"], ["lab"], []):
        assert at(got, "fold", *words, where=other).out == f"no lanes to fold on {mirror}\n"


def test_operations_are_those_of_where_the_user_is(repo: Path, outside: Path) -> None:
    write_files(repo, {"gage.toml": '[train]\nexec = "python train.py"\n'})
    for words in (["ops"], ["ops", "train"]):
        assert at(outside / "place", *words, where=repo) == gage_inside(repo, *words)
    none = at(repo, "ops", where=outside)
    assert (none.code, "no gagefile here" in none.err) == (128, True)


def test_large_files_go_where_remotes_of_the_user_say(
    repo: Path, tmp_path: Path, outside: Path
) -> None:
    write_files(repo, {"large.py": "open('a', 'wb').write(bytes(200_000))\n"})
    run = record(repo, "large.py")
    shared, disk = tmp_path / "shared", tmp_path / "disk"
    disk.mkdir()
    git(tmp_path, "init", "-q", "--bare", "mirror.git")
    other = make_repo(tmp_path / "other")
    git(other, "remote", "add", "origin", "../mirror.git")
    git(other, "config", "gage.repo.origin.files", str(disk))
    git(repo, "config", "gage.repo.lab.url", str(shared))
    git(repo, "config", "gage.repo.lab.files", str(tmp_path / "lab"))
    (tmp_path / "lab").mkdir()
    assert gage_inside(repo, "copy", run, "--to", "lab", "-y", "--files").code == 0
    assert list(tmp_path.glob("lab/objects/*"))
    assert gage_inside(repo, "copy", run, "--to", str(shared), "-y", "--files").code == 0
    assert at(shared, "list", where=other).code == 0
    pull = at(shared, "files", "pull", "1", str(shared), where=other)
    assert pull.out == "1 large file here already\n"
    pushed = at(shared, "files", "push", "1", where=other)
    assert (pushed.out, pushed.err) == ("pushed 1 file, 195.3 KiB, to origin\n", "")
    assert list(disk.glob("objects/*"))
    assert at(shared, "push", "1", "--files", where=other).out.endswith(
        "origin has 1 large file already\n"
    )
    dropped = at(shared, "files", "drop", "1", "origin", where=other)
    assert dropped.out.endswith("; held by origin\n")
    assert at(shared, "fetch", "origin", "--files", where=other).out.endswith(
        "got 1 file, 195.3 KiB, from origin\n"
    )
    assert at(shared, "files", "drop", "1", where=other).code == 0
    assert at(shared, "cat", "1:a", "--fetch", where=other).code == 0
    assert "origin" in at(shared, "doctor", where=other).out
    assert "runs can be brought here" in at(shared, "doctor", where=other).out


def test_a_run_of_a_folder_is_purged_on_a_remote_of_the_user(repo: Path, tmp_path: Path) -> None:
    shared, mirror, file = (tmp_path / name for name in ("shared", "mirror.git", "runs.jsonl"))
    git(tmp_path, "init", "-q", "--bare", str(mirror))
    git(repo, "remote", "add", "mirror", str(mirror))
    run = record(repo, "train.py")
    assert gage_inside(repo, "export", run, "--format", "jsonl", "-o", str(file)).code == 0
    for words in (["import", str(file)], ["push", "mirror"]):
        assert at(shared, *words, where=repo).code == 0
    (run,) = at(shared, "select", "--id", where=repo).out.split()
    had = refs_of(mirror, "refs/gage")
    purged = at(shared, "purge", run, "--remote", "mirror", "--force", where=repo)
    assert (purged.code, purged.out) == (0, "Purged 1 run\n")
    assert had
    assert not had.keys() & refs_of(mirror, "refs/gage").keys()


@pytest.mark.parametrize(
    "words",
    ways(
        ["purge", "--remote", "mirror"],
        ["copy", "--all", "-y", "--to", "mirror"],
        ["push", "mirror"],
        ["push", "../mirror.git"],
        small=2,
    ),
)
def test_large_files_of_a_purged_run_leave_where_remotes_of_the_user_say(
    repo: Path, tmp_path: Path, words: list[str]
) -> None:
    """At once or with what is sent next, and whatever the remote is called then."""
    mirror, disk = tmp_path / "mirror.git", tmp_path / "disk"
    git(tmp_path, "init", "-q", "--bare", str(mirror))
    disk.mkdir()
    other = make_repo(tmp_path / "other")
    git(other, "remote", "add", "mirror", str(mirror))
    git(other, "config", "gage.repo.mirror.files", str(disk))
    write_files(repo, {"large.py": "open('a', 'wb').write(bytes(200_000))\n"})
    run, kept = record(repo, "large.py"), record(repo, "train.py")
    assert at(repo, "push", "mirror", "--files", where=other).code == 0
    assert list(disk.glob("objects/*/*/*"))
    at_once = words[2:] if words[0] == "purge" else []
    purged = at(repo, "purge", run, "--force", *words[1:] * bool(at_once), where=other)
    assert purged.code == 0
    if not at_once:
        assert list(disk.glob("objects/*/*/*"))
        assert at(repo, *words, where=other).code == 0
    assert list(disk.glob("objects/*/*/*")) == []
    assert kept in at(repo, "select", "--id", where=other).out


def test_who_is_in_no_repository_is_told_where_a_remote_is_added(
    repo: Path, tmp_path: Path, outside: Path
) -> None:
    place = tmp_path / "ana's runs"
    record(repo, "train.py")
    assert gage_inside(repo, "copy", "@", "--to", str(place), "-y").code == 0
    add = f"git -C {shlex.quote(str(place))} remote add origin <url>"
    assert at(place, "push", where=outside).err.endswith(f"hint: add one: {add}\n")
    assert at(place, "remote", where=outside).out == f"No remotes: {add}\n"
    unmade = tmp_path / "new runs"
    for words in (["push", "origin"], ["fetch"], ["sync"]):
        told = at(unmade, *words, where=outside)
        assert told.code == 128
    make, _, add = told.err.partition("hint: add one: ")[2].partition(" && ")
    for command in (make, add.replace("<url>", "../hub.git")):
        assert subprocess.run(shlex.split(command), cwd=outside, check=False).returncode == 0
    assert "hub.git" in at(unmade, "remote", where=outside).out
    assert at(place, "remote", where=repo).out == "No remotes: git remote add origin <url>\n"


def test_who_is_in_no_repository_is_in_no_project(
    repo: Path, tmp_path: Path, outside: Path
) -> None:
    for place in (repo, tmp_path / "nothing"):
        refused = at(place, "project", where=outside)
        assert (refused.code, refused.out) == (128, "")
        assert refused.err == "fatal: there is no project here\nhint: cd to one\n"
    assert at(tmp_path / "nothing", "project", where=repo).out.startswith("name  repo\n")


def test_an_empty_directory_is_told_from_a_remote_that_is_away(repo: Path, tmp_path: Path) -> None:
    """A disk that is not mounted looks like that, too: it is no remote that has lost its runs."""
    (tmp_path / "lab").mkdir()
    record(repo, "train.py")
    for words in (["list", "--remote", "../lab"], ["fetch", "../lab", "1"]):
        told = gage_inside(repo, *words)
        assert told.code == 128
        hint = told.err.partition("hint: it is empty; runs come there with: git gage ")[2]
    assert gage_inside(repo, *hint.split(), "-y").out == "Copied 1 run\n"
    assert gage_inside(repo, "list", "--remote", "../lab").code == 0


def test_a_fetch_makes_a_folder_only_for_runs(tmp_path: Path, outside: Path) -> None:
    place = tmp_path / "place"
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    result = at(place, "fetch", "../nothing.git", where=outside)
    assert result.code == 128
    assert at(place, "fetch", "../empty.git", where=outside).code == 0
    assert not place.exists()


@pytest.mark.parametrize("verb", ["fetch", "copy"])
def test_rows_of_a_remote_before_there_is_a_folder(
    repo: Path, tmp_path: Path, outside: Path, verb: str
) -> None:
    """Who retrieves runs looks at them first: what was shown has rows, though nothing is here."""
    runs = [record(repo, "--", "echo", str(number)) for number in range(3)]
    lab, place, other = str(tmp_path / "lab"), tmp_path / "place", tmp_path / "other"
    assert gage_inside(repo, "copy", "--all", "--to", lab, "-y").code == 0
    words = {"fetch": ("fetch", lab), "copy": ("copy", "-y", "--from", lab)}[verb]
    never = at(place, *words, "1", where=outside)
    assert never.err.startswith("fatal: no row '1': there is no list to count in\n")
    assert at(place, "list", "--remote", lab, "--sort", "started", where=outside).code == 0
    assert not place.exists()
    assert "that run is not here\n" in at(place, "show", "1", where=outside).err
    assert "there is no list" in at(other, *words, "1", where=outside).err
    for row, run in ((1, runs[0]), (3, runs[2])):
        assert "1 run" in at(place, *words, str(row), where=outside).out
        assert at(place, "select", str(row), where=outside).out == f"{run}\n"
    refused = at(place, "label", "2", "--set", "x", where=outside)
    assert refused.err.startswith("fatal: no row '2': that run is not here\n")


def test_the_first_runs_of_a_folder_have_rows(repo: Path, tmp_path: Path, outside: Path) -> None:
    """Nobody has seen a list of it: they are counted as a list would show them."""
    runs = [record(repo, "--", "echo", str(number)) for number in range(2)]
    place = tmp_path / "place"
    copied = at(place, "copy", "--all", "--from", str(repo), "-y", where=outside)
    assert copied.out == "Copied 2 runs\n"
    for row, run in ((1, runs[1]), (2, runs[0])):
        assert at(place, "select", str(row), where=outside).out == f"{run}\n"
    newest = record(repo, "--", "echo", "new")
    assert at(place, "copy", newest, "--from", str(repo), "-y", where=outside).code == 0
    assert at(place, "select", "1", where=outside).out == f"{runs[1]}\n"
    assert at(place, "list", where=outside).code == 0
    assert at(place, "select", "1", where=outside).out == f"{newest}\n"
    # Of runs that were there before nobody knows which are meant.
    (place / "gage/last-list.json").unlink()
    assert at(place, "copy", "--all", "--from", str(repo), "-y", where=outside).code == 0
    assert "there is no list" in at(place, "select", "1", where=outside).err


@pytest.mark.parametrize("form", ["tar", "bundle", "jsonl"])
def test_what_a_file_brings_makes_a_folder(
    repo: Path, tmp_path: Path, outside: Path, form: str
) -> None:
    run = record(repo, "train.py")
    file, place = tmp_path / f"all.{form}", tmp_path / "place"
    if form == "tar":
        assert gage_inside(repo, "backup", str(file)).code == 0
        words = ["restore", "--from", str(file)]
    else:
        assert gage_inside(repo, "export", run, "--format", form, "-o", str(file)).code == 0
        words = ["import", str(file)]
        nothing = at(place, "import", "-n", str(file), where=outside)
        assert nothing.out.startswith("Would import 1 run\n")
        assert not place.exists()
    done = at(place, *words, where=outside)
    assert (done.code, "1 run" in done.out) == (0, True), done
    assert len(json.loads(at(place, "list", "--json", where=outside).out)) == 1
    sam = clone(repo, tmp_path / "sam")
    assert gage_inside(sam, "fetch", str(place)).out == f"fetched 1 run from {place}\n"


def test_what_brings_nothing_makes_no_folder(repo: Path, tmp_path: Path, outside: Path) -> None:
    """A bundle that is damaged, and a store of runs that were all deleted."""
    file, place = tmp_path / "all.bundle", tmp_path / "place"
    record(repo, "train.py")
    assert gage_inside(repo, "export", "@", "--format", "bundle", "-o", str(file)).code == 0
    file.write_bytes(file.read_bytes()[:-30])
    assert at(place, "import", str(file), where=outside).code == 128
    deleted = "run_id: x\nlifecycle_stage: deleted\n"
    write_files(tmp_path, {"mlruns/0/meta.yaml": "name: x\n", "mlruns/0/x/meta.yaml": deleted})
    assert at(place, "import", str(tmp_path / "mlruns"), where=outside).code == 1
    assert not place.exists()


def test_what_came_into_a_folder_can_be_had_from_there(
    repo: Path, tmp_path: Path, outside: Path
) -> None:
    run = record(repo, "train.py")
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", "../origin.git")
    assert gage_inside(repo, "push").code == 0
    one, two = tmp_path / "one", tmp_path / "two"
    assert at(one, "fetch", "../origin.git", where=outside).code == 0
    assert at(two, "copy", "--all", "--from", str(one), "-y", where=outside).out == "Copied 1 run\n"
    sam = clone(tmp_path / "origin.git", tmp_path / "sam")
    assert gage_inside(sam, "fetch", str(two)).out == f"fetched 1 run from {two}\n"
    shown = json.loads(gage_inside(sam, "show", run, "--json").out)
    assert shown["source"]["snapshot"] is not None
    assert gage_inside(sam, "output", run).out == gage_inside(repo, "output", run).out != ""


def test_rows_are_those_of_ones_own_list(
    repo: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people look at one folder: what she lists meanwhile is not what his rows mean."""
    one = record(repo, "train.py")
    two = record(repo, "train.py", "lr=1")
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert at(repo, "list", where=outside).code == 0
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert at(repo, "list", "--sort", "lr", where=outside).code == 0
    assert at(repo, "select", "1", where=outside).out == f"{one}\n"
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert at(repo, "select", "1", where=outside).out == f"{two}\n"


def test_a_shell_completes_runs_of_a_folder(repo: Path, outside: Path, tmp_path: Path) -> None:
    run = record(repo, "train.py")
    env = {"_GIT_GAGE_COMPLETE": "bash_complete", "COMP_CWORD": "4"}
    words = f"git-gage --runs {repo} show "
    assert run[10:17] in gage_inside(outside, env={**env, "COMP_WORDS": words}).out
    words = f"git-gage --runs {tmp_path}/nothing show "
    assert gage_inside(outside, env={**env, "COMP_WORDS": words}) == (0, "\n", "")
    assert list(Path(os.environ.get("TMPDIR", "/tmp")).glob("git-gage-*.git")) == []
