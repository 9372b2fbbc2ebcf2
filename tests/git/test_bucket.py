"""Runs go to places that have no git, and come back: S3, and whatever rclone reaches."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from git_gage.errors import RemoteError, RequestError
from git_gage.files.backends.fsspec import FsspecBackend
from git_gage.files.meter import Moving
from git_gage.share import bucket
from git_gage.share.peek import look_at
from git_gage.share.remote import find_remote
from git_gage.share.transfer import delete_refs, push_refs
from tests.servers import Server, serve
from tests.support import gage_inside, write_files
from tests.unit.share.world import Person, World, make_world, refs_of


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not (find_spec("s3fs") and find_spec("moto")):
        pytest.skip("no s3fs, or no moto")
    with serve("s3", tmp_path_factory.mktemp("s3")) as server:
        request = urllib.request.Request(f"{server.url}/lab", method="PUT")
        urllib.request.urlopen(request).close()
        yield server


class Lab(NamedTuple):
    """A place, what lies there, and two people who know it."""

    url: str
    folder: Path
    world: World

    @property
    def ana(self) -> Person:
        return self.world.ana

    @property
    def sam(self) -> Person:
        return self.world.sam

    def files(self, below: str = "") -> set[Path]:
        return {path for path in (self.folder / below).rglob("*") if path.is_file()}

    def heads(self) -> list[str]:
        return sorted(path.name for path in self.files("records/heads"))

    def seen(self, person: Person) -> set[str]:
        peek = look_at(person.store, person.catalog, self.url, person.heard)
        return set(peek.catalog.find(()))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A folder by fsspec, which is quick: for what is not of one service."""
    pytest.importorskip("fsspec")
    monkeypatch.setattr(bucket, "_CLOUDS", re.compile("(?:local|s3)://.*"))
    world = make_world(tmp_path / "world")
    return Lab(f"local://{tmp_path}/cloud", tmp_path / "cloud", world)


def answer(where: Path, *words: str) -> str:
    result = gage_inside(where, *words)
    assert (result.code, result.err) == (0, ""), result
    return result.out


def tell_story(world: World, url: str) -> None:
    ana, sam = world.ana.path, world.sam.path
    assert gage_inside(ana, "list", "--remote", url).err.startswith(f"no runs on {url} yet\n")
    run = world.ana.run()
    write_files(ana, {"big.py": "print(1, file=open('big.bin', 'w'), end=' ' * 200_000)\n"})
    answer(ana, "config", "set", "gage.repo.lab.url", url)
    assert gage_inside(ana, "run", "big.py", "-y").code == 0
    said = answer(ana, "push", "lab", "--files=all")
    assert said.startswith("pushed 2 runs to lab, with 1 commit of yours\npushed 1 file, ")
    assert answer(ana, "push", "lab") == "lab is up to date\n"
    assert run[10:17] in answer(sam, "list", "--remote", url)
    assert answer(sam, "fetch", url, run) == f"fetched 1 run from {url}\n"
    assert answer(sam, "copy", "--all", "--from", url, "-y") == "Copied 1 run\n"
    assert world.sam.output(run) == b"output of train.py\n"
    answer(sam, "list")
    assert answer(sam, "files", "pull", "1", url).startswith("got 1 file, ")
    answer(sam, "label", run, "--set", "good")
    assert answer(sam, "push", url) == f"pushed 1 update to {url}\n"
    assert answer(ana, "fetch", "lab") == "fetched 1 update from lab\n"
    assert {each["label"] for each in world.ana.documents()} == {"good", None}


def test_two_people_and_a_remote_of_rclone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("rclone"):
        pytest.skip("no rclone")
    monkeypatch.setenv("RCLONE_CONFIG_LAB_TYPE", "local")
    tell_story(make_world(tmp_path / "world"), f"rclone:lab:{tmp_path}/cloud")
    assert len(list((tmp_path / "cloud/records/heads").iterdir())) == 2


