"""Runs end for good: here, on remotes, and with whoever has them; nothing else does."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
from pathlib import Path

import pexpect
import pytest

from git_gage.catalog import Catalog
from git_gage.git import open_repository
from git_gage.runs.next_record import draft_next
from git_gage.share import delivery, purge, redact
from git_gage.share.fold import fold_lanes
from git_gage.share.lanes import records_only
from git_gage.share.take_back import find_unnamed
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import Store
from git_gage.store.identity import new_lane
from tests.git.dying import Dying
from tests.git.test_mend_own import lose_of_lane
from tests.git.test_put_away import listed, run, say
from tests.git.test_redact import assert_whole, prune
from tests.git.test_secrets import everything, objects_of
from tests.support import Result, clone, commit, gage, gage_inside, git, scale, ways, write_files
from tests.unit.share.world import Person, refs_of

PRINTS = (
    "import os\nprint('loss: 0.5')\nword = os.environ.get('WORD', 'nothing')\nprint(word)\n"
    "open('made.txt', 'w').write(word)\n"
)
HUSH = b"hush-hush"


@pytest.fixture
def project(tmp_path: Path, repo: Path) -> Path:
    """A repository with a remote, and a program that leaves a word everywhere."""
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    return repo


def hush(where: Path) -> str:
    """A run with the word in its output, its file and its source."""
    path = where / "train.py"
    before = path.read_text()
    path.write_text(before + "# hush-hush\n")
    assert gage_inside(where, "run", "-q", "train.py", env={"WORD": "hush-hush"}).code == 0
    path.write_text(before)
    return str(json.loads(say(where, "show", "@", "--json"))["id"])


def test_a_purged_run_is_gone_from_the_disk(project: Path) -> None:
    one, two = run(project), hush(project)
    made = project / ".git/gage/runs" / two
    assert (made / "made.txt").exists()
    elsewhere = made.rename(project.parent / "elsewhere")
    made.symlink_to(elsewhere)
    refused = gage_inside(project, "purge", two)
    assert (refused.code, "nobody can be asked" in refused.err) == (1, True)
    done = gage_inside(project, "purge", two, "--force")
    assert (done.code, done.out) == (0, "Purged 1 run\n"), done.err
    assert not made.is_symlink()
    assert not elsewhere.exists()
    prune(project)
    assert HUSH not in everything(project)
    assert_whole(project, [one])
    assert listed(project) == listed(project, "-w", "deleted or not deleted") == [one]
    assert gage_inside(project, "show", two).code == 128
    assert gage_inside(project, "purge", "-w", "loss > 9", "--force").code == 1


def test_a_folder_that_was_looked_at_lets_go_of_what_is_purged_elsewhere(
    project: Path, tmp_path: Path
) -> None:
    one, two = run(project), hush(project)
    say(project, "comment", two, "-m", "they said hush-hush")
    place = tmp_path / "place"
    say(project, "copy", "--all", "--to", str(place), "-y")
    inside = ("--runs", str(place))
    assert len(json.loads(say(project, *inside, "list", "--json"))) == 2
    assert "hush-hush" in say(project, *inside, "show", two)
    say(project, "purge", two, "--force")
    say(project, "push", str(place))
    assert gage_inside(project, *inside, "show", two).code == 128
    assert [each["id"] for each in json.loads(say(project, *inside, "list", "--json"))] == [one]
    assert "in step" in say(project, *inside, "doctor")
    assert HUSH not in (place / "gage/catalog.db").read_bytes()


def test_a_source_that_another_run_needs_stays(project: Path) -> None:
    one, two = hush(project), hush(project)
    say(project, "purge", one, "--force", "--json")
    prune(project)
    assert_whole(project, [two], "hush-hush")
    say(project, "restart", "-q", two)
    say(project, "purge", "--force", "-w", "op = train")
    prune(project)
    assert HUSH not in everything(project)


def test_the_count_is_typed(project: Path) -> None:
    many = [run(project), run(project)]
    for answer, code in (("y", 1), ("2", 0)):
        child = pexpect.spawn("git", ["gage", "purge", *many], cwd=project, timeout=20)
        child.expect("2 runs will be gone for good. Type the number of runs")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == code
    assert listed(project) == []


def test_remotes_and_others_let_go_of_it(project: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    one, two = run(project), hush(project)
    say(project, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    mine = run(bob)
    say(bob, "label", two, "--set", "hush-hush")
    say(bob, "push")
    say(project, "fetch")

    done = gage_inside(project, "purge", two, "--force", "--remote", "origin")
    assert done.code == 0, done.err
    assert "push origin" not in done.err
    git(bob, "fetch", "-q")
    fetched = gage_inside(bob, "fetch")
    assert (
        fetched.err
        == f"warning: run {two[10:17]} is gone: whoever began it, or an admin, has purged it\n"
    )
    assert listed(bob) == [mine, one]
    prune(bob)
    assert HUSH not in everything(bob)
    say(bob, "push")
    prune(hub)
    assert HUSH not in objects_of(hub)
    for where in (project, bob):
        say(where, "fetch")
        assert listed(where) == [mine, one]
    prune(project)
    assert HUSH not in everything(project)
    assert_whole(bob, [mine, one])
    fresh = clone(hub, tmp_path / "fresh")
    say(fresh, "fetch")
    assert listed(fresh) == [mine, one]
    assert gage_inside(bob, "push").code == 0


def test_what_a_push_would_take_away_is_told_before_and_after(
    project: Path, tmp_path: Path
) -> None:
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", str(lab))
    one, two = hush(project), run(project)
    for words in ((), (str(lab), one), (str(lab), two)):
        say(project, "push", *words)
    say(project, "purge", one, "--force")
    # A chosen run leaves the lane of its clone as it is there.
    for remote, runs, gives_up in (
        ("origin", [two], False),
        ("origin", [], True),
        (str(lab), [two], True),
    ):
        assert _is_told(project, "push", remote, *runs) == (gives_up, gives_up, gives_up)
        assert _is_told(project, "push", remote, *runs) == (False, False, False)
        assert say(project, "push", remote, *runs) == f"{remote} is up to date\n"
        assert say(project, "push", remote, *runs, "-n") == f"nothing to push to {remote}\n"
    for there in (hub, lab):
        prune(there)
        assert HUSH not in everything(there)


def _is_told(where: Path, *words: str) -> tuple[bool, bool, bool]:
    """Whether a script hears that a push would take something away, a person, and that it did."""
    (object_,) = json.loads(say(where, *words, "-n", "--json"))
    would, did = say(where, *words, "-n"), say(where, *words)
    return (
        object_["gives_up"],
        would.endswith(" would give up what was taken out\n"),
        did.endswith(" gave up what was taken out\n"),
    )


@pytest.mark.full
def test_what_others_have_put_into_a_place_is_told(project: Path, tmp_path: Path) -> None:
    one, place = hush(project), str(tmp_path / "place")
    say(project, "push")
    sam = clone(tmp_path / "hub.git", tmp_path / "sam", name="Sam")
    say(sam, "fetch")
    say(sam, "copy", "-y", one, "--to", place)
    (lane,) = {ref.split("/")[3] for ref in refs_of(Path(place), "refs/gage/w")}
    told = f"Purged 1 run\nstill on a remote: {place}: lane {lane}, which others write\n"
    assert say(project, "purge", one, "--force", "--remote", "origin", "--remote", place) == told
    assert gage_inside(project, "purge", one, "--force", "--remote", place).out in told
    # What was looked at there does not lie here.
    assert not list((project / ".git/gage/cache").glob("*/*.git"))
    gage_inside(sam, "fetch")
    assert say(sam, "push", place, "-n") == f"{place} would give up what was taken out\n"
    assert say(sam, "push", place) == f"{place} gave up what was taken out\n"
    assert say(sam, "push", place, "-n") == f"nothing to push to {place}\n"
    assert say(sam, "push", place) == f"{place} is up to date\n"
    prune(Path(place))
    assert HUSH not in everything(Path(place))
    assert gage_inside(project, "purge", one, "--force", "--remote", place).out == ""


@pytest.mark.full
@pytest.mark.parametrize("alone", [True, False], ids=["a label alone", "and a run of his"])
def test_where_it_is_still_is_told_every_time(
    project: Path, tmp_path: Path, *, alone: bool
) -> None:
    """Bob has labelled the run of Ana, and does not push again."""
    hub, one = tmp_path / "hub.git", hush(project)
    say(project, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(bob, "label", one, "--set", "hush-hush")
    mine = [] if alone else [run(bob)]
    say(bob, "push")
    say(project, "fetch")
    (lane,) = {ref.split("/")[3] for ref in refs_of(bob, "refs/gage/w")}
    still = f"still on a remote: origin: lane {lane}, which others write\n"
    done = gage_inside(project, "purge", one, "--force")
    assert done.out == f"Purged 1 run\n{still}"
    (hint,) = (line for line in done.err.splitlines() if line.startswith("hint: end it"))
    way = shlex.split(hint.partition("too: git gage ")[2])
    assert say(project, *way) == f"Purged 1 run\n{still}"
    for words in ((), ("fetch",), ("push",), ("sync",)):
        if words:
            say(project, *words)
        again = gage_inside(project, *way)
        assert (again.code, again.out) == (1, still)
        assert again.err == "nothing to do: no such run is there, or it is so already\n"
        told = gage_inside(project, *way, "--json")
        assert json.loads(told.out) == {"runs": [], "remotes": [], "elsewhere": [still[19:-1]]}
        assert told.code == 1
    assert listed(project) == mine
    assert not list((project / ".git/gage/cache").glob("*/*.git"))
    say(bob, "fetch")
    say(bob, "push")
    ended = gage_inside(project, *way)
    assert (ended.code, ended.out) == (1, "")
    prune(hub)
    assert HUSH not in objects_of(hub)


def test_a_remote_that_refuses_is_told_and_the_others_are_asked(
    project: Path, tmp_path: Path
) -> None:
    """The disk of the first of two remotes is full, and a third one is mistyped."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    one, two = run(project), hush(project)
    both = ("--remote", "origin", "--remote", "../lab.git")
    for remote in both[1::2]:
        say(project, "push", remote)
    mistyped = gage_inside(project, "purge", "@", *both, "--remote", "orign", "--force")
    assert (mistyped.code, mistyped.out) == (128, "")
    assert mistyped.err.startswith("fatal: no remote or place 'orign'\n")
    assert listed(project) == [two, one]

    (hub / "hooks").mkdir(exist_ok=True)
    hook = hub / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    done = gage_inside(project, "purge", "@", *both, "--force")
    assert (done.code, done.out) == (128, "Purged 1 run\nstill on a remote: origin\n")
    refusal, hint, _ = done.err.splitlines()
    assert refusal == "fatal: push to 'origin': pre-receive hook declined"
    way = f"git gage purge {two[10:17]} --remote origin"
    assert hint == f"hint: once the remote takes 'refs/gage/*': {way}"
    prune(lab)
    assert HUSH not in objects_of(lab)
    told = gage_inside(project, *way.split()[2:], "--json")
    assert (told.code, json.loads(told.out)["remotes"]) == (128, ["origin"])
    hook.unlink()
    assert say(project, *way.split()[2:]) == "Purged 1 run\n"
    prune(hub)
    assert HUSH not in objects_of(hub)
    assert listed(project) == [one]


