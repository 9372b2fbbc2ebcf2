"""`push`, `fetch`, `sync`: what moves, what would, and what a remote has before a copy is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from git_gage.share.peek import forget_peeks
from git_gage.store import Store
from tests.support import gage_inside, git
from tests.unit.share.world import World, make_world, objects_of, refs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def answer(where: Path, *words: str, code: int = 0) -> str:
    result = gage_inside(where, *words)
    assert (result.code, result.err) == (code, ""), result
    return result.out


def listed(where: Path, *words: str) -> dict[str, dict[str, Any]]:
    found = json.loads(answer(where, "list", "--all", "--json", *words))
    return {each["id"]: each for each in found}


def counts(where: Path, *words: str) -> tuple[str, str]:
    """What a push would send, and what it then sent: amounts alone."""
    would, did = answer(where, "push", *words, "-n"), answer(where, "push", *words)
    return (
        would.replace(" to push", "").partition(" to ")[0].removeprefix("would push "),
        did.partition(" to ")[0].removeprefix("pushed "),
    )


def test_sam_looks_first_and_takes_what_is_good(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    runs = [world.ana.run(f"step{number}.py") for number in range(3)]
    answer(ana, "tag", runs[1], "good")
    answer(ana, "push")
    nothing = gage_inside(sam, "list")
    assert nothing.err.startswith("no runs here yet\n")
    there = answer(sam, "list", "--remote", "origin")
    assert [f"step{number}.py" in there for number in range(3)] == [True] * 3
    assert "= is here" not in there
    assert answer(sam, "list", "--remote", "origin", "-t", "good", "-s").count(".py") == 1
    assert answer(sam, "fetch", "-w", "tag = good", "-n").startswith(
        "would fetch 1 run from origin (3 records, "
    )
    assert listed(sam) == {}
    assert answer(sam, "fetch", "origin", "-w", "tag = good") == "fetched 1 run from origin\n"
    assert set(listed(sam)) == {runs[1]}
    there = answer(sam, "list", "--remote", "origin")
    assert "= 2 " in there
    assert there.endswith("= is here, too\n")
    seen = listed(sam, "--remote", "origin")
    assert {run: each["here"] for run, each in seen.items()} == {
        runs[0]: False,
        runs[1]: True,
        runs[2]: False,
    }
    # A row is one of the list that was just shown.
    assert answer(sam, "fetch", "origin", "3") == "fetched 1 run from origin\n"
    assert set(listed(sam)) == {runs[0], runs[1]}
    assert answer(sam, "fetch", "origin", "3") == "nothing new on origin\n"
    assert answer(sam, "fetch", "-n").startswith("would fetch 1 run from origin (2 records, ")
    assert answer(sam, "fetch") == "fetched 1 run from origin\n"
    assert answer(sam, "fetch", "-n") == "nothing to fetch from origin\n"
    assert listed(sam).keys() == set(runs)


def test_the_newest_run_here_is_that_wherever_it_is_asked_for(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    run = world.ana.run()
    answer(ana, "push")
    assert answer(ana, "fetch", "origin", "@") == "nothing new on origin\n"
    assert "Nothing to copy" in answer(ana, "copy", run, "--from", "origin", "-n")
    assert "Nothing to copy" in answer(ana, "copy", "@", "--from", "origin", "-n")
    refused = gage_inside(sam, "fetch", "origin", "@")
    assert refused.err.startswith("fatal: no run was begun in this clone yet\n")
    world.ana.run("later.py")
    refused = gage_inside(ana, "fetch", "origin", "@")
    assert refused.err.startswith("fatal: no run '")
    assert "' on 'origin'\n" in refused.err


def rows(where: Path, *words: str) -> list[str]:
    """Short ids of a list as it is shown to a person."""
    shown = answer(where, "list", "--columns", "run,operation", *words).splitlines()
    found = (line.lstrip("=@ ").split() for line in shown)
    return [cells[1] for cells in found if len(cells) == 3 and cells[0].isdigit()]


def test_rows_are_of_the_list_that_was_shown_last_wherever_it_was_of(world: World) -> None:
    """Whoever looks at a remote and then deletes a row deletes none that is not on the screen."""
    ana, sam = world.ana.path, world.sam.path
    sent = [world.ana.run(f"step{number}.py") for number in range(2)]
    answer(ana, "push")
    unsent = world.ana.run("mine.py")
    theirs = world.sam.run("theirs.py")
    answer(sam, "push")
    assert unsent[10:17] in rows(ana)
    there = rows(ana, "--remote", "origin")
    assert set(there) == {run[10:17] for run in (*sent, theirs)}
    for row, run in enumerate(there, 1):
        if run == theirs[10:17]:
            for word in (f"{row}", f"1:{len(there)}"):
                refused = gage_inside(ana, "rm", word, "-y")
                assert refused.code == 128
                assert refused.err.endswith(
                    " here\nhint: list again with 'git gage list', or get the runs with"
                    " 'git gage fetch'\n"
                )
        else:
            assert answer(ana, "select", str(row))[10:17] == run
    gone = there.index(sent[0][10:17]) + 1
    assert gage_inside(ana, "rm", str(gone), "-y").code == 0
    assert unsent in listed(ana)
    assert sent[0] not in listed(ana)
    # What is here is counted in the list of here again, once that is shown; what is there is not.
    here = rows(ana)
    assert answer(ana, "select", "1")[10:17] == here[0]
    row = there.index(theirs[10:17]) + 1
    assert answer(ana, "fetch", "origin", str(row)) == "fetched 1 run from origin\n"
    refused = gage_inside(ana, "fetch", "origin", "9")
    assert refused.err.endswith("hint: see them with 'git gage list --remote origin'\n")


def test_a_row_of_a_remote_that_has_lost_its_run(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    world.ana.run()
    answer(ana, "push")
    assert len(rows(sam, "--remote", "origin")) == 1
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    for word, told in (
        ("1", "no row '1': that run is not on 'origin'"),
        ("1:", "no rows '1:': not all of them are on 'origin'"),
    ):
        refused = gage_inside(sam, "fetch", "origin", word)
        assert refused.err.startswith(f"fatal: {told}\n")


def test_no_list_of_a_remote_shows_a_password(world: World) -> None:
    ana = world.ana.path
    git(ana, "config", f"url.{world.folder}/.insteadOf", "https://me:pw@example.com/")
    remote, shown = "https://me:pw@example.com/origin.git", "https://example.com/origin.git"
    none = gage_inside(ana, "list", "--remote", remote).err
    assert none == f"no runs on {shown} yet\nhint: send some with 'git gage push {shown}'\n"
    run, _ = (world.ana.run() for _ in range(2))
    answer(ana, "push", remote)
    for words in (["-n", "1"], ["-n", "1", "-s"]):
        told = answer(ana, "list", "--remote", remote, *words)
        assert f"git gage list --all --remote {shown}" in told
    watched = gage_inside(ana, "watch", run, "--remote", remote)
    assert watched.err.endswith(f"hint: git gage list --remote {shown}\n")


@pytest.mark.parametrize("words", [["--user"], ["{kept}"]])
def test_a_purge_that_comes_with_some_of_it(world: World, words: list[str]) -> None:
    """It has taken the place of lanes that were known, and what was looked at goes with it."""
    ana, sam = world.ana.path, world.sam.path
    for _ in range(2):
        assert gage_inside(ana, "run", "-q", "train.py").code == 0
    kept, gone = (gage_inside(ana, "select", word).out.strip() for word in ("@~1", "@"))
    answer(ana, "push")
    answer(sam, "fetch")
    assert gage_inside(ana, "purge", gone, "--force").code == 0
    answer(ana, "label", kept, "--set", "good", "-y")
    assert gage_inside(ana, "push").code == 0
    done = gage_inside(sam, "fetch", "origin", *(word.format(kept=kept) for word in words))
    assert done.code == 0, done
    assert "no longer has" not in done.err
    assert gage_inside(sam, "fetch").code == 0
    found = listed(sam)
    assert set(found) == {kept}
    assert found[kept]["label"] == "good"


def test_what_was_looked_at_can_be_gone_with_a_purge(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where somebody has put something of a purged run back on the remote."""

    def forget(store: Store, _catalog: object, came: tuple[int, int], *_: object) -> Any:
        forget_peeks(store)
        return came

    ana, sam = world.ana.path, world.sam.path
    for where in (ana, ana, sam):
        assert gage_inside(where, "run", "-q", "train.py").code == 0
    answer(ana, "push")
    answer(sam, "fetch")
    for where in (ana, sam):
        assert gage_inside(where, "purge", "@", "--force").code == 0
    assert gage_inside(ana, "label", "@", "--set", "good", "-y").code == 0
    assert gage_inside(ana, "push").code == 0
    monkeypatch.setattr("git_gage.share.purge.take_in_purges", forget)
    done = gage_inside(sam, "fetch", "origin", "-w", "label = good")
    assert (done.code, done.err) == (0, ""), done
    assert done.out == "fetched 1 update from origin\n"


