"""All that a clone has, in one file, and back again."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from git_gage.git import network as git_network
from git_gage.git import open_repository
from git_gage.records import parse_record
from git_gage.share import backup
from git_gage.share.lanes import own_refs, read_tip_lines, records_only
from git_gage.store import Store
from tests.git.test_put_away import listed, run, say
from tests.git.test_redact import add_newer_line
from tests.git.test_secrets import objects_of
from tests.support import clone, commit, gage_inside, git, make_repo, set_identity, write_files
from tests.unit.share.world import refs_of

MAKES = "open('big.bin', 'wb').write(b'x' * 200_000)\nprint('loss: 1')\n"


@pytest.fixture
def pair(tmp_path: Path, repo: Path) -> tuple[Path, list[str]]:
    """A clone with runs of two people, labelled, archived and deleted."""
    write_files(repo, {"train.py": MAKES})
    commit(repo)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    runs = [run(bob), run(repo), run(repo), run(repo)]
    say(bob, "push")
    say(repo, "fetch")
    say(repo, "label", runs[1], "--set", "good")
    say(repo, "comment", runs[0], "-m", "hm")
    say(repo, "rm", "-y", runs[2])
    say(repo, "archive", runs[3], "--to", "old")
    say(repo, "private", runs[3])
    write_files(
        repo / ".git/gage",
        {f"outputs/{runs[1]}": "all of it", "outputs/odd one": "", "allowed_signers": "# ana\n"},
    )
    return repo, runs


def everything(where: Path) -> Any:
    asked = (
        "list",
        "--all",
        "--json",
        "-w",
        "deleted or not deleted",
        "-w",
        "archived or not archived",
    )
    return json.loads(say(where, *asked))


def objects(where: Path) -> list[tuple[str, int]]:
    return list(Store(open_repository(where, dict(os.environ))).sidecar.list())


def empty(path: Path) -> Path:
    git(path.parent, "init", "-q", "-b", "main", path.name)
    set_identity(path)
    return path


def test_an_empty_repository_has_all_of_it_again(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, runs = pair
    saved = say(repo, "backup", "../b.tar")
    assert saved.startswith("Saved 4 runs, ")
    assert f": {repo.parent / 'b.tar'}, " in saved
    assert "1 large file: " in saved
    assert say(repo, "backup", "--verify", "../b.tar").startswith("Verified 4 runs, ")
    assert not list(tmp_path.glob(".*part*"))
    fresh = empty(tmp_path / "fresh")
    assert say(fresh, "restore", "--from", "../b.tar").startswith("Restored 4 runs, ")
    assert everything(fresh) == everything(repo)
    assert listed(fresh) == listed(repo) == [runs[1], runs[0]]
    assert objects(fresh) == objects(repo)
    assert say(fresh, "show", "@", "--json") == say(repo, "show", "@", "--json")
    assert say(fresh, "output", runs[1]) == "all of it"
    assert (fresh / ".git/gage/allowed_signers").read_text() == "# ana\n"
    git(fresh, "fsck", "--strict")
    assert say(fresh, "restore", "--from", "../b.tar") == (
        "Restored 0 runs, 0 records, 0 large files\n"
    )
    say(fresh, "purge", "--force", runs[1])
    say(fresh, "restore", "--from", "../b.tar")
    assert listed(fresh) == [runs[0]]


@pytest.mark.full
def test_remotes_of_the_saved_clone_are_none_of_ones_own(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, runs = pair
    bob = tmp_path / "bob"
    say(repo, "backup", "../b.tar")
    say(bob, "restore", "--from", "../b.tar")
    done = gage_inside(bob, "redact", "--files", "-y", "--json", runs[0])
    assert (done.code, json.loads(done.out)["remotes"]) == (0, ["origin"])


def test_what_was_purged_meanwhile_is_not_said_to_come_back(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    write_files(repo, {"one.py": MAKES, "two.py": MAKES.replace("b'x'", "b'y'")})
    one, two = (
        say(repo, "run", "-q", name) and say(repo, "select").strip()
        for name in ("one.py", "two.py")
    )
    say(repo, "push", "--files")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch", "--files")
    say(repo, "backup", "../b.tar")
    say(repo, "purge", one, "--force", "--remote", "origin")
    say(bob, "fetch")
    shutil.rmtree(bob / ".git/gage/lfs")
    for where, large in ((repo, 0), (bob, 1)):
        assert say(where, "restore", "--from", "../b.tar") == (
            f"Restored 0 runs, 0 records, {large} large file{'' if large == 1 else 's'}\n"
        )
        assert listed(where) == [two]
        assert len(objects(where)) == 1


def pass_on(repo: Path, count: int) -> list[str]:
    """Runs, what Bob says of the first two, and all of it at a place, to be taken there one day."""
    folder = repo.parent
    git(folder, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(folder / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    runs = [run(repo) for _ in range(count)]
    say(repo, "push")
    bob = clone(folder / "hub.git", folder / "bob", name="Bob")
    say(bob, "fetch")
    say(bob, "label", runs[0], "--set", "bad")
    say(bob, "comment", runs[1], "-m", "hm")
    say(bob, "push")
    say(repo, "fetch")
    say(repo, "copy", "--all", "--to", str(folder / "place"), "-y")
    return runs


@pytest.mark.full
def test_what_others_said_beside_a_run_that_was_purged_is_saved(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"train.py": MAKES})
    one, _ = pass_on(repo, 2)
    say(repo, "purge", one, "--force")
    say(repo, "push")
    say(repo, "fetch")
    say(repo, "backup", str(tmp_path / "runs.tar"))
    there = empty(tmp_path / "there")
    say(there, "restore", "--from", str(tmp_path / "runs.tar"))
    assert everything(there) == everything(repo)
    assert [each["text"] for each in everything(there)[0]["comments"]] == ["hm"]


@pytest.mark.parametrize("is_known", [True, False])
def test_what_others_said_is_saved_after_each_purge(
    repo: Path, tmp_path: Path, *, is_known: bool
) -> None:
    """It was passed on to a place; of where it came from this clone may know nothing any more."""
    one, _, three = pass_on(repo, 3)
    place = str(tmp_path / "place")
    say(repo, "purge", one, "--force")
    say(repo, "push")
    say(repo, "push", place)
    say(repo, "fetch")
    if not is_known:
        for ref in refs_of(repo, "refs/gage-remotes/origin"):
            git(repo, "update-ref", "-d", ref)
    say(repo, "purge", three, "--force")
    before = everything(repo)
    assert [each["text"] for each in before[0]["comments"]] == ["hm"]
    saved = str(tmp_path / "runs.tar")
    say(repo, "backup", saved)
    there = empty(tmp_path / "there")
    say(there, "restore", "--from", saved)
    assert everything(there) == before
    again = say(there, "restore", "--from", saved)
    assert again == "Restored 0 runs, 0 records, 0 large files\n"
    beside = clone(tmp_path / "hub.git", tmp_path / "beside")
    write_files(beside, {"train.py": MAKES})
    newest = run(beside)
    say(beside, "restore", "--from", saved)
    assert [each for each in everything(beside) if each["id"] != newest] == before
    say(there, "push", place)
    say(repo, "push", place)
    got = clone(tmp_path / "hub.git", tmp_path / "got")
    say(got, "copy", "--all", "--from", place, "-y")
    assert [each["text"] for each in everything(got)[0]["comments"]] == ["hm"]


def test_what_was_redacted_meanwhile_does_not_come_back(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, runs = pair
    say(repo, "push")
    say(repo, "backup", "../b.tar")
    say(repo, "redact", "-y", "--output", runs[2])
    say(repo, "restore", "--from", "../b.tar")
    assert refs_of(repo, "refs/gage-in") == {}
    assert f"{runs[2]}/output" not in git(repo, "rev-list", "--objects", "--all")


def test_records_of_a_newer_version_are_saved_as_they_are(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, _ = pair
    add_newer_line(repo, "0" * 40)
    say(repo, "backup", "../b.tar")
    done = gage_inside(empty(tmp_path / "fresh"), "restore", "--from", "../b.tar")
    assert "1 record needs a newer git-gage" in done.err
    assert done.code == 0


def test_stock_tools_open_it(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    repo, runs = pair
    say(repo, "backup", str(tmp_path))
    (path,) = tmp_path.glob("gage-*.tar")
    found = json.loads(say(repo, "backup", "--verify", "--json", str(tmp_path)))
    assert (found["file"], found["runs"], found["large"]) == (str(path), 4, 1)
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xf", str(path)], cwd=tmp_path / "out", check=True)
    plain = empty(tmp_path / "plain")
    git(plain, "fetch", "-q", str(tmp_path / "out/runs.bundle"), "refs/gage/*:refs/gage/*")
    assert set(listed(plain)) < set(runs)
    assert (tmp_path / "out/README").read_text().startswith("All runs of a git repository")


def test_what_is_here_is_not_replaced(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    repo, runs = pair
    say(repo, "backup", "../b.tar")
    later = run(repo)
    say(repo, "label", runs[1], "--set", "better")
    assert say(repo, "restore", "--from", "../b.tar").startswith("Restored 0 runs, 0 records")
    assert json.loads(say(repo, "show", runs[1], "--json"))["label"] == "better"
    assert listed(repo) == [later, runs[1], runs[0]]

    other = make_repo(tmp_path / "other", files={"train.py": MAKES})
    mine = run(other)
    say(other, "restore", "--from", "../b.tar")
    assert set(listed(other)) == {mine, *runs[:2]}
    assert not (other / ".git/gage/allowed_signers").exists()
    assert json.loads(say(other, "show", "@", "--json"))["id"] == mine
    say(repo, "backup", "../c.tar")
    git(repo, "update-ref", "-d", "refs/gage-remotes/none")
    refs = git(repo, "for-each-ref", "--format=%(refname)", "refs/gage/w").split()
    (log,) = [ref for ref in refs if ref.endswith("/log")]
    other_way = git(repo, "commit-tree", "-p", f"{log}~1", "-m", "log", f"{log}~1^{{tree}}")
    git(repo, "update-ref", log, other_way.strip())
    refused = gage_inside(repo, "restore", "--from", "../c.tar")
    assert "went on here: both forms are kept" in refused.err
    assert json.loads(say(repo, "show", runs[1], "--json"))["label"] == "better"


def test_what_comes_back_in_a_backup_of_somebody_else_is_there_once(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, _ = pair
    kim = clone(tmp_path / "hub.git", tmp_path / "kim", name="Kim")
    run(kim)
    counts = []
    for number in range(3):
        for one, other in ((repo, kim), (kim, repo)):
            say(one, "backup", f"../{one.name}-{number}.tar")
            say(other, "restore", "--from", f"../{one.name}-{number}.tar")
        counts.append([len(refs_of(where, "refs/gage-in")) for where in (repo, kim)])
    assert counts[0] == counts[1] == counts[2]
    sam = clone(tmp_path / "hub.git", tmp_path / "sam", name="Sam")
    run(sam)
    say(sam, "restore", "--from", "../kim-2.tar")
    assert all(ref.count("gage-in/") == 1 for ref in refs_of(sam, "refs/gage-in"))
    assert set(listed(repo)) <= set(listed(sam))
    for each in listed(repo):
        assert say(sam, "output", each) == say(repo, "output", each)


@pytest.mark.full
def test_a_newer_backup_after_an_older_one(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    repo, _ = pair
    say(repo, "backup", "../old.tar")
    newest = run(repo)
    say(repo, "backup", "../new.tar")
    fresh = empty(tmp_path / "fresh")
    say(fresh, "restore", "--from", "../old.tar")
    done = gage_inside(fresh, "restore", "--from", "../new.tar")
    assert (done.out[:15], done.err) == ("Restored 1 run,", "")
    assert newest in listed(fresh)


def test_what_a_remote_was_given_is_saved_once(repo: Path, tmp_path: Path) -> None:
    one = run(repo)
    say(repo, "copy", one, "--to", str(tmp_path / "place"), "-y")
    assert refs_of(repo, "refs/gage-out")
    say(repo, "backup", "../b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        listed = tar.extractfile("backup.json")
        assert listed is not None
        assert not [ref for ref in json.load(listed)["refs"] if "gage-out" in ref]


def test_of_two_backups_of_one_name_one_is_made(repo: Path, tmp_path: Path) -> None:
    run(repo)
    words = ("git", "gage", "backup", "../b.tar")
    both = [subprocess.Popen(words, cwd=repo, stderr=subprocess.PIPE, text=True) for _ in "ab"]
    told = sorted((each.communicate()[1], each.returncode) for each in both)
    assert told[0] == ("", 0)
    assert (told[1][1], "b.tar' is there already" in told[1][0]) == (128, True)
    say(repo, "backup", "--verify", "../b.tar")
    assert [path.name for path in tmp_path.glob("*b.tar*")] == ["b.tar"]


def test_a_folder_of_somebody_else_is_named(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(repo)
    opened = Path.open

    def refuse(path: Path, *words: Any, **more: Any) -> Any:
        if path.parent == tmp_path and path.suffix == ".part":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *words, **more)

    monkeypatch.setattr(Path, "open", refuse)
    done = gage_inside(repo, "backup", "../b.tar")
    told = f"fatal: write backup: no permission to write in '{tmp_path}'\n"
    assert (done.code, done.err.startswith(told)) == (128, True)


@pytest.mark.parametrize("where", ["b.tar", "b.git"])
def test_a_disk_that_is_full_is_told_what_to_type_later(
    pair: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    repo, _ = pair
    git(tmp_path, "init", "-q", "--bare", "b.git")
    say(repo, "backup", f"../{where}")
    fresh = empty(tmp_path / "fresh")
    real = git_network.ask_remote

    def full(*words: Any, **options: Any) -> git_network.Answer:
        if "fetch" not in words:
            return real(*words, **options)
        return git_network.Answer(128, "", ["fatal: write error: No space left on device"])

    with monkeypatch.context() as context:
        context.setattr("git_gage.share.transfer.ask_remote", full)
        done = gage_inside(fresh, "restore", "--from", f"../{where}")
    again = f"git gage restore --from ../{where}"
    assert done.err.endswith(f"hint: nothing was lost; once there is room: {again}\n")
    say(fresh, "restore", "--from", f"../{where}")
    assert set(listed(fresh)) == set(listed(repo))


def rewrite(path: Path, **changes: bytes | None) -> Path:
    """A backup with other content in some members; None leaves one out."""
    new = path.with_name("new.tar")
    with tarfile.open(path) as old, tarfile.open(new, "w") as tar:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            data = changes.get(member.name.replace(".", "_"), file.read())
            if data is not None:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return new


def test_what_is_no_sound_backup_is_refused(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    repo, _ = pair
    path = tmp_path / "b.tar"
    say(repo, "backup", str(path))
    with tarfile.open(path) as tar:
        entry = tar.extractfile("backup.json")
        assert entry is not None
        said = json.loads(entry.read())

    def refused(file: Path, why: str) -> None:
        for words in (("backup", "--verify"), ("restore", "--from")):
            done = gage_inside(repo, *words, str(file))
            assert (done.code, why in done.err) == (128, True), done.err
            assert "\nhint: " in done.err

    refused(tmp_path / "none.tar", "no such file")
    (tmp_path / "none").mkdir()
    refused(tmp_path / "none", "no backup in")
    write_files(tmp_path, {"cut.tar": path.read_bytes()[:-30_000], "odd.tar": b"x" * 2000})
    refused(tmp_path / "cut.tar", "read backup")
    refused(tmp_path / "odd.tar", "odd.tar': it is no tar, or not all of one (")
    refused(rewrite(path, README=b"hi"), "'README' is not what its list says")
    refused(rewrite(path, backup_json=None), "it has no list")
    refused(rewrite(path, backup_json=b"[]"), "its list makes no sense")
    refused(rewrite(path, backup_json=b'{"format":2}'), "a newer git-gage made it")
    twice = tmp_path / "twice.tar"
    with tarfile.open(path) as old, tarfile.open(twice, "w") as tar:
        for name in ("README", "README"):
            tar.addfile(old.getmember(name), old.extractfile(name))
    refused(twice, "'README' is there twice")
    with tarfile.open(twice, "w") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(link)
    refused(twice, "'link' is no plain file")
    head = {"refs/heads/main": git(repo, "rev-parse", "HEAD").strip()}
    odd = rewrite(path, backup_json=json.dumps({**said, "refs": head}).encode())
    assert "is no lane" in gage_inside(repo, "restore", "--from", str(odd)).err
    (ref,) = [ref for ref in said["refs"] if ref.endswith("log") and ref.startswith("refs/gage/")]
    lost = {ref: "0" * 40}
    odd = rewrite(path, backup_json=json.dumps({**said, "refs": lost}).encode())
    assert "did not arrive" in gage_inside(empty(tmp_path / "e"), "restore", "--from", str(odd)).err


def test_what_was_private_is_so_wherever_it_comes(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, runs = pair
    say(repo, "backup", "../b.tar")
    other = clone(tmp_path / "hub.git", tmp_path / "other")
    mine = run(other, "--private", "train.py")
    say(other, "restore", "--from", "../b.tar")
    assert set(say(other, "private").split()) == {mine[10:17], runs[3][10:17]}
    say(other, "copy", "--all", "--to", "../place", "-y")
    there = say(other, "--runs", "../place", "list", "--json", "-w", "archived or not archived")
    assert runs[3] not in there
    assert mine not in there


def test_objects_of_another_kind(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    """What cannot be is said at once, and not called damaged."""
    say(pair[0], "backup", "../b.tar")
    git(tmp_path, "init", "-q", "--object-format=sha256", "other")
    done = gage_inside(tmp_path / "other", "restore", "--from", "../b.tar")
    assert (done.code, done.out) == (128, "")
    assert "is of a repository with sha1 objects, and here they are sha256" in done.err
    assert "hint: restore it in another one: git init --object-format=sha1 <dir>" in done.err
    assert not (tmp_path / "other/.git/gage/lfs").exists()


def test_nothing_is_made_for_objects_of_another_kind(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", options=("--object-format=sha256",))
    run(repo)
    say(repo, "backup", "../b.tar")
    done = gage_inside(tmp_path, "--runs", "place", "restore", "--from", "b.tar")
    assert (done.code, done.out) == (128, "")
    assert "is of a repository with sha256 objects, and here they are sha1" in done.err
    assert not (tmp_path / "place").exists()


def test_a_remote_that_is_mistyped_is_no_file(repo: Path) -> None:
    run(repo)
    done = gage_inside(repo, "backup", "orign")
    assert (done.code, done.out) == (128, "")
    assert done.err == (
        "fatal: no remote or place 'orign', and no such directory\n"
        "hint: 'git gage remote' lists them; for a new file write './orign'\n"
    )
    assert not (repo / "orign").exists()
    say(repo, "backup", "./orign")
    assert say(repo, "backup", "--verify", "orign").startswith("Verified 1 run, ")
    assert "is there already" in gage_inside(repo, "backup", "orign").err


@pytest.mark.parametrize("by", ["backup", "gc"])
def test_what_a_kill_left_is_removed(
    pair: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The first disk is back where it was, and the next backup goes to another one."""
    repo, _ = pair
    (tmp_path / "disk").mkdir()
    with monkeypatch.context() as killed:
        killed.setattr("git_gage.share.backup.remove_file", lambda _: None)
        killed.setattr("git_gage.share.backup.replace_file", lambda *_: os.stat("/nosuch"))
        assert gage_inside(repo, "backup", "../disk/b.tar").code == 128
    assert len(list((tmp_path / "disk").iterdir())) == 2
    if by == "gc":
        assert "backups cut short" in say(repo, "gc", "-n")
        assert "backups cut short" in say(repo, "gc")
        assert "backups cut short" not in say(repo, "gc")
    else:
        say(repo, "backup", "../b.tar")
    assert list((tmp_path / "disk").iterdir()) == []
    say(repo, "backup", "../disk/b.tar")
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["b.tar"]


