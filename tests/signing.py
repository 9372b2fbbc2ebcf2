"""Keys and stock tools for tests about signatures."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from git_gage.git import open_repository
from git_gage.records import Record, parse_record
from git_gage.store import Store

NAMESPACE = "gage-record@v1"
SIGNING = {"CI": ""}
"""Of a command that signs as it does for a user."""


def run(
    *argv: str | Path, input: bytes | None = None, env: Mapping[str, str] | None = None
) -> bytes:
    """Standard output of a program."""
    done = subprocess.run(
        list(map(str, argv)),
        input=input,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (argv, done.returncode, done.stderr)
    return done.stdout


def write_program(path: Path, script: str) -> Path:
    """A program that is a script of the shell."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def make_key(path: Path, *, kind: str = "ed25519", passphrase: str = "") -> str:
    """A key pair by ssh-keygen; its fingerprint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "ana", "-f", path)
    return fingerprint(path)


def fingerprint(path: Path) -> str:
    return run("ssh-keygen", "-l", "-f", path).split()[1].decode()


def read_all(where: Path) -> list[Record]:
    """All records of a clone, in the order of their clocks."""
    store = Store(open_repository(where, dict(os.environ)))
    blobs = [
        blob for found in store.list_blobs(store.read_tips().values()).values() for blob in found
    ]
    lines = {line for _, found in store.read_lines(blobs) for line in found}
    for name in store.journals():
        lines.update(store.read_journal(name, 0)[0])
    records = [parse_record(line) for line in lines]
    return sorted(records, key=lambda record: (record.run, record.lc, record.at))


def check_by_ssh_keygen(scratch: Path, key: Path, record: Record) -> None:
    """Stock ssh-keygen takes the record's signature for one by this key (its .pub file)."""
    assert record.sig is not None
    (scratch / "allowed").write_text(f"ana@example.com {key.read_text()}")
    (scratch / "sig").write_text(record.sig)
    run(
        *("ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-f", scratch / "allowed"),
        *("-I", "ana@example.com", "-s", scratch / "sig"),
        input=record.payload,
    )


def make_gpg_key(home: Path, *names: str) -> str:
    """An OpenPGP key of GnuPG in a folder of its own; its fingerprint."""
    home.mkdir(mode=0o700, exist_ok=True)
    gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "")
    run(*gpg, "--quick-gen-key", names[0], "ed25519", "sign", "never")
    for name in names[1:]:
        run(*gpg, "--quick-add-uid", names[0], name)
    listed = run("gpg", "--homedir", home, "--batch", "--with-colons", "--list-keys", names[0])
    return next(line.split(":")[9] for line in listed.decode().split("\n") if line[:3] == "fpr")


def make_x509_key(home: Path, email: str) -> str:
    """A certificate of gpgsm that is trusted, as git's own tests make one; its fingerprint."""
    home.mkdir(mode=0o700, exist_ok=True)
    gpgsm = ("gpgsm", "--homedir", home, "--batch", "--pinentry-mode", "loopback")
    wanted = (
        "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nSerial: random\n"
        f"Name-DN: CN=Ana, O=Example\nName-Email: {email}\nNot-After: 2090-01-01 00:00:00\n"
    )
    (home / "wanted").write_text(wanted)
    certificate = run(
        *(*gpgsm, "--passphrase-fd", "0", "--generate-key", home / "wanted"), input=b"\n"
    )
    run("gpgsm", "--homedir", home, "--batch", "--import", input=certificate)
    listed = run("gpgsm", "--homedir", home, "--batch", "--with-colons", "-K")
    found = next(line.split(":")[9] for line in listed.decode().split("\n") if line[:3] == "fpr")
    (home / "trustlist.txt").write_text(f"{found} S relax\n")
    run("gpgconf", "--homedir", home, "--reload", "gpg-agent")
    return found


class Authority:
    """Who certifies X.509 keys; gpgsm trusts it where `trust` was called."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example CA")])
        self._certificate = (
            self._begin(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def trust(self, home: Path) -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        _gpgsm(home, "--import", input=self._certificate.public_bytes(Encoding.DER))
        fingerprint = self._certificate.fingerprint(hashes.SHA1()).hex().upper()
        (home / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
        run("gpgconf", "--homedir", home, "--reload", "gpg-agent")

    def certify(self, home: Path, request: bytes, name: str, email: str, crl: str) -> str:
        """Certify a key of gpgsm there as this person's; the fingerprint.

        `crl` is where the certificate says that revoked ones are listed.
        """
        asked = x509.load_der_x509_csr(request)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        certificate = (
            self._begin(subject, asked.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
            .add_extension(x509.CRLDistributionPoints([point]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        _gpgsm(home, "--import", input=certificate.public_bytes(Encoding.DER))
        return certificate.fingerprint(hashes.SHA1()).hex().upper()

    def _begin(self, subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        start = datetime.now(UTC) - timedelta(hours=1)
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=start,
            not_valid_after=start + timedelta(days=365),
        )


def request_certificate(home: Path) -> bytes:
    """Have gpgsm make a key, and ask for a certificate."""
    wanted = "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nName-DN: CN=x\n"
    (home / "wanted").write_text(wanted)
    loopback = ("--pinentry-mode", "loopback", "--passphrase-fd", "0")
    return _gpgsm(home, *loopback, "--generate-key", home / "wanted", input=b"\n")


def _gpgsm(home: Path, *args: str | Path, input: bytes) -> bytes:
    return run("gpgsm", "--homedir", home, "--batch", *args, input=input)


@contextmanager
def gnupg_home() -> Iterator[Path]:
    """A short path, as its agent's socket needs one; the agent ends with it."""
    with tempfile.TemporaryDirectory(prefix="gg-", dir="/tmp") as folder:
        home = Path(folder, "home")
        try:
            yield home
        finally:
            subprocess.run(
                ["gpgconf", "--homedir", str(home), "--kill", "all"],
                capture_output=True,
                check=False,
            )


@contextmanager
def ssh_agent(scratch: Path) -> Iterator[Path]:
    """The socket of an agent that holds no key yet."""
    socket = scratch / "agent"
    agent = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert agent.stdout is not None
    agent.stdout.readline()
    try:
        yield socket
    finally:
        agent.terminate()
        agent.wait()
        agent.stdout.close()


def add_key(socket: Path, key: Path) -> None:
    run("ssh-add", "-q", key, env={"SSH_AUTH_SOCK": str(socket)})


def config(where: Path, **settings: str) -> None:
    """Write settings for the user, not for the repository: `user__signingKey="…"`."""
    for name, value in settings.items():
        run("git", "-C", where, "config", "--global", name.replace("__", "."), value)