def test_a_remote_without_runs(world: World) -> None:
    result = gage_inside(world.sam.path, "list", "--remote", "origin")
    assert result.err == ("no runs on origin yet\nhint: send some with 'git gage push origin'\n")
    result = gage_inside(world.sam.path, "fetch", "origin", "nosuch")
    assert (result.code, result.err.splitlines()[0]) == (128, "fatal: no run 'nosuch' on 'origin'")
    result = gage_inside(world.sam.path, "fetch", "-w", "acc > 1")
    assert (result.code, result.err.splitlines()[0]) == (1, "no run matches")
    for verb in ("push", "sync"):
        result = gage_inside(world.sam.path, verb, "-w", "acc > 1")
        assert (result.code, result.err.splitlines()[0]) == (1, "no run matches")


def test_records_first_and_the_rest_when_it_is_wanted(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    git(ana, "commit", "-q", "--allow-empty", "-m", "unpublished")
    run = world.ana.run()
    assert answer(ana, "push", "--meta") == "pushed 1 run to origin\n"
    assert {ref.rpartition("/")[2] for ref in refs_of(world.origin, "refs/gage")} == {"log"}
    assert answer(sam, "fetch") == "fetched 1 run from origin\n"
    assert world.sam.output(run) is None
    assert counts(ana) == ("sources and outputs", "sources and outputs")
    assert answer(ana, "push") == "origin is up to date\n"
    assert answer(sam, "fetch", "--meta") == "nothing new on origin\n"
    assert world.sam.output(run) is None
    assert answer(sam, "fetch", "-n") == "would fetch sources and outputs from origin\n"
    assert answer(sam, "fetch") == "fetched sources and outputs from origin\n"
    assert answer(sam, "fetch", "-n") == "nothing to fetch from origin\n"
    assert answer(sam, "fetch") == "nothing new on origin\n"
    assert world.sam.output(run) == b"output of train.py\n"


def test_a_fetch_of_records_alone(world: World) -> None:
    run = world.ana.run()
    answer(world.ana.path, "push")
    assert answer(world.sam.path, "fetch", "--meta") == "fetched 1 run from origin\n"
    assert world.sam.output(run) is None
    assert answer(world.sam.path, "fetch") == "fetched sources and outputs from origin\n"
    assert world.sam.output(run) == b"output of train.py\n"


def test_outputs_come_from_another_remote_than_the_records(world: World, tmp_path: Path) -> None:
    ana, sam = world.ana.path, world.sam.path
    git(tmp_path, "init", "-q", "--bare", "mirror.git")
    for clone in (ana, sam):
        git(clone, "remote", "add", "mirror", str(tmp_path / "mirror.git"))
    run = world.ana.run()
    for remote in ("origin", "mirror"):
        answer(ana, "push", remote)
    assert answer(sam, "fetch", "mirror", "--meta") == "fetched 1 run from mirror\n"
    assert answer(sam, "fetch", "origin", "-n") == "would fetch sources and outputs from origin\n"
    assert answer(sam, "fetch", "origin") == "fetched sources and outputs from origin\n"
    assert world.sam.output(run) == b"output of train.py\n"
    # What came from one is not new from the other.
    assert answer(sam, "fetch", "mirror", "-n") == "nothing to fetch from mirror\n"
    assert answer(sam, "fetch", "mirror") == "nothing new on mirror\n"


@pytest.mark.full
@pytest.mark.parametrize("words", [("copy", "-y", "--all", "--from"), ("fetch",)])
def test_outputs_come_after_records_that_came_one_by_one(
    world: World, words: tuple[str, ...]
) -> None:
    sam, run = world.sam.path, world.ana.run()
    answer(world.ana.path, "push")
    chosen = [run] * (words == ("fetch",))
    answer(sam, *words, "origin", *chosen, "--meta")
    assert answer(sam, "fetch", "--meta", "-n") == "nothing to fetch from origin\n"
    assert answer(sam, "fetch", "-n") == "would fetch sources and outputs from origin\n"
    assert answer(sam, "fetch") == "fetched sources and outputs from origin\n"
    assert world.sam.output(run) == b"output of train.py\n"
    # What came one by one is not new either when it comes with all.
    other = world.ana.run("other.py")
    answer(world.ana.path, "push")
    answer(sam, *words, "origin", *[other] * len(chosen))
    assert answer(sam, "fetch", "-n") == "nothing to fetch from origin\n"
    assert answer(sam, "fetch") == "nothing new on origin\n"


def test_a_chosen_run_first_as_records(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    run = world.ana.run()
    assert answer(ana, "push", "origin", run, "--meta") == "pushed 1 run to origin\n"
    assert answer(ana, "push", "origin", run, "--meta") == "origin is up to date\n"
    assert gage_inside(sam, "fetch", "origin", run).err == (
        f"warning: run '{run[10:17]}' came without output: not on 'origin'\n"
    )
    assert counts(ana, "origin", run) == ("sources and outputs", "sources and outputs")
    assert answer(ana, "push", "origin", run) == "origin is up to date\n"
    answer(sam, "fetch", "origin", run)
    assert world.sam.output(run) == b"output of train.py\n"


def test_what_a_remote_has_in_another_lane_is_not_new_to_it(world: World) -> None:
    ana, sam, lab = world.ana.path, world.sam.path, str(world.bare("lab.git"))
    runs = [world.ana.run(f"step{number}.py") for number in range(4)]
    assert counts(ana, lab, runs[0]) == ("1 run", "1 run")
    assert counts(ana, lab) == ("3 runs", "3 runs")
    assert counts(ana, lab)[0] == "nothing"
    # Somebody else has passed on what Ana sends afterwards.
    fresh = world.ana.run("fresh.py")
    answer(ana, "push", lab, fresh)
    answer(sam, "fetch", lab)
    answer(sam, "push", "origin", fresh)
    answer(ana, "fetch")
    assert counts(ana) == ("4 runs", "4 runs")


def test_a_purge_is_told_as_one_word_more(world: World) -> None:
    ana = world.ana.path
    for number in range(3):
        assert gage_inside(ana, "run", "-q", "--", "echo", str(number)).code == 0
    runs = list(listed(ana))
    answer(ana, "push")
    assert gage_inside(ana, "purge", runs[0], "--force").code == 0
    assert counts(ana) == ("1 update", "1 update")
    assert gage_inside(ana, "redact", "--output", runs[1], "-y").code == 0
    assert counts(ana) == ("1 update", "1 update")
    # A remote that has lost it all gets it all.
    assert gage_inside(ana, "redact", "--output", runs[2], "-y").code == 0
    for ref in refs_of(world.origin, "refs/gage"):
        git(world.origin, "update-ref", "-d", ref)
    assert counts(ana) == ("2 runs", "2 runs")


def test_a_run_that_became_private_is_no_news(world: World) -> None:
    ana = world.ana.path
    world.ana.run()
    answer(ana, "push")
    run = world.ana.run("mine.py")
    answer(ana, "private", run)
    assert counts(ana) == ("nothing", "origin is up")


def test_what_people_said_alone(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    run, other = world.ana.run(), world.ana.run("other.py")
    answer(ana, "push", "origin", run)
    answer(sam, "fetch")
    answer(sam, "label", run, "--set", "sam likes it")
    answer(sam, "tag", run, "good")
    world.sam.run("private.py")
    assert answer(sam, "push", "--user", "-n").startswith("would push 2 updates to origin (")
    assert answer(sam, "push", "--user") == "pushed 2 updates to origin\n"
    assert answer(sam, "push", "--user") == "origin is up to date\n"
    assert listed(ana, "--remote", "origin").keys() == {run}
    answer(ana, "tag", other, "mine")
    assert answer(ana, "fetch", "--user", "-n").startswith("would fetch 2 updates from")
    assert answer(ana, "fetch", "--user") == "fetched 2 updates from origin\n"
    assert listed(ana)[run]["label"] == "sam likes it"
    assert answer(ana, "sync", "--user", run) == "nothing new on origin\norigin is up to date\n"
    assert listed(ana)[run]["tags"] == ["good"]


def test_sync_goes_both_ways(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    first, second = world.ana.run("a.py"), world.sam.run("b.py")
    answer(ana, "push")
    before = refs_of(world.origin)
    said = answer(sam, "sync", "-n").splitlines()
    assert [line.partition(" (")[0] for line in said] == [
        "would fetch 1 run from origin",
        "would push 1 run to origin",
    ]
    assert refs_of(world.origin) == before
    assert answer(sam, "sync") == "fetched 1 run from origin\npushed 1 run to origin\n"
    assert answer(sam, "sync") == "nothing new on origin\norigin is up to date\n"
    assert answer(sam, "sync", "-n") == "nothing to fetch from origin\nnothing to push to origin\n"
    assert answer(ana, "sync") == "fetched 1 run from origin\norigin is up to date\n"
    assert listed(ana).keys() == listed(sam).keys() == {first, second}


def test_sync_of_chosen_runs_wherever_they_are(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    theirs, other = world.ana.run("theirs.py"), world.ana.run("other.py")
    answer(ana, "push")
    mine, unsent = world.sam.run("mine.py"), world.sam.run("unsent.py")
    assert answer(sam, "push", mine, "-n").startswith("would push 1 run to origin (2 records, ")
    assert answer(sam, "sync", "origin", theirs, mine) == (
        "fetched 1 run from origin\npushed 1 run to origin\n"
    )
    assert listed(sam).keys() == {theirs, mine, unsent}
    assert listed(sam, "--remote", "origin").keys() == {theirs, other, mine}
    assert answer(sam, "sync", "-w", "operation = other.py") == (
        "fetched 1 run from origin\norigin is up to date\n"
    )
    result = gage_inside(sam, "sync", theirs, "-w", "operation = other.py")
    assert (result.code, result.err.splitlines()[0]) == (1, "no run matches")
    assert gage_inside(sam, "sync", "nosuch").err.startswith("fatal: no run 'nosuch' on 'origin'")


def test_several_remotes_and_one_of_them_is_away(world: World) -> None:
    ana = world.ana.path
    world.ana.run()
    second = world.bare("second.git")
    git(ana, "remote", "add", "second", str(second))
    git(ana, "remote", "add", "gone", str(world.folder / "gone.git"))
    for name in ("gone", "origin", "second"):
        git(ana, "config", "--add", "gage.remote", name)
    result = gage_inside(ana, "sync")
    assert result.code == 128
    assert result.out == (
        "nothing new on origin\npushed 1 run to origin\n"
        "nothing new on second\npushed 1 run to second, with 1 commit of yours\n"
    )
    assert result.err.startswith("fatal: fetch from 'gone': ")
    assert "hint: check its address: git remote get-url gone" in result.err
    assert refs_of(world.origin, "refs/gage") == refs_of(second, "refs/gage")
    git(ana, "config", "--unset", "gage.remote", "gone")
    assert answer(ana, "fetch", "-w", "status = completed") == (
        "nothing new on origin\nnothing new on second\n"
    )
    git(ana, "config", "--add", "gage.remote", "gone")
    usual = json.loads(answer(ana, "remote", "--json"))
    assert all(each["is_usual"] for each in usual)
    shown = json.loads(answer(ana, "config", "--json"))
    assert [each["counts"] for each in shown if each["key"] == "gage.remote"] == [True] * 3


def test_what_was_redacted_is_not_taken_again(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    assert gage_inside(ana, "run", "-q", "--", "echo", "secret").code == 0
    (run,) = listed(ana)
    answer(ana, "push")
    answer(sam, "fetch", "origin", run)
    assert gage_inside(ana, "redact", "--output", "-y", run).code == 0
    answer(ana, "push")
    assert listed(sam, "--remote", "origin").keys() == {run}
    answer(sam, "fetch", "origin", run)
    assert listed(sam)[run]["redacted"] == ["output"]
    assert world.sam.output(run) == b"secret\n"
    assert gage_inside(sam, "redact", "-y", run).code == 0
    assert not list((sam / ".git/gage").glob("cache/peek/*"))
    git(sam, "reflog", "expire", "--expire=now", "--all")
    git(sam, "gc", "-q", "--prune=now")
    blob = world.ana.store.repo.blob_oid(b"secret\n")
    assert blob not in objects_of(sam)
    answer(sam, "fetch", "origin", run)
    answer(sam, "fetch")
    assert world.sam.output(run) is None


def test_what_would_move_is_told_to_a_script(world: World) -> None:
    ana, sam = world.ana.path, world.sam.path
    run = world.ana.run()
    (sent,) = json.loads(answer(ana, "push", "-n", "--json"))
    assert (sent["remote"], sent["move"], sent["large"]) == ("origin", "push", None)
    assert (sent["runs"], sent["records"]) == (1, 2)
    answer(ana, "push")
    two = json.loads(answer(sam, "sync", "-n", "--json", "--files=all"))
    assert [(each["move"], each["runs"]) for each in two] == [("fetch", 1), ("push", 0)]
    nothing = {"remote": "origin", "files": 0, "bytes": 0, "there": 0, "missing": [], "changed": []}
    assert [each["large"] for each in two] == [nothing, nothing]
    (come,) = json.loads(answer(sam, "fetch", "-n", "--json", run))
    assert come == {**two[0], "large": None}
    assert 0 < come["bytes"] <= sent["bytes"]
    none = gage_inside(sam, "fetch", "-n", "--json", "-w", "loss > 9")
    assert (none.code, json.loads(none.out)) == (1, [])
    refused = gage_inside(sam, "fetch", "--json")
    assert (refused.code, "'--json' needs '--dry-run'" in refused.err) == (129, True)
