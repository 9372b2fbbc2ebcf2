"""A name of a remote that leads to another place by now: what was known of the first one is not so
of the second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.git import Repository
from git_gage.share import transfer, whereabouts
from git_gage.share.remote import Remote
from git_gage.share.transfer import Observer
from tests.git.test_put_away import listed
from tests.git.test_secrets import objects_of
from tests.support import clone, commit, git, make_repo, said, ways, write_files
from tests.unit.secrets.tokens import make_tokens
from tests.unit.share.world import refs_of

GITHUB = make_tokens(11)["github classic"]


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    """Ana has a run with a key in its source, which she let her lab have."""
    repo = make_repo(tmp_path / "ana")
    write_files(repo, {"keys.py": f"print('a')\nx = '{GITHUB}'\n"})
    commit(repo)
    said(repo, "run", "-q", "keys.py", "--allow-secrets")
    for name in ("lab.git", "web.git"):
        git(tmp_path, "init", "-q", "--bare", name)
    git(repo, "remote", "add", "lab", str(tmp_path / "lab.git"))
    done = said(repo, "push", "lab", "--allow-secrets")
    assert done.out == "pushed 1 run to lab, with 2 commits of yours\n"
    return repo


def set_url(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "remote", "set-url", "lab", str(web))


def set_push_url(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "remote", "set-url", "--push", "lab", str(web))


def add_push_url(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "remote", "set-url", "--push", "lab", str(lab))
    git(ana, "remote", "set-url", "--add", "--push", "lab", str(web))


def add_url(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "remote", "set-url", "--add", "lab", str(web))


def rewrite_url(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "config", f"url.{web}.insteadOf", str(lab))


def rewrite_push_url(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "config", f"url.{web}.pushInsteadOf", str(lab))


def add_anew(ana: Path, lab: Path, web: Path) -> None:
    git(ana, "remote", "remove", "lab")
    git(ana, "remote", "add", "lab", str(web))


def swap_link(ana: Path, lab: Path, web: Path) -> None:
    lab.rename(lab.with_name("old.git"))
    lab.symlink_to(web)


Move = Callable[[Path, Path, Path], None]
MOVES: list[Move] = [
    *(set_url, set_push_url, add_push_url, add_url, rewrite_url, rewrite_push_url, add_anew),
    swap_link,
]


@pytest.mark.parametrize("move", ways(*MOVES, small=2))
def test_secrets_go_to_no_other_place_by_the_name_of_one_that_may_have_them(
    ana: Path, tmp_path: Path, move: Move
) -> None:
    lab, web = tmp_path / "lab.git", tmp_path / "web.git"
    move(ana, lab, web)
    for _ in range(2):
        done = said(ana, "push", "lab", code=1)
        assert done.err.startswith("error: this looks like a secret: commit ")
    assert refs_of(web) == {}
    done = said(ana, "push", "lab", "--allow-secrets")
    assert done.out == "pushed 1 run to lab, with 2 commits of yours\n"
    assert GITHUB.encode() in objects_of(web)
    # It may have it now; what is new may not go all the same.
    assert said(ana, "push", "lab").out == "lab is up to date\n"
    said(ana, "label", "@", "--set", f"for {GITHUB}", "--allow-secrets")
    assert "a secret" in said(ana, "push", "lab", code=1).err


def test_nothing_that_was_fetched_is_lost_when_a_remote_moves(ana: Path, tmp_path: Path) -> None:
    sam = clone(tmp_path / "lab.git", tmp_path / "sam")
    said(sam, "fetch")
    git(sam, "remote", "set-url", "origin", str(tmp_path / "web.git"))
    write_files(sam, {"other.py": "print('b')\n"})
    said(sam, "run", "-q", "other.py")
    assert said(sam, "push").out == "pushed 1 run to origin\n"
    assert "no longer has 1 run" in said(sam, "fetch").err
    assert len(listed(sam)) == 2
    git(sam, "remote", "set-url", "origin", str(tmp_path / "lab.git"))
    assert said(sam, "fetch").out == "nothing new on origin\n"
    said(sam, "label", "@", "--set", "good")
    assert said(sam, "push").out == "pushed 1 run to origin\n"
    said(ana, "fetch", "lab")
    assert len(listed(ana)) == 2


def test_another_url_of_the_same_place_costs_one_look(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    look = transfer.list_push_side

    def count(repo: Repository, remote: Remote, observer: Observer) -> dict[str, str]:
        looks.append(remote.shown)
        return look(repo, remote, observer)

    monkeypatch.setattr(whereabouts, "list_push_side", count)
    sam = clone(tmp_path / "lab.git", tmp_path / "sam")
    for who, name in ((ana, "lab"), (sam, "origin"), (ana, "lab")):
        said(who, "fetch", name)
        said(who, "run", "-q", "--", "true")
        said(who, "push", name)
    assert looks == []
    # It is not said before that what comes from one URL is at the other one, too.
    kim = clone(tmp_path / "lab.git", tmp_path / "kim")
    git(kim, "remote", "set-url", "--push", "origin", f"{kim}/../lab.git")
    for _ in range(2):
        said(kim, "fetch")
        said(kim, "run", "-q", "--", "true")
        said(kim, "push")
    assert looks == ["origin"]
    looks.clear()
    git(ana, "remote", "set-url", "lab", f"file://{tmp_path}/../{tmp_path.name}/lab.git")
    said(ana, "push", "lab")
    assert looks == []
    # Where it was learnt is not known any more.
    (ana / ".git/gage/shared.json").unlink()
    for _ in range(2):
        assert said(ana, "push", "lab").out == "lab is up to date\n"
    assert looks == ["lab"]


def test_what_was_taken_out_meanwhile_leaves_the_first_place_too(ana: Path, tmp_path: Path) -> None:
    lab, web = tmp_path / "lab.git", tmp_path / "web.git"
    write_files(ana, {"talk.py": "print('hush-' * 2 + '9')\n"})
    said(ana, "run", "-q", "talk.py")
    said(ana, "push", "lab")
    git(ana, "remote", "set-url", "lab", str(web))
    said(ana, "push", "lab", "--allow-secrets")
    said(ana, "redact", "--output", "@", "-y")
    said(ana, "push", "lab")
    git(ana, "remote", "set-url", "lab", str(lab))
    before = listed(ana)
    done = said(ana, "push", "lab")
    assert done.out == "pushed 1 update to lab; it gave up what was taken out\n"
    for place in (lab, web, ana):
        git(place, "reflog", "expire", "--expire=now", "--all")
        git(place, "gc", "-q", "--prune=now")
        assert b"hush-hush-9" not in objects_of(place)
    assert said(ana, "push", "lab").out == "lab is up to date\n"
    sam = clone(lab, tmp_path / "sam")
    said(sam, "fetch")
    assert listed(sam) == listed(ana) == before


def test_a_url_that_git_is_told_to_rewrite_is_another_place(ana: Path, tmp_path: Path) -> None:
    lab, web = tmp_path / "lab.git", tmp_path / "web.git"
    assert "a secret" in said(ana, "push", f"file://{lab}", code=1).err
    said(ana, "push", f"file://{lab}", "--allow-secrets")
    git(ana, "config", f"url.file://{web}.pushInsteadOf", f"file://{lab}")
    assert "a secret" in said(ana, "push", f"file://{lab}", code=1).err
    assert refs_of(web) == {}
