"""A private run stays where it was recorded, until whoever recorded it says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from git_gage.share import private as privacy
from git_gage.store.files import StorageError
from tests.support import gage_inside, git, write_files
from tests.unit.share.world import World, make_world, objects_of, refs_of

PUSH_BY_HAND = ("push", "-q", "origin", "refs/gage/*:refs/gage/*")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def run_private(world: World, *options: str) -> str:
    (world.ana.path / "secret_plan.py").write_text("print('nobody knows')\n")
    done = gage_inside(world.ana.path, "run", "--private", *options, "secret_plan.py")
    assert done.code == 0, done.err
    return newest(world)


def record(world: World) -> str:
    assert gage_inside(world.ana.path, "run", "-q", "--", "sh", "-c", "echo hello").code == 0
    return newest(world)


def newest(world: World) -> str:
    return gage_inside(world.ana.path, "select", "--id").out.strip()


def test_no_push_takes_a_private_run(world: World) -> None:
    run = run_private(world, "-l", "ours", "-t", "secret")
    public = world.ana.run()
    gage_inside(world.ana.path, "comment", run, "-m", "not for everybody")
    assert gage_inside(world.ana.path, "push").out == "pushed 1 run to origin\n"
    assert gage_inside(world.ana.path, "push", "--user").code == 0
    git(world.ana.path, *PUSH_BY_HAND)
    world.sam.fetch()
    assert world.sam.runs() == {public}
    assert "nobody knows" not in _all_text(world.origin)
    assert "ours" not in _all_text(world.origin)
    (shown,) = json.loads(gage_inside(world.ana.path, "show", run, "--json").out)["comments"]
    assert shown["text"] == "not for everybody"
    assert gage_inside(world.ana.path, "private").out == f"{run[10:17]}\n"


def test_a_private_run_that_is_named_is_refused(world: World) -> None:
    run = run_private(world)
    done = gage_inside(world.ana.path, "push", "origin", run)
    assert done.code == 128
    assert f"run {run[10:17]} is private: it stays in this clone" in done.err
    assert f"hint: git gage private -d {run[10:17]}" in done.err
    assert refs_of(world.origin, "refs/gage") == {}


@pytest.mark.parametrize("command", ["push", "sync", "publish"])
def test_a_look_ahead_does_not_promise_what_is_refused(world: World, command: str) -> None:
    run = run_private(world)
    told = f"fatal: run {run[10:17]} is private: it stays in this clone\n"
    for options in ((), ("-n",)):
        done = gage_inside(world.ana.path, command, "origin", run, *options)
        assert (done.code, told in done.err, "would push" in done.out) == (128, True, False)
    assert refs_of(world.origin, "refs/gage") == {}


def test_a_sync_of_what_a_filter_chooses_leaves_private_runs_here(world: World) -> None:
    ana = world.ana.path
    private, public = run_private(world), world.ana.run()
    one = "hint: 1 private run stays here: 'git gage private -d <run>' lets it go\n"
    nothing = "nothing to fetch from origin\n"
    ahead = gage_inside(ana, "sync", "-w", "completed", "-n")
    assert (ahead.code, ahead.err) == (0, one)
    assert ahead.out.startswith(f"{nothing}would push 1 run to origin (2 records, ")
    synced = gage_inside(ana, "sync", "-w", "completed")
    assert synced == (0, "nothing new on origin\npushed 1 run to origin\n", one)
    world.sam.fetch()
    assert world.sam.runs() == {public}
    none = (1, "", f"no run matches that is not private\n{one}")
    assert gage_inside(ana, "sync", "-w", "operation = secret_plan.py") == none
    assert gage_inside(ana, "private").out == f"{private[10:17]}\n"


def test_no_copy_takes_a_private_run(world: World, tmp_path: Path) -> None:
    run, public = run_private(world), world.ana.run()
    place = str(tmp_path / "place")
    assert gage_inside(world.ana.path, "copy", "--all", "--to", place, "-y").out == "Copied 1 run\n"
    seen = json.loads(gage_inside(world.ana.path, "--runs", place, "list", "--json").out)
    assert [each["id"] for each in seen] == [public]
    done = gage_inside(world.ana.path, "copy", run, "--to", place, "-y")
    assert done.code == 128
    assert "is private" in done.err
    assert gage_inside(world.ana.path, "push", "-w", "op=secret_plan.py").code == 1


def test_what_is_private_and_meant_by_nobodys_name_is_told(world: World, tmp_path: Path) -> None:
    ana, to = world.ana.path, ("--to", str(tmp_path / "place"), "-y")
    run_private(world)
    one = "hint: 1 private run stays here: 'git gage private -d <run>' lets it go\n"
    alone = gage_inside(ana, "copy", "--all", *to)
    assert alone == (0, "Nothing to copy: none here that is not private\n", one)
    assert gage_inside(ana, "copy", "--all", *to, "-n", "--json") == (0, "[]\n", one)
    none = (1, "", f"no run matches that is not private\n{one}")
    chosen = ("-w", "operation = secret_plan.py")
    assert gage_inside(ana, "copy", *chosen, *to) == none
    assert gage_inside(ana, "push", *chosen) == none
    assert gage_inside(ana, "push", "-w", "acc > 1").err.startswith("no run matches\n")
    run_private(world)
    world.ana.run()
    two = "hint: 2 private runs stay here: 'git gage private -d <run>' lets them go\n"
    assert gage_inside(ana, "push", "-w", "completed") == (0, "pushed 1 run to origin\n", two)
    assert gage_inside(ana, "copy", "--all", *to) == (0, "Copied 1 run\n", two)
    assert gage_inside(ana, "push") == (0, "origin is up to date\n", "")


def test_a_bundle_takes_no_private_run_and_other_files_say_so(world: World, tmp_path: Path) -> None:
    run, public = run_private(world), record(world)
    path = tmp_path / "runs.bundle"
    refused = gage_inside(
        world.ana.path, "export", run, public, "--format", "bundle", "-o", str(path)
    )
    assert (refused.code, path.exists()) == (128, False)
    assert f"hint: git gage private -d {run[10:17]}" in refused.err
    for form in ("csv", "in-toto"):
        done = gage_inside(world.ana.path, "export", run, public, "--format", form)
        assert done.code == 0
        assert "1 of these runs is private\n" in done.err
    twice = run_private(world)
    assert (
        "2 of these runs are private\n"
        in gage_inside(world.ana.path, "export", run, twice, "--format", "jsonl").err
    )
    assert "private" not in gage_inside(world.ana.path, "export", public).err
    rest = gage_inside(world.ana.path, "export", "--all", "--format", "jsonl")
    assert [json.loads(line)["id"] for line in rest.out.splitlines()] == [public]
    two = "2 private runs stay here: 'git gage private -d <run>' lets them go"
    assert rest.err.startswith(f"hint: {two}\n")


def test_large_files_of_a_private_run_stay_here(world: World) -> None:
    write_files(world.ana.path, {"big.py": "open('a.bin', 'wb').write(b'x' * 200_000)\n"})
    assert gage_inside(world.ana.path, "run", "--private", "-q", "big.py").code == 0
    run = newest(world)
    for options in ((), ("-n",)):
        done = gage_inside(world.ana.path, "files", "push", "@", *options)
        assert (done.code, done.out) == (128, "")
        assert f"run {run[10:17]} is private" in done.err
    done = gage_inside(world.ana.path, "push", "--files=all")
    assert done.out == "origin is up to date\nno large files to send\n"
    assert not (world.origin / "gage").exists()


def test_what_comes_of_a_private_run_is_private(world: World) -> None:
    run = run_private(world)
    assert gage_inside(world.ana.path, "restart", run).code == 0
    again = newest(world)
    assert again != run
    assert gage_inside(world.ana.path, "push").out == "origin is up to date\n"
    git(world.ana.path, "config", "gage.live", "origin")
    assert gage_inside(world.ana.path, "restart", again).err.count("warning") == 0
    assert refs_of(world.origin, "refs/gage") == {}


def test_a_run_may_become_private_until_it_was_sent(world: World) -> None:
    first, second = world.ana.run("one.py"), world.ana.run("two.py")
    world.ana.push("origin", first)
    assert gage_inside(world.ana.path, "private", second).out == "1 run is private\n"
    assert gage_inside(world.ana.path, "private", second).out == "1 run is private\n"
    lines = world.ana.lines()
    assert gage_inside(world.ana.path, "push").code == 0
    world.sam.fetch()
    assert world.sam.runs() == {first}
    assert world.ana.lines() == lines
    assert world.ana.output(second) == b"output of two.py\n"
    done = gage_inside(world.ana.path, "private", first)
    assert done.code == 128
    assert "was sent to 'origin' already" in done.err
    done = gage_inside(world.sam.path, "private", first)
    assert "was recorded in another clone" in done.err


@pytest.mark.full
def test_a_copy_of_all_leaves_private_runs_here(world: World) -> None:
    run = run_private(world)
    public = world.ana.run()
    place = str(world.folder / "place")
    for chosen in (["--all"], ["-w", "completed"]):
        assert gage_inside(world.ana.path, "copy", "-y", *chosen, "--to", place).code == 0
        listed = gage_inside(world.ana.path, "--runs", place, "list", "--json").out
        assert [each["id"] for each in json.loads(listed)] == [public]
    named = gage_inside(world.ana.path, "copy", "-y", run, "--to", place)
    assert "is private: it stays in this clone" in named.err


@pytest.mark.full
def test_a_private_run_that_is_put_away_stops_no_copy(world: World, tmp_path: Path) -> None:
    """While a place is still to delete a purged run, what is put away here is looked through."""
    ana, to = world.ana.path, ("copy", "--all", "--to", str(tmp_path / "place"), "-y")
    for words in (["archive", "-y"], ["purge", "--force"]):
        assert gage_inside(ana, *words, run_private(world)).code == 0
    gone = record(world)
    assert gage_inside(ana, *to).code == 0
    assert gage_inside(ana, "purge", "--force", gone).code == 0
    record(world)
    done = gage_inside(ana, *to)
    assert done.code == 0, done.err
    assert "Copied 2 runs" in done.out


@pytest.mark.parametrize("cleaned", [True, False])
def test_what_a_remote_is_still_to_delete_was_sent(world: World, cleaned: bool) -> None:
    run, other = (record(world) for _ in range(2))
    world.ana.push(None, run)
    assert gage_inside(world.ana.path, "redact", "-y", "--output", run).code == 0
    if cleaned:
        git(world.ana.path, "gc", "-q", "--prune=now")
    refused = gage_inside(world.ana.path, "private", run)
    if cleaned:
        told = "'origin' is still to delete what was taken out of runs here"
        assert f"{told}: run {run[10:17]} may be in that, too" in refused.err
        assert "hint: git gage push origin" in refused.err
    else:
        assert "was sent to 'origin' already" in refused.err
    assert gage_inside(world.ana.path, "private", other).code == (128 if cleaned else 0)
    world.ana.push(None, run)
    assert world.ana.catalog.remotes_of(run) == ["origin"]


def test_runs_that_are_sent_one_by_one_do_not_make_a_lane_forgotten(world: World) -> None:
    """What was taken out goes with the push that sends the rest of its lane again."""
    sent, taken = record(world), record(world)
    world.ana.push()
    had = refs_of(world.origin, "refs/gage")
    assert gage_inside(world.ana.path, "redact", "-y", "--output", taken).code == 0
    later = record(world)
    done = gage_inside(world.ana.path, "push", "origin", later)
    assert done.code == 0
    assert (
        "'origin' still has what was taken out\nhint: replace it there: git gage push origin"
        in done.err
    )
    world.sam.fetch()
    assert {sent, later} <= world.sam.runs()
    refused = gage_inside(world.ana.path, "private", sent)
    assert "was sent to 'origin' already" in refused.err
    done = gage_inside(world.ana.path, "push")
    assert (done.code, done.err) == (0, "")
    refused = gage_inside(world.ana.path, "private", sent)
    assert "was sent to 'origin' already" in refused.err
    assert not had.keys() & refs_of(world.origin, "refs/gage").keys()


@pytest.mark.parametrize("back", [True, False])
def test_a_push_finishes_what_was_cut_short(
    world: World, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    run, public = record(world), record(world)
    if back:
        assert gage_inside(world.ana.path, "private", run).code == 0

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(privacy, "rewrite_lane", die)
        words = ["-d"] if back else []
        assert gage_inside(world.ana.path, "private", *words, run).code == 130
    assert gage_inside(world.ana.path, "private").out == f"{run[10:17]}\n"
    world.ana.push()
    world.sam.fetch()
    assert world.sam.runs() == {public}
    assert run in world.ana.runs()


def test_a_private_run_may_be_shared_after_all(world: World) -> None:
    run = run_private(world, "-l", "ready")
    assert gage_inside(world.ana.path, "private", "-d", run).out == "1 run is no longer private\n"
    assert gage_inside(world.ana.path, "private", "-d", run).out == "0 runs are no longer private\n"
    assert gage_inside(world.ana.path, "private").out == ""
    assert gage_inside(world.ana.path, "private", "-d").code == 129
    assert gage_inside(world.ana.path, "push").out == "pushed 1 run to origin\n"
    world.sam.fetch()
    (seen,) = json.loads(gage_inside(world.sam.path, "list", "--json").out)
    assert (seen["id"], seen["label"]) == (run, "ready")
    shown = gage_inside(world.sam.path, "diff", "--source", run, run)
    assert shown.code == 0
    assert world.sam.output(run) == b"nobody knows\n"
    assert not refs_of(world.ana.path, "refs/gage-local")


def test_runs_of_one_source_are_parted(world: World) -> None:
    """The source stays for the run that is shared."""
    (world.ana.path / "train.py").write_text("print('changed')\n")
    runs = []
    for _ in range(2):
        assert gage_inside(world.ana.path, "run", "train.py").code == 0
        runs.append(newest(world))
    gage_inside(world.ana.path, "private", runs[1])
    git(world.ana.path, "gc", "-q", "--prune=now")
    gage_inside(world.ana.path, "push")
    world.sam.fetch()
    assert gage_inside(world.sam.path, "check", runs[0]).code in (0, 1)
    assert "changed" in _all_text(world.origin)
    assert world.ana.output(runs[1]) == b"changed\n"


def test_a_stranger_who_names_a_private_source_gets_nothing(world: World) -> None:
    run = run_private(world)
    document = json.loads(gage_inside(world.ana.path, "show", run, "--json").out)
    source = {"commit": None, "snapshot": document["source"]["snapshot"]}
    theirs = world.sam.run(source=source)
    world.sam.push()
    world.ana.fetch()
    git(world.origin, "update-ref", "-d", f"refs/gage/w/{world.sam.store.lane}/x/log")
    other = world.bare("other.git")
    world.ana.push(str(other), theirs)
    assert "nobody knows" not in _all_text(other)


def test_a_kill_in_the_middle_leaves_it_private(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.ana.run()
    lines = world.ana.lines()

    def killed(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(privacy, "rewrite_lane", killed)
        assert gage_inside(world.ana.path, "private", run).code == 128
    assert gage_inside(world.ana.path, "private").out == f"{run[10:17]}\n"
    assert world.ana.lines() == lines
    assert gage_inside(world.ana.path, "private", run).code == 0
    assert world.ana.push() == ("origin", 0, 0, 0, True, False)


def _all_text(repo: Path) -> str:
    return "".join(
        git(repo, "cat-file", "-p", oid)
        for oid in objects_of(repo)
        if git(repo, "cat-file", "-t", oid).strip() != "tree"
    )
