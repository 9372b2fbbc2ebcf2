"""A disk that has lost a part of what was fetched: the next fetch or push gets it again."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.errors import IntegrityError
from git_gage.runs.recall import CommitFiles
from tests.support import Result, commit, gage_inside, git, unpack_all, ways, write_files
from tests.unit.share.world import Person, World, make_world, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:12])


def empty(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")


def halve(path: Path) -> None:
    """It still says how long it is."""
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HOW = (delete, cut, empty)


def tip_of(where: Path, kind: str, space: str = "refs/gage-remotes") -> tuple[str, str]:
    ((ref, tip),) = (each for each in refs_of(where, space).items() if each[0].endswith(kind))
    return ref, tip


def find(where: Path, tip: str, what: str) -> str:
    """The commit, the one before it, its tree, or the newest blob that this holds."""
    if what == "blob":
        listed = [line.split() for line in git(where, "ls-tree", "-r", tip).splitlines()]
        return next(oid for _, _, oid, name in listed if name != "v1")
    suffix = {"commit": "", "parent": "^", "tree": "^{tree}"}[what]
    return git(where, "rev-parse", tip + suffix).strip()


def lose(where: Path, kind: str, what: str, how: Callable[[Path], None]) -> None:
    """Let a disk lose an object of what was fetched."""
    oid = find(where, tip_of(where, kind)[1], what)
    unpack_all(where)
    how(where / ".git" / "objects" / oid[:2] / oid[2:])


def is_sound(where: Path) -> bool:
    return git(where, "fsck", "--strict", "--no-dangling") == ""


def share(person: Person, *words: str) -> Result:
    done = gage_inside(person.path, *words)
    assert done.code == 0, done.err
    return done


LOST = [
    *(
        (kind, what, how)
        for kind in ("log", "bulk")
        for what in ("commit", "parent")
        for how in ways(*HOW)
    ),
    *(("src", what, how) for what in ("commit", "parent") for how in ways(*HOW)),
    *(("log", "blob", how) for how in ways(*HOW)),
    *((kind, "tree", how) for kind in ("log", "bulk") for how in ways(cut, empty)),
]


@pytest.mark.parametrize(("kind", "what", "how"), LOST)
def test_what_was_lost_comes_again(
    world: World, kind: str, what: str, how: Callable[[Path], None]
) -> None:
    """Sam goes on as if nothing had been: Ana's runs are all there, and his get to her."""
    ana, sam = world.ana, world.sam
    for name in ("first.py", "second.py"):
        ana.run(name)
        ana.push()
    sam.fetch()
    mine = sam.run("sam.py")
    lose(sam.path, kind, what, how)
    newest = ana.run("third.py")
    ana.push()
    share(sam, "fetch")
    assert is_sound(sam.path)
    assert sam.output(newest) == b"output of third.py\n"
    share(sam, "push")
    ana.fetch()
    assert sam.runs() == ana.runs() > {mine}


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("how", ways(halve, cut, empty))
def test_a_list_says_what_gets_lost_records_again(
    world: World, tmp_path: Path, how: Callable[[Path], None], is_shared: bool
) -> None:
    """In our words alone; what it says can be typed, and helps."""
    ana = world.ana
    share(ana, "run", "-q", "--", "true")
    saved = tmp_path / "saved.tar"
    share(ana, "backup", str(saved))
    if is_shared:
        share(ana, "push")
    else:
        git(ana.path, "remote", "remove", "origin")
    oid = find(ana.path, tip_of(ana.path, "log", "refs/gage/w")[1], "blob")
    unpack_all(ana.path)
    how(ana.path / ".git" / "objects" / oid[:2] / oid[2:])
    forget(ana.path)
    warning, hint = share(ana, "list").err.splitlines()[:2]
    assert re.fullmatch("warning: [12] lanes? can't be read in full: see 'git fsck'", warning)
    way = "git gage fetch" if is_shared else "git gage restore --from <backup>"
    assert hint == f"hint: get it again: {way}"
    share(ana, *way.replace("<backup>", str(saved)).split()[2:])
    listed = share(ana, "list")
    assert (listed.err, "completed" in listed.out) == ("", True)