def test_where_it_cannot_be_written_nothing_is_left(
    pair: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, runs = pair
    for words, why in (
        (("backup", "--verify", "origin"), "cannot read backup"),
        (("backup", "/nosuch/b.tar"), "no folder '/nosuch'"),
    ):
        done = gage_inside(repo, *words)
        assert (done.code, why in done.err) == (128, True), done.err
    assert "no runs here yet" in gage_inside(empty(tmp_path / "e"), "backup", "../e.tar").err
    assert gage_inside(repo, "restore", "--from", "x", runs[0]).code == 129
    assert gage_inside(repo, "backup", "origin", "--json").code == 129

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as context:
        context.setattr("git_gage.share.backup.os.fsync", full)
        done = gage_inside(repo, "backup", "../b.tar")
    assert "no space left" in done.err
    damage(repo)
    with monkeypatch.context() as context:
        context.setattr("git_gage.files.sidecar.Sidecar.is_sound", lambda *_: True)
        done = gage_inside(repo, "backup", "../b.tar")
    assert "is damaged here\nhint: try again: that goes without it\n" in done.err
    assert not [path.name for path in tmp_path.iterdir() if "tar" in path.name]
    write_files(tmp_path, {"b.tar": "mine"})
    assert "is there already" in gage_inside(repo, "backup", "../b.tar").err


def damage(repo: Path) -> None:
    """Let a disk damage a large file."""
    (sha256, _), *_ = objects(repo)
    place = repo / ".git/gage/lfs/objects" / sha256[:2] / sha256[2:4] / sha256
    place.chmod(0o644)
    place.write_bytes(b"y")


def test_a_large_file_that_is_damaged_keeps_nothing_else_out(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """It is named as the runs call it that have it."""
    repo, runs = pair
    stray = repo / ".git/gage/lfs/objects/ab/ab" / ("ab" * 32)
    write_files(stray.parent, {stray.name: "stray"})
    damage(repo)
    done = gage_inside(repo, "backup", "../b.tar")
    assert (done.code, done.out[:13]) == (1, "Saved 4 runs,")
    assert "0 large files: " in done.out
    told = re.fullmatch(
        r"warning: damaged here, and so not in the backup: (.*)\nhint: git gage files verify\n",
        done.err,
    )
    assert told is not None
    names = [*(f"{each[10:17]}:big.bin" for each in runs), "ab" * 6]
    assert sorted(told[1].split(", ")) == sorted(names)
    fresh = empty(tmp_path / "fresh")
    assert say(fresh, "restore", "--from", "../b.tar").startswith("Restored 4 runs, ")
    assert (everything(fresh), objects(fresh)) == (everything(repo), [])


def flip(path: Path, name: str) -> str:
    """Change one byte of a member of a backup, the first whose name begins so; its name."""
    with tarfile.open(path) as tar:
        entry = next(each for each in tar if each.name.startswith(name))
    data = bytearray(path.read_bytes())
    data[entry.offset_data] ^= 1
    path.write_bytes(data)
    return entry.name


def test_a_byte_that_flipped_in_a_backup_costs_one_file(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """All else comes back; what does not is named, and comes from a sound copy."""
    repo, runs = pair
    say(repo, "backup", "../sound.tar")
    shutil.copy(tmp_path / "sound.tar", tmp_path / "b.tar")
    (sha256, size), *_ = objects(repo)
    assert flip(tmp_path / "b.tar", "files/").endswith(sha256)
    flip(tmp_path / "b.tar", "outputs/")
    names = [*(f"{each[10:17]}:big.bin" for each in runs), f"whole output of {runs[1][10:17]}"]
    done = gage_inside(repo, "backup", "--verify", "../b.tar")
    assert (done.code, done.out[:16]) == (1, "Verified 4 runs,")
    assert ", 0 large files: " in done.out
    told, hint = done.err.splitlines()
    said = f"warning: damaged in '{tmp_path / 'b.tar'}': "
    assert (told[: len(said)], sorted(told[len(said) :].split(", "))) == (said, sorted(names))
    assert hint == "hint: all else comes back from it; make another: git gage backup <file>"
    done = gage_inside(repo, "backup", "--verify", "--json", "../b.tar")
    read = json.loads(done.out)
    assert (done.code, read["large"], sorted(read["damaged"])) == (1, 0, sorted(names))
    fresh = empty(tmp_path / "fresh")
    done = gage_inside(fresh, "restore", "--from", "../b.tar")
    assert (done.code, done.out[:16]) == (1, "Restored 4 runs,")
    assert ", 0 large files" in done.out
    told, hint = done.err.splitlines()
    assert sorted(told[len(said) :].split(", ")) == sorted(names)
    assert hint == "hint: all else is here; from another copy: git gage restore --from <file>"
    assert (everything(fresh), objects(fresh)) == (everything(repo), [])
    assert ", 1 large file" in say(fresh, "restore", "--from", "../sound.tar")
    assert objects(fresh) == [(sha256, size)]
    assert (fresh / ".git/gage/outputs" / runs[1]).read_text() == "all of it"
    # Where all of it is here, nothing is missed.
    assert gage_inside(fresh, "restore", "--from", "../b.tar").code == 0


def test_a_byte_that_flips_as_it_is_written_makes_no_backup(
    pair: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, _ = pair
    write = backup._write

    def flipping(*given: Any) -> None:
        write(*given)
        given[2].flush()
        flip(Path(given[2].name), "files/")

    monkeypatch.setattr(backup, "_write", flipping)
    done = gage_inside(repo, "backup", "../b.tar")
    assert (done.code, "' is not what was written\n" in done.err) == (128, True), done.err
    assert not list(tmp_path.glob("*b.tar*"))


def test_what_was_taken_and_what_is_private_is_saved_too(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    repo, runs = pair
    hidden = run(repo, "--private", "train.py")
    say(repo, "push")
    kim = clone(tmp_path / "hub.git", tmp_path / "kim", name="Kim")
    say(kim, "fetch", "origin", runs[0])
    secret = run(kim, "--private", "train.py")
    say(kim, "backup", "../kim.tar")
    fresh = empty(tmp_path / "fresh")
    say(fresh, "restore", "--from", "../kim.tar")
    assert everything(fresh) == everything(kim)
    assert set(listed(fresh)) == {secret, runs[0]}
    git(fresh, "remote", "add", "origin", str(tmp_path / "hub.git"))
    say(fresh, "push")

    say(repo, "restore", "--from", "../kim.tar")
    assert {secret, hidden} <= set(listed(repo))
    say(repo, "push")
    place = tmp_path / "place"
    say(tmp_path, "--runs", str(place), "copy", "--all", "--from", "./hub.git", "-y")
    say(tmp_path, "--runs", str(place), "restore", "--from", "kim.tar")
    assert secret in say(tmp_path, "--runs", str(place), "list", "--json")
    for where in (tmp_path / "hub.git", place):
        reader = empty(tmp_path / f"reader-of-{where.name}")
        git(reader, "remote", "add", "origin", str(where))
        say(reader, "fetch")
        assert set(listed(reader)) == set(runs[:2])


@pytest.mark.full
def test_what_a_backup_brought_is_let_go_of(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    repo, runs = pair
    say(repo, "push")
    say(repo, "backup", "../b.tar")
    kim = clone(tmp_path / "hub.git", tmp_path / "kim", name="Kim")
    mine = run(kim)
    say(kim, "restore", "--from", "../b.tar")
    assert set(listed(kim)) == {mine, *runs[:2]}
    say(repo, "purge", runs[1], "--force", "--remote", "origin")
    assert gage_inside(kim, "fetch").code == 0
    assert set(listed(kim)) == {mine, runs[0]}
    git(kim, "gc", "-q", "--prune=now")
    assert f'"run":"{runs[1]}","seq":1'.encode() not in objects_of(kim)


def test_a_run_that_became_private_stays_so(pair: tuple[Path, list[str]], tmp_path: Path) -> None:
    repo, _ = pair
    mine = run(repo)
    say(repo, "backup", "../b.tar")
    say(repo, "private", mine)
    say(repo, "restore", "--from", "../b.tar")
    say(repo, "push")
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch")
    assert mine not in listed(reader)


def test_a_run_that_was_shared_is_not_private_again(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """Who had it before from a backup gives it back, and who got it since has an old backup."""
    repo, runs = pair
    bob, kim = tmp_path / "bob", clone(tmp_path / "hub.git", tmp_path / "kim", name="Kim")
    run(kim)
    say(repo, "backup", "../b.tar")
    say(kim, "restore", "--from", "../b.tar")
    say(kim, "backup", "../kim.tar")
    say(repo, "private", "-d", runs[3])
    say(repo, "restore", "--from", "../kim.tar")
    say(repo, "push")
    say(bob, "fetch")
    say(bob, "restore", "--from", "../b.tar")
    for who in (repo, bob):
        assert gage_inside(who, "private").out == ""
        say(who, "comment", runs[3], "-m", who.name)
        say(who, "push")
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch")
    comments = say(reader, "show", "--json", runs[3])
    assert all(f'"{who.name}"' in comments for who in (repo, bob))


@pytest.mark.full
def test_a_private_run_of_a_backup_may_be_let_go_of(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """What is said of it meanwhile stays here until then, and goes to all after that."""
    repo, runs = pair
    say(repo, "backup", "../b.tar")
    kim = clone(tmp_path / "hub.git", tmp_path / "kim", name="Kim")
    mine = run(kim)
    say(kim, "restore", "--from", "../b.tar")
    say(kim, "comment", runs[3], "-m", "from kim")
    say(repo, "private", "-d", runs[3])
    say(repo, "push")
    say(kim, "push")
    assert b"from kim" not in objects_of(tmp_path / "hub.git")
    refused = gage_inside(kim, "push", "origin", runs[3])
    assert f"hint: git gage private -d {runs[3][10:17]}" in refused.err
    assert say(kim, "private", "-d", runs[3]) == "1 run is no longer private\n"
    say(kim, "push")
    say(repo, "fetch")
    assert "from kim" in say(repo, "show", "--json", runs[3])
    store = Store(open_repository(kim, dict(os.environ)))
    lines = read_tip_lines(store, records_only(own_refs(store)).values())
    begun = [parse_record(line).run for line in lines if b'"kind":"run.begin"' in line]
    assert begun == [mine]


@pytest.mark.full
def test_a_run_that_was_shared_and_purged_is_not_private_again(
    pair: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """Who has the word of its end may tell it to everybody."""
    repo, runs = pair
    say(repo, "backup", "../b.tar")
    say(repo, "private", "-d", runs[3])
    say(repo, "push")
    say(repo, "copy", runs[3], "--to", "../place", "-y")
    say(repo, "purge", runs[3], "--force", "--remote", "origin")
    say(repo, "restore", "--from", "../b.tar")
    assert runs[3][10:17] not in gage_inside(repo, "private").out
    say(repo, "copy", "--all", "--to", "../place", "-y")
    words = ("list", "--json", "-w", "archived or not archived")
    assert runs[3] not in say(repo, "--runs", "../place", *words)


def weighed_anew(found: Any) -> Any:
    """The same without what is thought of who says it: what is one's own nobody weighs."""
    text = json.dumps(found)
    return json.loads(re.sub(r'"state": (null|"N")', '"state": null', text))


@pytest.mark.parametrize("where", ["folder", "lab", "hub"])
def test_a_remote_has_all_of_it(pair: tuple[Path, list[str]], tmp_path: Path, where: str) -> None:
    repo, runs = pair
    place = tmp_path / f"{where}.git"
    name = f"../{where}.git"
    if where != "hub":
        git(tmp_path, "init", "-q", "--bare", place.name)
    if where == "lab":
        git(repo, "config", "gage.repo.lab.url", str(place))
        name = "lab"
    private = Store(open_repository(repo, dict(os.environ))).private
    assert len(private) == 1
    saved = gage_inside(repo, "backup", name)
    assert saved.code == 0
    assert "1 private run stayed here: git gage backup <file> has all" in saved.err
    assert saved.out.endswith(f"Saved 3 runs on {name}\n")
    fresh = empty(tmp_path / "fresh")
    restored = say(fresh, "restore", "--from", str(place))
    assert restored.endswith(f"Restored 3 runs from {place}\n")
    shared = [each for each in everything(repo) if each["id"] not in private]
    assert weighed_anew(everything(fresh)) == weighed_anew(shared)
    assert objects(fresh) == objects(repo)
    assert say(fresh, "output", runs[0]) == say(repo, "output", runs[0])
    assert say(fresh, "restore", "--from", str(place)).endswith(f"0 runs from {place}\n")
    assert gage_inside(repo, "backup", name).out.endswith(f"Saved 3 runs on {name}\n")


def test_a_remote_that_refuses_a_backup_is_asked_for_one_again(repo: Path, tmp_path: Path) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    git(tmp_path, "init", "-q", "--bare", "a hub.git")
    hook = tmp_path / "a hub.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    refused = gage_inside(repo, "backup", "../a hub.git")
    assert refused.code == 128
    assert refused.err.endswith(": git gage backup '../a hub.git'\n")


def test_a_remote_that_did_not_take_all_is_told(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    with monkeypatch.context() as context:
        context.setattr("git_gage.cli.copy.move", lambda *_, **__: 0)
        done = gage_inside(repo, "backup", "../hub.git")
    assert (done.code, "it lacks something of 1 run" in done.err) == (128, True)
    done = gage_inside(repo, "backup", "../hub.git")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("Saved 1 run on ../hub.git\n")
