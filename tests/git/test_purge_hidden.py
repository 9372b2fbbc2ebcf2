"""Remotes that hide refs, or can't do all at once, are to give up what was purged all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.git.test_purge import HUSH, hush, project
from tests.git.test_put_away import listed, run, say
from tests.git.test_redact import prune
from tests.git.test_secrets import everything
from tests.support import clone, gage_inside, git
from tests.unit.share.world import refs_of

__all__ = ["project"]


def hide(where: Path, *, key: str = "uploadpack") -> None:
    git(where, "config", f"{key}.hideRefs", "refs/gage")


def keep_atomic(hub: Path, *, is_atomic: bool) -> None:
    git(hub, "config", "receive.advertiseAtomic", str(is_atomic).lower())


def is_clean(where: Path) -> bool:
    prune(where)
    return HUSH not in everything(where)


@pytest.fixture
def place(project: Path, tmp_path: Path) -> Path:
    """Where Sam has copied a run of Ana's to. She has purged it, and he has nothing else."""
    one, place = hush(project), tmp_path / "place"
    say(project, "push")
    sam = clone(tmp_path / "hub.git", tmp_path / "sam", name="Sam")
    say(sam, "fetch")
    git(tmp_path, "init", "-q", "--bare", str(place))
    git(sam, "remote", "add", "place", str(place))
    say(sam, "copy", "-y", one, "--to", "place")
    say(project, "purge", one, "--force", "--remote", "origin")
    say(sam, "fetch")
    return place


@pytest.mark.parametrize("is_atomic", [True, False])
def test_what_readers_cannot_see_is_given_up(
    place: Path, tmp_path: Path, *, is_atomic: bool
) -> None:
    hide(place)
    keep_atomic(place, is_atomic=is_atomic)
    sam = tmp_path / "sam"
    assert say(sam, "push", "place") == "place gave up what was taken out\n"
    assert refs_of(place, "refs/gage") == {}
    assert say(sam, "push", "place") == "place is up to date\n"


@pytest.mark.full
def test_what_nobody_can_see_is_given_up_once_it_is_seen(place: Path, tmp_path: Path) -> None:
    hide(place, key="transfer")
    sam = tmp_path / "sam"
    for _ in range(2):
        done = gage_inside(sam, "push", "place")
        assert done.err.startswith(
            "warning: 'place' shows nothing of what it is to delete: it has lost or hides it\n"
        )
    git(place, "config", "--unset", "transfer.hideRefs")
    assert say(sam, "push", "place") == "place gave up what was taken out\n"
    assert refs_of(place, "refs/gage") == {}


def test_who_may_not_push_there_any_more_is_told(place: Path, tmp_path: Path) -> None:
    hide(place)
    sam, script = tmp_path / "sam", tmp_path / "receivepack"
    script.write_text("#!/bin/sh\necho 'you may not' >&2\nexit 1\n")
    script.chmod(0o755)
    git(sam, "config", "remote.place.receivepack", str(script))
    refused = gage_inside(sam, "push", "place")
    assert (refused.code, refused.err.partition("\n")[0]) == (
        128,
        "fatal: push to 'place': you may not",
    )
    git(sam, "config", "--unset", "remote.place.receivepack")
    assert say(sam, "push", "place") == "place gave up what was taken out\n"
    assert refs_of(place, "refs/gage") == {}


def test_what_it_does_not_delete_is_told_and_asked_again(project: Path, tmp_path: Path) -> None:
    hub, one = tmp_path / "hub.git", hush(project)
    run(project)
    say(project, "push", "origin", one)
    hide(hub)
    hook = hub / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$3" in *[1-9a-f]*) exit 0;; esac\nexit 1\n')
    hook.chmod(0o755)
    say(project, "purge", one, "--force")
    told = "'origin' did not delete 3 refs with what was purged or redacted"
    assert told in gage_inside(project, "push").err
    hook.unlink()
    assert say(project, "push") == "origin gave up what was taken out\n"
    assert is_clean(hub)


def test_one_that_is_gone_already_keeps_no_others_there(project: Path, tmp_path: Path) -> None:
    hub, one = tmp_path / "hub.git", hush(project)
    run(project)
    say(project, "push")
    hide(hub)
    say(project, "purge", one, "--force")
    (log,) = (ref for ref in refs_of(hub, "refs/gage") if ref.endswith("/log"))
    git(hub, "update-ref", "-d", log)
    assert say(project, "push").endswith("; it gave up what was taken out\n")
    assert is_clean(hub)


def count_pushes(where: Path, calls: Path) -> None:
    """From now on each push that goes to origin adds a line to `calls`."""
    script = calls.with_suffix(".sh")
    script.write_text(f'#!/bin/sh\necho >>{calls}\nexec git-receive-pack "$@"\n')
    script.chmod(0o755)
    calls.touch()
    git(where, "config", "remote.origin.receivepack", str(script))


def refuse(hub: Path, new: str) -> Path:
    """Let a hook refuse what changes a ref to anything that a pattern of the shell matches."""
    hook = hub / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\ncase "$3" in {new}) exit 1;; esac\n')
    hook.chmod(0o755)
    return hook


