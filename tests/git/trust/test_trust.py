"""`git gage trust`: whose keys are trusted, told, changed, handed on, ended."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pexpect
import pytest

from git_gage.records import parse_time
from tests.git.trust.story import allow, done, gage, sign_with, states, verify
from tests.signing import SIGNING, fingerprint, make_key, run
from tests.support import clone, forget_identity, gage_inside, set_identity, wait_until

SAM, BOB = "sam@example.com", "bob@example.com"


def comment(where: Path) -> str:
    """The state of Sam's comment."""
    return states(where, "@", "--attr", "comment")


def signers(where: Path) -> str:
    return (where / ".git" / "gage" / "allowed_signers").read_text()


def pub(key: Path) -> str:
    return str(key.with_name(f"{key.name}.pub"))


# -- add ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["file", "text", "key::", "private"])
def test_a_key_is_given_as_a_file_or_as_its_text(
    repo: Path, sams: Path, sam: Path, form: str
) -> None:
    done(repo, "fetch")
    text = Path(pub(sam)).read_text().strip()
    words = {
        "file": [pub(sam)],
        "text": text.split(),
        "key::": [f"key::{text}"],
        "private": [str(sam)],
    }[form]
    assert done(repo, "trust", "add", SAM, *words) == f"Trusted {fingerprint(sam)} of {SAM}\n"
    assert comment(repo) == "G"
    kind, blob, *_ = text.split()
    assert signers(repo) == f"{SAM} {kind} {blob}\n"
    again = done(repo, "trust", "add", SAM, *words)
    assert again == f"Already trusted {fingerprint(sam)} of {SAM}\n"


def test_stock_ssh_keygen_reads_what_is_written(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "trust", "add", SAM, pub(sam), "--expires", "2099-01-31")
    assert 'valid-before="20990131000000Z"' in signers(repo)
    (repo / "sig").write_bytes(
        run("ssh-keygen", "-Y", "sign", "-q", "-n", "x", "-f", sam, input=b"text")
    )
    file = repo / ".git" / "gage" / "allowed_signers"
    asked = ("ssh-keygen", "-Y", "verify", "-n", "x", "-f", file, "-I", SAM, "-s", repo / "sig")
    assert run(*asked, input=b"text").startswith(b"Good")


def test_an_end_is_set_and_taken_away_by_saying_it_again(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "fetch")
    done(repo, "trust", "add", SAM, pub(sam), "--expires", "2020-01-31T12:00:00+01:00")
    assert 'valid-before="20200131110000Z"' in signers(repo)
    assert comment(repo) == "Y"
    done(repo, "trust", "add", SAM, pub(sam))
    assert comment(repo) == "G"
    assert signers(repo).count("\n") == 1


def test_the_user_has_a_file_for_all_repositories(
    repo: Path, sams: Path, sam: Path, sealed: Path
) -> None:
    done(repo, "fetch")
    done(repo, "trust", "add", SAM, pub(sam), "--user")
    assert comment(repo) == "G"
    file = sealed / ".config" / "git-gage" / "allowed_signers"
    assert file.read_text().startswith(SAM)
    env = {"XDG_CONFIG_HOME": "", "HOME": str(sealed)}
    assert gage(repo, "verify", "--attr", "comment", env=env).code == 0
    result = gage(repo, "trust", "add", BOB, pub(sam), "--user", env={**env, "HOME": ""})
    assert result.code == 128


def test_nobody_gets_the_key_of_somebody_else(repo: Path, sam: Path) -> None:
    done(repo, "trust", "add", SAM, pub(sam))
    result = gage(repo, "trust", "add", BOB, pub(sam))
    assert result.code == 128
    assert result.err.startswith(f"fatal: {fingerprint(sam)} is the key of {SAM} already\n")