def test_a_remote_that_fails_is_said_to_have_a_run_only_if_it_is_known_to(
    project: Path, tmp_path: Path
) -> None:
    """The disks of both are full, and the second one never had anything of it."""
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    one = run(project)
    say(project, "push")
    for there in ("hub.git", "lab.git"):
        hook = tmp_path / there / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n")
        hook.chmod(0o755)
    both = ("--remote", "origin", "--remote", "../lab.git")
    done = gage_inside(project, "purge", one, *both, "--force")
    lab = f"{tmp_path}/lab.git"
    told = f"Purged 1 run\nstill on a remote: origin\nmaybe still on a remote: {lab}\n"
    assert (done.code, done.out) == (128, told)
    for name in ("origin", shlex.quote(lab)):
        way = f"git gage purge {one[10:17]} --remote {name}"
        assert f"hint: once there is room there: {way}\n" in done.err
    assert done.err.count("hint: once") == 2


def test_a_secret_in_another_run_does_not_hide_what_was_purged(project: Path) -> None:
    one = run(project)
    say(project, "push")
    write_files(project, {"key.txt": "token = 'ghp_" + "k7Rw2mXq9ZtB4nVcY8sLdF3hJ6pGa1Ue5QoT'\n"})
    commit(project)
    two = run(project)
    done = gage_inside(project, "purge", one, "--remote", "origin", "--force")
    assert (done.code, done.out) == (1, "Purged 1 run\nstill on a remote: origin\n")
    way = "git gage push origin --allow-secrets"
    assert "hint: history goes along as it is: rewrite it, run again" in done.err
    assert f"'git gage purge <run>', or send it all the same: {way}\n" in done.err
    say(project, *way.split()[2:])
    assert listed(project, "--remote", "origin") == [two]


def test_a_hint_names_no_remote_that_never_had_the_run(project: Path, tmp_path: Path) -> None:
    one = run(project)
    place = tmp_path / "place"
    say(project, "copy", one, "--to", str(place), "-y")
    way = f"git gage purge {one[10:17]} --remote {place}"
    assert (
        f"hint: end it on the remote, too: {way}\n"
        in gage_inside(project, "purge", one, "--force").err
    )
    two = run(project)
    assert "remote" not in gage_inside(project, "purge", two, "--force").err
    assert say(project, *way.split()[2:]) == "Purged 1 run\n"


def test_what_was_given_run_by_run_is_taken_back(project: Path, tmp_path: Path) -> None:
    one, two = hush(project), run(project)
    say(project, "push", "origin", one)
    say(project, "purge", one, "--force", "--remote", "origin")
    prune(tmp_path / "hub.git")
    assert HUSH not in objects_of(tmp_path / "hub.git")
    fresh = clone(tmp_path / "hub.git", tmp_path / "fresh")
    say(fresh, "fetch")
    assert listed(fresh) == []
    say(project, "push", "origin", two)
    say(fresh, "fetch")
    assert listed(fresh) == [two]


