"""Remotes that hide refs from who reads, and are to give up what was purged all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.test_purge import HUSH, hush, project
from tests.git.test_put_away import run, say
from tests.git.test_redact import prune
from tests.git.test_secrets import everything
from tests.support import clone, gage_inside, git
from tests.unit.share.world import refs_of

__all__ = ["project"]


def hide(where: Path, *, key: str = "uploadpack") -> None:
    git(where, "config", f"{key}.hideRefs", "refs/gage")


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


def test_what_readers_cannot_see_is_given_up(place: Path, tmp_path: Path) -> None:
    hide(place)
    sam = tmp_path / "sam"
    assert say(sam, "push", "place") == "place gave up what was taken out\n"
    assert refs_of(place, "refs/gage") == {}
    assert say(sam, "push", "place") == "place is up to date\n"


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
    told = "'origin' did not delete 3 refs with what was redacted"
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
