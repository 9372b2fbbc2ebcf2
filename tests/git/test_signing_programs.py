"""OpenPGP and X.509: signed and checked by the program that git would call."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from git_gage.git import open_repository
from git_gage.trust.program_check import ProgramVerdict, check_with_program, find_form
from git_gage.trust.programs import run_program
from git_gage.trust.settings import read_trust_settings
from tests.signing import (
    SIGNING,
    config,
    gnupg_home,
    make_gpg_key,
    make_x509_key,
    read_all,
    run,
    write_program,
)
from tests.support import gage_inside, git

NAME, OTHER = "Ana <ana@example.com>", "Ana <ana@example.org>"
SIG = "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"

needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg here")
needs_gpgsm = pytest.mark.skipif(shutil.which("gpgsm") is None, reason="no gpgsm here")


@pytest.fixture(scope="module")
def gnupg() -> Iterator[tuple[Path, str]]:
    """Ana's keyring, and the fingerprint of her key."""
    with gnupg_home() as home:
        yield home, make_gpg_key(home, NAME, OTHER)


def check(repo: Path, sig: str, payload: bytes) -> ProgramVerdict:
    form = find_form(sig)
    assert form is not None
    settings = read_trust_settings(open_repository(repo, dict(os.environ)))
    return check_with_program(form, sig, payload, settings)


