"""Runs between clones through plain git, and nobody's git is disturbed by it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from git_gage.catalog import Catalog
from git_gage.records import parse_record
from git_gage.share.fetch import fetch_runs
from git_gage.share.lanes import read_tip_lines, sharing
from tests.support import clone, commit, git, make_repo, scale, write_files
from tests.unit.share.world import Person, World, make_world, objects_of, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_a_pushed_run_is_fetched_whole(world: World) -> None:
    run = world.ana.run("train.py")
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)
    assert world.sam.fetch() == ("origin", 1, 2, False)
    assert world.sam.lines() == world.ana.lines()
    assert world.sam.output(run) == b"output of train.py\n"


def test_a_run_is_not_sent_or_fetched_twice(world: World) -> None:
    world.ana.run()
    world.ana.push()
    world.sam.fetch()
    before = objects_of(world.origin), refs_of(world.origin), refs_of(world.sam.path)
    assert world.ana.push() == ("origin", 0, 0, 0, True, False)
    assert world.sam.fetch() == ("origin", 0, 0, False)
    assert before == (objects_of(world.origin), refs_of(world.origin), refs_of(world.sam.path))


def test_only_what_is_new_travels(world: World) -> None:
    world.ana.run(output="first " * 5000)
    world.ana.push()
    before = objects_of(world.origin)
    world.ana.run("second.py")
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)
    blobs = {
        oid
        for oid in objects_of(world.origin) - before
        if git(world.origin, "cat-file", "-t", oid) == "blob\n"
    }
    # The batch of two records, and the output.
    assert len(blobs) == 2


def test_commits_under_a_source_travel_and_are_counted(world: World) -> None:
    for number in range(3):
        write_files(world.ana.path, {"train.py": f"lr = {number}\n"})
        commit(world.ana.path, f"change {number}")
    run = world.ana.run()
    assert world.ana.push() == ("origin", 1, 2, 3, False, False)
    world.ana.run()
    assert world.ana.push() == ("origin", 1, 2, 0, False, False)
    world.sam.fetch()
    (begun,) = (r for r in world.sam.records if (r.run, r.kind) == (run, "run.begin"))
    shown = world.sam.git("show", f"{begun.body['source']['snapshot']}:train.py")
    assert shown == "lr = 2\n"
    assert "change" not in git(world.origin, "log", "--oneline", "main")


def test_what_two_people_say_of_a_run_is_all_kept(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    world.sam.fetch()
    world.ana.label(run, "by ana")
    world.sam.label(run, "by sam")
    assert world.sam.push() == ("origin", 0, 1, 0, False, False)
    assert world.ana.push() == ("origin", 0, 1, 0, False, False)
    assert world.ana.fetch() == ("origin", 0, 1, False)
    assert world.sam.fetch() == ("origin", 0, 1, False)
    assert world.ana.lines() == world.sam.lines()
    assert len(world.ana.lines()) == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ana", "sam"]),
        st.sampled_from(["run", "label", "push", "fetch", "give"]),
    ),
    max_size=12,
)


@settings(
    max_examples=scale(5, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_in_any_order_clones_end_equal(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    world = make_world(tmp_path_factory.mktemp("world"))
    people = {"ana": world.ana, "sam": world.sam}
    made: set[bytes] = set()
    for name, step in steps:
        person = people[name]
        known = sorted(person.runs())
        if step == "run":
            person.run()
        elif step == "label" and known:
            person.label(known[-1], f"by {name}")
        elif step == "give" and known:
            person.push(None, known[0])
        elif step == "push":
            person.push()
        elif step == "fetch":
            person.fetch()
        made |= person.lines()
    for _ in range(2):
        for person in people.values():
            person.push()
            person.fetch()
    assert world.ana.lines() == world.sam.lines() == made
    assert world.ana.documents() == world.sam.documents()
    assert not world.ana.heard.warnings + world.sam.heard.warnings
    shutil.rmtree(world.folder)


def test_two_who_never_met_before_share_by_url(world: World) -> None:
    stranger = Person(make_repo(world.folder / "stranger"))
    run = stranger.run()
    with pytest.raises(Exception, match="no remote to share with"):
        stranger.push()
    assert stranger.push(str(world.origin)).records == 2
    assert stranger.push(str(world.origin)).up_to_date
    assert stranger.push(os.path.relpath(world.origin, stranger.path)).up_to_date
    world.sam.fetch()
    assert world.sam.runs() == {run}
    names = {ref.split("/")[2] for ref in refs_of(stranger.path, "refs/gage-remotes")}
    assert len(names) == 1
    assert names.pop().startswith("url-")


def test_with_stock_git_alone(world: World) -> None:
    run = world.ana.run()
    world.ana.git("push", "-q", "origin", "refs/gage/w/*:refs/gage/w/*")
    world.sam.git("fetch", "-q", "origin", "refs/gage/w/*:refs/gage-remotes/origin/w/*")
    assert world.sam.runs() == {run}
    assert world.sam.output(run) == b"output of train.py\n"
    assert world.sam.fetch() == ("origin", 0, 0, False)
    assert world.ana.push().up_to_date


def test_a_remote_without_runs_is_no_failure(world: World) -> None:
    assert world.sam.fetch() == ("origin", 0, 0, False)
    assert world.sam.push() == ("origin", 0, 0, 0, True, False)
    assert refs_of(world.origin, "refs/gage") == {}
    assert not (world.sam.path / ".git" / "gage" / "lane.json").exists()


def test_ordinary_git_goes_on_as_before(world: World) -> None:
    run = world.ana.run()
    world.ana.push()
    unpushed = world.ana.run("unpushed.py")
    world.sam.run("sam.py")
    world.sam.push()
    world.ana.fetch()
    config = (world.ana.path / ".git" / "config").read_text()

    assert world.ana.git("status", "--porcelain", "--branch") == "## main...origin/main\n"
    write_files(world.ana.path, {"train.py": "lr = 1\n"})
    commit(world.ana.path, "ordinary")
    assert world.ana.git("log", "--all", "--format=%s").splitlines()[0] == "ordinary"
    pushed = world.ana.git("push", "--porcelain", "origin")
    assert [line for line in pushed.splitlines() if "refs/" in line] == [
        next(line for line in pushed.splitlines() if "refs/heads/main" in line)
    ]
    world.ana.git("fetch", "-q", "--prune")
    world.ana.git("-c", "fetch.prune=true", "pull", "-q")
    world.ana.git("gc", "-q", "--prune=now")
    assert world.ana.git("branch", "-a").split() == [
        "*", "main", "remotes/origin/HEAD", "->", "origin/main", "remotes/origin/main",
    ]  # fmt: skip
    assert world.ana.git("fsck", "--strict", "--no-dangling") == ""
    assert {run, unpushed} < world.ana.runs()
    assert len(world.ana.runs()) == 3
    assert (world.ana.path / ".git" / "config").read_text() == config
    assert not (world.ana.path / ".git" / "FETCH_HEAD").read_text().count("refs/gage")

    other = clone(world.origin, world.folder / "other")
    assert set(refs_of(other)) == {"refs/heads/main", "refs/remotes/origin/HEAD",
                                   "refs/remotes/origin/main"}  # fmt: skip
    assert world.ana.push().records == 2


def test_the_users_settings_do_not_get_in_the_way(world: World) -> None:
    for key, value in {
        "fetch.prune": "true",
        "fetch.pruneTags": "true",
        "fetch.recurseSubmodules": "true",
        "fetch.writeCommitGraph": "true",
        "push.followTags": "true",
        "push.gpgSign": "true",
        "push.default": "nothing",
        "push.recurseSubmodules": "check",
        "push.pushOption": "ci.skip",
        "remote.origin.mirror": "true",
        "remote.origin.prune": "true",
        "remote.origin.tagOpt": "--tags",
        "remote.origin.push": "refs/heads/*:refs/heads/*",
        "gc.auto": "1",
    }.items():
        for person in (world.ana, world.sam):
            person.git("config", key, value)
    world.ana.git("tag", "-a", "-m", "mine", "v1")
    hook = world.ana.path / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = refs_of(world.origin)
    run = world.ana.run()
    world.ana.push()
    world.sam.run("unpushed.py")
    world.sam.fetch()
    world.sam.fetch()
    assert run in world.sam.runs()
    assert len(world.sam.runs()) == 2
    gage = {ref for ref in refs_of(world.origin) if ref.startswith("refs/gage/")}
    assert set(refs_of(world.origin)) - set(before) == gage
    assert "refs/tags/v1" not in refs_of(world.sam.path)


def test_a_branchs_upstream_and_a_setting_choose_the_remote(world: World) -> None:
    other, third = world.bare("other.git"), world.bare("third.git")
    world.ana.git("remote", "add", "other", str(other))
    world.ana.run()
    world.ana.git("config", "branch.main.remote", "other")
    assert world.ana.push().remote == "other"
    world.ana.git("config", "gage.remote", str(third))
    assert world.ana.push().remote == str(third)
    assert world.ana.push("origin").remote == "origin"
    tips = refs_of(world.ana.path, "refs/gage/w")
    for remote in (other, third, world.origin):
        assert refs_of(remote, "refs/gage/w") == tips


def test_sha256_repositories(tmp_path: Path) -> None:
    world = make_world(tmp_path, options=("--object-format=sha256",))
    run = world.ana.run()
    assert world.ana.push().runs == 1
    assert world.sam.fetch().runs_new == 1
    assert world.sam.output(run) == b"output of train.py\n"
    second = world.bare("second.git", "--object-format=sha256")
    assert world.sam.push(str(second), run).runs == 1
    assert len(world.ana.records[0].body["source"]["snapshot"]) == 64


def test_a_partial_clone_gets_whole_records(world: World) -> None:
    git(world.origin, "config", "uploadpack.allowFilter", "true")
    run = world.ana.run()
    world.ana.push()
    path = clone(
        f"file://{world.origin}", world.folder / "partial", options=("--filter=blob:none",)
    )
    partial = Person(path)
    assert partial.fetch() == ("origin", 1, 2, False)
    world.origin.rename(world.folder / "away.git")
    assert partial.runs() == {run}


def test_a_closed_epoch_gives_way_on_the_remote(world: World) -> None:
    ana, october = world.ana, 1_792_000_000.0
    ana.now = october
    first = ana.run()
    ana.push()
    world.sam.fetch()
    ana.now = october + 40 * 86400
    second = ana.run()
    assert ana.push().records == 2
    kinds = sorted(ref.split("/", 4)[4] for ref in refs_of(world.origin, "refs/gage"))
    assert kinds == [
        "202610-01/bulk",
        "202610-01/sealed",
        "202610-01/src",
        "202611-01/bulk",
        "202611-01/log",
        "202611-01/src",
    ]
    assert world.sam.fetch() == ("origin", 1, 2, False)
    here = refs_of(world.sam.path, "refs/gage-remotes/origin/w")
    there = refs_of(world.origin, "refs/gage/w")
    assert list(here.values()) == list(there.values())
    assert world.sam.runs() == {first, second}
    assert refs_of(ana.path, "refs/gage-remotes/origin/w") == here


def test_a_remote_that_keeps_refs_keeps_both_forms(world: World) -> None:
    hook = world.origin / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$3" in *[!0]*) ;; *) echo "no deletes" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    ana, october = world.ana, 1_792_000_000.0
    ana.now = october
    ana.run()
    ana.push()
    ana.now = october + 40 * 86400
    ana.run()
    assert ana.push().records == 2
    kinds = [ref.split("/")[-1] for ref in refs_of(world.origin, "refs/gage")]
    assert sorted(kinds) == ["bulk", "bulk", "log", "log", "sealed", "src", "src"]
    assert ana.push().up_to_date
    for _ in range(2):
        world.sam.fetch()
        assert world.sam.lines() == ana.lines()
        kinds = [ref.split("/")[-1] for ref in refs_of(world.sam.path, "refs/gage-remotes")]
        assert sorted(kinds) == ["bulk", "bulk", "log", "sealed", "src", "src"]


def test_many_fetches_leave_few_packs(world: World) -> None:
    for _ in range(3):
        world.ana.run()
        world.ana.push()
        world.sam.fetch()
    folder = world.sam.path / ".git" / "objects" / "pack"
    for number in range(40):
        blob = git(world.sam.path, "hash-object", "-w", "--stdin", input=f"{number}\n")
        git(world.sam.path, "pack-objects", "-q", str(folder / "pack"), input=blob)
    world.ana.run()
    world.ana.push()
    world.sam.fetch()
    assert len(list(folder.glob("*.pack"))) < 5
    assert world.sam.lines() == world.ana.lines()


@pytest.mark.parametrize("is_locked", [False, True])
def test_many_lanes_are_one_file_of_refs(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_locked: bool
) -> None:
    monkeypatch.setattr("git_gage.share.fetch._MANY_REFS", 3)
    world.ana.run()
    world.ana.push()
    git_dir = world.sam.path / ".git"
    lock = git_dir / "packed-refs.lock"
    if is_locked:
        lock.touch()
    assert world.sam.fetch() == ("origin", 1, 2, False)
    loose = [path for path in (git_dir / "refs/gage-remotes").rglob("*") if path.is_file()]
    assert len(loose) == (3 if is_locked else 0)
    lock.unlink(missing_ok=True)
    assert refs_of(world.sam.path, "refs/gage-remotes") != {}
    assert world.sam.fetch() == ("origin", 0, 0, False)
    assert world.sam.lines() == world.ana.lines()


def test_what_saves_work_may_be_damaged(world: World) -> None:
    world.ana.run()
    world.ana.push()
    for text in ("nonsense", '{"left": 5, "in_step": {"origin": 7}}'):
        (world.ana.path / ".git" / "gage" / "shared.json").write_text(text)
        assert world.ana.push().up_to_date
        assert world.ana.fetch() == ("origin", 0, 0, False)
    world.ana.run()
    assert world.ana.push().runs == 1


def test_a_lane_that_is_none_stops_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More entries than a lane can have, as log and sealed: not read, and nothing is dropped."""
    monkeypatch.setattr("git_gage.store.layout.MAX_ENTRIES", 20)
    blob = git(world.origin, "hash-object", "-w", "--stdin", input="{}\n").strip()
    rows = "".join(f"100644 blob {blob}\t{number:08d}-1\n" for number in range(30))
    seg = git(world.origin, "mktree", input=rows).strip()
    tree = git(world.origin, "mktree", input=f"040000 tree {seg}\tseg\n").strip()
    name = ("-c", "user.name=x", "-c", "user.email=x@y")
    bad = git(world.origin, *name, "commit-tree", "-m", "x", tree).strip()
    run = world.ana.run()
    world.ana.push()
    (log,) = (ref for ref in refs_of(world.origin) if ref.endswith("/log"))
    git(world.origin, "update-ref", "refs/gage/w/hostile/202611-01/log", bad)
    git(world.origin, "update-ref", log.replace("log", "sealed"), bad)
    fetched = fetch_runs(world.sam.store, Catalog(world.sam.store), None, world.sam.heard)
    assert fetched == ("origin", 1, 2, False)
    assert world.sam.heard.warnings == ["2 lanes can't be read in full: see 'git fsck'"]
    assert log.replace("refs/gage", "refs/gage-remotes/origin") in refs_of(world.sam.path)
    assert Catalog(world.sam.store).document(run) is not None


