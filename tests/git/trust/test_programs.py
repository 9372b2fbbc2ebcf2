"""Records that gpg signed, and what gpg says of them; keys in ssh-agent."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from git_gage.records import sign_record
from tests.git.trust.story import done, gage, sign_with, states, verify
from tests.signing import (
    Authority,
    add_key,
    gnupg_home,
    make_gpg_key,
    read_all,
    request_certificate,
    run,
    ssh_agent,
)
from tests.support import git

ANA = "Ana <ana@example.com>"

needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg here")
needs_gpgsm = pytest.mark.skipif(shutil.which("gpgsm") is None, reason="no gpgsm here")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with gnupg_home() as folder:
        monkeypatch.setenv("GNUPGHOME", str(folder))
        yield folder


def label(repo: Path) -> dict[str, str]:
    """The verdict on the newest label."""
    return verify(repo, "--attr", "label")[-1]


def gpg(home: Path, *args: str, input: bytes = b"") -> None:
    run("gpg", "--homedir", home, "--batch", "--quiet", *args, input=input)


@needs_gpg
def test_what_gpg_says_is_held_against_who_the_record_says_it_is(repo: Path, home: Path) -> None:
    """gpg alone would say of each of them that the signature is good."""
    key = make_gpg_key(home, ANA)
    git(repo, "config", "user.signingKey", key)
    done(repo, "label", "@", "--set", "one")
    found = label(repo)
    assert (found["state"], found["principal"], found["key"]) == ("G", "ana@example.com", key)
    git(repo, "config", "user.email", "sam@example.com")
    done(repo, "label", "@", "--set", "two")
    found = label(repo)
    assert (found["state"], found["principal"]) == ("M", "ana@example.com")
    assert found["reason"] == "record says sam@example.com, signed by ana@example.com"


@needs_gpg
def test_what_changes_in_the_keyring_counts_at_once(repo: Path, home: Path) -> None:
    """A verdict by a program is kept no longer than what it went by."""
    key = make_gpg_key(home, ANA)
    git(repo, "config", "user.signingKey", key)
    done(repo, "label", "@", "--set", "one")
    assert label(repo)["state"] == "G"
    ring = home.with_name("other")
    ring.mkdir(mode=0o700)
    exported = run("gpg", "--homedir", home, "--export", key)
    os.environ["GNUPGHOME"] = str(ring)
    assert label(repo)["state"] == "E"
    gpg(ring, "--import", input=exported)
    assert label(repo)["state"] == "U"
    gpg(ring, "--import-ownertrust", input=f"{key}:6:\n".encode())
    assert label(repo)["state"] == "G"
    certificate = (home / "openpgp-revocs.d" / f"{key}.rev").read_text()
    gpg(ring, "--import", input=certificate.replace(":-----BEGIN", "-----BEGIN").encode())
    assert label(repo)["state"] == "R"
    run("gpgconf", "--homedir", ring, "--kill", "all")


@needs_gpg
def test_a_signature_that_has_expired(repo: Path, home: Path) -> None:
    """gpg tells the time by faked-system-time, a year later."""
    key = make_gpg_key(home, ANA)
    git(repo, "config", "user.signingKey", key)
    (home / "gpg.conf").write_text("default-sig-expire 1d\n")
    done(repo, "label", "@", "--set", "one")
    assert label(repo)["state"] == "G"
    (home / "gpg.conf").write_text("faked-system-time 20991231T000000\n")
    assert label(repo)["state"] == "X"
    assert label(repo)["reason"] == "the signature has expired"


@needs_gpg
def test_a_key_that_has_expired(repo: Path, home: Path) -> None:
    key = make_gpg_key(home, ANA)
    git(repo, "config", "user.signingKey", key)
    gpg(home, "--passphrase", "", "--quick-set-expire", key, "2098-01-01")
    done(repo, "label", "@", "--set", "one")
    (home / "gpg.conf").write_text("faked-system-time 20991231T000000\n")
    assert label(repo)["state"] == "Y"


@needs_gpg
def test_an_edited_record_is_bad_for_gpg_too(repo: Path, home: Path) -> None:
    key = make_gpg_key(home, ANA)
    git(repo, "config", "user.signingKey", key)
    done(repo, "label", "@", "--set", "one")
    journal = repo / ".git" / "gage" / "journal"
    signed = read_all(repo)[-1]
    forged = signed.line.replace(b'"one"', b'"two"')
    head = b'{"host":"x","journal":1,"pid":1}\n'
    (journal / "1-1-aaaaaa.jsonl").write_bytes(head + forged + b"\n")
    assert sorted(states(repo, "--attr", "label")) == ["B", "G", "G"]


def test_without_the_program_it_cannot_be_told(repo: Path, home: Path) -> None:
    git(repo, "config", "--global", "gpg.program", "nowhere-gpg")
    journal = repo / ".git" / "gage" / "journal"
    last = read_all(repo)[-1]
    bare = last._replace(line=last.payload, sig=None)
    for armor, state in (("-----BEGIN PGP SIGNATURE-----\n", "E"), ("-----BEGIN X-----\n", "B")):
        head = b'{"host":"x","journal":1,"pid":1}\n'
        line = sign_record(bare, armor).line.replace(b'"mine"', b'"yours"')
        (journal / "1-1-aaaaaa.jsonl").write_bytes(head + line + b"\n")
        shutil.rmtree(repo / ".git" / "gage" / "cache", ignore_errors=True)
        (repo / ".git" / "gage" / "catalog.db").unlink(missing_ok=True)
        assert state in states(repo, "--attr", "label")


# -- X.509 -----------------------------------------------------------------------------------------


@pytest.fixture
def crl() -> Iterator[socket.socket]:
    """Where certificates say that revoked ones are listed: nobody should ever ask there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def sign_with_x509(repo: Path, key: str) -> None:
    git(repo, "config", "gpg.format", "x509")
    git(repo, "config", "user.signingKey", key)


