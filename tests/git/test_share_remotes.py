"""Remotes of every kind: by path, file, http and ssh; that refuse, that are away."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from git_gage.errors import RemoteError, RequestError
from tests.git.over_http import serve
from tests.support import gage_inside, git, ways
from tests.unit.share.world import World, make_world, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def http(tmp_path: Path) -> Iterator[str]:
    with serve(tmp_path) as address:
        yield address


def use_url(world: World, url: str) -> None:
    for person in (world.ana, world.sam):
        person.git("remote", "set-url", "origin", url)


def share_both_ways(world: World) -> None:
    """A run each, a label on the other's, and a month that ends in between."""
    ana, sam = world.ana, world.sam
    october = 1_792_000_000.0
    ana.now = sam.now = october
    run = ana.run(output="x" * 100_000)
    assert ana.push().runs == 1
    assert sam.fetch().runs_new == 1
    assert sam.output(run) == b"x" * 100_000
    sam.label(run, "good")
    ana.now = sam.now = october + 40 * 86400
    sam.run()
    assert sam.push().runs == 1
    ana.run()
    assert ana.push().runs == 1
    assert ana.fetch().runs_new == 1
    sam.fetch()
    assert ana.lines() == sam.lines()
    assert not any(ref.endswith("202610-01/log") for ref in refs_of(world.origin))
    assert ana.push().up_to_date
    assert sam.push(None, run).up_to_date


def test_by_path(world: World) -> None:
    share_both_ways(world)


def test_by_file_url(world: World) -> None:
    use_url(world, f"file://{world.origin}")
    share_both_ways(world)


def test_over_http(world: World, http: str) -> None:
    git(world.origin, "config", "http.receivepack", "true")
    use_url(world, f"{http}/origin.git")
    share_both_ways(world)