def test_two_people_and_s3(
    tmp_path: Path, s3_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    tell_story(make_world(tmp_path), f"s3://lab/{tmp_path.name}")


def test_two_push_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writes its own lanes: neither waits for the other, nor takes anything from it."""
    first, second = lab.ana.run(), lab.sam.run()
    put = FsspecBackend.put_note
    raced: list[int] = []

    def race(self: FsspecBackend, name: str, content: bytes) -> None:
        if not raced:
            raced.append(1)
            lab.sam.push(lab.url)
        put(self, name, content)

    monkeypatch.setattr(FsspecBackend, "put_note", race)
    lab.ana.push(lab.url)
    assert lab.seen(lab.ana) == lab.seen(lab.sam) == {first, second}


def test_a_push_that_was_cut_is_not_seen(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lab.ana.run()
    with monkeypatch.context() as patched:
        patched.setattr(FsspecBackend, "put_note", _fail)
        with pytest.raises(RemoteError, match="cut"):
            lab.ana.push(lab.url)
    assert lab.files("records/objects")
    assert lab.seen(lab.sam) == set()
    assert lab.ana.push(lab.url).runs == 1
    assert lab.seen(lab.sam) == {run}


def _fail(*_: object) -> None:
    raise RemoteError("cut")


def test_many_packs_become_one(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "_MOST_PACKS", 2)
    runs = set()
    counts = []
    for _ in range(4):
        runs.add(lab.ana.run())
        lab.ana.push(lab.url)
        counts.append(len(lab.files("records/objects")))
    assert counts == [2, 3, 2, 3]  # the state is one of them
    assert len(lab.heads()) == 1
    assert lab.seen(lab.sam) == runs
    lab.sam.fetch(lab.url)
    assert lab.sam.runs() == runs


def test_what_is_purged_is_gone_there(lab: Lab) -> None:
    run, other = lab.ana.run("secret.py"), lab.ana.run("other.py")
    lab.ana.push(lab.url)
    before = lab.files()
    answer(lab.ana.path, "config", "set", "gage.repo.lab.url", lab.url)
    shutil.rmtree(lab.ana.store.dir / "state")  # nobody works on them any more
    result = gage_inside(lab.ana.path, "purge", run, "--remote", "lab", "--force")
    assert (result.code, result.out) == (0, "Purged 1 run\n"), result
    assert not before & lab.files()
    assert not list((lab.ana.store.dir / "cache/places").glob("*.git"))
    assert len(lab.heads()) == 1
    assert lab.seen(lab.sam) == {other}


def test_what_was_given_run_by_run_is_gone_there_too(lab: Lab) -> None:
    run, other = lab.ana.run("secret.py"), lab.ana.run("other.py")
    answer(lab.ana.path, "config", "set", "gage.repo.lab.url", lab.url)
    answer(lab.ana.path, "push", "lab", run, other)
    before = lab.files()
    shutil.rmtree(lab.ana.store.dir / "state")  # nobody works on them any more
    result = gage_inside(lab.ana.path, "purge", run, "--remote", "lab", "--force")
    assert (result.code, result.out) == (0, "Purged 1 run\n"), result
    assert not before & lab.files()
    assert lab.seen(lab.sam) == {other}


def test_what_was_not_cleared_away_goes_with_the_next_push(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.ana.run()
    lab.ana.push(lab.url)
    lab.ana.run()
    with monkeypatch.context() as patched:
        patched.setattr(FsspecBackend, "remove_notes", _fail)
        with pytest.raises(RemoteError, match="cut"):
            lab.ana.push(lab.url)
    assert len(lab.heads()) == 2
    assert len(lab.seen(lab.sam)) == 2
    lab.ana.run()
    lab.ana.push(lab.url)
    assert len(lab.heads()) == 1


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_a_pack_that_is_missing_or_damaged(lab: Lab, content: bytes | None) -> None:
    run, other = lab.ana.run(), lab.sam.run()
    lab.ana.push(lab.url)
    packs = lab.files("records/objects")
    lab.sam.push(lab.url)
    (pack,) = (path for path in packs if not path.read_bytes().startswith(b"{"))
    whole = pack.read_bytes()
    pack.unlink()
    if content is not None:
        pack.write_bytes(content.ljust(len(whole), b"."))
    shutil.rmtree(lab.sam.store.dir / "cache/places")
    assert lab.seen(lab.sam) == {other}
    (said,) = set(lab.sam.heard.warnings)
    assert said.startswith(f"'{lab.url}': lane {lab.ana.store.lane} is left out: pack ")
    # Who wrote it sends it again: without the mirror it sees that it is not there.
    shutil.rmtree(lab.ana.store.dir / "cache/places")
    pack.unlink(missing_ok=True)
    lab.ana.run()
    lab.ana.push(lab.url)
    assert len(lab.seen(lab.sam)) == 3
    assert run in lab.seen(lab.sam)


def test_a_mirror_that_lost_something_is_filled_again(lab: Lab) -> None:
    run = lab.ana.run()
    lab.ana.push(lab.url)
    assert lab.seen(lab.sam) == {run}
    (mirror,) = (lab.sam.store.dir / "cache/places").glob("*.git")
    for path in (mirror / "objects/pack").iterdir():
        path.unlink()
    lab.ana.run()
    lab.ana.push(lab.url)
    assert len(lab.seen(lab.sam)) == 2
    (mirror / "HEAD").write_text("what?")
    assert len(lab.seen(lab.sam)) == 2


def test_what_was_remembered_of_a_place_is_asked_again(lab: Lab) -> None:
    lab.ana.run()
    lab.ana.push(lab.url)
    (lab.ana.path / ".git/gage/shared.json").unlink()
    for _ in range(2):
        assert lab.ana.push(lab.url).up_to_date


def test_a_lane_that_goes_on_while_it_is_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lab.ana.run()
    lab.ana.push(lab.url)
    repo = lab.sam.store.repo
    listed = bucket._Bucket._list_heads
    (old,) = listed(bucket._Bucket(repo, find_remote(repo, lab.url), lab.sam.heard))
    lab.ana.run()
    lab.ana.push(lab.url)
    answers = [[old]]

    def list_heads(self: bucket._Bucket) -> list[bucket.Head]:
        return answers.pop() if answers else listed(self)

    monkeypatch.setattr(bucket._Bucket, "_list_heads", list_heads)
    seen = lab.seen(lab.sam)
    assert run in seen
    assert len(seen) == 2
    assert lab.sam.heard.warnings == []


def test_a_twin_writes_the_same_lane(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    put = FsspecBackend.put_note

    def race(self: FsspecBackend, name: str, content: bytes) -> None:
        folder, _, _ = name.rpartition("/")
        put(self, f"{folder}/00000001-{'f' * 64}-9", content)
        put(self, name, content)

    lab.ana.run()
    monkeypatch.setattr(FsspecBackend, "put_note", race)
    with pytest.raises(RemoteError, match="somebody else writes lane"):
        lab.ana.push(lab.url)


def test_what_others_say_is_looked_at(lab: Lab) -> None:
    run = lab.ana.run()
    lab.ana.push(lab.url)
    nothing, no_commit = "0" * 40, "1" * 40
    states = [
        "{",
        "[]",
        '{"refs": 1, "packs": {}}',
        f'{{"refs": {{"refs/heads/main": "{nothing}"}}, "packs": {{}}}}',
        f'{{"refs": {{"refs/gage/w/other/e1/log": "{nothing}"}}, "packs": {{}}}}',
        '{"refs": {"refs/gage/w/evil5/e1/log": "--all"}, "packs": {}}',
        f'{{"refs": {{"refs/gage/w/evil6/e1/log": "{no_commit}"}}, "packs": {{}}}}',
        '{"refs": {}, "packs": {"../../x": 3}}',
        f'{{"refs": {{}}, "packs": {{"{"a" * 64}": 0}}}}',
    ]
    for number, state in enumerate(states):
        name = hashlib.sha256(state.encode()).hexdigest()
        objects = f"objects/{name[:2]}/{name[2:4]}/{name}"
        head = f"heads/evil{number}/00000001-{name}-{len(state)}"
        write_files(lab.folder / "records", {objects: state, head: ""})
    large = f"heads/large/00000001-{'a' * 64}-999999999"
    write_files(lab.folder / "records", {large: "", "heads/evil/what is this": ""})
    assert lab.seen(lab.sam) == {run}
    names = ["large", *(f"evil{number}" for number in range(len(states)))]
    assert {line.split(": ")[1] for line in lab.sam.heard.warnings} == {
        f"lane {name} is left out" for name in names
    }


def test_only_own_lanes_can_be_changed(lab: Lab) -> None:
    run = lab.ana.run()
    lab.ana.push(lab.url)
    lab.sam.fetch(lab.url)
    sam = lab.sam
    repo, remote = sam.store.repo, find_remote(sam.store.repo, lab.url)
    theirs = {
        f"refs/gage{ref.removeprefix(f'refs/gage-remotes/{remote.tracking}')}": oid
        for ref, oid in refs_of(sam.path, "refs/gage-remotes").items()
    }
    before = lab.files()
    with pytest.raises(RequestError, match="change lanes of others on"):
        push_refs(
            repo, remote, {"refs/gage/w/other/e1/log": sorted(theirs.values())[0]}, {}, sam.heard
        )
    assert lab.files() == before
    sam.run()
    own = refs_of(sam.path, "refs/gage/w")
    outcome = push_refs(repo, remote, own, theirs, sam.heard)
    assert outcome.accepted
    assert outcome.flags.keys() == own.keys()
    assert before <= lab.files()
    assert push_refs(repo, remote, {}, theirs, sam.heard).flags == {}
    assert before <= lab.files()
    delete_refs(repo, remote, own, sam.heard)
    assert lab.seen(lab.ana) == {run}
    assert len(lab.heads()) == 2


def test_how_far_it_is_can_be_heard(lab: Lab) -> None:
    bucket._Told(lab.ana.heard).moving("Sending", Moving(1000, 2000, None, None))
    assert lab.ana.heard.counters == ["Sending packs: 1,000 of 2,000 bytes"]


def test_what_needs_git(lab: Lab) -> None:
    run = lab.ana.run()
    result = gage_inside(lab.ana.path, "publish", lab.url, run)
    assert (result.code, result.err) == (
        128,
        f"fatal: publish on '{lab.url}': it has no git\nhint: use a git remote for that\n",
    )
    result = gage_inside(lab.ana.path, "run", f"--live={lab.url}", "train.py")
    assert result.err.startswith(f"fatal: follow a run on '{lab.url}': it has no git\n")
    assert [each["id"] for each in lab.ana.documents()] == [run]


@pytest.mark.parametrize(
    "url", ["rclone::local:/tmp", "rclone:sftp,ssh=evil:x", "rclone:lab", "s3://a::file:///etc"]
)
def test_addresses_that_could_start_something(lab: Lab, url: str) -> None:
    result = gage_inside(lab.ana.path, "list", "--remote", url)
    assert result.code == 128
    assert result.err.startswith(f"fatal: not a place for runs: '{url}'\n")


def test_a_place_without_git_in_a_file_of_gage_is_not_used(lab: Lab) -> None:
    repos = {"repos": {"cloud": {"type": "git", "url": "rclone:lab:x"}}}
    write_files(lab.world.folder, {"gageconfig.json": json.dumps(repos)})
    result = gage_inside(lab.ana.path, "push", "cloud")
    assert "its URL would start a program" in result.err
