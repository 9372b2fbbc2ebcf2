"""Secrets that got into records are taken out again, and nothing else is."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pexpect
import pytest
from PIL import Image

from git_gage.catalog import Catalog
from git_gage.errors import RequestError
from git_gage.git import open_repository
from git_gage.git.imports import Commit, import_commits
from git_gage.runs.thumbs import find_gallery
from git_gage.share.redact import plan_redaction
from git_gage.store import Store
from git_gage.store.lane import Lane
from tests.git.dying import Dying
from tests.git.test_secrets import everything, objects_of
from tests.support import TRAIN, clone, commit, git, make_repo, scale, ways, write_files
from tests.support import gage_inside as gage
from tests.unit.secrets.tokens import make_tokens

GITHUB = make_tokens(11)["github classic"]
PRINTS = "import os\nprint('loss: 0.5')\nprint(os.environ.get('WORD', 'nothing'))\n"


def add_newer_line(repo: Path, snapshot: str) -> None:
    """A record as a newer git-gage may write it, about a source of ours."""
    refs = git(repo, "for-each-ref", "--format=%(refname)", "refs/gage/w").split()
    (log,) = [ref for ref in refs if ref.endswith("/log")]
    tip = git(repo, "rev-parse", log).strip()
    line = f'{{"snapshot":"{snapshot}","v":9}}\n'.encode()
    store = Store(open_repository(repo, dict(os.environ)))
    files = (("hot/00000099-1", line),)
    import_commits(store.repo, [Commit(log, "x", parent=tip, files=files)])


@pytest.fixture
def remote(tmp_path: Path, repo: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "origin", "main")
    return tmp_path / "remote.git"


def documents(repo: Path) -> dict[str, dict[str, Any]]:
    found = json.loads(gage(repo, "list", "--all", "--json").out)
    return {each["id"]: each for each in found}


def run(repo: Path, *words: str, **env: str) -> str:
    assert gage(repo, "run", *words, env=env).code == 0
    return str(json.loads(gage(repo, "show", "@", "--json").out)["id"])


def prune(repo: Path) -> None:
    git(repo, "gc", "-q", "--prune=now")
    assert not git(repo, "fsck", "--strict", "--no-dangling")


def assert_whole(repo: Path, runs: list[str], text: str = "nothing") -> None:
    """Whatever became of others, these runs are here with all that belongs to them."""
    known = documents(repo)
    for each in runs:
        assert known[each]["redacted"] == []
        assert gage(repo, "output", each).out == f"loss: 0.5\n{text}\n"
        git(repo, "cat-file", "-e", f"{known[each]['source']['snapshot']}^{{tree}}")


def test_what_a_run_printed_is_taken_out(repo: Path) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    one = run(repo, "train.py")
    two = run(repo, "train.py", WORD="hush-hush")
    three = run(repo, "train.py")
    assert b"hush-hush" in objects_of(repo)
    refused = gage(repo, "redact", two)
    assert (refused.code, "no secret was found" in refused.err) == (128, True)
    silent = run(repo, "--", "true")
    nothing = gage(repo, "redact", silent, "--files", "-y")
    assert (nothing.code, "there is nothing to take out" in nothing.err) == (128, True)
    refused = gage(repo, "redact", two, "--output")
    assert (refused.code, "nobody can be asked" in refused.err) == (1, True)
    done = gage(repo, "redact", two, "--output", "-y")
    assert done.code == 0, done.err
    assert "took out" in done.out
    assert "output" in done.out
    assert "hint: replace the key" in done.err
    prune(repo)
    assert b"hush-hush" not in everything(repo)
    assert_whole(repo, [one, three])
    known = documents(repo)[two]
    assert known["redacted"] == ["output"]
    assert known["metrics"] == {"loss": 0.5}
    shown = gage(repo, "output", two)
    assert shown.code == 128
    assert "output: taken out by who recorded the run" in shown.err
    assert f"hint: git gage show {two[10:17]} --history" in shown.err
    page = gage(repo, "show", two).out
    assert re.search(r"^output +2 lines, 20 bytes, taken out$", page, re.MULTILINE)
    assert re.search(r"^taken out +output, by who recorded it$", page, re.MULTILINE)


def test_the_source_of_a_run_is_taken_out(repo: Path) -> None:
    one = run(repo, "train.py")
    write_files(repo, {"train.py": f"{TRAIN}# {GITHUB}\n"})
    two = run(repo, "--allow-secrets", "train.py")
    three = run(repo, "--allow-secrets", "train.py")
    add_newer_line(repo, documents(repo)[two]["source"]["snapshot"])
    refused = gage(repo, "redact", "-y", two)
    assert (refused.code, "1 more runs here have the same source" in refused.err) == (128, True)
    done = gage(repo, "redact", "-y", "--json", two, three)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [each["parts"] for each in found["runs"]] == [["source"], ["source"]]
    assert found["runs"][0]["kinds"] == ["GitHub token"]
    git(repo, "checkout", "-q", "train.py")
    prune(repo)
    assert GITHUB.encode() not in everything(repo)
    known = documents(repo)
    assert known[one]["redacted"] == []
    assert known[two]["redacted"] == known[three]["redacted"] == ["source"]
    assert gage(repo, "restart", two).code == 128
    assert gage(repo, "restart", one).code == 0


def test_what_was_said_of_a_run_is_taken_out(repo: Path) -> None:
    one = run(repo, "train.py")
    assert gage(repo, "label", one, "--set", "fine").code == 0
    assert gage(repo, "label", one, "--set", GITHUB, "--allow-secrets").code == 0
    done = gage(repo, "redact", "-y", one)
    assert done.code == 0, done.err
    prune(repo)
    assert GITHUB.encode() not in everything(repo)
    known = documents(repo)[one]
    assert (known["label"], known["redacted"]) == ("fine", ["records"])
    assert gage(repo, "label", one, "--set", "more").code == 0
    assert documents(repo)[one]["label"] == "more"


def test_a_run_that_was_begun_with_a_secret_goes_as_a_whole(repo: Path) -> None:
    one = run(repo, "train.py")
    two = run(
        repo, "--allow-secrets", "-l", "x", "--", "sh", "-c", f"echo {GITHUB} | wc -c > n.txt"
    )
    done = gage(repo, "redact", "-y", two)
    assert "took out the run as a whole (GitHub token)" in done.out
    prune(repo)
    assert GITHUB.encode() not in everything(repo)
    assert list(documents(repo)) == [one]
    assert (repo / ".git" / "gage" / "runs" / two / "n.txt").exists()
    again = gage(repo, "redact", "-y", two)
    assert again.code == 128
    assert gage(repo, "restart", one).code == 0


def test_remotes_give_it_up_at_the_next_push(repo: Path, remote: Path, tmp_path: Path) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    git(repo, "push", "-q", "origin", "main")
    one = run(repo, "train.py")
    two = run(repo, "train.py", WORD="hush-hush")
    assert gage(repo, "push").code == 0
    other = clone(remote, tmp_path / "other")
    assert gage(other, "fetch").code == 0
    done = gage(repo, "redact", "-y", "--output", two)
    assert "git gage push origin" in done.err
    assert gage(repo, "fetch").code == 0
    prune(repo)
    assert b"hush-hush" not in everything(repo)
    assert gage(repo, "push").code == 0
    prune(remote)
    assert b"hush-hush" not in objects_of(remote)
    assert gage(repo, "push").code == 0
    assert_whole(repo, [one])
    # Not a word of what the remote no longer has: that was meant to go.
    done = gage(other, "fetch")
    assert (done.code, done.err) == (0, "")
    assert documents(other)[two]["redacted"] == ["output"]
    assert_whole(other, [one])
    refused = gage(other, "redact", "-y", "--output", one)
    assert (refused.code, "another clone" in refused.err) == (128, True)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "third.git")
    assert gage(other, "push", str(tmp_path / "third.git"), one, two).code == 0
    assert b"hush-hush" not in objects_of(tmp_path / "third.git")
    done = gage(other, "redact", "-y", two)
    assert (done.code, "still on" in done.out) == (0, False), done.err
    assert gage(other, "fetch").code == 0
    prune(other)
    assert b"hush-hush" not in everything(other)
    assert_whole(other, [one])
    fresh = clone(remote, tmp_path / "fresh")
    assert gage(fresh, "fetch").code == 0
    assert b"hush-hush" not in objects_of(fresh)
    assert documents(fresh)[two]["redacted"] == ["output"]
    assert_whole(fresh, [one])


def test_a_file_that_was_taken_out_is_to_be_had_nowhere(
    repo: Path, remote: Path, tmp_path: Path
) -> None:
    one = run(repo, "--", "sh", "-c", "echo short > made.txt")
    other = clone(remote, tmp_path / "other")
    for words in (["redact", "-y", "--files", one], ["push"]):
        assert gage(repo, *words).code == 0
    assert gage(other, "fetch").code == 0
    refused = gage(other, "cat", f"{one}:made.txt")
    assert gage(other, "cat", "--fetch", f"{one}:made.txt") == refused
    told = "is not here: who recorded the run has taken out files of it"
    assert (refused.code, told in refused.err) == (128, True)
    assert "taken out  files, by who recorded it" in gage(other, "show", one).out


def test_a_kill_at_any_point_loses_nothing(
    repo: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    kept = [run(repo, "train.py")]
    gone = run(repo, "train.py", WORD="hush-hush")
    kept.append(run(repo, "train.py"))
    assert gage(repo, "push").code == 0
    dying = Dying(monkeypatch)
    tries = 0
    while True:
        tries += 1
        dying.left = scale(5, 1) * tries
        if gage(repo, "redact", "-y", "--output", gone).code == 0:
            break
        dying.left = -1
        if tries % 4 == 0:
            assert_whole(repo, kept)
    dying.left = -1
    assert tries > 2
    prune(repo)
    assert b"hush-hush" not in everything(repo)
    assert_whole(repo, kept)
    assert gage(repo, "push").code == 0
    assert set(documents(repo)) == {gone, *kept}


def test_what_goes_on_is_left_alone(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(repo, "train.py")
    store = Store(open_repository(repo, dict(os.environ)))
    store.state_dir(one).mkdir(parents=True)
    refused = gage(repo, "redact", "-y", "--run", one)
    assert (refused.code, "was not closed yet" in refused.err) == (128, True)
    store.state_dir(one).rmdir()
    monkeypatch.setattr("git_gage.share.take_out.find_busy_journals", lambda *_: ["1-2-3.jsonl"])
    refused = gage(repo, "redact", "-y", "--run", one)
    assert (refused.code, "another git-gage is at work" in refused.err) == (128, True)
    assert list(documents(repo)) == [one]


UNCOVERED = """\
import sys
from git_gage.runs import close
close.cover_outputs = lambda logs, known: 0
from git_gage.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


