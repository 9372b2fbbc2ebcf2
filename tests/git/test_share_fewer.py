"""Lanes of many years and of many short jobs stay few refs, and nothing in them is lost."""

from __future__ import annotations

import shutil
import time
from calendar import timegm
from pathlib import Path

import pytest

from git_gage.store import merge
from git_gage.store.thumbs import Gallery, Preview
from tests.support import clone, commit, gage_inside, git, set_identity, write_files
from tests.unit.share.world import Person, World, make_world, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small numbers in place of the real ones."""
    monkeypatch.setattr(merge, "EPOCHS", 3)


def months(person: Person, first: int, count: int) -> list[str]:
    """A run in each of some months from January 2026 on."""
    runs = []
    for month in range(first, first + count):
        person.now = timegm((2026 + month // 12, month % 12 + 1, 5, 0, 0, 0))
        write_files(person.path, {"train.py": f"month = {month}\n"})
        commit(person.path)
        runs.append(person.run(output=f"month {month}\n"))
    return runs


def epochs(refs: dict[str, str]) -> list[str]:
    return sorted({ref.split("/")[-2] for ref in refs if "gage" in ref})


def epochs_of(path: Path, space: str = "refs/gage") -> set[tuple[str, str]]:
    """Lane and name of each epoch below a space."""
    parts = [ref.split("/") for ref in refs_of(path, f"{space}/") if "/w/" in ref]
    return {(words[-3], words[-2]) for words in parts}


def test_the_oldest_epochs_become_one(world: World) -> None:
    runs = months(world.ana, 0, 6)
    lines = world.ana.lines()
    assert world.ana.push() == ("origin", 6, 12, 6, False, False)
    here = refs_of(world.ana.path, "refs/gage/")
    assert epochs(here) == ["202604-02", "202605-01", "202606-01"]
    assert refs_of(world.origin, "refs/gage/") == here
    assert world.ana.lines() == lines
    assert world.sam.fetch() == ("origin", 6, 12, False)
    assert [world.sam.output(run) for run in runs] == [
        f"month {month}\n".encode() for month in range(6)
    ]
    assert world.ana.push() == ("origin", 0, 0, 0, True, False)


def test_what_a_remote_had_of_them_goes_there_and_at_colleagues(world: World) -> None:
    runs = months(world.ana, 0, 3)
    world.ana.push()
    world.sam.fetch()
    runs += months(world.ana, 3, 2)
    assert world.ana.push() == ("origin", 2, 4, 2, False, False)
    there = refs_of(world.origin, "refs/gage/")
    assert epochs(there) == ["202603-02", "202604-01", "202605-01"]
    assert refs_of(world.ana.path, "refs/gage-remotes/origin/w").keys() == {
        ref.replace("refs/gage/", "refs/gage-remotes/origin/") for ref in there
    }
    assert world.sam.fetch() == ("origin", 2, 4, False)
    assert epochs(refs_of(world.sam.path, "refs/gage-remotes")) == epochs(there)
    git(world.sam.path, "gc", "-q", "--prune=now")
    assert world.sam.runs() == set(runs)
    assert all(world.sam.output(run) for run in runs)
    for run in runs:
        (begun,) = (r for r in world.sam.records if (r.run, r.kind) == (run, "run.begin"))
        git(world.sam.path, "cat-file", "-e", begun.body["source"]["snapshot"])


def test_one_that_a_remote_has_lost_keeps_no_others_there(world: World) -> None:
    months(world.ana, 0, 3)
    world.ana.push()
    for ref in refs_of(world.origin, "refs/gage/"):
        if "/202602-01/" in ref:
            git(world.origin, "update-ref", "-d", ref)
    months(world.ana, 3, 2)
    assert world.ana.push() == ("origin", 2, 4, 2, False, False)
    there = refs_of(world.origin, "refs/gage/")
    assert epochs(there) == ["202603-02", "202604-01", "202605-01"]
    assert refs_of(world.ana.path, "refs/gage-remotes/origin/w").keys() == {
        ref.replace("refs/gage/", "refs/gage-remotes/origin/") for ref in there
    }
    assert world.ana.push().up_to_date


def test_an_old_epoch_that_is_there_still_is_of_nobody_else(world: World) -> None:
    """A push without outputs leaves it beside the one that it was merged into."""
    runs = months(world.ana, 0, 5)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(merge, "EPOCHS", 9)
        world.ana.push()
    assert gage_inside(world.ana.path, "push", "--meta").code == 0
    there = refs_of(world.origin, "refs/gage/")
    assert {"202601-01", "202603-02"} < set(epochs(there))
    for ref in there:
        git(world.origin, "update-ref", "-d", ref)
    assert not world.ana.push().up_to_date
    world.sam.fetch()
    assert world.sam.runs() == set(runs)
    assert all(world.sam.output(run) for run in runs)
    months(world.ana, 5, 1)
    assert world.ana.push().runs == 1
    assert world.ana.heard.warnings == []


def test_epochs_of_words_and_of_previews_are_merged(world: World) -> None:
    """Somebody only says things of runs, and adds previews."""
    (run,) = months(world.ana, 0, 1)
    world.ana.push()
    world.sam.fetch()
    image = Preview(b"a.png", "0" * 64, 10, 4, 4, b"png")
    for month in range(5):
        if month == 3:
            assert world.sam.push() == ("origin", 0, 3, 0, False, False)
        world.sam.now = timegm((2026, month + 1, 5, 0, 0, 0))
        world.sam.label(run, f"label {month}")
        picture = image._replace(path=b"%d.png" % month, sha256=f"{month:064}")
        world.sam.store.add_galleries({run: Gallery((picture,), 5)})
    assert world.sam.push() == ("origin", 0, 2, 0, False, False)
    here = refs_of(world.sam.path, "refs/gage/")
    assert epochs(here) == ["202603-02", "202604-01", "202605-01"]
    (thumbs,) = (ref for ref in here if ref.endswith("202603-02/thumbs"))
    names = git(world.sam.path, "ls-tree", "-r", "--name-only", thumbs).split()
    assert sum(name.endswith(".png") for name in names) == 3
    world.ana.fetch()
    assert world.ana.lines() == world.sam.lines()


@pytest.mark.full
def test_merged_epochs_are_merged_again(world: World) -> None:
    for first in range(0, 12, 3):
        months(world.ana, first, 3)
        world.ana.push()
    assert epochs(refs_of(world.origin, "refs/gage/")) == ["202610-02", "202611-01", "202612-01"]
    world.sam.fetch()
    assert len(world.sam.runs()) == 12
    assert world.sam.lines() == world.ana.lines()


def test_a_colleague_keeps_what_only_he_has_still(world: World) -> None:
    """Somebody deleted refs on the remote by hand: no other ref holds those runs."""
    world.ana.run()
    world.ana.push()
    world.sam.fetch()
    lines = world.sam.lines()
    for ref in refs_of(world.origin, "refs/gage/"):
        git(world.origin, "update-ref", "-d", ref)
    world.sam.fetch()
    assert world.sam.lines() == lines
    (told,) = world.sam.heard.warnings
    assert "no longer has 1 run that it had" in told


@pytest.mark.parametrize("kind", ["bulk", "src"])
def test_a_file_or_source_that_nobody_else_holds_stays(world: World, kind: str) -> None:
    months(world.ana, 0, 3)
    world.ana.push()
    world.sam.fetch()
    before = {ref for ref in refs_of(world.sam.path, "refs/gage-remotes") if "202601" in ref}
    months(world.ana, 3, 2)
    world.ana.push()
    for ref in refs_of(world.origin, "refs/gage/"):
        if ref.endswith(f"202603-02/{kind}"):
            git(world.origin, "update-ref", "-d", ref)
    world.sam.fetch()
    assert world.sam.heard.warnings == []
    assert len(before) == 3
    assert before <= refs_of(world.sam.path, "refs/gage-remotes").keys()


def test_a_kill_in_the_middle_leaves_both(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    months(world.ana, 0, 5)
    lines = world.ana.lines()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(merge, "delete_refs", killed)
        with pytest.raises(KeyboardInterrupt):
            world.ana.push()
    assert world.ana.lines() == lines
    world.ana.push()
    assert world.ana.lines() == lines
    assert len(epochs(refs_of(world.origin, "refs/gage/"))) == 3


def test_a_tip_with_too_many_blobs_is_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "_MOST_BLOBS", 1)
    months(world.ana, 0, 5)
    world.ana.push()
    assert len(epochs(refs_of(world.origin, "refs/gage/"))) == 5


WEEK_S = 7 * 86400


def jobs(world: World, count: int, **variables: str) -> list[str]:
    """Runs of as many CI jobs, each pushed from a clone that is gone afterwards."""
    runs = []
    for number in range(count):
        path = world.folder / f"job-{number}"
        job = Person(clone(world.origin, path, name="Ci"), now=world.ana.now)
        write_files(path, {"train.py": f"job = {number}\n"})
        commit(path)
        runs.append(job.run(command={"argv": ["train"], "variables": variables or {"CI": "true"}}))
        job.push()
        shutil.rmtree(path)
    return runs


def fold(person: Person, *options: str) -> str:
    done = gage_inside(person.path, "fold", *options)
    assert done.code == 0, done.err
    return done.out


def test_lanes_of_finished_jobs_become_one(world: World) -> None:
    world.ana.now = time.time() - 2 * WEEK_S
    runs = jobs(world, 3)
    world.sam.fetch()
    lines = world.sam.lines()
    assert fold(world.ana, "-n") == "would fold 3 lanes with 3 runs on origin\n"
    assert len(epochs_of(world.origin)) == 3
    assert fold(world.ana) == "folded 3 lanes with 3 runs on origin\n"
    assert len(epochs_of(world.origin)) == 1
    assert fold(world.ana) == "no lanes to fold on origin\n"

    world.sam.fetch()
    assert len(epochs_of(world.sam.path, "refs/gage-remotes")) == 1
    git(world.sam.path, "gc", "-q", "--prune=now")
    assert world.sam.lines() == lines
    assert [world.sam.output(run) for run in runs] == [b"output of train.py\n"] * 3
    assert world.sam.heard.warnings == []
    fresh = Person(clone(world.origin, world.folder / "fresh"))
    fresh.fetch()
    assert fresh.lines() == lines
    # They are still somebody else's: whoever folds does not answer for what they say.
    assert all(world.ana.catalog.is_foreign(run) for run in runs)


def test_other_lanes_are_left_alone(world: World) -> None:
    jobs(world, 1)
    assert fold(world.ana) == "no lanes to fold on origin\n"
    world.ana.now = time.time() - 2 * WEEK_S
    jobs(world, 1, USER="ana")
    assert fold(world.ana) == "no lanes to fold on origin\n"
    assert fold(world.ana, "--idle", "30d") == "no lanes to fold on origin\n"
    assert fold(world.ana, "--idle", "10d") == "folded 1 lane with 1 run on origin\n"


def test_a_lane_with_previews_or_records_of_the_future_is_left(world: World) -> None:
    world.ana.now = time.time() - 2 * WEEK_S
    jobs(world, 2)
    (lane, epoch), (other, _) = sorted(epochs_of(world.origin))
    log = git(world.origin, "rev-parse", f"refs/gage/w/{lane}/{epoch}/log").strip()
    git(world.origin, "update-ref", f"refs/gage/w/{lane}/{epoch}/thumbs", log)
    newer = git(world.origin, "hash-object", "-w", "--stdin", input='{"v":9}\n').strip()
    marker = git(world.origin, "hash-object", "-w", "--stdin", input="").strip()
    hot = git(world.origin, "mktree", input=f"100644 blob {newer}\t00000000-1\n").strip()
    listing = f"040000 tree {hot}\thot\n100644 blob {marker}\tv1\n"
    tree = git(world.origin, "mktree", input=listing).strip()
    set_identity(world.origin)
    tip = git(world.origin, "commit-tree", "-p", log, "-m", "log", tree).strip()
    git(world.origin, "update-ref", f"refs/gage/w/{other}/{epoch}/log", tip)
    assert fold(world.ana) == "no lanes to fold on origin\n"


def test_jobs_that_go_on_and_lanes_that_are_gone_are_left(world: World) -> None:
    world.ana.now = time.time() - 2 * WEEK_S
    jobs(world, 1)
    path = world.folder / "going"
    job = Person(clone(world.origin, path, name="Ci"), now=world.ana.now)
    store = job.store
    body = {"operation": "x", "command": {"argv": [], "variables": {"CI": "1"}}, "source": {}}
    record = store.draft("run.begin", run=None, body=body, by=None, lc=1, seq=0, prev=None)
    store.append(record)
    job.push()
    world.ana.fetch()
    for lane, epoch in epochs_of(world.origin) - {(job.store.lane, "")}:
        if lane != job.store.lane:
            for kind in ("log", "bulk", "src"):
                git(world.origin, "update-ref", "-d", f"refs/gage/w/{lane}/{epoch}/{kind}")
    assert fold(world.ana) == "no lanes to fold on origin\n"


def test_a_push_that_is_refused_folds_nothing(world: World) -> None:
    world.ana.now = time.time() - 2 * WEEK_S
    jobs(world, 2)
    before = refs_of(world.origin), world.ana.lines()
    hook = world.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    done = gage_inside(world.ana.path, "fold")
    assert done.code == 128
    world.ana.fetch()
    assert refs_of(world.origin) == before[0]
    assert refs_of(world.ana.path, "refs/gage-out") == {}