def test_nobody_else_can_purge_it(project: Path, tmp_path: Path) -> None:
    one = run(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    refused = gage_inside(bob, "purge", one, "--force")
    assert "can be purged in the clone that began it alone" in refused.err
    assert f"hint: put it out of sight here: git gage rm {one[10:17]}" in refused.err
    say(bob, "rm", "-y", one)
    refused = gage_inside(bob, "purge", one, "--force")
    assert refused.err.endswith("hint: it is out of sight here already: git gage list --deleted\n")
    assert one[10:17] in say(bob, "list", "--deleted")


@pytest.mark.full
def test_what_a_third_one_still_has_stays_out_of_sight(project: Path, tmp_path: Path) -> None:
    """Carol has passed the run on to where its end is not known."""
    hub, second = tmp_path / "hub.git", tmp_path / "second.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "second.git")
    one, two = hush(project), run(project)
    say(project, "push")
    carol = clone(hub, tmp_path / "carol", name="Carol")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(carol, "fetch")
    hers = run(carol)
    say(carol, "push", str(second), one, hers)
    say(project, "purge", one, "--force", "--remote", "origin")
    say(bob, "fetch", str(second))
    assert listed(bob) == [hers, one]
    say(bob, "fetch")
    assert listed(bob) == [hers, two]
    assert json.loads(say(bob, "show", one, "--json"))["redacted"] == ["run"]
    assert gage_inside(bob, "best", "loss").out != f"{one}\n"
    say(carol, "fetch")
    assert listed(carol) == [hers, two]
    say(carol, "push", str(second), hers)
    say(bob, "fetch", str(second))
    say(project, "fetch", str(second))
    for where in (bob, project, carol):
        assert listed(where) == [hers, two]
        assert_whole(where, [hers, two])


def test_a_run_that_comes_again_after_its_end_is_no_news(project: Path, tmp_path: Path) -> None:
    """Sam has not heard of it yet; plain git of his puts it back, and then he sends another one."""
    hub = tmp_path / "hub.git"
    one = run(project)
    say(project, "push")
    sam = clone(hub, tmp_path / "sam", name="Sam")
    say(sam, "fetch")
    say(project, "purge", one, "--force", "--remote", "origin")
    assert say(sam, "push", "origin", one) == "origin is up to date\n"
    refs = git(sam, "for-each-ref", "--format=%(refname)", "refs/gage-remotes/origin/w").split()
    lane = f"refs/gage/w/{new_lane()}"
    git(
        sam,
        "push",
        "-q",
        "origin",
        *(f"{ref}:{lane}/{'/'.join(ref.split('/')[-2:])}" for ref in refs),
    )
    assert say(project, "fetch", "-n") == "nothing to fetch from origin\n"
    assert say(project, "fetch", "origin", one) == "nothing new on origin\n"
    assert say(project, "fetch") == "nothing new on origin\n"
    say(sam, "push", "origin", run(sam))
    assert say(project, "fetch", "-n").startswith("would fetch 1 run from origin (")
    assert say(project, "fetch") == "fetched 1 run from origin\n"
    # Who hears of both at once has a run that is gone before anybody saw it.
    bob = clone(hub, tmp_path / "bob", name="Bob")
    assert say(bob, "fetch") == "fetched 1 run from origin\n"


def test_two_purge_and_label_at_once(project: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    one, two = run(project), run(project)
    say(project, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    three, four = run(bob), run(bob)
    say(bob, "push")
    say(project, "fetch")
    say(project, "label", three, "--set", "good")
    say(bob, "label", one, "--set", "bad")
    say(project, "purge", one, "--force")
    say(bob, "purge", three, "--force")
    for _ in range(2):
        for where in (project, bob):
            say(where, "fetch")
            say(where, "push")
    assert listed(project) == listed(bob) == [four, two]
    fresh = clone(hub, tmp_path / "fresh")
    say(fresh, "fetch")
    assert listed(fresh) == [four, two]
    assert_whole(fresh, [four, two])


def test_a_run_that_goes_on_with_somebody_is_purged_later(project: Path, tmp_path: Path) -> None:
    one = run(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(project, "purge", one, "--force", "--remote", "origin")
    state = bob / ".git/gage/state" / one
    state.mkdir(parents=True)
    done = gage_inside(bob, "fetch")
    assert "warning: not purged yet: run" in done.err
    state.rmdir()
    assert "is gone" in gage_inside(bob, "fetch").err


def test_a_kill_at_any_point_loses_nothing_else(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [run(project)]
    gone = hush(project)
    kept.append(run(project))
    say(project, "push")
    dying = Dying(monkeypatch)
    tries = 0
    while True:
        tries += 1
        dying.left = scale(5, 1) * tries
        if gage_inside(project, "purge", "--force", gone).code == 0:
            break
        dying.left = -1
        if tries % 4 == 0:
            assert_whole(project, kept)
    dying.left = -1
    assert tries > 2
    prune(project)
    assert HUSH not in everything(project)
    assert_whole(project, kept)
    say(project, "push")
    assert set(listed(project)) == set(kept)


@pytest.mark.parametrize("verb", ways("purge", "redact"))
def test_a_push_goes_on_with_what_was_cut_short_anywhere(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, verb: str
) -> None:
    """Once anything is said of it, a push that says nothing else leaves nothing of it anywhere."""
    hub, kept = tmp_path / "hub.git", [run(project)]
    words = ["purge", "--force"] if verb == "purge" else ["redact", "--run", "--source", "-y"]
    # What a program made stays in the run's directory after a redaction.
    read = everything if verb == "purge" else objects_of
    cut = 0
    dying = Dying(monkeypatch)
    for late in range(1, 40, scale(12, 1)):
        gone = hush(project)
        say(project, "push")
        dying.left = late
        done = gage_inside(project, *words, gone)
        dying.left = -1
        say(project, "push")
        if done.code and gone in listed(project):
            assert_whole(project, [gone], "hush-hush")
            say(project, *words, gone)
            say(project, "push")
        elif done.code:
            cut += 1
        for where in (project, hub):
            prune(where)
            assert HUSH not in read(where), late
        assert_whole(project, kept)
    assert cut
    assert set(listed(project)) == set(kept)


def test_a_push_goes_on_after_git_was_locked(project: Path, tmp_path: Path) -> None:
    one, two = run(project), hush(project)
    say(project, "push")
    git(project, "pack-refs", "--all")
    lock = project / ".git/packed-refs.lock"
    lock.touch()
    assert gage_inside(project, "purge", "--force", two).code == 128
    lock.unlink()
    told = "pushed 1 update to origin; it gave up what was taken out\n"
    assert say(project, "push") == told
    for where in (project, tmp_path / "hub.git"):
        prune(where)
        assert HUSH not in everything(where)
    assert_whole(project, [one])


def test_a_push_goes_on_with_a_redaction(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = hush(project)
    say(project, "push")
    with monkeypatch.context() as patch:
        patch.setattr(redact, "take_out", killed)
        words = ("redact", "--output", "--files", "--source", "-y", two)
        assert gage_inside(project, *words).code != 0
    assert say(project, "push").endswith("; it gave up what was taken out\n")
    for where in (project, tmp_path / "hub.git"):
        prune(where)
        assert HUSH not in objects_of(where)
    assert listed(project) == [two]


def test_a_push_waits_with_a_purge_for_a_run_that_goes_on(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody restarted it in between, or it looks so."""
    two = hush(project)
    say(project, "push")
    with monkeypatch.context() as patch:
        patch.setattr(purge, "take_out", killed)
        assert gage_inside(project, "purge", two, "--force").code != 0
    state = project / ".git/gage/state" / two
    state.mkdir(parents=True)
    assert "warning: not taken out yet: run" in gage_inside(project, "push").err
    state.rmdir()
    assert gage_inside(project, "push").out == "origin gave up what was taken out\n"


def test_a_staged_run_is_purged_and_a_going_one_is_stopped_first(project: Path) -> None:
    say(project, "run", "-q", "--stage", "train.py")
    assert gage_inside(project, "rm", "@", "-y").out == "Deleted 1 run\n"
    assert say(project, "purge", "-w", "deleted", "--force") == "Purged 1 run\n"
    assert gage(project, "run", "-q", "--detach", "--", "sleep", "30").code == 0
    (one,) = listed(project)
    for words in (("purge", one, "--force"), ("redact", one, "--output", "-y"), ("rm", one, "-y")):
        refused = gage_inside(project, *words)
        answer = f"fatal: run {one[10:17]} goes on\nhint: git gage stop {one[10:17]}\n"
        assert (refused.code, refused.err) == (128, answer)
    assert gage(project, "stop", one).code == 0
    # Its files are so large that no command in passing measures them.
    state = project / ".git/gage/state" / one
    state.mkdir()
    (state / "files.pending").touch()
    os.utime(state, (1, 1))
    refused = gage_inside(project, "purge", one, "--force")
    assert refused.err.endswith("was not closed yet\nhint: git gage files\n")
    assert gage_inside(project, "files").code == 0
    assert say(project, "purge", one, "--force") == "Purged 1 run\n"


def test_what_goes_on_at_another_machine_is_stopped_there(project: Path) -> None:
    """Both see the same repository."""
    assert gage(project, "run", "-q", "--detach", "--", "sleep", "30").code == 0
    (one,) = listed(project)
    alive = project / ".git/gage/state" / one / "alive"
    here = alive.read_text()
    alive.write_text(json.dumps({**json.loads(here), "host": "gpu-7"}))
    for words in (("purge", one, "--force"), ("redact", one, "--output", "-y"), ("rm", one, "-y")):
        refused = gage_inside(project, *words)
        told = f"fatal: run {one[10:17]} goes on: it was begun on 'gpu-7'\nhint: there: "
        assert (refused.code, refused.err) == (128, f"{told}git gage stop {one[10:17]}\n")
    alive.write_text(here)
    assert gage(project, "stop", one).code == 0


# -- keys ------------------------------------------------------------------------------------------


def signed(where: Path, who: Path, *words: str) -> Result:
    """A command of somebody whose key lies below `who`."""
    return gage_inside(where, *words, env={"CI": "", "XDG_DATA_HOME": str(who)})


def signed_run(where: Path, who: Path) -> str:
    env = {"CI": "", "XDG_DATA_HOME": str(who)}
    assert gage_inside(where, "run", "-q", "train.py", env=env).code == 0
    return str(json.loads(say(where, "show", "@", "--json"))["id"])


def test_with_a_key_it_is_the_key_that_counts(project: Path, tmp_path: Path) -> None:
    """Ana has two clones and one key; Bob has one of each."""
    hub, ana, bob = tmp_path / "hub.git", tmp_path / "ana-key", tmp_path / "bob-key"
    one, two = signed_run(project, ana), signed_run(project, ana)
    say(project, "push")
    laptop = clone(hub, tmp_path / "laptop", name="Ana")
    his = clone(hub, tmp_path / "bob", name="Bob")
    for where in (laptop, his):
        say(where, "fetch")
    refused = signed(his, bob, "purge", "--force", one)
    assert "can be purged by who began it: it is signed with the key SHA256:" in refused.err
    assert "is signed with the key" in gage_inside(laptop, "purge", "--force", one).err
    for words in (("rm", "-y", one), ("restore", one), ("archive", one), ("restore", one)):
        assert "a request" not in signed(laptop, ana, *words).err
    assert "for others this is a request" in signed(his, bob, "rm", "-y", two).err
    say(his, "push")
    assert signed(laptop, ana, "archive", two).code == 0
    done = signed(laptop, ana, "purge", "--force", one)
    assert "still on a remote: origin: lane" in done.out
    say(laptop, "push")
    say(his, "fetch")
    assert listed(his) == []
    assert "is gone" in gage_inside(project, "fetch").err
    assert listed(project) == []
    assert listed(project, "--archived") == [two]
    say(project, "push")
    say(laptop, "fetch")
    assert "is gone" in gage_inside(his, "fetch").err
    fresh = clone(hub, tmp_path / "fresh")
    say(fresh, "fetch")
    assert listed(fresh, "--archived") == [two]
    assert gage_inside(fresh, "show", one).code == 128


def test_who_has_purged_it_elsewhere_sends_it_to_nobody(project: Path, tmp_path: Path) -> None:
    """Ana's other clone says so; it and the remote have the run in the lane of the first."""
    hub, ana = tmp_path / "hub.git", tmp_path / "ana-key"
    write_files(project, {"train.py": "print('hush-hush')\n"})
    one = signed_run(project, ana)
    git(project, "checkout", "-q", "train.py")
    two = signed_run(project, ana)
    say(project, "push")
    laptop = clone(hub, tmp_path / "laptop", name="Ana")
    say(laptop, "fetch")
    assert signed(laptop, ana, "purge", "--force", one).code == 0
    new, place, bundle = (tmp_path / name for name in ("new.git", "place", "runs.bundle"))
    for name in ("new.git", "saved.git", "of-bundle.git"):
        git(tmp_path, "init", "-q", "--bare", name)
    for words in (
        ("push", "-n", str(new), one),
        ("push", str(new), one),
        ("copy", one, "--to", str(place), "-y"),
        ("copy", "--all", "--to", str(place), "-y"),
        ("backup", str(tmp_path / "saved.git")),
        ("export", one, "--format", "bundle", "-o", str(bundle)),
    ):
        signed(laptop, ana, *words)
    if bundle.exists():
        git(tmp_path / "of-bundle.git", "fetch", "-q", str(bundle), "refs/*:refs/*")
    for where in (new, place, tmp_path / "saved.git", tmp_path / "of-bundle.git"):
        assert HUSH not in (objects_of(where) if where.exists() else b""), where
    for ref in refs_of(hub, "refs/gage"):
        git(hub, "update-ref", "-d", ref)
    told = signed(laptop, ana, "fetch").err
    assert "no longer has 1 run that it had" in told
    assert told.endswith(f"git gage push origin {two[10:17]}\n")
    say(laptop, *told.rpartition("git gage ")[2].split())
    prune(hub)
    assert HUSH not in objects_of(hub)
    assert two.encode() in objects_of(hub)


def test_a_forged_tombstone_counts_for_nothing(project: Path, tmp_path: Path) -> None:
    hub, ana, bob = tmp_path / "hub.git", tmp_path / "ana-key", tmp_path / "bob-key"
    one = signed_run(project, ana)
    two = run(project)
    say(project, "push")
    his = clone(hub, tmp_path / "bob", name="Bob")
    say(his, "fetch")
    store = Store(open_repository(his, dict(os.environ)))
    catalog = Catalog(store)
    catalog.refresh()
    body = {"parts": ["run"], "kinds": []}
    key = catalog.records(one)[0].by
    for target, by in ((one, key), (one, None), (two, None)):
        with store.writing():
            store.append(draft_next(store, catalog, "run.redact", target, body, by))
            store.append(draft_next(store, catalog, "run.redact", target, {"parts": "run"}, by))
            store.flush()
    say(his, "push")
    assert gage_inside(project, "fetch").err == ""
    assert listed(project) == [two, one]
    assert signed(his, bob, "list").code == 0


def test_what_only_seems_to_be_proven_hides_and_no_more(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `gage.apply` all, nobody asks who signed: what cannot be undone needs more."""
    hub, ana = tmp_path / "hub.git", tmp_path / "ana-key"
    one = signed_run(project, ana)
    say(project, "push")
    his = clone(hub, tmp_path / "bob", name="Bob")
    git(his, "config", "gage.apply", "all")
    say(his, "fetch")
    assert signed(project, ana, "purge", "--force", "--remote", "origin", one).code == 0
    assert gage_inside(his, "fetch").err == ""
    assert listed(his) == []
    assert json.loads(say(his, "show", one, "--json"))["redacted"] == ["run"]
    git(his, "config", "--unset", "gage.apply")
    assert "is gone" in gage_inside(his, "fetch").err


@pytest.mark.full
def test_who_passed_it_on_with_other_runs_takes_it_back_too(project: Path, tmp_path: Path) -> None:
    one, two = run(project), hush(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    place = tmp_path / "place"
    say(bob, "copy", one, two, "--to", str(place), "-y")
    say(project, "purge", two, "--force", "--remote", "origin")
    assert gage_inside(bob, "fetch").code == 0
    assert HUSH in objects_of(place)
    say(bob, "push", str(place))
    assert say(bob, "push", str(place)) == f"{place} is up to date\n"
    prune(place)
    assert HUSH not in objects_of(place)
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch", str(place))
    assert_whole(reader, [one])
    three = run(project)
    say(project, "push")
    say(bob, "fetch")
    say(bob, "push", str(place), three)
    say(reader, "fetch", str(place))
    assert listed(reader) == [three, one]


@pytest.mark.parametrize("verb", ways("copy", "backup"))
def test_a_copy_takes_back_what_its_place_has_heard_of(
    project: Path, tmp_path: Path, verb: str
) -> None:
    """Ana has told the place that her run is gone; what Bob sent there is for him to take back."""
    one, two = run(project), hush(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    place = tmp_path / "place"
    copying = ("copy", "--all", "--to", str(place))
    say(bob, *copying, "-y")
    hub = ("--remote", "origin", "--remote", str(place))
    assert gage_inside(project, "purge", two, "--force", *hub).code == 0
    assert gage_inside(bob, "fetch").code == 0
    assert HUSH in objects_of(place)
    assert say(bob, *copying, "-n") == f"{place} would give up what was taken out\n"
    gave_up = f"{place} gave up what was taken out\n"
    if verb == "copy":
        assert say(bob, *copying, "-y") == gave_up
    else:
        told = f"{gave_up}no large files to send\nSaved 1 run on {place}\n"
        assert say(bob, "backup", str(place)) == told
    same = f"Nothing to copy: {place} has all of it that is here\n"
    assert say(bob, *copying, "-y") == same
    prune(place)
    assert HUSH not in objects_of(place)
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch", str(place))
    assert_whole(reader, [one])


def test_what_was_passed_on_is_taken_back_also_after_kills_and_moves(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane in which somebody passed runs on stays theirs when they go on in another one."""
    runs = [run(project), hush(project), run(project), run(project)]
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    place = tmp_path / "place"
    say(bob, "copy", *runs[:2], "--to", str(place), "-y")
    say(project, "purge", runs[1], "--force", "--remote", "origin")
    with monkeypatch.context() as patch:
        patch.setattr(Withdrawn, "save", killed)
        assert gage_inside(bob, "fetch").code != 0
    say(bob, "copy", runs[2], "--to", str(place), "-y")
    bob = bob.rename(tmp_path / "moved")
    say(bob, "copy", runs[3], "--to", str(place), "-y")
    assert HUSH in objects_of(place)
    say(bob, "fetch")
    say(bob, "push", str(place))
    prune(place)
    assert HUSH not in objects_of(place)
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch", str(place))
    assert_whole(reader, [runs[0], *runs[2:]])


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_fetch_goes_on_with_a_purge_that_was_cut_short(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = tmp_path / "hub.git"
    one, two = run(project), hush(project)
    say(project, "push")
    with monkeypatch.context() as patch:
        patch.setattr(purge, "take_out", killed)
        assert gage_inside(project, "purge", two, "--force").code != 0
    say(project, "sync")
    for where in (project, hub):
        prune(where)
        assert HUSH not in objects_of(where)
    assert_whole(project, [one])


def test_what_arrived_of_a_push_that_was_killed_is_taken_back(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the remote got, and nobody noted, holds the run that is purged next."""
    hub, one, two, three = tmp_path / "hub.git", run(project), hush(project), run(project)
    say(project, "push")
    for each in (three, two):
        with monkeypatch.context() as patched:
            patched.setattr(delivery, "_note_tips", killed)
            assert gage_inside(project, "purge", each, "--force", "--remote", "origin").code == 130
    say(project, "push")
    prune(hub)
    assert HUSH not in everything(hub)
    assert len({ref.split("/")[4] for ref in refs_of(hub, "refs/gage/w")}) == 1
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    assert_whole(bob, [one])
    assert listed(bob) == [one]


@pytest.mark.full
def test_a_purge_that_came_by_the_way_is_not_forgotten(project: Path, tmp_path: Path) -> None:
    """What tells who began a run stays until its purge is believed: else words of it never go."""
    one, two = run(project), run(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    his = run(bob)
    say(bob, "sync")
    say(bob, "comment", two, "-m", "hush-hush")
    say(bob, "push")
    say(project, "fetch")
    say(project, "comment", his, "-m", "well done")
    say(project, "push")
    say(bob, "fetch")
    say(project, "purge", two, "--force", "--remote", "origin")
    # A fold gets all that is there, and looks for no purges in it.
    say(bob, "fold")
    say(bob, "purge", his, "--force")
    assert gage_inside(bob, "fetch").code == 0
    say(bob, "push")
    prune(tmp_path / "hub.git")
    assert HUSH not in objects_of(tmp_path / "hub.git")
    assert listed(bob) == [one]


@pytest.mark.full
def test_what_is_given_again_waits_for_a_push_that_arrives(project: Path, tmp_path: Path) -> None:
    runs = [run(project), hush(project), hush(project)]
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    lab = tmp_path / "lab.git"
    git(bob, "remote", "add", "lab", str(lab))
    say(bob, "push", "lab", *runs)
    for gone in runs[1:]:
        say(project, "purge", gone, "--force", "--remote", "origin")
        assert gage_inside(bob, "fetch").code == 0
        away = lab.rename(tmp_path / "away")
        assert gage_inside(bob, "push", "lab", runs[0]).code == 128
        away.rename(lab)
    say(bob, "push", "lab", runs[0])
    prune(lab)
    assert HUSH not in objects_of(lab)
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch", str(lab))
    assert_whole(reader, runs[:1])


def test_who_has_nothing_of_their_own_takes_it_back_too(project: Path, tmp_path: Path) -> None:
    one = hush(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    for place in ("kept", "emptied"):
        say(bob, "copy", one, "--to", str(tmp_path / place), "-y")
    say(project, "purge", one, "--force", "--remote", "origin")
    assert gage_inside(bob, "fetch").code == 0
    for ref in git(tmp_path / "emptied", "for-each-ref", "--format=%(refname)").split():
        git(tmp_path / "emptied", "update-ref", "-d", ref)
    for place, told in (("kept", "gave up what was taken out"), ("emptied", "is up to date")):
        for answer in (told, "is up to date"):
            assert say(bob, "push", str(tmp_path / place)) == f"{tmp_path / place} {answer}\n"
        assert git(tmp_path / place, "for-each-ref") == ""


@pytest.mark.full
def test_what_is_gone_from_a_place_beside_others_is_not_asked_for_again(
    project: Path, tmp_path: Path
) -> None:
    one, place = hush(project), tmp_path / "place"
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(bob, "copy", one, "--to", str(place), "-y")
    of_bob = git(place, "for-each-ref", "--format=%(refname)").split()
    run(project)
    say(project, "purge", one, "--force", "--remote", "origin")
    say(project, "push", str(place))
    for ref in of_bob:
        git(place, "update-ref", "-d", ref)
    before = git(place, "for-each-ref")
    assert gage_inside(bob, "fetch").code == 0
    assert say(bob, "push", str(place)) == f"{place} is up to date\n"
    assert git(place, "for-each-ref") == before != ""
    waits = Withdrawn(Store(open_repository(bob, dict(os.environ))))
    assert waits.remotes() == []


@pytest.mark.full
def test_a_clone_that_was_moved_still_ends_its_runs(project: Path, tmp_path: Path) -> None:
    """It takes a new lane where it is now; what it began without a key is still its own."""
    one, two, three = run(project), hush(project), run(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    moved = project.rename(tmp_path / "moved")
    four = run(moved)
    say(moved, "archive", "-y", one)
    say(moved, "label", four, "--set", "here")
    say(moved, "purge", two, "--force")
    say(moved, "push")
    assert "is gone" in gage_inside(bob, "fetch").err
    assert listed(bob) == listed(moved) == [four, three]
    prune(bob)
    assert HUSH not in everything(bob)


@pytest.mark.full
def test_who_goes_on_with_a_lane_is_heard_of_again(project: Path, tmp_path: Path) -> None:
    """Ana's cluster only ever pushes; what it ran first she purges on her laptop."""
    hub, ana = tmp_path / "hub.git", tmp_path / "ana-key"
    one = signed_run(project, ana)
    say(project, "push")
    laptop = clone(hub, tmp_path / "laptop", name="Ana")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    for where in (laptop, bob):
        say(where, "fetch")
    assert signed(laptop, ana, "purge", "--force", one).code == 0
    say(laptop, "push")
    assert "is gone" in gage_inside(bob, "fetch").err
    assert say(bob, "fetch") == "nothing new on origin\n"
    assert listed(bob, "--remote", "origin") == []
    two = signed_run(project, ana)
    say(project, "push")
    assert listed(bob, "--remote", "origin") == [two]
    for where in (laptop, bob):
        say(where, "fetch")
        assert listed(where) == [two]
        assert_whole(where, [two])


@pytest.mark.full
def test_what_two_remotes_have_stays_on_one_side(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kim has sent the same to both; for Sam neither is a reason to let go of the other one."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one = run(project)
    say(project, "push")
    kim, sam = (clone(hub, tmp_path / name, name=name.title()) for name in ("kim", "sam"))
    say(kim, "fetch")
    two = run(kim)
    say(kim, "label", one, "--set", "good")
    for remote in ("origin", str(lab)):
        say(kim, "push", remote)
        say(sam, "fetch", remote)
    say(project, "purge", one, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(sam, "fetch").err
    assert listed(sam) == [two]
    assert_whole(sam, [two])
    # What stays until Kim hears of it is looked through once, and not with each fetch.
    say(sam, "fetch")
    monkeypatch.setattr(purge, "would_take_out", None)
    say(sam, "fetch")


def test_what_was_redacted_before_keeps_no_purged_run(project: Path, tmp_path: Path) -> None:
    """An epoch goes although nothing else has the output that was taken out of another run."""
    one, two = run(project), hush(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(project, "redact", "--output", "-y", one)
    say(project, "purge", two, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(bob, "fetch").err
    prune(bob)
    assert HUSH not in everything(bob)
    assert listed(bob) == [one]


@pytest.mark.full
@pytest.mark.parametrize("end", ways("purge --force", "redact -y --output --files --source"))
def test_a_remote_that_was_rolled_back_gives_it_up_again(
    project: Path, tmp_path: Path, end: str
) -> None:
    hub = tmp_path / "hub.git"
    one, two = run(project), hush(project)
    say(project, "push")
    saved = shutil.copytree(hub, tmp_path / "saved")
    say(project, *end.split(), two)
    say(project, "push")
    shutil.rmtree(hub)
    saved.rename(hub)
    for _ in range(2):
        say(project, "fetch")
        say(project, "push")
    prune(hub)
    assert HUSH not in objects_of(hub)
    fresh = clone(hub, tmp_path / "fresh")
    say(fresh, "fetch")
    assert listed(fresh) == ([one] if "purge" in end else [two, one])
    assert_whole(fresh, [one])


@pytest.mark.parametrize("chosen", ways(False, True))
def test_a_purge_says_what_to_do_with_a_remote_that_was_rolled_back(
    project: Path, tmp_path: Path, *, chosen: bool
) -> None:
    hub = tmp_path / "hub.git"
    one, two = run(project), hush(project)
    say(project, "push", *(["origin", one, two] if chosen else []))
    (lane,) = {ref.split("/")[3] for ref in refs_of(hub, "refs/gage/w")}
    saved = shutil.copytree(hub, tmp_path / "saved")
    way = ("purge", two, "--force", "--remote", "origin")
    say(project, *way)
    shutil.rmtree(hub)
    saved.rename(hub)
    told = gage_inside(project, *way).out.splitlines()[-1]
    still = f"still on a remote: origin: lane {lane}, which was put back there: "
    assert told == f"{still}'git gage sync origin'"
    say(project, "sync", "origin")
    prune(hub)
    assert HUSH not in objects_of(hub)
    assert listed(project, "--remote", "origin") == [one]
    done = gage_inside(project, *way)
    assert (done.code, done.out) == (1, "")


@pytest.mark.full
def test_a_place_that_was_rolled_back_gives_up_what_was_passed_on(
    project: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    one, two = run(project), hush(project)
    say(project, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(bob, "copy", one, two, "--to", str(place), "-y")
    saved = shutil.copytree(place, tmp_path / "saved")
    say(project, "purge", two, "--force", "--remote", "origin")
    gage_inside(bob, "fetch")
    say(bob, "push", str(place))
    shutil.rmtree(place)
    saved.rename(place)
    say(bob, "fetch", str(place))
    say(bob, "push", str(place))
    prune(place)
    assert HUSH not in objects_of(place)
    reader = clone(tmp_path / "hub.git", tmp_path / "reader")
    say(reader, "fetch", str(place))
    assert_whole(reader, [one])


def purge_and_fetch(where: Path, other: Path, run: str, late: str) -> None:
    """A run is purged, and somebody hears of it before the second remote is fetched from."""
    say(where, "purge", run, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(other, "fetch").err
    say(other, "fetch", late)
    prune(other)
    assert HUSH not in everything(other)


@pytest.mark.full
@pytest.mark.parametrize("late", ways(False, True))
@pytest.mark.parametrize("is_lost", ways(True, False))
def test_files_of_an_epoch_without_records_go_too(
    project: Path, tmp_path: Path, *, late: bool, is_lost: bool
) -> None:
    """One of two remotes has lost the records, or the last of them, and has the outputs still."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one = run(project)
    say(project, "push", str(lab))
    ((log, before),) = records_only(refs_of(lab, "refs/gage")).items()
    two = hush(project)
    bob = clone(hub, tmp_path / "bob", name="Bob")
    for remote in ("origin", str(lab)):
        say(project, "push", remote)
    git(lab, "update-ref", *(["-d", log] if is_lost else [log, before]))
    for remote in ["origin"] if late else ["origin", str(lab)]:
        say(bob, "fetch", remote)
    purge_and_fetch(project, bob, two, str(lab))
    assert_whole(bob, [one])


@pytest.mark.parametrize("late", ways(False, True))
def test_a_source_without_records_goes_too(project: Path, tmp_path: Path, *, late: bool) -> None:
    """One of two remotes has lost the records, or has the sources alone as they were before."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    two = hush(project)
    say(project, "push", str(lab))
    ((src, before),) = only(refs_of(lab, "refs/gage"), "/src").items()
    write_files(project, {"train.py": f"{PRINTS}# more\n"})
    one = run(project)
    bob = clone(hub, tmp_path / "bob", name="Bob")
    for remote in ("origin", str(lab)):
        say(project, "push", remote)
    if late:
        for ref in refs_of(lab, "refs/gage").keys() - {src}:
            git(lab, "update-ref", "-d", ref)
    else:
        say(bob, "fetch", str(lab))
        git(lab, "update-ref", src, before)
    for remote in ["origin"] if late else ["origin", str(lab)]:
        say(bob, "fetch", remote)
    assert late or any("-fork-" in ref for ref in only(refs_of(bob, "refs/gage-remotes"), "/src"))
    purge_and_fetch(project, bob, two, str(lab))
    assert_whole(bob, [one])
    say(project, "push", str(lab))
    say(bob, "fetch", str(lab))
    assert_whole(bob, [one])
    prune(bob)
    assert HUSH not in everything(bob)


@pytest.mark.full
def test_a_source_without_records_stays_if_a_run_has_it(project: Path, tmp_path: Path) -> None:
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    write_files(project, {"train.py": f"{PRINTS}# more\n"})
    one = run(project)
    say(project, "push", str(lab))
    (src,) = only(refs_of(lab, "refs/gage"), "/src")
    for ref in refs_of(lab, "refs/gage").keys() - {src}:
        git(lab, "update-ref", "-d", ref)
    two = hush(project)
    say(project, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    for remote in ("origin", str(lab)):
        say(bob, "fetch", remote)
    kept = [ref for ref in only(refs_of(bob, "refs/gage-remotes"), "/src") if "origin" not in ref]
    say(project, "purge", two, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(bob, "fetch").err
    assert kept
    assert set(kept) <= refs_of(bob, "refs/gage-remotes").keys()
    assert_whole(bob, [one])


def only(refs: dict[str, str], kind: str) -> dict[str, str]:
    return {ref: oid for ref, oid in refs.items() if ref.endswith(kind)}


@pytest.mark.full
def test_files_of_which_an_epoch_lacks_the_records_keep_no_purged_run(
    project: Path, tmp_path: Path
) -> None:
    """A remote has the records of a lane as they were, and the outputs as they are."""
    hub = tmp_path / "hub.git"
    one = hush(project)
    say(project, "push")
    (log,) = (ref for ref in refs_of(hub, "refs/gage") if ref.endswith("/log"))
    before = refs_of(hub, log)[log]
    two = run(project)
    say(project, "push")
    git(hub, "update-ref", log, before)
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(project, "redact", "-y", "--output", "--files", two)
    say(project, "purge", one, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(bob, "fetch").err
    prune(bob)
    assert HUSH not in everything(bob)
    assert listed(bob) == [two]


@pytest.mark.full
def test_what_was_taken_by_itself_goes_with_its_source(project: Path, tmp_path: Path) -> None:
    """So does what comes again in a backup of whom a remote gave files without their records."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one, two, three = run(project), hush(project), hush(project)
    for remote in ("origin", str(lab)):
        say(project, "push", remote)
    (log,) = records_only(refs_of(lab, "refs/gage"))
    git(lab, "update-ref", "-d", log)
    kim, bob = (clone(hub, tmp_path / name, name=name.title()) for name in ("kim", "bob"))
    say(kim, "fetch", str(lab))
    say(kim, "backup", str(tmp_path / "kim.tar"))
    say(bob, "fetch", "origin", two, three)
    taken = "refs/gage-in/origin/w/taken"

    say(project, "purge", two, "--force", "--remote", "origin")
    gage_inside(bob, "fetch")
    (src,) = (ref for ref in refs_of(bob, taken) if ref.endswith("/src"))
    source = json.loads(say(bob, "show", three, "--json"))["source"]["snapshot"]
    assert source in git(bob, "rev-list", src).split()
    say(project, "purge", three, "--force", "--remote", "origin")
    gage_inside(bob, "fetch")
    assert refs_of(bob, taken) == {}
    say(bob, "restore", "--from", str(tmp_path / "kim.tar"), "-y")
    prune(bob)
    assert HUSH not in everything(bob)
    assert_whole(bob, [one])
    assert listed(bob) == [one]


@pytest.mark.full
def test_the_source_of_a_run_that_a_backup_had_goes_too(project: Path, tmp_path: Path) -> None:
    one, two = run(project), hush(project)
    say(project, "push")
    say(project, "backup", "../b.tar")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    mine = run(bob)
    say(bob, "restore", "--from", "../b.tar")
    say(project, "purge", two, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(bob, "fetch").err
    prune(bob)
    assert sorted(listed(bob)) == sorted([one, mine])
    assert_whole(bob, [one, mine])
    assert HUSH not in objects_of(bob)


@pytest.mark.full
def test_a_lane_that_is_none_stops_no_purge(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has put a lane on the remote that is too large to be one."""
    hub = tmp_path / "hub.git"
    one, two = run(project), hush(project)
    say(project, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    monkeypatch.setattr("git_gage.store.layout.MAX_ENTRIES", 20)
    blob = git(hub, "hash-object", "-w", "--stdin", input="{}\n").strip()
    rows = "".join(f"100644 blob {blob}\t{number:08d}-1\n" for number in range(30))
    seg = git(hub, "mktree", input=rows).strip()
    tree = git(hub, "mktree", input=f"040000 tree {seg}\tseg\n").strip()
    who = ("-c", "user.name=x", "-c", "user.email=x@y")
    lane = git(hub, *who, "commit-tree", "-m", "x", tree).strip()
    git(hub, "update-ref", "refs/gage/w/hostile/202611-01/log", lane)
    say(project, "purge", two, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(bob, "fetch").err
    assert listed(bob) == [one]


def test_words_about_a_run_that_is_not_here_are_not_passed_on(
    project: Path, tmp_path: Path
) -> None:
    """Whoever does not know who began a run could not take them back with it."""
    hub, lab, place = tmp_path / "hub.git", tmp_path / "lab.git", tmp_path / "place"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one = run(project)
    say(project, "push")
    say(project, "copy", one, "--to", str(place), "-y")
    kim, sam = (clone(hub, tmp_path / name, name=name.title()) for name in ("kim", "sam"))
    say(kim, "fetch")
    say(kim, "label", one, "--set", "hush-hush")
    say(kim, "push")
    say(kim, "push", str(lab))

    say(sam, "fetch", "origin", one, "--user")
    assert say(sam, "copy", "--all", "--to", str(place), "-y").startswith("Nothing to copy")
    later = Person(sam, now=time.time() + 60)
    assert fold_lanes(later.store, later.catalog, str(lab), later.heard, idle_s=1).lanes == 0
    folder = {"GAGE_RUNS": str(tmp_path / "folder")}
    copied = gage_inside(sam, "copy", one, "--from", "origin", "--user", "-y", env=folder)
    assert copied.code == 0, copied.err
    assert git(tmp_path / "folder", "for-each-ref", "refs/gage/") == ""

    say(project, "purge", one, "--force", "--remote", "origin")
    gage_inside(kim, "fetch")
    say(kim, "push", str(lab))
    say(sam, "fetch")
    for where in (lab, place, tmp_path / "folder"):
        prune(where)
    assert HUSH not in objects_of(lab) + objects_of(place)


@pytest.mark.full
def test_what_was_given_again_is_not_lost_with_the_next_purge(
    project: Path, tmp_path: Path
) -> None:
    """Bob has folded lanes of others, and two runs in them end before he pushes."""
    hub = tmp_path / "hub.git"
    one, two = hush(project), hush(project)
    say(project, "push")
    kim = clone(hub, tmp_path / "kim", name="Kim")
    three = run(kim)
    say(kim, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    later = Person(bob, now=time.time() + 60)
    assert fold_lanes(later.store, later.catalog, "origin", later.heard, idle_s=1).lanes == 2
    for each, left in ((one, [three, two]), (two, [three])):
        say(project, "purge", each, "--force", "--remote", "origin")
        assert "is gone" in gage_inside(bob, "fetch").err
        assert listed(bob) == left
    say(bob, "push")
    say(project, "fetch")
    assert listed(project) == [three]
    assert_whole(project, [three])


def test_what_is_left_to_do_can_be_typed(repo: Path, tmp_path: Path) -> None:
    """A remote without a name is called by its path, wherever one is."""
    place = tmp_path / "my place.git"
    git(tmp_path, "init", "-q", "--bare", str(place))
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    assert gage_inside(repo, "push", "../my place.git").code == 0
    done = gage_inside(repo, "purge", "@", "--force")
    (hint,) = (line for line in done.err.splitlines() if line.startswith("hint: end it"))
    words = shlex.split(hint.partition("too: git gage ")[2])
    assert (words[0], words[-1]) == ("purge", str(place))
    assert gage_inside(tmp_path, "push", env={"GIT_DIR": str(repo / ".git")}).code == 128
    assert gage_inside(repo, *words).code == 0
    assert "end it on the remote" not in gage_inside(repo, "gc").err


def test_a_list_without_what_was_put_away_says_where_it_is(repo: Path) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    assert gage_inside(repo, "archive", "--all", "-y").code == 0
    done = gage_inside(repo, "list")
    assert done.err.startswith("no runs are listed: 1 run put away\n")
    assert gage_inside(repo, "run", "-q", "--private", "train.py").code == 0
    done = gage_inside(repo, "export", "-w", "op=train.py", "--format", "jsonl")
    assert (done.code, done.out) == (1, "")


def test_what_a_remote_has_beside_a_purged_run_is_not_said_to_be_nothing(project: Path) -> None:
    kept, _ = run(project), run(project)
    say(project, "push", "origin")
    say(project, "purge", "@", "--force")
    looked = gage_inside(project, "list", "--remote", "origin")
    assert (looked.code, looked.out, len(looked.err.splitlines())) == (0, "", 1)
    assert "what lies beside it is not shown: 'git gage push origin' replaces it" in looked.err
    say(project, "push", "origin")
    shown = gage_inside(project, "list", "--remote", "origin", "--porcelain")
    assert (shown.out.count("\n"), kept in shown.out, shown.err) == (1, True, "")


def test_what_goes_along_where_a_lane_is_replaced_is_told(project: Path) -> None:
    first = run(project)
    say(project, "push", "origin")
    run(project)
    done = gage_inside(project, "purge", first, "--force", "--remote", "origin")
    assert (done.code, done.out) == (0, "Purged 1 run\n")
    assert "'origin' got 1 run of yours that it did not have, too" in done.err
    run(project)
    run(project)
    done = gage_inside(project, "purge", "@", "--force", "--remote", "origin")
    assert "'origin' got 1 run of yours that it did not have, too" in done.err


def test_the_disk_of_a_folder_is_freed_in_the_folder(project: Path, tmp_path: Path) -> None:
    run(project)
    folder = tmp_path / "a folder"
    say(project, "copy", "--all", "--to", str(folder), "-y")
    done = gage_inside(project, "--runs", str(folder), "gc")
    way = f"git -C {shlex.quote(str(folder))} gc --prune=now"
    assert done.err.endswith(f"end that with: {way}\n")
    assert git(project, *shlex.split(way)[1:]) == ""


@pytest.mark.full
@pytest.mark.parametrize("late", ways(False, True))
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_source_beside_files_of_others_goes_too(
    project: Path, tmp_path: Path, *, late: bool, is_lost: bool
) -> None:
    """One of two remotes has lost the records, or has them, and its files, as they were before."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one = run(project)
    say(project, "push", str(lab))
    before = refs_of(lab, "refs/gage")
    two = hush(project)
    bob = clone(hub, tmp_path / "bob", name="Bob")
    for remote in ("origin", str(lab)):
        say(project, "push", remote)
    for kind in ("/bulk", "/log"):
        ((ref, oid),) = only(before, kind).items()
        git(lab, "update-ref", *(["-d", ref] if is_lost and kind == "/log" else [ref, oid]))
    for remote in ["origin"] if late else ["origin", str(lab)]:
        say(bob, "fetch", remote)
    purge_and_fetch(project, bob, two, str(lab))
    assert_whole(bob, [one])


@pytest.mark.full
@pytest.mark.parametrize("late", ways(True, False))
def test_a_source_of_a_backup_beside_records_of_before_goes_too(
    project: Path, tmp_path: Path, *, late: bool
) -> None:
    """Whoever made it had it from a remote with records and files as they were before."""
    hub, lab, saved = tmp_path / "hub.git", tmp_path / "lab.git", str(tmp_path / "kim.tar")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one = run(project)
    say(project, "push", str(lab))
    before = refs_of(lab, "refs/gage")
    two = hush(project)
    kim, bob = (clone(hub, tmp_path / name, name=name.title()) for name in ("kim", "bob"))
    for remote in ("origin", str(lab)):
        say(project, "push", remote)
    for kind in ("/bulk", "/log"):
        ((ref, oid),) = only(before, kind).items()
        git(lab, "update-ref", ref, oid)
    say(kim, "fetch", str(lab))
    say(kim, "backup", saved)
    for words in [("fetch",)] if late else [("restore", "--from", saved, "-y"), ("fetch",)]:
        say(bob, *words)
    say(project, "purge", two, "--force", "--remote", "origin")
    assert "is gone" in gage_inside(bob, "fetch").err
    say(bob, "restore", "--from", saved, "-y")
    prune(bob)
    assert HUSH not in everything(bob)
    assert_whole(bob, [one])
    assert listed(bob) == [one]


@pytest.mark.parametrize("is_given", ways(False, True))
def test_a_source_that_was_passed_on_goes_with_the_last_run_that_has_it(
    project: Path, tmp_path: Path, *, is_given: bool
) -> None:
    """Runs of one source; a remote was given the first one with a run of another source."""
    hub, lab = tmp_path / "hub.git", tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(lab))
    one, two, three = hush(project), hush(project), run(project)
    say(project, "push")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    say(bob, "push", str(lab), one, three)
    if is_given:
        say(bob, "push", str(lab), two)
    for each in (one, two):
        say(project, "purge", each, "--force", "--remote", "origin")
        assert "is gone" in gage_inside(bob, "fetch").err
        say(bob, "push", str(lab))
    for where in (bob, lab):
        prune(where)
        assert HUSH not in everything(where)
    assert_whole(bob, [three])
    assert json.loads(say(bob, "list", "--remote", str(lab), "--json"))[0]["id"] == three


def test_where_records_are_lost_no_source_is_without_a_run(project: Path) -> None:
    """They could be those of the run that it is of."""
    one = hush(project)
    say(project, "push")
    store = Person(project).store
    tips = list(only(refs_of(project, "refs/gage/"), "/src").values())
    assert find_unnamed(store, tips, ()) == set()
    assert len(find_unnamed(store, tips, {one})) == 1
    lose_of_lane(project, "log", "blob")
    assert find_unnamed(Person(project).store, tips, {one}) == set()