def test_over_ssh(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ssh"
    script.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    use_url(world, f"ssh://ana@example.com{world.origin}")
    share_both_ways(world)


def assert_refused(world: World, *words: str, remote: str | None = None) -> RemoteError:
    """A push fails with these words; nothing is changed on either side."""
    world.ana.run()
    here, there = refs_of(world.ana.path), refs_of(world.origin)
    lines = world.ana.lines()
    with pytest.raises(RemoteError) as caught:
        world.ana.push(remote)
    assert (refs_of(world.ana.path), refs_of(world.origin)) == (here, there)
    assert world.ana.lines() == lines
    for word in words:
        assert word in caught.value.message, caught.value.message
    assert caught.value.hint
    assert caught.value.stderr or "hidden" in caught.value.message
    return caught.value


def hook(world: World, text: str) -> None:
    path = world.origin / "hooks" / "pre-receive"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_hook_that_says_no(world: World) -> None:
    hook(world, "printf 'no runs\\ton Fridays\\n' >&2\nexit 1")
    error = assert_refused(world)
    assert error.message == (
        "push to 'origin': pre-receive hook declined\nremote: no runs on Fridays"
    )
    assert error.hint == (
        "nothing was changed; once the remote takes 'refs/gage/*': git gage push origin"
    )
    world.origin.joinpath("hooks", "pre-receive").unlink()
    assert world.ana.push().runs == 1


@pytest.mark.parametrize(
    ("said", "obstacle"),
    [
        ("fatal: unable to write loose object file: No space left on device", "there is room"),
        (
            "error: remote unpack failed: unable to create temporary object directory",
            "you may write",
        ),
    ],
)
def test_a_remote_that_cannot_write(world: World, said: str, obstacle: str) -> None:
    hook(world, f"echo '{said}' >&2; exit 1")
    assert assert_refused(world).hint == (
        f"nothing was changed; once {obstacle} there: git gage push origin"
    )


def test_a_hook_that_has_something_to_say(world: World) -> None:
    hook(world, "echo 'thanks' >&2")
    world.ana.run()
    world.ana.push()
    assert "remote: thanks" in world.ana.heard.counters
    assert any("Writing objects: 100%" in text for text in world.ana.heard.counters)


def test_hidden_refs(world: World) -> None:
    git(world.origin, "config", "transfer.hideRefs", "refs/gage")
    assert_refused(world, "push to 'origin': deny updating a hidden ref")
    assert world.sam.fetch().runs_new == 0


def test_a_full_remote(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    git(world.origin, "config", "receive.maxInputSize", "10")
    assert_refused(world, "unpacker error", "remote: fatal: pack exceeds maximum allowed size")


def test_a_read_only_remote(world: World, http: str) -> None:
    use_url(world, f"{http}/origin.git")
    git(world.origin, "config", "http.receivepack", "false")
    assert_refused(world, "403")


def test_a_remote_without_atomic_push(world: World) -> None:
    git(world.origin, "config", "receive.advertiseAtomic", "false")
    share_both_ways(world)


def test_half_a_push_is_noted_as_such(world: World) -> None:
    """Without atomic pushes a remote can take one ref and refuse another."""
    git(world.origin, "config", "receive.advertiseAtomic", "false")
    update = world.origin / "hooks" / "update"
    update.write_text('#!/bin/sh\ncase "$1" in */log) echo "not you" >&2; exit 1;; esac\n')
    update.chmod(0o755)
    world.ana.run()
    with pytest.raises(RemoteError, match="push to 'origin': hook declined\nremote: not you"):
        world.ana.push()
    known = refs_of(world.ana.path, "refs/gage-remotes")
    assert {ref.rpartition("/")[2] for ref in known} == {"bulk", "src"}
    assert list(known.values()) == list(refs_of(world.origin, "refs/gage").values())
    update.unlink()
    assert world.ana.push().runs == 1


def test_a_remote_that_is_not_there(world: World) -> None:
    error = assert_refused(
        world, "'nowhere' does not appear to be a git repository", remote="nowhere"
    )
    assert error.hint == "try it: git ls-remote nowhere"
    with pytest.raises(RemoteError, match="does not appear to be a git repository"):
        world.ana.fetch("nowhere")
    world.ana.git("remote", "set-url", "origin", "http://ana:secret@127.0.0.1:1/x.git")
    for share in (world.ana.push, world.ana.fetch):
        with pytest.raises(RemoteError) as caught:
            share()
        assert "secret" not in str(caught.value.message) + str(caught.value.hint)
        assert caught.value.hint == "check its address: git remote get-url origin"


def test_a_place_that_git_has_no_helper_for_says_what_can_be_one(world: World) -> None:
    with pytest.raises(RemoteError, match="s4") as caught:
        world.ana.push("s4://bucket/runs")
    assert "s3://<bucket>/<path>" in str(caught.value.hint)


def test_nothing_to_send_is_still_asked_of_the_remote(world: World) -> None:
    with pytest.raises(RemoteError, match="reach 'nowhere'"):
        world.ana.push("nowhere")


def test_no_remote_to_choose(world: World) -> None:
    world.ana.git("remote", "rename", "origin", "upstream")
    world.ana.git("branch", "--unset-upstream")
    with pytest.raises(RequestError) as caught:
        world.ana.push()
    assert caught.value.hint == "choose one with 'git gage config set gage.remote upstream'"
    world.ana.git("remote", "remove", "upstream")
    with pytest.raises(RequestError) as caught:
        world.ana.fetch()
    assert caught.value.hint == "add one: git remote add origin <url>"
    with pytest.raises(RequestError, match="not a remote: '--upload-pack=x'"):
        world.ana.fetch("--upload-pack=x")
    told = re.escape("not a remote, as its path or URL has a line break: '../a\\nb'")
    with pytest.raises(RequestError, match=told):
        world.ana.fetch("../a\nb")


def test_hostile_objects_are_refused(world: World) -> None:
    world.ana.run()
    world.ana.push()
    blob = git(world.origin, "hash-object", "-w", "--stdin", input="x\n").strip()
    tree = git(world.origin, "mktree", "--missing", input=f"100644 blob {blob}\t.git\n").strip()
    bad = git(
        world.origin, "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", "-m", "x", tree
    ).strip()
    git(world.origin, "update-ref", "refs/gage/w/hostile/202611-01/log", bad)
    with pytest.raises(RemoteError, match="hasDotgit"):
        world.sam.fetch()
    assert refs_of(world.sam.path, "refs/gage-remotes") == {}


def test_a_locked_ref_is_gits_to_explain(world: World) -> None:
    world.ana.run()
    world.ana.push()
    (log,) = (ref for ref in refs_of(world.origin) if ref.endswith("/log"))
    tracking = log.replace("refs/gage", "refs/gage-remotes/origin")
    lock = world.sam.path / ".git" / f"{tracking}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(RemoteError, match="fetch from 'origin': cannot lock ref") as caught:
        world.sam.fetch()
    told = "another git is at work there, or was killed; in a minute: git gage fetch origin"
    assert caught.value.hint == told
    os.utime(lock, (1, 1))
    assert world.sam.fetch().runs_new == 1


@pytest.mark.parametrize(
    "left", ways("packed-refs.lock", "refs/gage/{}/log.lock", "packed-refs.new")
)
def test_what_a_killed_git_left_at_a_remote_is_named(world: World, left: str) -> None:
    """What is purged is rewritten there: a ref is written, and those of before are deleted."""
    assert gage_inside(world.ana.path, "run", "--", "true").code == 0
    world.ana.push()
    (log,) = (ref for ref in refs_of(world.origin) if ref.endswith("/log"))
    git(world.origin, "pack-refs", "--all")
    lock = world.origin / left.format(log.removeprefix("refs/gage/").removesuffix("/log"))
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert gage_inside(world.ana.path, "purge", "--force", "@").code == 0
    with pytest.raises(RemoteError, match="push to 'origin': ") as caught:
        world.ana.push()
    hint = caught.value.hint or ""
    assert hint.startswith("another git is at work there, or was killed; in a minute, or, if none")
    assert hint.endswith("' there: git gage push origin")
    for path in shlex.split(hint.partition("'rm -f ")[2].partition("' there")[0]):
        Path(path).unlink(missing_ok=True)
    world.ana.push()
    assert log not in refs_of(world.origin)


@pytest.mark.parametrize("verb", ["push", "fetch", "sync"])
def test_a_mistyped_name_is_named_where_there_is_no_remote(repo: Path, verb: str) -> None:
    told = "fatal: no remote to share with, and 'nosuch' is none\n"
    assert gage_inside(repo, verb, "nosuch") == (
        128,
        "",
        f"{told}hint: add one: git remote add origin <url>\n",
    )
    assert gage_inside(repo, verb).err.startswith("fatal: no remote to share with\n")


@pytest.mark.parametrize("verb", ["push", "fetch", "sync", "files push", "files drop", "publish"])
def test_a_mistyped_remote_is_guessed(world: World, verb: str) -> None:
    world.ana.run()
    world.ana.push()
    git(world.folder, "clone", "-q", "--mirror", str(world.origin), "lab.git")
    git(world.ana.path, "config", "gage.repo.lab.url", "../lab.git")
    words = [*verb.split(), *(["@"] if verb == "files push" else [])]
    refused = gage_inside(world.ana.path, *words, "orign")
    assert (refused.code, refused.out) == (128, "")
    assert refused.err.splitlines()[-1] == "hint: did you mean 'origin'?"
    if verb == "publish":
        return
    far = gage_inside(world.ana.path, *words, "nothing-like-it")
    assert "did you mean" not in far.err
    row = gage_inside(world.ana.path, *words, "7")
    assert "git gage list" in row.err.splitlines()[-1]

    both = gage_inside(world.ana.path, *verb.split(), "lab", "@", "origin")
    if verb in ("push", "fetch", "sync"):
        assert both.err == (
            "fatal: 'origin' is a remote and no run: give one remote at a time\n"
            f"hint: git gage {verb} origin @\n"
        )
        both = gage_inside(world.ana.path, verb, "origin", "lab", "-w", "lr > 1")
        assert both.err.endswith(f"hint: git gage {verb} lab -w 'lr > 1'\n")
    else:
        assert both.err.endswith(f"hint: git gage {verb} origin @\n")


@pytest.mark.parametrize("words", ["list", "watch", "watch @", "purge @"])
def test_what_is_no_remote_is_not_asked(repo: Path, words: str) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    git(repo, "remote", "add", "origin", "../hub")
    for word, hint in (
        ("orign", "did you mean 'origin'?"),
        ("elsewhere", "'git gage remote' lists them"),
    ):
        refused = gage_inside(repo, *words.split(), "--remote", word)
        assert refused == (128, "", f"fatal: no remote or place '{word}'\nhint: {hint}\n")
    # What is there may be a repository.
    git(repo, "init", "-q", "--bare", "elsewhere")
    assert "no remote" not in gage_inside(repo, *words.split(), "--remote", "elsewhere").err