@pytest.mark.parametrize("name", ["*@example.com", "!sam", "a,b", "a b", "", "x\u202e", 'a"', "#a"])
def test_what_is_nobodys_name_is_refused(repo: Path, sam: Path, name: str) -> None:
    result = gage(repo, "trust", "add", name, pub(sam))
    assert result.code == 128
    assert "cannot be somebody's name" in result.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["add"], 129, "missing <who>"),
        (["add", SAM], 129, "missing <key>"),
        (["add", SAM, "nowhere"], 128, "no key in 'nowhere': no such file or directory"),
        (["add", SAM, "train.py"], 128, "read key 'train.py':"),
        (["add", SAM, "ssh-ed25519", "AAAA"], 128, "read key 'ssh-ed25519 AAAA':"),
        (["add", SAM, "a", "b", "c", "d"], 129, "unexpected argument 'd'"),
        (["add", SAM, "x", "-y"], 129, "'--yes' needs '--fingerprint'"),
        (["add", SAM, "x", "--expires", "soon"], 129, "'--expires' needs a date"),
        (["add", SAM, "x", "--from-run", "@"], 129, "unexpected argument 'x'"),
        (["retire"], 129, "missing <key>"),
        (["retire", "x", "--expires", "2020-01-01"], 129, "'retire' takes no '--expires'"),
        (["retire", "x", "--at", "2099-01-01"], 129, "'--at' needs a time that is over"),
        (["retire", "SHA256:x"], 128, "no key SHA256:x in the trust files"),
        (["revoke", "nobody"], 128, "no key in 'nobody'"),
        (["import"], 129, "missing <file>"),
        (["import", "nowhere"], 128, "cannot read 'nowhere'"),
        (["export", "--json"], 129, "'export' takes no '--json'"),
        (["lend"], 129, "invalid value"),
    ],
)
def test_what_cannot_be_done_is_told(repo: Path, words: list[str], code: int, message: str) -> None:
    result = gage(repo, "trust", *words)
    assert result.code == code
    assert message in result.err


# -- from a run -----------------------------------------------------------------------------------


def test_the_key_that_signed_a_run_is_shown_and_asked_for(repo: Path, sams: Path) -> None:
    """Nobody there to ask is no."""
    key = verify(repo, "@")[0]["key"]
    result = gage(sams, "trust", "add", "--from-run", "1")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines() == [
        f"ana@example.com signs with ssh-ed25519 {key}",
        "error: nobody here to say that it is theirs",
        f"hint: compare it with theirs, then add '-y --fingerprint {key}'",
    ]
    assert set(states(sams, "1", "--by", "ana@example.com")) == {"U"}
    wrong = gage(sams, "trust", "add", "--from-run", "1", "-y", "--fingerprint", "SHA256:x")
    assert wrong.code == 128
    done(sams, "trust", "add", "--from-run", "1", "-y", "--fingerprint", key)
    assert set(states(sams, "1", "--by", "ana@example.com")) == {"G"}


def test_at_a_terminal_the_user_is_asked(sams: Path) -> None:
    command = ["gage", "trust", "add", "--from-run", "1"]
    for answer, code in (("n", 1), ("y", 0)):
        child = pexpect.spawn("git", command, cwd=str(sams), encoding="utf-8", timeout=60)
        child.expect("Did they tell you this fingerprint themselves")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code
    assert set(states(sams, "1", "--by", "ana@example.com")) == {"G"}


def test_somebody_elses_key_on_a_run_can_be_named(
    repo: Path, sams: Path, sam: Path, bob: Path
) -> None:
    done(repo, "fetch")
    asked = ["trust", "add", SAM, "--from-run", "@", "-y", "--fingerprint", fingerprint(sam)]
    done(repo, *asked)
    assert comment(repo) == "G"
    nobody = gage(repo, "trust", "add", BOB, "--from-run", "@")
    assert "no key of SSH signed run" in nobody.err
    sign_with(sams, bob)
    done(sams, "comment", "1", "-m", "me too")
    done(sams, "push", "origin", "1")
    done(repo, "fetch")
    several = gage(repo, "trust", "add", SAM, "--from-run", "@")
    assert several.err.startswith(f"fatal: 2 keys signed as {SAM}: ")


# -- list, export, import, pins -------------------------------------------------------------------


