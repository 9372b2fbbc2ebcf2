"""A disk that has lost a part of what was recorded here alone: the rest goes on, and it is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.records import short_id
from git_gage.store import layout
from tests.git.test_mend import cut, delete, find, forget, is_sound, share, tip_of
from tests.support import gage_inside, git, unpack_all, ways
from tests.unit.share.world import Person, World, make_world, objects_of, refs_of

TOLD = "warning: this disk had lost a part of what was recorded here: "
BACK = f"{TOLD}all of it could be given back\n"
HINT = "; all else is whole\nhint: if a backup has it: git gage restore --from <backup>\n"
AGAIN = "; lanes here can be read again"
UNSURE = f"{TOLD}perhaps records of which nothing else tells{HINT}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def record(person: Person, word: str) -> str:
    """A run with a source and an output of its own."""
    (person.path / "train.py").write_text(f"print('{word}')\n" * 1000)
    share(person, "run", "-q", "--", "python3", "train.py")
    return str(json.loads(share(person, "show", "@", "--json").out)["id"])


def output(person: Person, run: str) -> str | None:
    done = gage_inside(person.path, "output", run)
    return done.out.split()[0] if done.code == 0 else None


def snapshot(person: Person, run: str) -> str:
    (begun,) = (each for each in person.records if (each.run, each.kind) == (run, "run.begin"))
    return str(begun.body["source"]["snapshot"])


def lose(where: Path, oid: str, how: Callable[[Path], None] = delete) -> None:
    unpack_all(where)
    how(where / ".git" / "objects" / oid[:2] / oid[2:])


def lose_of_lane(where: Path, kind: str, what: str, how: Callable[[Path], None] = delete) -> None:
    """Let a disk lose an object of what was recorded."""
    lose(where, find(where, tip_of(where, kind, "refs/gage/w")[1], what), how)


def age(person: Person) -> None:
    """No journal has any more what was recorded so far."""
    person.store.flush()
    for day in (person.path / ".git/gage/journal").iterdir():
        day.unlink()


LOST = [
    ("log", "commit"),
    ("bulk", "parent"),
    ("src", "parent"),
    ("log", "blob"),
    ("log", "parent"),
    ("log", "tree"),
    ("bulk", "commit"),
    ("bulk", "tree"),
    ("src", "commit"),
]


@pytest.mark.parametrize("later", ways(False, True))
@pytest.mark.parametrize("how", ways(delete, cut))
@pytest.mark.parametrize(("kind", "what"), ways(*LOST, small=4))
def test_what_leads_to_runs_can_be_lost(
    world: World, kind: str, what: str, how: Callable[[Path], None], later: bool
) -> None:
    """All that it led to is there still, or in a journal."""
    ana, sam = world.ana, world.sam
    runs = {record(ana, word): word for word in ("one", "two", "three")}
    lose_of_lane(ana.path, kind, what, how)
    if later:
        runs[record(ana, "four")] = "four"
    done = share(ana, "push")
    assert (done.out.split(" to ")[0], BACK in done.err) == (f"pushed {len(runs)} runs", True)
    assert is_sound(ana.path)
    done = share(ana, "push")
    assert (done.out, done.err) == ("origin is up to date\n", "")
    runs[record(ana, "five")] = "five"
    assert share(ana, "push").out.startswith("pushed 1 run to origin")
    share(sam, "fetch")
    assert {run: output(sam, run) for run in runs} == runs
    for run, word in runs.items():
        assert git(sam.path, "show", f"{snapshot(sam, run)}:train.py").startswith(f"print('{word}")


@pytest.mark.parametrize("how", ways(delete, cut))
def test_an_output_that_is_lost_is_told(world: World, how: Callable[[Path], None]) -> None:
    ana, sam = world.ana, world.sam
    one, two = record(ana, "one"), record(ana, "two")
    lose(ana.path, ana.store.repo.blob_oid(b"one\n" * 1000), how)
    done = share(ana, "push")
    assert done.err.endswith(f"{TOLD}output of run {short_id(one)}{HINT}")
    assert is_sound(ana.path)
    share(sam, "fetch")
    assert (output(sam, one), output(sam, two)) == (None, "two")
    assert sam.runs() == {one, two}
    assert share(ana, "push").err == ""


def test_a_source_that_is_lost_is_told(world: World) -> None:
    ana, sam = world.ana, world.sam
    one, two = record(ana, "one"), record(ana, "two")
    lose(ana.path, git(ana.path, "rev-parse", f"{snapshot(ana, one)}:train.py").strip())
    done = share(ana, "push")
    assert done.err.endswith(f"{TOLD}source of run {short_id(one)}{HINT}")
    assert is_sound(ana.path)
    share(sam, "fetch")
    assert (output(sam, one), sam.runs()) == ("one", {one, two})


def test_records_that_no_journal_has_any_more_are_told(world: World) -> None:
    """The catalog knows of which runs they were."""
    ana, sam = world.ana, world.sam
    one = record(ana, "one")
    age(ana)
    two = record(ana, "two")
    share(ana, "list")
    lines = ana.lines()
    oids = git(ana.path, "ls-tree", "-r", tip_of(ana.path, "log", "refs/gage/w")[1])
    oid = next(line.split()[2] for line in oids.splitlines() if "hot/00000000" in line)
    lose(ana.path, oid)
    done = share(ana, "push")
    assert done.err == f"{TOLD}2 records of run {short_id(one)}{HINT}"
    forget(ana.path)
    share(sam, "fetch")
    assert two in sam.runs()
    assert sam.lines() == ana.lines() < lines


def test_what_may_have_said_that_an_output_was_taken_out_is_lost(world: World) -> None:
    """The output itself is not, but nobody must hear of it then."""
    ana = world.ana
    one = record(ana, "hush-hush")
    record(ana, "two")
    share(ana, "redact", "-y", "--output", one)
    record(ana, "three")
    age(ana)
    share(ana, "list")
    tip = tip_of(ana.path, "log", "refs/gage/w")[1]
    oids = [row.split()[2] for row in git(ana.path, "ls-tree", "-r", tip).splitlines()]
    said = next(oid for oid in oids if "run.redact" in git(ana.path, "cat-file", "blob", oid))
    lose_of_lane(ana.path, "bulk", "commit")
    delete(_path_of(ana, said))
    assert short_id(one) in share(ana, "push").err
    world.sam.fetch()
    assert ana.store.repo.blob_oid(b"hush-hush\n" * 1000) not in objects_of(world.origin)


def test_what_nobody_knows_is_told_as_well(world: World) -> None:
    ana = world.ana
    ana.run()
    age(ana)
    lose_of_lane(ana.path, "log", "blob")
    two = ana.run("two.py")
    assert share(ana, "push").err == UNSURE
    world.sam.fetch()
    assert world.sam.runs() == {two}


def test_the_catalog_knows_what_a_lost_tip_led_to(world: World) -> None:
    ana, sam = world.ana, world.sam
    runs = {record(ana, word): word for word in ("one", "two")}
    share(ana, "list")
    age(ana)
    (ana.path / ".git/gage/flushed.json").unlink()
    lose_of_lane(ana.path, "log", "commit")
    assert share(ana, "push").err == BACK
    share(sam, "fetch")
    assert {run: output(sam, run) for run in runs} == runs


@pytest.mark.full
@pytest.mark.parametrize(("kind", "what"), ways(*(each for each in LOST if each[1] != "blob")))
def test_what_a_remote_has_a_part_of(world: World, kind: str, what: str) -> None:
    """It gets the rest, and nobody hears of a second writer."""
    ana, sam = world.ana, world.sam
    runs = {record(ana, "one"): "one"}
    share(ana, "push")
    share(sam, "fetch")
    runs |= {record(ana, "two"): "two", record(ana, "three"): "three"}
    lose_of_lane(ana.path, kind, what)
    done = share(ana, "push")
    assert (done.out, "copy of this clone" in done.err) == ("pushed 2 runs to origin\n", False)
    assert is_sound(ana.path)
    assert share(sam, "fetch").err == ""
    assert {run: output(sam, run) for run in runs} == runs
    assert share(ana, "sync").err == ""


def test_a_pack_with_a_bad_byte(world: World) -> None:
    """git finds out when it sends it."""
    ana, sam = world.ana, world.sam
    one = record(ana, "one")
    oid = ana.store.repo.blob_oid(b"one\n" * 1000)
    for index in (ana.path / ".git/objects/pack").glob("*.idx"):
        rows = git(ana.path, "verify-pack", "-v", str(index)).splitlines()
        offsets = [int(row.split()[4]) for row in rows if row.startswith(oid)]
        if offsets:
            pack = index.with_suffix(".pack")
            content = bytearray(pack.read_bytes())
            content[offsets[0] + 8] ^= 255
            pack.chmod(0o644)
            pack.write_bytes(content)
    two = record(ana, "two")
    done = share(ana, "push")
    assert done.err == f"{TOLD}output of run {short_id(one)}{HINT}"
    share(sam, "fetch")
    assert (output(sam, one), output(sam, two)) == (None, "two")


def test_what_was_taken_out_does_not_come_back(world: World) -> None:
    """git has it for two weeks still."""
    ana = world.ana
    one, two = record(ana, "hush-hush"), record(ana, "two")
    share(ana, "redact", "-y", "--output", one)
    oid = ana.store.repo.blob_oid(b"hush-hush\n" * 1000)
    assert git(ana.path, "cat-file", "-t", oid) == "blob\n"
    lose_of_lane(ana.path, "bulk", "commit")
    assert share(ana, "push").err == BACK
    world.sam.fetch()
    assert (output(world.sam, one), output(world.sam, two)) == (None, "two")
    assert oid not in objects_of(world.origin)


@pytest.mark.full
@pytest.mark.parametrize(("kind", "what"), ways(*LOST))
def test_a_private_run_stays_private(world: World, kind: str, what: str) -> None:
    ana = world.ana
    for word in ("one", "two", "three"):
        record(ana, word)
    for run in ana.runs():
        share(ana, "private", run)
    runs, mine = ana.runs(), record(ana, "mine")
    lose(ana.path, find(ana.path, tip_of(ana.path, kind, "refs/gage-local/w")[1], what))
    forget(ana.path)
    share(ana, "list")
    done = share(ana, "push")
    # Nobody noted what the commits held to which the runs were moved.
    is_seen = kind == "log" and what != "parent"
    assert (done.out, UNSURE in done.err) == ("pushed 1 run to origin\n", is_seen)
    record(ana, "later")
    share(ana, "push")
    world.sam.fetch()
    assert len(world.sam.runs()) == 2
    assert mine in world.sam.runs()
    assert ana.runs() > runs


def test_a_lane_of_before_the_clone_was_moved(world: World) -> None:
    ana, sam = world.ana, world.sam
    runs = {record(ana, "one"): "one"}
    ana.path = ana.path.rename(world.folder / "moved")
    runs[record(ana, "two")] = "two"
    tips = refs_of(ana.path, "refs/gage/w")
    former = (oid for ref, oid in tips.items() if f"/{ana.store.lane}/" not in ref)
    unpack_all(ana.path)
    for oid in former:
        delete(_path_of(ana, oid))
    assert share(ana, "push").err == BACK
    assert is_sound(ana.path)
    share(sam, "fetch")
    assert {run: output(sam, run) for run in runs} == runs


@pytest.mark.full
@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("move", ways(Path.rename, shutil.copytree))
@pytest.mark.parametrize("what", ways("commit", "tree"))
def test_what_leads_to_runs_of_before_the_clone_was_moved(
    world: World, what: str, move: Callable[[Path, Path], Path], later: bool
) -> None:
    """Nobody has it, and the catalog begins anew; journals and commits before it do not move."""
    ana, sam = world.ana, world.sam
    runs = {record(ana, word): word for word in ("one", "two", "three")}
    ana.path = move(ana.path, world.folder / "moved")
    lose_of_lane(ana.path, "log", what)
    if later:
        runs[record(ana, "four")] = "four"
    gage_inside(ana.path, "doctor")
    assert share(ana, "push").err == BACK
    assert is_sound(ana.path)
    share(sam, "fetch")
    assert {run: output(sam, run) for run in runs} == runs


@pytest.mark.parametrize("is_moved", [False, True])
@pytest.mark.parametrize("what", ways("commit", "tree"))
def test_what_was_recorded_last_is_lost_with_the_journal(
    world: World, what: str, is_moved: bool
) -> None:
    """The commits before it tell of all but that, also where the clone was moved."""
    ana = world.ana
    runs = [record(ana, word) for word in ("one", "two", "three")]
    age(ana)
    if is_moved:
        ana.path = ana.path.rename(world.folder / "moved")
    lose_of_lane(ana.path, "log", what)
    record(ana, "four")
    forget(ana.path)
    assert share(ana, "push").err == UNSURE
    world.sam.fetch()
    assert {*runs[:2]} < world.sam.runs() > {*ana.runs()} - {*runs}


@pytest.mark.parametrize("is_noted", [False, True])
def test_the_reflog_tells_of_the_commit_before(world: World, is_noted: bool) -> None:
    ana = world.ana
    if is_noted:
        git(ana.path, "config", "core.logAllRefUpdates", "always")
    runs = [ana.run(f"{word}.py") for word in ("one", "two", "three")]
    age(ana)
    (ana.path / ".git/gage/flushed.json").unlink()
    lose_of_lane(ana.path, "log", "commit")
    assert share(ana, "push").err == UNSURE
    assert ana.runs() == ({*runs[:2]} if is_noted else set())


@pytest.mark.full
def test_a_folder_of_older_records_is_lost(world: World) -> None:
    """What is beside it stays, and there are commits of before it."""
    ana = world.ana
    runs = [ana.run("one.py")]
    for number in range(layout.SEGMENT_RECORDS // 2):
        ana.label(runs[0], f"{number}")
        ana.label(runs[0], f"again {number}")
    runs.append(ana.run("two.py"))
    lines = ana.lines()
    age(ana)
    tip = tip_of(ana.path, "log", "refs/gage/w")[1]
    lose(ana.path, git(ana.path, "rev-parse", f"{tip}:seg").strip())
    assert share(ana, "push").err == UNSURE
    assert {*runs} == ana.runs()
    assert len(lines - ana.lines()) <= 1


def test_a_line_of_a_journal_that_cannot_be_read(world: World) -> None:
    ana = world.ana
    runs = {ana.run("one.py"), ana.run("two.py")}
    for day in (ana.path / ".git/gage/journal").glob("day-*"):
        day.write_bytes(b"{half a li\n" + day.read_bytes())
    lose_of_lane(ana.path, "log", "tree")
    assert share(ana, "push").err == BACK
    assert ana.runs() == runs


def test_much_that_is_lost_is_told_in_short(world: World) -> None:
    ana = world.ana
    runs = [ana.run(output=f"{number}\n") for number in range(12)]
    unpack_all(ana.path)
    for number in range(11):
        delete(_path_of(ana, ana.store.repo.blob_oid(f"{number}\n".encode())))
    told = share(ana, "push").err
    assert told.count("output of run ") == 9
    assert "; parts of 2 more runs; all else is whole\n" in told
    world.sam.fetch()
    assert world.sam.output(runs[11]) == b"11\n"


def _path_of(person: Person, oid: str) -> Path:
    return person.path / ".git" / "objects" / oid[:2] / oid[2:]


@pytest.mark.parametrize("how", ways(cut, delete))
@pytest.mark.parametrize(
    ("kind", "what"), [*ways(*LOST, small=2), ("bulk", "blob"), ("src", "file")]
)
def test_a_backup_gives_back_what_was_lost(
    world: World, tmp_path: Path, kind: str, what: str, how: Callable[[Path], None]
) -> None:
    ana, saved = world.ana, str(tmp_path / "saved.tar")
    runs = [record(ana, word) for word in ("one", "two")]
    age(ana)
    shutil.rmtree(ana.path / ".git" / "gage" / "state")
    share(ana, "backup", saved)
    before = ana.lines()
    if what == "file":
        lose(
            ana.path, git(ana.path, "rev-parse", f"{snapshot(ana, runs[0])}:train.py").strip(), how
        )
    else:
        lose_of_lane(ana.path, kind, what, how)
    done = share(ana, "restore", "--from", saved)
    assert done.out == f"Restored 0 runs, 0 records, 0 large files{AGAIN}\n"
    assert "warning: this disk had lost a part of lane " in done.err
    assert done.err.endswith("': got it again\n")
    assert is_sound(ana.path)
    assert ana.lines() == before
    assert [output(ana, run) for run in runs] == ["one", "two"]
    assert share(ana, "restore", "--from", saved).err == ""


def test_a_backup_gives_back_what_it_has_and_nothing_else(world: World, tmp_path: Path) -> None:
    """Neither what was purged since, nor what was recorded since and lost."""
    ana, saved = world.ana, str(tmp_path / "saved.tar")
    gone, kept = (record(ana, word) for word in ("hush", "kept"))
    share(ana, "backup", saved)
    share(ana, "purge", gone, "--force")
    late = record(ana, "late")
    age(ana)
    shutil.rmtree(ana.path / ".git" / "gage" / "state")
    git(ana.path, "reflog", "expire", "--expire=now", "--all")
    git(ana.path, "gc", "-q", "--prune=now")
    oid = ana.store.repo.blob_oid(b"late\n" * 1000)
    lose(ana.path, oid)
    done = share(ana, "restore", "--from", saved)
    assert done.out == f"Restored 0 runs, 0 records, 0 large files{AGAIN}\n"
    assert output(ana, kept) == "kept"
    assert f"{TOLD}output of run {short_id(late)}{HINT}" in done.err
    assert output(ana, late) is None
    held = git(ana.path, "rev-list", "--objects", "--all")
    assert ana.store.repo.blob_oid(b"kept\n" * 1000) in held
    assert ana.store.repo.blob_oid(b"hush\n" * 1000) not in held


def lose_lanes(where: Path) -> None:
    """Let a disk lose all that git keeps of runs."""
    unpack_all(where)
    words = ("rev-list", "--objects", "--no-object-names")
    kept = set(git(where, *words, "--branches", "--remotes").split())
    for oid in set(git(where, *words, "--glob=refs/gage*").split()) - kept:
        (where / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def lab(person: Person) -> str:
    """A place that has all runs of somebody."""
    path = person.path.parent / "lab.git"
    git(path.parent, "init", "-q", "--bare", path.name)
    share(person, "backup", str(path))
    return str(path)


@pytest.mark.full
@pytest.mark.parametrize("how", ways(delete, cut))
@pytest.mark.parametrize(
    ("kind", "what"), [*ways(LOST[0], *LOST[4:7]), ("bulk", "blob"), ("src", "commit")]
)
def test_a_remote_gives_back_what_was_lost(
    world: World, kind: str, what: str, how: Callable[[Path], None]
) -> None:
    """It was given that in a lane of its own."""
    ana = world.ana
    runs = [record(ana, word) for word in ("one", "two")]
    age(ana)
    shutil.rmtree(ana.path / ".git" / "gage" / "state")
    saved = lab(ana)
    before = set(ana.lines())
    lose_of_lane(ana.path, kind, what, how)
    done = share(ana, "restore", "--from", saved)
    assert done.out.endswith(f"Restored 0 runs from {saved}{AGAIN}\n")
    assert "warning: this disk had lost a part of " in done.err
    assert "hint" not in done.err
    assert is_sound(ana.path)
    assert set(ana.lines()) == before
    assert [output(ana, run) for run in runs] == ["one", "two"]
    done = share(ana, "restore", "--from", saved)
    assert (done.out.splitlines()[-1], done.err) == (f"Restored 0 runs from {saved}", "")


@pytest.mark.full
@pytest.mark.parametrize("aged", [False, True])
def test_a_remote_gives_back_all(world: World, aged: bool) -> None:
    ana = world.ana
    runs = {record(ana, word): word for word in ("one", "two")}
    saved = lab(ana)
    if aged:
        age(ana)
        shutil.rmtree(ana.path / ".git" / "gage" / "state")
    lose_lanes(ana.path)
    done = share(ana, "restore", "--from", saved)
    assert done.out.endswith(f"Restored 0 runs from {saved}{AGAIN}\n")
    assert BACK in done.err
    assert is_sound(ana.path)
    assert {run: output(ana, run) for run in runs} == runs
    assert ana.runs() == set(runs)


def test_a_source_that_origin_has_is_given_back(world: World) -> None:
    ana = world.ana
    run = record(ana, "one")
    share(ana, "push")
    oid = git(ana.path, "rev-parse", f"{snapshot(ana, run)}:train.py").strip()
    lose(ana.path, oid)
    share(ana, "restore", "--from", "origin")
    assert git(ana.path, "cat-file", "-t", oid) == "blob\n"
    assert is_sound(ana.path)


@pytest.mark.parametrize("answers", [True, False])
def test_a_backup_older_than_what_was_lost(world: World, tmp_path: Path, answers: bool) -> None:
    """What was said since is told; what is kept of a remote comes from there, or is let go of."""
    ana, saved = world.ana, str(tmp_path / "saved.tar")
    one = record(ana, "one")
    share(ana, "backup", saved)
    two = record(ana, "two")
    place = Path(lab(ana))
    age(ana)
    shutil.rmtree(ana.path / ".git" / "gage" / "state")
    lose_lanes(ana.path)
    if not answers:
        place.rename(tmp_path / "away")
    done = share(ana, "restore", "--from", saved)
    assert done.out == f"Restored 0 runs, 0 records, 0 large files{AGAIN}\n"
    assert is_sound(ana.path)
    assert output(ana, one) == "one"
    assert share(ana, "list").err == ""
    if answers:
        assert f"of '{place}': got it again" in done.err
        assert output(ana, two) == "two"
        assert ana.runs() == {one, two}
        return
    assert f"and '{place}' does not answer" in done.err
    assert f" records of run {short_id(two)}{HINT}" in done.err
    assert ana.runs() == {one}
    (tmp_path / "away").rename(place)
    share(ana, "restore", "--from", str(place))
    assert ana.runs() == {one, two}
    assert output(ana, two) == "two"
    share(ana, "backup", str(place))
    assert is_sound(place)