@pytest.mark.parametrize("is_atomic", [True, False])
def test_what_cannot_be_done_at_once_is_done_in_turn(
    project: Path, tmp_path: Path, *, is_atomic: bool
) -> None:
    hub, calls = tmp_path / "hub.git", tmp_path / "calls"
    keep_atomic(hub, is_atomic=is_atomic)
    one, other = hush(project), run(project)
    say(project, "push")
    count_pushes(project, calls)
    done = gage_inside(project, "purge", one, "--force", "--remote", "origin")
    assert (done.code, done.out, "warning" in done.err) == (0, "Purged 1 run\n", False)
    # What is tried all at once is the first.
    assert len(calls.read_text()) == (1 if is_atomic else 3)
    assert is_clean(hub)
    assert say(project, "push") == "origin is up to date\n"
    reader = clone(hub, tmp_path / "reader")
    say(reader, "fetch")
    assert listed(reader) == [other]


def test_what_was_redacted_goes_without_atomic_pushes(project: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    keep_atomic(hub, is_atomic=False)
    one = hush(project)
    say(project, "push")
    say(project, "redact", "-y", one, "--output", "--files", "--source")
    assert say(project, "push").endswith("; it gave up what was taken out\n")
    assert is_clean(hub)


def test_nothing_is_deleted_before_what_replaces_it_is_there(project: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    keep_atomic(hub, is_atomic=False)
    one = hush(project)
    run(project)
    say(project, "push")
    before = refs_of(hub, "refs/gage")
    hook = refuse(hub, "*[1-9a-f]*")
    done = gage_inside(project, "purge", one, "--force", "--remote", "origin")
    assert (done.code, done.out) == (128, "Purged 1 run\nstill on a remote: origin\n")
    assert refs_of(hub, "refs/gage") == before
    hook.unlink()
    assert say(project, "push").endswith("; it gave up what was taken out\n")
    assert is_clean(hub)


@pytest.mark.parametrize("is_atomic", [True, False])
def test_what_stays_there_is_told_by_the_exit_code(
    project: Path, tmp_path: Path, *, is_atomic: bool
) -> None:
    hub, one = tmp_path / "hub.git", hush(project)
    keep_atomic(hub, is_atomic=is_atomic)
    say(project, "push")
    hook = refuse(hub, "*[!0]*) ;; *")
    told = (
        "'origin' did not delete 3 refs with what was purged or redacted\n"
        "remote: error: hook declined to update refs/gage/"
    )
    hint = "\nhint: once it lets 'refs/gage/*' be deleted: git gage push origin\n"
    done = gage_inside(project, "purge", one, "--force", "--remote", "origin")
    assert (done.code, done.out) == (1, "Purged 1 run\nstill on a remote: origin\n")
    assert f"warning: {told}" in done.err
    again = gage_inside(project, "purge", one, "--force", "--remote", "origin", "--json")
    assert (again.code, json.loads(again.out)) == (
        1,
        {"runs": [], "remotes": ["origin"], "elsewhere": []},
    )
    pushed = gage_inside(project, "push")
    assert (pushed.code, pushed.err[: len(told) + 9]) == (0, f"warning: {told}")
    assert pushed.err.endswith(hint)
    hook.unlink()
    assert say(project, "push").endswith("origin gave up what was taken out\n")
    assert is_clean(hub)


def test_chosen_runs_go_once_where_readers_see_nothing(project: Path, tmp_path: Path) -> None:
    hub, one = tmp_path / "hub.git", hush(project)
    hide(hub)
    assert say(project, "push", "origin", one) == "pushed 1 run to origin\n"
    given = refs_of(hub, "refs/gage")
    assert say(project, "push", "origin", one) == "origin is up to date\n"
    assert refs_of(hub, "refs/gage") == given
    other = run(project)
    assert say(project, "push", "origin", other) == "pushed 1 run to origin\n"
    assert refs_of(hub, "refs/gage").keys() == given.keys()
    done = gage_inside(project, "purge", one, "--force", "--remote", "origin")
    assert (done.code, done.out) == (0, "Purged 1 run\n")
    assert is_clean(hub)
    assert say(project, "push", "origin", other) == "origin is up to date\n"


def test_what_a_remote_has_lost_that_shows_nothing_goes_again(
    project: Path, tmp_path: Path
) -> None:
    hub, one = tmp_path / "hub.git", run(project)
    hide(hub)
    say(project, "push", "origin", one)
    given = refs_of(hub, "refs/gage")
    for ref in given:
        git(hub, "update-ref", "-d", ref)
    assert say(project, "push", "origin", one) == "pushed 1 run to origin\n"
    assert len(refs_of(hub, "refs/gage")) == len(given)
    assert say(project, "push", "origin", one) == "origin is up to date\n"


def test_runs_of_others_go_once_where_readers_see_nothing(project: Path, tmp_path: Path) -> None:
    hub, one = tmp_path / "hub.git", run(project)
    say(project, "push")
    sam = clone(hub, tmp_path / "sam", name="Sam")
    say(sam, "fetch")
    mine = run(sam)
    say(sam, "push", "origin", mine)
    hide(hub)
    assert gage_inside(sam, "push", "origin", one).out == "pushed 1 run to origin\n"
    given = refs_of(hub, "refs/gage")
    for _ in range(2):
        assert say(sam, "push", "origin", one, mine) == "origin is up to date\n"
    assert refs_of(hub, "refs/gage") == given