def test_all_keys_are_listed_with_where_that_is_said(
    repo: Path, sams: Path, sam: Path, bob: Path
) -> None:
    allow(repo, SAM, sam)
    done(repo, "trust", "add", BOB, pub(bob), "--expires", "2099-01-31")
    rows = json.loads(done(repo, "trust", "--json"))
    assert [(row["principals"], row["setting"], row["revoked"]) for row in rows] == [
        ("ana@example.com", None, False),
        (SAM, "gpg.ssh.allowedsignersfile", False),
        (BOB, None, False),
    ]
    assert rows[0]["file"] is None
    assert rows[2] == {
        "principals": BOB,
        "key": fingerprint(bob),
        "type": "ssh-ed25519",
        "valid_after": None,
        "valid_before": "2099-01-31T00:00:00.000Z",
        "namespaces": None,
        "admin": False,
        "authority": False,
        "revoked": False,
        "file": str(repo / ".git" / "gage" / "allowed_signers"),
        "setting": None,
    }
    done(repo, "trust", "revoke", BOB)
    lines = done(repo, "trust", "list").splitlines()
    assert lines[0].split() == ["WHO", "KEY", "UNTIL"]
    assert lines[1].split()[2:] == ["your", "own"]
    assert lines[3].split() == [BOB, fingerprint(bob), "revoked"]
    assert all(len(line) <= 80 for line in lines)
    wide = gage(repo, "trust", env={"COLUMNS": "200"}).out.splitlines()
    assert wide[3].split()[3] == rows[2]["file"]


def test_who_has_no_key_at_all_is_told(tmp_path: Path, world: Path, sealed: Path) -> None:
    where = clone(world / "hub.git", tmp_path / "empty")
    (sealed / ".local" / "share" / "git-gage" / "id_ed25519").unlink()
    assert gage(where, "trust") == (0, "", "no keys yet\n")
    assert gage(where, "trust", "pins", "--json") == (0, "[]\n", "")


def test_who_has_told_git_no_address_is_known_by_the_key(repo: Path) -> None:
    forget_identity(repo)
    (row,) = json.loads(done(repo, "trust", "--json"))
    assert row["principals"] == row["key"]


def test_what_one_exports_another_imports(
    repo: Path, sams: Path, sam: Path, tmp_path: Path
) -> None:
    """Two that trust each other are told the same by both clones."""
    done(repo, "fetch")
    (tmp_path / "team").write_text(done(sams, "trust", "export"))
    out = done(repo, "trust", "import", str(tmp_path / "team"))
    assert out == f"{SAM}  {fingerprint(sam)}\nTrusted 1 new key\n"
    assert comment(repo) == "G"
    team = done(repo, "trust", "export")
    assert len(team.splitlines()) == 2
    assert gage_inside(sams, "trust", "import", "-", env=SIGNING, stdin=team).code == 0
    assert states(sams, "1") == "GGGG"
    assert done(repo, "trust", "import", str(tmp_path / "team")) == "Trusted 0 new keys\n"


def test_an_import_keeps_what_is_good_for_records(repo: Path, sam: Path, tmp_path: Path) -> None:
    key = Path(pub(sam)).read_text()
    (tmp_path / "team").write_text(
        "# our team\nnonsense\n"
        f'a@example.com namespaces="git" {key}'
        f'*@example.com cert-authority,valid-after="20200101Z" {key}'
        f'b@example.com,"c d" namespaces="gage-*,git" {key}'.replace('"c d"', "c@example.com")
    )
    result = gage(repo, "trust", "import", str(tmp_path / "team"))
    assert "team:2:" in result.err
    assert "left out what is for other uses: a@example.com" in result.err
    assert [line.split(" ssh-")[0] for line in signers(repo).splitlines()] == [
        '*@example.com cert-authority,valid-after="20200101000000Z"',
        'b@example.com,c@example.com namespaces="gage-*,git"',
    ]


def test_names_that_came_with_keys_are_listed_and_are_not_trust(
    repo: Path, sams: Path, sam: Path
) -> None:
    done(repo, "fetch")
    (pin,) = json.loads(done(repo, "trust", "pins", "--json"))
    assert (pin["claimed"], pin["key"]) == (SAM, fingerprint(sam))
    lines = gage(repo, "trust", "pins", env={"COLUMNS": "140"}).out.splitlines()
    assert lines[1].split() == [f'"{SAM}"', fingerprint(sam), pin["since"][:10]]
    assert re.search("key seen since", gage(repo, "verify", "--attr", "comment").out)


# -- the end of a key -----------------------------------------------------------------------------