def test_one_clone_pushes_and_fetches_at_once(world: World) -> None:
    runs = [world.ana.run(f"{number}.py") for number in range(3)]
    world.sam.run("sam.py")
    world.sam.push()
    chores: list[Callable[[], object]] = [
        world.ana.fetch,
        world.ana.push,
        lambda: world.ana.push(None, runs[1]),
    ]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(chore) for chore in chores * 2]:
            done.result()
    world.sam.fetch()
    assert world.sam.lines() == world.ana.lines()
    assert len(world.sam.runs()) == 4
    assert world.ana.heard.warnings == []


def test_what_is_recorded_beside_a_push_is_seen_by_it(world: World) -> None:
    """Refs are listed once meanwhile, but not before the journals are, nor before one's turn."""
    store, one = world.ana.store, world.ana.run()
    with sharing(store):
        before = store.read_tips()
        two = world.ana.run("two.py")
        assert store.read_tips() == before
        store.journals()
        lines = read_tip_lines(store, store.read_tips().values())
        assert {parse_record(line).run for line in lines} == {one, two}
        three = world.ana.run("three.py")
        with store.writing():
            lines = read_tip_lines(store, store.read_tips().values())
        assert {parse_record(line).run for line in lines} == {one, two, three}


def test_bare_repositories_and_worktrees_share_too(world: World) -> None:
    world.ana.git("worktree", "add", "-q", str(world.folder / "tree"))
    tree = Person(world.folder / "tree")
    run = tree.run()
    assert tree.push("origin").runs == 1
    assert world.ana.push().up_to_date
    bare = Person(world.bare("bare.git"))
    assert bare.fetch(str(world.origin)) == (str(world.origin), 1, 2, False)
    other = world.bare("other.git")
    assert bare.push(str(other), run).runs == 1
    assert bare.output(run) == b"output of train.py\n"