def test_what_an_older_version_let_through_is_found(repo: Path) -> None:
    logs = 'open(os.environ["GAGE_ATTRS_FILE"], "w").write("{\\"a\\": \\"" + os.environ["WORD"])\n'
    write_files(repo, {"train.py": PRINTS + logs})
    commit(repo)
    env = {**os.environ, "WORD": GITHUB}
    words = [sys.executable, "-c", UNCOVERED, "run", "-q", "train.py"]
    assert subprocess.run(words, cwd=repo, env=env, check=False, stdout=-3).returncode == 0
    assert GITHUB.encode() in objects_of(repo)
    done = gage(repo, "redact", "-y", "@")
    assert "took out output and output.idx (GitHub token)" in done.out
    prune(repo)
    assert GITHUB.encode() not in everything(repo)


def test_files_that_hold_it_are_named_and_stay(repo: Path) -> None:
    command = f"echo {GITHUB} > made.txt; ln -s made.txt link; : {'x' * 40_000}"
    one = run(repo, "--allow-secrets", "--", "sh", "-c", command)
    done = gage(repo, "redact", "-y", one)
    made = repo / ".git" / "gage" / "runs" / one / "made.txt"
    assert f"still in a file that the run made: {made}" in done.out
    made.unlink()
    prune(repo)
    assert GITHUB.encode() not in everything(repo)
    assert documents(repo) == {}