@needs_gpg
def test_openpgp(
    repo: Path,
    tmp_path: Path,
    gnupg: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without `gpg.format` a key is one of OpenPGP, as for git."""
    home, fingerprint = gnupg
    monkeypatch.setenv("GNUPGHOME", str(home))
    config(repo, user__signingKey="ana@example.com")
    assert gage_inside(repo, "run", "-q", "--", "true").code == 0
    git(repo, "commit", "-q", "-S", "--allow-empty", "-m", "git signs with the same")
    for record in read_all(repo):
        assert record.by == {"name": "Ana", "email": "ana@example.com"}
        sig = tmp_path / "sig"
        sig.write_text(gage_inside(repo, "record", record.id, "--signature").out)
        run("gpg", "--verify", sig, "-", input=record.payload)
        assert record.sig is not None
        good = check(repo, record.sig, record.payload)
        assert good._replace(names=()) == ProgramVerdict("G", fingerprint, (), "")
        assert sorted(good.names) == [NAME, OTHER]
        bad = check(repo, record.sig, record.payload + b" ")
        assert bad == ProgramVerdict("B", "", (), "the signature does not fit")


@needs_gpg
def test_what_gpg_knows_of_a_key(
    repo: Path, gnupg: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown, known but nobody's, expired, revoked: each is told apart."""
    home, fingerprint = gnupg
    gpg = ("gpg", "--homedir", home, "--batch", "--quiet")
    payload = b"payload"
    sig = run(*gpg, "-bsau", "ana@example.com", input=payload).decode()
    public = run(*gpg, "--export", "ana@example.com")
    with gnupg_home() as own:
        monkeypatch.setenv("GNUPGHOME", str(own))
        own.mkdir(mode=0o700)
        unknown = check(repo, sig, payload)
        assert (unknown.state, unknown.reason) == (
            "E",
            f"'gpg' does not have the key {fingerprint[-16:]}",
        )
        run("gpg", "--batch", "--quiet", "--import", input=public)
        stranger = check(repo, sig, payload)
        assert stranger == ProgramVerdict("U", fingerprint, (), "'gpg' trusts the key: undefined")
        run("gpg", "--batch", "--import-ownertrust", input=f"{fingerprint}:4:\n".encode())
        config(repo, gpg__minTrustLevel="ultimate")
        run("gpg", "--batch", "--import-ownertrust", input=f"{fingerprint}:6:\n".encode())
        assert check(repo, sig, payload).state == "G"
        config(repo, gpg__minTrustLevel="sure")
        assert check(repo, sig, payload).state == "U"
        revocation = (home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        run("gpg", "--batch", "--import", input=revocation.replace(":-----", "-----").encode())
        revoked = check(repo, sig, payload)
        assert revoked == ProgramVerdict("R", fingerprint, (), "the key is revoked")


@needs_gpgsm
def test_x509(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gnupg_home() as home:
        monkeypatch.setenv("GNUPGHOME", str(home))
        fingerprint = make_x509_key(home, "ana@example.com")
        config(repo, gpg__format="x509", user__signingKey="ana@example.com")
        assert gage_inside(repo, "run", "-q", "--", "true").code == 0
        record = read_all(repo)[0]
        assert record.sig is not None
        (tmp_path / "sig").write_text(record.sig)
        run(
            *("gpgsm", "--batch", "--disable-crl-checks", "--verify", tmp_path / "sig", "-"),
            input=record.payload,
        )
        names = ("CN=Ana,O=Example", "<ana@example.com>")
        assert check(repo, record.sig, record.payload) == ProgramVerdict(
            "G", fingerprint, names, ""
        )
        assert check(repo, record.sig, b"something else").state == "B"
    with gnupg_home() as other:
        other.mkdir(mode=0o700)
        monkeypatch.setenv("GNUPGHOME", str(other))
        unknown = check(repo, record.sig, record.payload)
        assert unknown == ProgramVerdict("E", "", (), "'gpgsm' does not have the certificate")


@needs_gpg
def test_a_passphrase_is_not_asked_for_without_a_terminal(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gpg would put up a window, or wait."""
    with gnupg_home() as home:
        home.mkdir(mode=0o700)
        (home / "gpg-agent.conf").write_text("pinentry-program /bin/cat\ns2k-count 65536\n")
        monkeypatch.setenv("GNUPGHOME", str(home))
        run(
            *("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "secret"),
            *("--quick-gen-key", NAME, "ed25519", "sign", "never"),
        )
        run("gpgconf", "--reload", "gpg-agent")
        config(repo, user__signingKey="ana@example.com")
        done = gage_inside(repo, "run", "--", "true")
    assert done.code == 128
    assert done.err.startswith("fatal: 'gpg' could not sign with 'ana@example.com': gpg: ")
    assert done.err.endswith("\nhint: try it: echo | gpg -bsau 'ana@example.com'\n")
    assert read_all(repo) == []


def test_a_program_that_is_not_there(repo: Path) -> None:
    config(repo, gpg__program="/nowhere/gpg", user__signingKey="ana")
    done = gage_inside(repo, "label", "@", "--set", "x")
    assert done.code == 128
    done = gage_inside(repo, "run", "--", "true")
    assert done.err.startswith("fatal: run '/nowhere/gpg': no such file or directory\n")
    assert check(repo, SIG, b"").state == "E"
    assert check(repo, SIG, b"").reason == "run '/nowhere/gpg': no such file or directory"


def test_a_program_that_does_not_answer(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.trust.programs.SIGN_S", 0.1)
    gpg = write_program(tmp_path / "gpg", "exec sleep 60")
    config(repo, gpg__program=str(gpg), user__signingKey="ana")
    done = gage_inside(repo, "run", "--", "true")
    assert f"fatal: '{gpg}' did not answer for 0.1 seconds\n" in done.err


def test_what_a_program_without_a_terminal_gets(repo: Path, sealed: Path) -> None:
    """Nothing by which it could find somebody to ask; its path may begin at home."""
    gpg = write_program(
        sealed / "my-gpg",
        f"env > {sealed}/env; cat > /dev/null; printf 'a\\r\\nb\\r\\n'\n"
        'echo "[GNUPG:] SIG_CREATED D" >&2',
    )
    assert gpg.exists()
    config(repo, gpg__program="~/my-gpg", user__signingKey="ana")
    env = {"DISPLAY": ":0", "GPG_TTY": "/dev/pts/1", "SSH_ASKPASS": "ask"}
    assert gage_inside(repo, "run", "-q", "--", "true", env=env).code == 0
    got = dict(line.split("=", 1) for line in (sealed / "env").read_text().splitlines())
    assert not env.keys() & got.keys()
    assert (got["SSH_ASKPASS_REQUIRE"], got["GIT_TERMINAL_PROMPT"]) == ("never", "0")
    assert read_all(repo)[0].sig == "a\nb\n"


def test_at_a_terminal_a_program_may_ask(repo: Path) -> None:
    environ = {**os.environ, "DISPLAY": ":0"}
    settings = read_trust_settings(open_repository(repo, environ))
    done = run_program(settings, ["printenv", "DISPLAY"], terminal=True)
    assert done.stdout == b":0\n"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("GOODSIG 1 Ana\nBADSIG 1 Ana", ("E", "", (), "'GPG' gives 2 verdicts, not one")),
        ("", ("E", "", (), "'GPG' gives 0 verdicts, not one")),
        ("ERRSIG", ("E", "", (), "'GPG' does not have the key ?")),
        ("GOODSIG 1 Ana\nTRUST_FULLY", ("E", "", (), "'GPG' does not tell whose signature it is")),
        ("GOODSIG 1 Ana L\nVALIDSIG F0 x\nTRUST_FULLY", ("G", "F0", ("Ana L",), "")),
        (
            "GOODSIG 1 Ana\nVALIDSIG F0\nTRUST_ODD",
            ("U", "F0", (), "'GPG' trusts the key: undefined"),
        ),
        ("EXPSIG 1 Ana\nVALIDSIG F0", ("X", "F0", (), "the signature has expired")),
        ("EXPKEYSIG 1 Ana\nVALIDSIG F0", ("Y", "F0", (), "the key has expired")),
    ],
)
def test_only_status_lines_count(
    repo: Path, tmp_path: Path, status: str, verdict: tuple[object, ...]
) -> None:
    lines = "".join(f"echo '[GNUPG:] {line}'\n" for line in status.splitlines())
    gpg = write_program(tmp_path / "other", f"echo GOODSIG; echo '[GNUPG:] '\n{lines}")
    config(repo, gpg__program=str(gpg))
    expected = [
        str(each).replace("GPG", str(gpg)) if type(each) is str else each for each in verdict
    ]
    assert check(repo, SIG, b"") == tuple(expected)


def test_other_signatures_have_no_form() -> None:
    assert find_form("-----BEGIN SSH SIGNATURE-----\nx") is None
    assert find_form("") is None


def test_a_format_that_git_does_not_know(repo: Path) -> None:
    config(repo, gpg__format="wax", user__signingKey="ana")
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.code == 128
    assert "fatal: 'gpg.format' is 'wax' (in " in done.err
