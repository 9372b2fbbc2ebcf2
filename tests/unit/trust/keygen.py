"""Keys and signatures that ssh-keygen makes, and what it says of ours."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from git_gage.trust.keys import PublicKey, SigningKey, read_public_key
from git_gage.trust.private import FileKey
from git_gage.trust.sshsig import make_signature
from git_gage.trust.wire import pack

NAMESPACE = "gage-record@v1"
MESSAGE = b'{"kind":"tag.add"}'
# Options of ssh-keygen for each kind of key.
KINDS: dict[str, tuple[str, ...]] = {
    "ed25519": ("-t", "ed25519"),
    "p256": ("-t", "ecdsa", "-b", "256"),
    "p384": ("-t", "ecdsa", "-b", "384"),
    "p521": ("-t", "ecdsa", "-b", "521"),
    "rsa": ("-t", "rsa", "-b", "2048"),
}


def keygen(*args: str | Path, stdin: bytes = b"", tz: str = "UTC") -> tuple[int, str]:
    """(exit code, what it printed, on either channel)"""
    done = subprocess.run(
        ["ssh-keygen", *map(str, args)],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env={"PATH": os.environ["PATH"], "TZ": tz, "LC_ALL": "C"},
    )
    return done.returncode, done.stdout.decode(errors="surrogateescape")


def make_key(
    path: Path, kind: str = "ed25519", passphrase: str = "", options: Sequence[str] = ()
) -> Path:
    """A private key at `path`, its public half in `path`.pub."""
    code, said = keygen("-q", *KINDS[kind], "-N", passphrase, "-C", "", *options, "-f", path)
    assert code == 0, said
    return path


def certify(authority: Path, key: Path, *options: str, name: str = "sam@example.com") -> Path:
    """A certificate for the key, `<key>-cert.pub`; options go to ssh-keygen."""
    names = ("-n", name) if name else ()
    code, said = keygen("-q", "-s", authority, "-I", "id", *names, *options, f"{key}.pub")
    assert code == 0, said
    return key.with_name(f"{key.name}-cert.pub")


def copy_key(key: Path, path: Path) -> Path:
    """The same key at another path, without a certificate beside it."""
    path.parent.mkdir(exist_ok=True)
    for ending in ("", ".pub"):
        shutil.copy2(f"{key}{ending}", f"{path}{ending}")
    return path


def sign_by_keygen(key: Path, options: Sequence[str] = ()) -> str:
    """The armor that ssh-keygen makes; `key` may be a certificate."""
    code, said = keygen("-Y", "sign", "-n", NAMESPACE, *options, "-f", key, stdin=MESSAGE)
    assert code == 0, said
    begin = said.index("-----BEGIN")
    return said[begin:]


def is_good_for_keygen(
    folder: Path, armor: str, message: bytes = MESSAGE, namespace: str = NAMESPACE
) -> bool:
    """Whether ssh-keygen takes it as a signature of those bytes, by whomever."""
    file = folder / "asked.sig"
    file.write_bytes(armor.encode(errors="surrogateescape"))
    asked = keygen("-Y", "check-novalidate", "-n", namespace, "-s", file, stdin=message)
    return asked[0] == 0


def sign(key: SigningKey, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> str:
    return make_signature(key, message, namespace)


class SoftToken(NamedTuple):
    """A security token in software: what a touched key answers. Source: PROTOCOL.u2f."""

    public: PublicKey
    inside: FileKey
    signature_type: str

    def sign_raw(self, data: bytes) -> bytes:
        tail = b"\x01" + (7).to_bytes(4)  # touched; how often it was used
        application = hashlib.sha256(b"ssh:").digest()
        raw = self.inside.sign_raw(application + tail + hashlib.sha256(data).digest())
        without_type = raw[4 + int.from_bytes(raw[:4]) :]
        return pack(self.signature_type) + without_type + tail


def make_token(inside: FileKey) -> SoftToken:
    """A token with the numbers of an Ed25519 or P-256 key."""
    kind = "sk-" + inside.public.kind + "@openssh.com"
    numbers = inside.public.blob.removeprefix(pack(inside.public.kind))
    public = read_public_key(pack(kind) + numbers + pack("ssh:"))
    return SoftToken(public, inside, kind)