def test_a_shallow_clone_shares_too(world: World) -> None:
    for number in range(3):
        write_files(world.ana.path, {"train.py": f"lr = {number}\n"})
        commit(world.ana.path, f"change {number}")
    world.ana.git("push", "-q")
    path = clone(f"file://{world.origin}", world.folder / "shallow", options=("--depth=1",))
    shallow = Person(path)
    write_files(path, {"train.py": "lr = 10\n"})
    commit(path)
    run = shallow.run()
    assert shallow.push() == ("origin", 1, 2, 1, False, False)
    world.ana.run()
    world.ana.push()
    assert shallow.fetch().runs_new == 1
    world.sam.fetch()
    (begun,) = (r for r in world.sam.records if (r.run, r.kind) == (run, "run.begin"))
    shown = world.sam.git("show", f"{begun.body['source']['snapshot']}:train.py")
    assert shown == "lr = 10\n"
    assert shallow.git("rev-list", "--count", "HEAD").strip() == "2"


def test_old_commits_need_not_be_as_git_wants_them_today(world: World) -> None:
    """A commit that fsck refuses is under a source: the user's own rules decide on those."""
    tree = world.ana.git("rev-parse", "HEAD^{tree}").strip()
    text = f"tree {tree}\nauthor Ana <a@x.org> 1 0\ncommitter Ana <a@x.org> 1 +0000\n\nold\n"
    old = git(
        world.ana.path, "hash-object", "-w", "-t", "commit", "--literally", "--stdin", input=text
    ).strip()
    world.ana.git("reset", "-q", "--hard", old)
    run = world.ana.run()
    assert world.ana.push().runs == 1
    assert world.sam.fetch() == ("origin", 1, 2, False)
    assert world.sam.output(run) == b"output of train.py\n"
    assert world.sam.git("cat-file", "-t", old) == "commit\n"
    assert world.sam.fetch() == ("origin", 0, 0, False)

    world.sam.git("config", "fetch.fsckObjects", "true")
    world.ana.git("reset", "-q", "--hard", "origin/main")
    write_files(world.ana.path, {"train.py": "new\n"})
    world.ana.git("reset", "-q", "--soft", old)
    world.ana.git("commit", "-q", "-a", "-m", "new")
    world.ana.run()
    world.ana.push()
    assert world.sam.fetch().runs_new == 1