@needs_gpgsm
def test_what_gpgsm_says_is_held_against_who_the_record_says_it_is(
    repo: Path, home: Path, crl: socket.socket
) -> None:
    """All without the network, whatever a certificate has to say of where to ask."""
    authority = Authority()
    authority.trust(home)
    address = f"http://127.0.0.1:{crl.getsockname()[1]}/list.crl"
    request = request_certificate(home)
    key = authority.certify(home, request, "Ana", "ana@example.com", address)
    sign_with_x509(repo, key)
    done(repo, "label", "@", "--set", "one")
    found = label(repo)
    assert (found["state"], found["principal"], found["key"]) == ("G", "ana@example.com", key)
    git(repo, "config", "user.email", "sam@example.com")
    done(repo, "label", "@", "--set", "two")
    found = label(repo)
    assert (found["state"], found["principal"]) == ("M", "ana@example.com")
    assert found["reason"] == "record says sam@example.com, signed by ana@example.com"
    eve = authority.certify(home, request, "Eve <sam@example.com>", "eve@example.com", address)
    sign_with_x509(repo, eve)
    done(repo, "label", "@", "--set", "three")
    assert label(repo)["reason"] == "record says sam@example.com, signed by eve@example.com"
    (home / "gpgsm.conf").write_text("faked-system-time 20991231T000000\n")
    found = label(repo)
    assert (found["state"], found["reason"]) == ("Y", "the key has expired")
    (home / "gpgsm.conf").unlink()
    (home / "trustlist.txt").write_text("")
    run("gpgconf", "--homedir", home, "--reload", "gpg-agent")
    assert label(repo)["state"] == "U"
    with pytest.raises(BlockingIOError):
        crl.accept()


def test_a_key_in_ssh_agent_is_ones_own(repo: Path, bob: Path, tmp_path: Path) -> None:
    with ssh_agent(tmp_path) as socket:
        add_key(socket, bob)
        os.environ["SSH_AUTH_SOCK"] = str(socket)
        sign_with(repo, bob.with_name("bob.pub"))
        bob.unlink()
        done(repo, "label", "@", "--set", "x")
        assert label(repo)["state"] == "G"
    assert label(repo)["state"] == "U"
    assert json.loads(gage(repo, "trust", "--json").out)
