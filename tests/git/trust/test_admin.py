"""An admin: whose word counts like that of who began a run, for those who say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.git.trust.story import allow, done, gage, sign_with, verify
from tests.signing import run
from tests.support import clone

SAM = "sam@example.com"


def pub(key: Path) -> str:
    return str(key.with_name(f"{key.name}.pub"))


def runs(where: Path, *words: str) -> list[str]:
    done(where, "fetch")
    return [each["id"] for each in json.loads(done(where, "list", "--json", *words))]


def comments(where: Path, one: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(where, "comment", one, "--list", "--json"))
    return found


@pytest.fixture
def kims(world: Path, bob: Path) -> Path:
    """The clone of Kim, who trusts Sam's key, and knows of no admin."""
    path = clone(world / "hub.git", world / "kims", name="Kim")
    sign_with(path, bob)
    done(path, "fetch")
    done(path, "trust", "add", SAM, pub(world / "keys" / "sam"))
    return path


def test_a_purge_by_an_admin_is_one_for_who_says_so(
    world: Path, repo: Path, sams: Path, kims: Path, sam: Path
) -> None:
    (one,) = runs(repo)
    refused = gage(sams, "purge", one, "--force")
    assert (refused.code, "can be purged by who began it" in refused.err) == (128, True)
    for where in (sams, repo):
        told = done(where, "trust", "add", SAM, pub(sam), "--admin")
        assert told.endswith(f" of {SAM}, an admin\n")
    assert done(sams, "purge", one, "--force", "--remote", "origin").startswith("Purged 1 run\n")
    assert runs(kims) == [one]
    told_ana = gage(repo, "fetch")
    assert "is gone: whoever began it, or an admin, has purged it" in told_ana.err
    assert (runs(repo), runs(sams)) == ([], [])
    done(repo, "push")
    done(kims, "trust", "add", SAM, pub(sam), "--admin")
    assert runs(kims) == []


def test_a_purge_that_came_before_its_admin_was_known_is_told_as_theirs(
    repo: Path, sams: Path, kims: Path, sam: Path
) -> None:
    """Kim has fetched the purge, and says only then that Sam is an admin."""
    (one,) = runs(repo)
    done(sams, "trust", "add", SAM, pub(sam), "--admin")
    done(sams, "purge", one, "--force", "--remote", "origin")
    done(kims, "fetch")
    assert "taken out" not in done(kims, "show", one)
    done(kims, "trust", "add", SAM, pub(sam), "--admin")
    told = "the run, by who began it or an admin: 'git gage fetch' lets go of it,"
    assert f"taken out {told}" in " ".join(done(kims, "show", one).split())
    assert gage(kims, "list").err.splitlines() == [
        "no runs are listed: whoever began it, or an admin, has purged 1 run",
        "hint: let go of it: git gage fetch",
    ]
    assert "is gone: whoever began it, or an admin, has purged it" in gage(kims, "fetch").err
    assert gage(kims, "show", one).code == 128


def test_large_files_stay_on_a_remote_until_whoever_began_the_run_agrees(
    world: Path, repo: Path, sams: Path, sam: Path
) -> None:
    (repo / "make.sh").write_text("head -c 200000 /dev/zero > model.bin\n")
    done(repo, "run", "-q", "--", "sh", "make.sh")
    done(repo, "push", "--files")
    kept = world / "hub.git" / "gage" / "lfs" / "objects"
    run = done(repo, "select").strip()
    done(sams, "fetch")
    done(sams, "trust", "add", SAM, pub(sam), "--admin")
    done(sams, "purge", run, "--force", "--remote", "origin")
    assert len(list(kept.rglob("*/*/*"))) == 1
    # Who does not know of an admin loses nothing.
    assert run in runs(repo)
    done(repo, "trust", "add", SAM, pub(sam), "--admin")
    assert run not in runs(repo)
    done(repo, "push")
    assert not [path for path in kept.rglob("*") if path.is_file()]


def test_an_admin_puts_away_and_edits_what_others_wrote(
    repo: Path, sams: Path, kims: Path, sam: Path
) -> None:
    (one,) = runs(repo)
    done(repo, "comment", one, "-m", "the password is swordfish")
    done(repo, "push")
    done(sams, "fetch")
    done(sams, "trust", "add", SAM, pub(sam), "--admin")
    (comment,) = (each["id"] for each in comments(sams, one) if each["author"]["name"] == "Ana")
    done(sams, "comment", one, "--edit", comment[:12], "-m", "never mind")
    done(sams, "archive", "-y", one, "--to", "old")
    done(sams, "push", "origin", one)
    assert runs(kims) == [one]
    assert "swordfish" in "".join(each["text"] for each in comments(kims, one))
    done(repo, "trust", "add", SAM, pub(sam), "--admin")
    assert runs(repo) == []
    assert runs(repo, "--archived=old") == [one]
    said = {each["id"]: each["text"] for each in comments(repo, one)}
    assert said[comment] == "never mind"
    archived = [each for each in verify(repo, one) if each["kind"] == "run.archive"]
    assert [(each["state"], each["admin"], each["reason"]) for each in archived] == [
        ("G", True, "admin")
    ]
    # Whose word counts no longer as an admin's, undoes nothing that cannot be undone, and this can.
    done(repo, "trust", "add", SAM, pub(sam))
    assert runs(repo) == [one]


def test_an_admin_is_named_in_lists_and_handed_on(
    repo: Path, kims: Path, sam: Path, tmp_path: Path
) -> None:
    done(repo, "trust", "add", SAM, pub(sam), "--admin", "--expires", "2099-01-31")
    assert "  admin 2099-01-31\n" in done(repo, "trust", "list")
    listed = json.loads(done(repo, "trust", "list", "--json"))
    assert {each["principals"]: each["admin"] for each in listed}[SAM]
    file = tmp_path / "team"
    file.write_text(done(repo, "trust", "export"))
    assert "  admin\n" in done(kims, "trust", "import", str(file))
    (tmp_path / "text").write_bytes(b"text")
    signing = ("ssh-keygen", "-Y", "sign", "-q", "-n", "gage-record@v1", "-f", sam)
    (tmp_path / "sig").write_bytes(run(*signing, input=b"text"))
    asked = ("ssh-keygen", "-Y", "verify", "-n", "gage-record@v1", "-f", file, "-I", SAM, "-s")
    assert run(*asked, tmp_path / "sig", input=b"text").startswith(b"Good")


@pytest.mark.parametrize(
    "options",
    ['namespaces="*"', 'namespaces="gage-*"', 'namespaces="gage-admin@v1"', ""],
)
def test_only_who_is_named_an_admin_is_one(repo: Path, sams: Path, sam: Path, options: str) -> None:
    (one,) = runs(repo)
    allow(repo, SAM, sam, options)
    done(sams, "trust", "add", SAM, pub(sam), "--admin")
    done(sams, "purge", one, "--force", "--remote", "origin")
    assert runs(repo) == [one]