def test_a_revoked_key_is_trusted_for_nothing(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "fetch")
    done(repo, "trust", "add", SAM, pub(sam))
    assert done(repo, "trust", "revoke", SAM) == f"Revoked {fingerprint(sam)}\n"
    assert comment(repo) == "R"
    assert json.loads(done(repo, "show", "@", "--json"))["comments"] == []
    again = done(repo, "trust", "revoke", fingerprint(sam), "--user")
    assert again == f"Revoked {fingerprint(sam)}\n"
    again = done(repo, "trust", "revoke", pub(sam))
    assert again == f"Already revoked {fingerprint(sam)}\n"


def test_two_keys_of_one_name_have_to_be_told_apart(repo: Path, sam: Path, bob: Path) -> None:
    done(repo, "trust", "add", SAM, pub(sam))
    done(repo, "trust", "add", SAM, pub(bob))
    result = gage(repo, "trust", "retire", SAM)
    assert result.err.startswith(f"fatal: '{SAM}' has 2 keys, and one is needed\n")


def test_a_key_of_a_colleague_is_ended(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "fetch")
    done(repo, "trust", "add", SAM, pub(sam))
    assert comment(repo) == "G"
    out = done(repo, "trust", "retire", SAM, "--at", "2020-01-01")
    assert out == f"Ended {fingerprint(sam)} at 2020-01-01T00:00:00.000Z\n"
    assert comment(repo) == "Y"
    done(repo, "trust", "retire", SAM, "--at", "2021-01-01")
    assert 'valid-before="20200101000000Z"' in signers(repo)


def test_a_key_in_a_file_of_gits_is_left_for_the_user_to_end(
    repo: Path, sams: Path, sam: Path
) -> None:
    allow(repo, SAM, sam)
    before = (repo / ".git" / "signers").read_text()
    out = done(repo, "trust", "retire", fingerprint(sam))
    assert out.startswith("Add valid-before to its line in")
    assert (repo / ".git" / "signers").read_text() == before


def test_a_rotation_keeps_old_comments_good(
    repo: Path, sams: Path, sam: Path, world: Path, tmp_path: Path
) -> None:
    """A year later somebody clones anew, with the team's file alone: all is still Sam's word."""
    new = tmp_path / "new"
    make_key(new)
    before = done(sams, "trust", "export")
    sign_with(sams, new)
    (tmp_path / "before").write_text(before)
    done(sams, "trust", "import", str(tmp_path / "before"))
    (old,) = verify(sams, "1", "--attr", "comment")
    out = done(sams, "trust", "retire", fingerprint(sam), "--at", old["time"])
    assert "Listed 1 record that it signed, so that they stay good\n" in out
    assert f"Trusted {fingerprint(new)} of {SAM}\n" in out
    done(sams, "comment", "1", "-m", "with a new key")
    done(sams, "push", "origin", "1")
    (tmp_path / "team").write_text(done(sams, "trust", "export"))
    wait_until(lambda: time.time() >= int(parse_time(old["time"])) + 1)
    fresh = clone(world / "hub.git", tmp_path / "fresh")
    set_identity(fresh, "Eve")
    done(fresh, "trust", "import", str(tmp_path / "team"))
    done(fresh, "fetch")
    found = verify(fresh, "--all", "--by", SAM)
    assert [(each["kind"], each["state"]) for each in found] == [
        ("comment.add", "G"),
        ("key.retire", "G"),
        ("comment.add", "G"),
    ]
    assert found[0]["reason"] == "key expired since, owner lists it"
    notices = gage(fresh, "list").err
    assert notices == ""


def test_a_key_that_signs_now_is_ended_by_another_one_only(
    repo: Path, sams: Path, sam: Path
) -> None:
    """With nothing else to sign with there is nobody to say that the old records are older."""
    result = gage(sams, "trust", "retire", fingerprint(sam))
    assert (result.code, result.out) == (128, "")
    done(sams, "trust", "add", SAM, pub(sam))
    out = done(sams, "trust", "retire", fingerprint(sam), "--at", "2020-01-01")
    assert out == f"Ended {fingerprint(sam)} at 2020-01-01T00:00:00.000Z\n"


def test_a_key_that_has_its_line_gets_no_second_one(
    repo: Path, sams: Path, sam: Path, bob: Path
) -> None:
    sign_with(sams, bob)
    for key in (sam, bob):
        done(sams, "trust", "add", SAM, pub(key))
    out = done(sams, "trust", "retire", fingerprint(sam))
    assert "Listed 1 record" in out
    assert "Trusted" not in out