def previews_of(store: Store, run: str) -> set[bytes]:
    catalog = Catalog(store)
    catalog.refresh()
    return {each.path for each in find_gallery(store, catalog, run).previews}


def test_an_epoch_that_held_nothing_else_goes(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "unborn", files={"train.py": PRINTS}, commit=False)
    one = run(repo, "--allow-secrets", "--", "echo", GITHUB)
    store = Store(open_repository(repo, dict(os.environ)))
    lane = Lane(store.repo, f"refs/gage/w/{store.lane}")
    odd = git(repo, "hash-object", "-w", "train.py").strip()
    git(repo, "update-ref", f"{lane.prefix}/odd", odd)
    git(repo, "update-ref", "refs/gage-remotes/odd", odd)
    with store.writing():
        lane.close(lane.open_epoch("202001", {})[0])
    two = run(repo, "train.py")
    assert gage(repo, "redact", "-y", one).code == 0
    prune(repo)
    assert GITHUB.encode() not in everything(repo)
    assert_whole(repo, [two])
    assert gage(repo, "restart", two).code == 0


def test_previews_and_sealed_epochs_stay(repo: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(buffer, "PNG")
    write_files(repo, {"a.bin": buffer.getvalue(), ".gitignore": "*.png\n"})
    commit(repo)
    one = run(repo, "--", "cp", "a.bin", "a.png")
    two = run(repo, "--allow-secrets", "--", "sh", "-c", f"cp a.bin b.png; : {GITHUB}")
    store = Store(open_repository(repo, dict(os.environ)))
    lane = Lane(store.repo, f"refs/gage/w/{store.lane}")
    with store.writing():
        epoch, _ = lane.open_epoch("202001", {})
        lane.close(epoch)
    assert previews_of(store, one) == {b"a.png"}
    assert gage(repo, "redact", "-y", two).code == 0
    prune(repo)
    assert GITHUB.encode() not in everything(repo)
    assert previews_of(store, one) == {b"a.png"}
    refs = git(repo, "for-each-ref", "--format=%(refname)", "refs/gage/w").split()
    (thumbs,) = [ref for ref in refs if ref.endswith("/thumbs")]
    assert two not in git(repo, "ls-tree", "-r", "--name-only", thumbs)
    assert sum(ref.endswith("/sealed") for ref in refs) == 1
    assert list(documents(repo)) == [one]


@pytest.mark.full
def test_previews_go_with_their_images(repo: Path, remote: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(buffer, "PNG")
    write_files(repo, {"a.bin": buffer.getvalue(), ".gitignore": "*.png\n"})
    commit(repo)
    one, two = (run(repo, "--", "cp", "a.bin", name) for name in ("a.png", "b.png"))
    assert gage(repo, "push", "--files").code == 0
    other = clone(remote, tmp_path / "other")
    assert gage(other, "fetch", "--files").code == 0
    assert gage(repo, "redact", "-y", "--files", one).code == 0
    assert gage(repo, "thumbs", one).code == 0
    assert gage(repo, "push", "--files").code == 0
    assert gage(other, "fetch").code == 0
    assert gage(other, "copy", "-y", "--to", "../place", "--files=thumbs", one, two).code == 0
    for place in (remote, tmp_path / "place"):
        fresh = clone(place, tmp_path / f"of-{place.name}")
        assert gage(fresh, "fetch", "--files=thumbs").code == 0
        store = Store(open_repository(fresh, dict(os.environ)))
        assert [previews_of(store, each) for each in (one, two)] == [set(), {b"b.png"}]


def shown_previews(where: Path, *runs: str) -> list[set[bytes]]:
    store = Store(open_repository(where, dict(os.environ)))
    return [previews_of(store, each) for each in runs]


def kept_previews(where: Path, run: str, *spaces: str) -> list[str]:
    """Where previews of a run are."""
    refs = git(where, "for-each-ref", "--format=%(refname)", *spaces).split()
    listed = {ref: git(where, "ls-tree", "-r", "--name-only", ref) for ref in refs}
    return [ref for ref, names in listed.items() if f"/{run}/" in names]


@pytest.mark.parametrize("chosen", ways(False, True))
def test_previews_that_others_made_go_with_the_image(
    repo: Path, remote: Path, tmp_path: Path, chosen: bool
) -> None:
    """Sam made them, of a picture of Ana's, and has sent them to all."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(buffer, "PNG")
    write_files(repo, {"a.bin": buffer.getvalue(), ".gitignore": "*.png\n"})
    commit(repo)
    git(repo, "push", "-q", "origin", "main")
    one, two = (run(repo, "--", "cp", "a.bin", name) for name in ("a.png", "b.png"))

    def done(where: Path, *words: str) -> str:
        result = gage(where, *words)
        assert result.code == 0, result.err
        return result.out + result.err

    done(repo, "push")
    sam, bob = (clone(remote, tmp_path / name) for name in ("sam", "bob"))
    done(sam, "fetch")
    for each, name in ((one, "a.png"), (two, "b.png")):
        done(sam, "open", f"{each}:{name}")
    done(sam, "thumbs", one, two)
    words = ("push", "origin", *((one, two) if chosen else ()), "--files=thumbs")
    assert "2 previews" in done(sam, *words)
    for where in (bob, repo):
        done(where, "fetch", "--files=thumbs")
        assert shown_previews(where, one, two) == [{b"a.png"}, {b"b.png"}]

    done(repo, "redact", "-y", "--files", one)
    assert shown_previews(repo, one, two) == [set(), {b"b.png"}]
    done(repo, "push")
    # Sam does not know yet.
    for where in (bob, repo):
        done(where, "fetch", "--files=thumbs")
        assert shown_previews(where, one, two) == [set(), {b"b.png"}]

    told = "previews of images that were taken out of their runs go from here, too"
    assert told in done(sam, "fetch")
    assert kept_previews(sam, one) == []
    assert shown_previews(sam, one, two) == [set(), {b"b.png"}]
    assert told not in done(sam, "fetch")
    assert "pushed 1 preview to origin" in done(sam, *words)
    done(sam, "push", "--files=thumbs")
    assert "origin is up to date" in done(sam, "push", "--files=thumbs")
    assert kept_previews(remote, one) == []
    assert kept_previews(remote, two) != []
    fresh = clone(remote, tmp_path / "fresh")
    for where in (bob, repo, fresh):
        done(where, "fetch", "--files=thumbs")
        assert shown_previews(where, one, two) == [set(), {b"b.png"}]
    assert kept_previews(fresh, one) == []


def test_somebody_who_is_asked_can_say_no(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(repo, "train.py")
    child = pexpect.spawn(
        "git", ["gage", "redact", "--output", one], cwd=repo, encoding="utf-8", timeout=20
    )
    child.expect("output and output.idx.* will be gone")
    child.expect("Take it out")
    child.sendline("n")
    child.expect("nothing was changed")
    child.wait()
    assert child.exitstatus == 1
    assert gage(repo, "output", one).code == 0
    whole = repo / ".git" / "gage" / "outputs" / one
    write_files(whole.parent, {one: "hush-hush", f"{one}.idx": "0 o 9\n"})
    child = pexpect.spawn("git", ["gage", "redact", "--output", one], cwd=repo, timeout=20)
    child.expect("Take it out")
    child.sendline("y")
    child.expect("took out")
    child.wait()
    assert child.exitstatus == 0
    assert not list(whole.parent.iterdir())


def test_a_remote_that_deletes_nothing_is_told_of(repo: Path, remote: Path) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    one = run(repo, "train.py", WORD="hush-hush")
    assert gage(repo, "push").code == 0
    hook = remote / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $3 in *[!0]*) exit 0 ;; esac\nexit 1\n")
    hook.chmod(0o755)
    assert gage(repo, "redact", "-y", "--output", one).code == 0
    done = gage(repo, "push")
    assert done.code == 0
    assert "did not delete" in done.err
    refs = list(json.loads((repo / ".git/gage/redacted.json").read_text())["deletes"]["origin"])
    git(remote, "update-ref", "-d", refs[0])
    done = gage(repo, "push")
    assert f"did not delete {len(refs) - 1} refs" in done.err
    for ref in refs[1:]:
        git(remote, "update-ref", "-d", ref)
    done = gage(repo, "push")
    assert (done.code, "did not delete" in done.err) == (0, False)
    prune(remote)
    assert b"hush-hush" not in objects_of(remote)


def test_what_is_a_commit_of_the_user_stays(repo: Path) -> None:
    one = run(repo, "train.py")
    refused = gage(repo, "redact", "-y", "--source", one)
    assert (refused.code, "is a commit of yours, which stays" in refused.err) == (128, True)
    write_files(repo, {"train.py": f"{TRAIN}# hush-hush\n"})
    two = run(repo, "train.py")
    assert gage(repo, "redact", "-y", "--source", two).code == 0
    git(repo, "checkout", "-q", "train.py")
    prune(repo)
    assert b"hush-hush" not in everything(repo)
    assert gage(repo, "restart", one).code == 0


def test_a_run_that_is_half_gone_is_gone(repo: Path) -> None:
    one = run(repo, "train.py")
    store = Store(open_repository(repo, dict(os.environ)))
    catalog = Catalog(store)
    catalog.refresh()
    with (
        patch.object(catalog, "records", lambda _: []),
        pytest.raises(RequestError, match="was taken out already"),
    ):
        plan_redaction(store, catalog, one, ())


@pytest.mark.full
def test_what_was_given_run_by_run_is_taken_back_and_the_rest_given_again(
    repo: Path, remote: Path, tmp_path: Path
) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    git(repo, "push", "-q", "origin", "main")
    one = run(repo, "train.py", WORD="hush-hush")
    two = run(repo, "train.py")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "second.git")
    git(repo, "remote", "add", "second", str(tmp_path / "second.git"))
    assert gage(repo, "push", "origin", one).code == 0
    assert gage(repo, "push", "second", one, two).code == 0
    done = gage(repo, "redact", "-y", "--run", one)
    assert done.code == 0, done.err
    assert "still on a remote" not in done.out
    assert gage(repo, "fetch", "second").code == 0
    assert gage(repo, "fetch", "origin").code == 0
    prune(repo)
    assert b"hush-hush" not in everything(repo)
    assert list(documents(repo)) == [two]
    assert gage(repo, "push", "origin").code == 0
    prune(remote)
    assert b"hush-hush" not in objects_of(remote)
    assert gage(repo, "push", "second").code == 0
    prune(tmp_path / "second.git")
    assert b"hush-hush" not in objects_of(tmp_path / "second.git")
    fresh = clone(tmp_path / "second.git", tmp_path / "fresh")
    assert gage(fresh, "fetch").code == 0
    assert_whole(fresh, [two])


def test_what_others_wrote_of_it_is_told(repo: Path, remote: Path, tmp_path: Path) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    one = run(repo, "train.py", WORD="hush-hush")
    assert gage(repo, "push").code == 0
    other = clone(remote, tmp_path / "other")
    assert gage(other, "fetch").code == 0
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "second.git")
    mine = run(other, "train.py")
    assert gage(other, "push", str(tmp_path / "second.git"), one, mine).code == 0
    git(repo, "remote", "add", "second", str(tmp_path / "second.git"))
    assert gage(repo, "fetch", "second").code == 0
    done = gage(repo, "redact", "-y", "--output", one)
    assert "still on a remote: second: lane " in done.out
    assert set(documents(repo)) == {one, mine}


def test_files_of_the_record_that_are_not_here_are_not_looked_at(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run(repo, "--allow-secrets", "-l", f"for {GITHUB}", "train.py")
    monkeypatch.setattr("git_gage.share.redact.open_file", lambda *_: None)
    store = Store(open_repository(repo, dict(os.environ)))
    catalog = Catalog(store)
    catalog.refresh()
    plan = plan_redaction(store, catalog, one, ())
    assert (plan.files, plan.kinds) == (frozenset(), ("GitHub token",))