@pytest.mark.parametrize("how", HOW)
def test_an_output_that_was_lost_comes_when_it_is_asked_for(
    world: World, how: Callable[[Path], None]
) -> None:
    """git does not miss it, as it does not look at what it has; who wants to read it does."""
    ana, sam = world.ana, world.sam
    share(ana, "run", "-q", "--", "sh", "-c", "echo hello")
    share(ana, "push")
    sam.fetch()
    unpack_all(sam.path)
    oid = sam.store.repo.blob_oid(b"hello\n")
    how(sam.path / ".git" / "objects" / oid[:2] / oid[2:])
    shown = gage_inside(sam.path, "output")
    assert "fatal: output: this disk has lost it\nhint: git gage fetch " in shown.err
    done = share(sam, *shown.err.rpartition("git gage ")[2].split())
    assert done.out == "fetched sources and outputs from origin\n" or "got it again" in done.err
    assert share(sam, "output").out == "hello\n"
    assert is_sound(sam.path)


def test_an_output_that_was_lost_with_its_lane(world: World) -> None:
    """Nothing tells any more that it was here."""
    ana, sam = world.ana, world.sam
    share(ana, "run", "-q", "--", "sh", "-c", "echo hello")
    share(ana, "push")
    sam.fetch()
    lose(sam.path, "bulk", "commit", delete)
    oid = sam.store.repo.blob_oid(b"hello\n")
    (sam.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    shown = gage_inside(sam.path, "output")
    assert "fatal: output: this disk has lost it\n" in shown.err
    share(sam, *shown.err.rpartition("git gage ")[2].split())
    assert share(sam, "output").out == "hello\n"


@pytest.mark.parametrize("name", ["output", "environment.json"])
@pytest.mark.parametrize("how", ways(*HOW, halve))
def test_what_a_check_says_gets_an_output_again(
    world: World, name: str, how: Callable[[Path], None]
) -> None:
    ana, sam = world.ana, world.sam
    share(ana, "run", "-q", "--", "sh", "-c", f"echo {'hello ' * 50}")
    share(ana, "push")
    sam.fetch()
    listed = git(sam.path, "ls-tree", "-r", tip_of(sam.path, "bulk")[1]).splitlines()
    (oid,) = (line.split()[2] for line in listed if line.endswith(f"/{name}"))
    unpack_all(sam.path)
    how(sam.path / ".git" / "objects" / oid[:2] / oid[2:])
    (run,) = sam.runs()
    found = json.loads(share(sam, "check", run, "--json").out)["checks"]
    (line,) = (each for each in found if each["name"] == "output")
    assert (line["verdict"], line["text"]) == ("not here", name)
    assert line["hint"] == f"git gage fetch {run[10:17]}"
    share(sam, *line["hint"].split()[2:])
    assert is_sound(sam.path)
    found = json.loads(share(sam, "check", run, "--json").out)["checks"]
    assert "output" in [each["name"] for each in found if each["verdict"] == "ok"]


def test_an_output_that_no_remote_was_given_is_in_a_backup_alone(
    world: World, tmp_path: Path
) -> None:
    ana = world.ana
    share(ana, "run", "-q", "--", "sh", "-c", "echo hello")
    saved = tmp_path / "saved.tar"
    share(ana, "backup", str(saved))
    unpack_all(ana.path)
    shutil.rmtree(ana.path / ".git" / "gage" / "state")
    oid = ana.store.repo.blob_oid(b"hello\n")
    (ana.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    way = "git gage restore --from <backup>"
    lost = gage_inside(ana.path, "output")
    assert lost.err == f"fatal: output: this disk has lost it\nhint: {way}\n"
    found = json.loads(share(ana, "check", "@", "--json").out)["checks"]
    assert [each["hint"] for each in found if each["verdict"] == "not here"] == [way]
    assert f"not here: {way}" in share(ana, "show").out
    share(ana, "restore", "--from", str(saved))
    assert share(ana, "output").out == "hello\n"


def test_an_output_that_is_in_a_folder_alone(world: World, tmp_path: Path) -> None:
    """No remote has a name here: the hint says where the run is."""
    ana = world.ana
    git(ana.path, "remote", "remove", "origin")
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    share(ana, "run", "-q", "--", "sh", "-c", "echo hello")
    share(ana, "backup", str(tmp_path / "lab.git"))
    unpack_all(ana.path)
    shutil.rmtree(ana.path / ".git" / "gage" / "state")
    oid = ana.store.repo.blob_oid(b"hello\n")
    (ana.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    lost = gage_inside(ana.path, "output")
    assert f"hint: git gage fetch {tmp_path / 'lab.git'} " in lost.err
    share(ana, *lost.err.rpartition("git gage ")[2].split())
    assert share(ana, "output").out == "hello\n"


def run_changed(ana: Person, sam: Person) -> tuple[str, str]:
    """Sam has a run of Ana's, of a script that is in no branch; that, and its source."""
    (ana.path / "train.py").write_text("print('changed')\n")
    share(ana, "run", "-q", "train.py")
    share(ana, "push")
    sam.fetch()
    unpack_all(sam.path)
    (begun,) = (each for each in sam.records if each.kind == "run.begin")
    return begun.run, begun.body["source"]["snapshot"]


def drop(where: Path, name: str) -> None:
    oid = git(where, "rev-parse", name).strip()
    (where / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


@pytest.mark.parametrize("more", [False, True])
def test_what_a_check_says_gets_a_source_again(world: World, more: bool) -> None:
    sam = world.sam
    run, snapshot = run_changed(world.ana, sam)
    drop(sam.path, snapshot)
    if more:
        drop(sam.path, tip_of(sam.path, "src")[1])
    checked = gage_inside(sam.path, "check", run, "--json")
    (line,) = (each for each in json.loads(checked.out)["checks"] if each["name"] == "source")
    assert (line["verdict"], line["hint"]) == ("not here", f"git gage fetch {run[10:17]}")
    assert "got it again" in share(sam, *line["hint"].split()[2:]).err
    assert "ok       source: " in share(sam, "check", run).out


@pytest.mark.parametrize("shared", [True, False])
def test_a_script_that_was_lost_is_no_fault_of_ours(world: World, shared: bool) -> None:
    ana, sam = world.ana, world.sam
    run, snapshot = run_changed(ana, sam)
    if not shared:
        git(sam.path, "remote", "remove", "origin")
    drop(sam.path, f"{snapshot}:train.py")
    checked = gage_inside(sam.path, "check", run, "--json")
    assert (checked.code, json.loads(checked.out)["good"]) == (1, False)
    way = f"git gage restore --from {'origin' if shared else '<backup>'}"
    told = [each for each in json.loads(checked.out)["checks"] if each["name"] == "source"]
    assert [(each["verdict"], each["hint"]) for each in told] == [("not here", way)]
    refused = gage_inside(sam.path, "restart", run, "--trust-code", "-y")
    lost = f"this disk has lost a part of the source of run {run[10:17]}"
    assert (refused.code, refused.err) == (128, f"fatal: {lost}\nhint: {way}\n")
    if shared:
        share(sam, *way.split()[2:])
        assert "ok       source: " in share(sam, "check", run).out


def test_a_script_that_is_lost_while_it_is_looked_for(world: World) -> None:
    where = world.ana.path
    write_files(where, {"train.py": "lr = 1\n"})
    commit(where)
    files = CommitFiles(world.ana.store.repo, "HEAD", "")
    assert files.read("train.py") == b"lr = 1\n"
    drop(where, "HEAD:train.py")
    with pytest.raises(IntegrityError, match=r"read source 'train\.py': it is not here"):
        files.read("train.py")


def test_a_pack_that_was_cut(world: World) -> None:
    ana, sam = world.ana, world.sam
    ana.run()
    ana.push()
    before = set((sam.path / ".git/objects/pack").glob("*.pack"))
    sam.fetch()
    for pack in set((sam.path / ".git/objects/pack").glob("*.pack")) - before:
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:-40])
    ana.run("second.py")
    ana.push()
    done = share(sam, "fetch")
    assert done.err.count("got it again") == 1
    assert sam.lines() == ana.lines()
    assert share(sam, "fetch").err == ""


@pytest.mark.parametrize("there", [True, False])
def test_a_pack_with_a_bad_byte(world: World, there: bool) -> None:
    ana, sam = world.ana, world.sam
    runs = set()
    for name in ("first.py", "second.py"):
        runs.add(ana.run(name))
        ana.push()
    before = set((sam.path / ".git/objects/pack").glob("*.idx"))
    sam.fetch()
    (index,) = set((sam.path / ".git/objects/pack").glob("*.idx")) - before
    words = [line.split() for line in git(sam.path, "verify-pack", "-v", str(index)).splitlines()]
    listed = git(sam.path, "ls-tree", "-r", tip_of(sam.path, "log")[1])
    # Five words: it is there as it is, and no difference to another one.
    offset = next(int(each[4]) for each in words if len(each) == 5 and each[0] in listed)
    pack = index.with_suffix(".pack")
    content = bytearray(pack.read_bytes())
    content[offset + 40] ^= 255
    pack.chmod(0o644)
    pack.write_bytes(content)
    forget(sam.path)
    if not there:
        for ref in refs_of(world.origin, "refs/gage"):
            git(world.origin, "update-ref", "-d", ref)
    assert "1 lane can't be read in full" in share(sam, "list").err
    told = "of 'origin': got it again" if there else "and 'origin' has it no longer"
    assert told in share(sam, "fetch").err
    assert share(sam, "fetch").err == ""
    assert sam.runs() == runs if there else sam.runs() < runs


def test_a_push_mends_as_well(world: World) -> None:
    ana, sam = world.ana, world.sam
    ana.run()
    ana.push()
    sam.fetch()
    sam.run("sam.py")
    lose(sam.path, "log", "commit", cut)
    done = share(sam, "push")
    assert (done.out, "had lost a part of lane" in done.err) == ("pushed 1 run to origin\n", True)
    assert is_sound(sam.path)
    ana.fetch()
    assert sam.runs() == ana.runs()


def forget(where: Path) -> None:
    """Let the catalog be made anew."""
    for path in (where / ".git" / "gage").glob("catalog.db*"):
        path.unlink()


@pytest.mark.parametrize("gone", ways("all", "newest"))
@pytest.mark.parametrize("how", ways(delete, cut))
@pytest.mark.parametrize(
    ("kind", "what"),
    ways(("log", "commit"), ("src", "commit"), ("log", "tree"), ("log", "blob"), small=2),
)
def test_what_the_remote_has_lost_too_stays_as_far_as_it_can_be_read(
    world: World, kind: str, what: str, how: Callable[[Path], None], gone: str
) -> None:
    """A mirror push deleted Ana's lane, or an old backup is there again."""
    ana, sam = world.ana, world.sam
    first = ana.run("first.py")
    ana.push()
    old = {} if gone == "all" else refs_of(world.origin, "refs/gage")
    second = ana.run("second.py")
    ana.push()
    sam.fetch()
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", *((ref, old[ref]) if ref in old else ("-d", ref)))
    lose(sam.path, kind, what, how)
    if what == "blob":
        forget(sam.path)
    mine = sam.run("sam.py")
    listed, fetched, pushed = (share(sam, verb) for verb in ("list", "fetch", "push"))
    lost = what == "blob" and gone == "all"
    is_told = kind == "log" or gone == "all"
    told = "".join(done.err for done in (listed, fetched, pushed))
    assert ("has it no longer" in told) == (lost or (is_told and what != "blob"))
    assert pushed.out == "pushed 1 run to origin\n"
    forget(sam.path)
    git(sam.path, "gc", "-q", "--prune=now")
    assert is_sound(sam.path)
    kept = sam.runs()
    assert kept == {first, second, mine} - ({first, second} - kept if lost else set())
    assert len(kept) == 3 - lost
    for run in kept:
        assert (sam.output(run) or b"").startswith(b"output of ")
    assert share(sam, "fetch").err == ""


def test_sources_that_can_be_read_stay(world: World) -> None:
    """Of two that the remote has no longer, one is damaged here."""
    ana, sam = world.ana, world.sam
    for number in range(2):
        (ana.path / "train.py").write_text(f"print({number})\n" * 1000)
        share(ana, "run", "-q", "--", "python3", "train.py")
        share(ana, "push")
    sam.fetch()
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    begun = (each for each in sam.records if each.kind == "run.begin")
    good, bad = (each.body["source"]["snapshot"] for each in sorted(begun, key=lambda it: it.run))
    lose(sam.path, "log", "commit", cut)
    tree = find(sam.path, bad, "tree")
    (sam.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    sam.run("sam.py")
    assert "4 records that 'origin' has not" in share(sam, "push").err
    forget(sam.path)
    git(sam.path, "gc", "-q", "--prune=now")
    assert git(sam.path, "show", f"{good}:train.py").startswith("print(0)")


@pytest.mark.parametrize("known", [True, False])
def test_what_is_kept_of_another_remote_is_mended_too(world: World, known: bool) -> None:
    """git stops at it, whichever remote is meant; one that is not there any more cannot help."""
    ana, sam = world.ana, world.sam
    run = ana.run()
    lab = world.bare("lab.git")
    for remote in ("origin", str(lab)):
        ana.push(remote)
    sam.git("remote", "add", "lab", str(lab))
    sam.fetch("lab")
    lose(sam.path, "log", "commit", cut)
    if not known:
        sam.git("config", "--remove-section", "remote.lab")
    done = share(sam, "fetch", "origin")
    told = "of 'lab': got it again" if known else "and 'lab' has it no longer"
    assert told in done.err
    assert sam.runs() == {run}
    assert sam.output(run) == b"output of train.py\n"


def test_chosen_runs_that_were_lost_can_be_chosen_again(world: World) -> None:
    ana, sam = world.ana, world.sam
    run, other = ana.run(), ana.run("other.py")
    ana.push()
    share(sam, "fetch", "origin", run)
    oid = find(sam.path, tip_of(sam.path, "log", "refs/gage-in")[1], "commit")
    unpack_all(sam.path)
    cut(sam.path / ".git" / "objects" / oid[:2] / oid[2:])
    share(sam, "fetch", "origin", run, other)
    assert sam.runs() == {run, other}
    assert sam.output(run) == b"output of train.py\n"


def test_a_fetch_lets_go_of_nothing_while_the_remote_is_away(world: World) -> None:
    ana, sam = world.ana, world.sam
    ana.run()
    ana.push()
    sam.fetch()
    lose(sam.path, "log", "blob", delete)
    before = refs_of(sam.path)
    world.origin.rename(world.folder / "away")
    assert gage_inside(sam.path, "fetch").code == 128
    assert refs_of(sam.path) == before


def test_a_damaged_beat_is_let_go(world: World) -> None:
    ana, sam = world.ana, world.sam
    ana.run()
    ana.push()
    sam.fetch()
    beat = "refs/gage-remotes/origin/live/lane/run"
    tip = tip_of(sam.path, "log")[1]
    made = git(sam.path, "commit-tree", "-m", "beat", f"{tip}^{{tree}}").strip()
    git(sam.path, "update-ref", beat, made)
    cut(sam.path / ".git" / "objects" / made[:2] / made[2:])
    ana.run("second.py")
    ana.push()
    assert share(sam, "fetch").out == "fetched 1 run from origin\n"
    assert beat not in refs_of(sam.path)


def test_a_fault_that_is_no_damage_is_told(world: World) -> None:
    """Nothing is looked for where the remote is away, and nothing is found where it refuses."""
    ana = world.ana
    ana.run()
    hook = world.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    done = gage_inside(ana.path, "push")
    assert (done.code, done.err.startswith("fatal: push to 'origin': ")) == (128, True)
    assert "this disk" not in done.err


def lose_newest_record(ana: Person, sam: Person, how: Callable[[Path], None]) -> str:
    """Sam has listed two runs of Ana's, and then his disk loses what was recorded of one; that."""
    ana.run("first.py")
    ana.push()
    run = ana.run("second.py")
    ana.push()
    share(sam, "fetch")
    assert len(json.loads(share(sam, "list", "--json").out)) == 2
    (oid, *_) = (
        line.split()[2]
        for line in git(sam.path, "ls-tree", "-r", tip_of(sam.path, "log")[1]).splitlines()
        if run in git(sam.path, "cat-file", "blob", line.split()[2])
    )
    unpack_all(sam.path)
    how(sam.path / ".git" / "objects" / oid[:2] / oid[2:])
    return run


@pytest.mark.parametrize("how", ways(halve, *HOW))
@pytest.mark.parametrize("words", ["copy --all -y --to", "copy @{run} -y --to", "backup"])
def test_no_copy_leaves_out_what_this_disk_has_lost(
    world: World, words: str, how: Callable[[Path], None]
) -> None:
    """The list knew two runs: one that can't be read is no reason to send the other alone."""
    sam, place = world.sam, world.bare("place.git")
    run = lose_newest_record(world.ana, sam, how)
    command = (*words.replace("@{run}", run).split(), str(place))
    refused = gage_inside(sam.path, *command)
    assert (refused.code, refused.out) == (128, "")
    told = "fatal: read runs: this disk has lost 2 records of them\nhint: git gage fetch\n"
    assert refused.err.endswith(told)  # after what git says of it
    assert refs_of(place) == {}
    assert share(sam, "fetch").err.count("got it again") == 1
    assert share(sam, *command).err == ""
    there = json.loads(share(sam, "--runs", str(place), "list", "--json").out)
    assert len(there) == (1 if "@" in words else 2)
    assert run in [each["id"] for each in there]


@pytest.mark.parametrize("how", ways(delete, cut, empty))
def test_a_fetch_misses_what_was_read_before(world: World, how: Callable[[Path], None]) -> None:
    """There is nothing new on the remote, so git does not look."""
    run = lose_newest_record(world.ana, world.sam, how)
    done = share(world.sam, "fetch")
    assert (done.out, done.err.count("got it again")) == ("nothing new on origin\n", 1)
    assert share(world.sam, "fetch").err == ""
    assert share(world.sam, "push", str(world.bare("place.git")), run).out.startswith("pushed 1 ")


@pytest.mark.parametrize("how", [delete, halve])
def test_a_run_that_this_disk_has_lost_is_still_on_the_remote(
    world: World, how: Callable[[Path], None]
) -> None:
    sam = world.sam
    run = lose_newest_record(world.ana, sam, how)
    for words in (("fetch", "origin", run), ("list", "--remote", "origin")):
        refused = gage_inside(sam.path, *words)
        assert refused.code == 128
        assert refused.err.endswith(
            "fatal: look at 'origin': this disk has lost a part of what came from there\n"
            "hint: git gage fetch origin\n"
        )
    assert "got it again" in share(sam, "fetch", "origin").err
    assert run in share(sam, "list", "--remote", "origin", "--json").out
    assert share(sam, "fetch", "origin", run).out == "nothing new on origin\n"


def test_what_is_no_lane_on_the_remote_is_no_loss_here(world: World) -> None:
    """All of it came, and it can't be read for what it is."""
    run = world.ana.run()
    world.ana.push()
    blob = git(world.origin, "rev-parse", f"{tip_of(world.origin, 'log', 'refs/gage')[0]}:v1")
    lines = "".join(f"100644 blob {blob.strip()}\t{number:08d}-1\n" for number in range(3001))
    folder = git(world.origin, "mktree", input=lines)
    tree = git(world.origin, "mktree", input=f"040000 tree {folder.strip()}\thot\n")
    who = ("-c", "user.name=x", "-c", "user.email=x@y.z")
    made = git(world.origin, *who, "commit-tree", "-m", "lane", tree.strip())
    git(world.origin, "update-ref", "refs/gage/w/bad/202611-01/log", made.strip())
    shown = share(world.sam, "list", "--remote", "origin", "--json")
    assert [each["id"] for each in json.loads(shown.out)] == [run]
    assert "'origin': 1 lane can't be read in full" in shown.err


def test_what_is_lost_for_good_is_listed_no_longer(world: World) -> None:
    """Its lane is rewritten without it; nobody is to be told of it for ever."""
    sam, place = world.sam, world.bare("place.git")
    run = lose_newest_record(world.ana, sam, delete)
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    assert "'origin' has it no longer" in share(sam, "fetch").err
    assert run not in share(sam, "list", "--json").out
    assert share(sam, "copy", "--all", "--to", str(place), "-y").out == "Copied 1 run\n"


@pytest.mark.parametrize("how", HOW)
def test_a_copy_gets_a_source_again_that_was_lost(
    world: World, how: Callable[[Path], None]
) -> None:
    ana, sam = world.ana, world.sam
    ana.run()
    ana.push()
    sam.fetch()
    lose(sam.path, "src", "commit", how)
    done = share(sam, "copy", "--all", "--to", str(world.bare("place.git")), "-y")
    assert (done.out, done.err.count("got it again")) == ("Copied 1 run\n", 1)
    assert is_sound(sam.path)


@pytest.mark.parametrize("how", HOW)
def test_what_is_written_to_a_file_is_whole_too(
    world: World, tmp_path: Path, how: Callable[[Path], None]
) -> None:
    """A backup gets what was lost again by itself; a bundle says how."""
    ana, sam = world.ana, world.sam
    run = ana.run()
    ana.push()
    sam.fetch()
    lose(sam.path, "src", "commit", how)
    bundle = ("export", run, "--format", "bundle", "-o", str(tmp_path / "runs.bundle"))
    refused = gage_inside(sam.path, *bundle)
    assert (refused.code, refused.err.endswith("\nhint: git gage fetch\n")) == (128, True)
    done = share(sam, "backup", str(tmp_path / "runs.tar"))
    assert (done.out.startswith("Saved 1 run"), "got it again" in done.err) == (True, True)
    assert share(sam, *bundle).err == ""


@pytest.mark.parametrize("what", ["blob", "tree"])
@pytest.mark.parametrize("how", ways(delete, halve))
def test_what_doctor_says_mends_it(world: World, what: str, how: Callable[[Path], None]) -> None:
    sam = world.sam
    if what == "blob":
        lose_newest_record(world.ana, sam, how)
    else:
        world.ana.run()
        world.ana.push()
        sam.fetch()
        lose(sam.path, "log", what, how)
    found = json.loads(gage_inside(sam.path, "doctor", "--json").out)
    hints = [each["hint"] for each in found if each["name"] in ("records", "runs", "catalog")]
    assert hints == ["git gage fetch"]
    assert "got it again" in share(sam, "fetch").err
    assert "all readable, runs: " in gage_inside(sam.path, "doctor").out
