"""Private keys in files: those of ssh-keygen, and those that are made for who has none."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from git_gage.trust.errors import PassphraseError, SigningError
from git_gage.trust.keys import PublicKey
from git_gage.trust.private import (
    BEGIN,
    END,
    load_private_key,
    make_ed25519,
    read_public_half,
)
from git_gage.trust.sshsig import check_signature, read_signature
from git_gage.trust.wire import decode_base64, encode_base64, pack
from tests.unit.trust.keygen import (
    KINDS,
    MESSAGE,
    NAMESPACE,
    certify,
    copy_key,
    is_good_for_keygen,
    keygen,
    make_token,
    sign,
)

FORMS = ("RFC4716", "PEM", "PKCS8")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("passphrase", ["", "secret"])
def test_files_that_ssh_keygen_writes(
    kind: str, form: str, passphrase: str, keys: dict[str, Path], tmp_path: Path
) -> None:
    path = copy_key(keys[kind], tmp_path / "key")
    code, said = keygen("-q", "-p", "-P", "", "-N", passphrase, "-m", form, "-a", "1", "-f", path)
    assert code == 0, said
    key = load_private_key(path, passphrase.encode() or None)
    assert key.public.text == Path(f"{path}.pub").read_text().strip()
    assert is_good_for_keygen(tmp_path, sign(key))


def protect(path: Path, *options: str) -> Path:
    code, said = keygen("-q", "-p", "-P", "", "-N", "secret", "-a", "1", *options, "-f", path)
    assert code == 0, said
    return path


@pytest.mark.parametrize("options", [(), ("-Z", "aes256-gcm@openssh.com"), ("-m", "PEM")])
def test_a_passphrase_that_is_missing_or_wrong(
    options: tuple[str, ...], keys: dict[str, Path], tmp_path: Path
) -> None:
    path = protect(copy_key(keys["p256"], tmp_path / "my key"), *options)
    with pytest.raises(PassphraseError, match="is protected by a passphrase") as missing:
        load_private_key(path)
    assert missing.value.hint == f"ssh-add '{path}'"
    with pytest.raises(PassphraseError, match="the passphrase is wrong"):
        load_private_key(path, b"guess")
    assert load_private_key(path, b"secret").public == load_private_key(keys["p256"]).public


def test_a_passphrase_for_a_key_that_has_none(keys: dict[str, Path], tmp_path: Path) -> None:
    openssh = load_private_key(keys["p256"], b"secret")
    path = copy_key(keys["p256"], tmp_path / "key")
    keygen("-q", "-p", "-P", "", "-N", "", "-m", "PEM", "-f", path)
    assert load_private_key(path, b"secret").public == openssh.public


def test_the_public_half_without_a_passphrase(keys: dict[str, Path], tmp_path: Path) -> None:
    public = load_private_key(keys["p256"]).public
    path = protect(copy_key(keys["p256"], tmp_path / "key"))
    assert read_public_half(path) == public
    assert read_public_half(Path(f"{path}.pub")) == public
    in_pem = copy_key(keys["p256"], tmp_path / "pem")
    keygen("-q", "-p", "-P", "", "-N", "", "-m", "PEM", "-f", in_pem)
    assert read_public_half(in_pem) == public


def test_the_public_file_leads_to_the_private_one(keys: dict[str, Path], tmp_path: Path) -> None:
    path = copy_key(keys["ed25519"], tmp_path / "key")
    certificate = certify(keys["authority"], path)
    plain = load_private_key(path)
    assert load_private_key(Path(f"{path}.pub")).public == plain.public
    certified = load_private_key(certificate)
    assert certified.public.certificate is not None
    assert certified.sign_raw(b"x") == plain.sign_raw(b"x")


def test_a_public_file_that_belongs_to_another_key(keys: dict[str, Path], tmp_path: Path) -> None:
    path = copy_key(keys["ed25519"], tmp_path / "key")
    Path(f"{path}.pub").write_text(load_private_key(keys["rsa"]).public.text)
    with pytest.raises(SigningError, match=r"does not belong to the '\.pub' file"):
        load_private_key(Path(f"{path}.pub"))
    Path(f"{path}.pub").write_text("rubbish")
    with pytest.raises(SigningError, match=r"read public key '.*key\.pub': a key is a type"):
        load_private_key(Path(f"{path}.pub"))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for name in ("key", "key.pub"):
        with pytest.raises(SigningError, match="no such file or directory"):
            load_private_key(tmp_path / name)


def test_a_key_that_others_can_read_is_not_used(keys: dict[str, Path], tmp_path: Path) -> None:
    path = copy_key(keys["ed25519"], tmp_path / "my key")
    path.chmod(0o640)
    with pytest.raises(SigningError, match="others can read it, too") as caught:
        load_private_key(path)
    assert caught.value.hint == f"chmod 600 '{path}'"


def test_a_cipher_that_only_ssh_keygen_has(keys: dict[str, Path], tmp_path: Path) -> None:
    path = copy_key(keys["ed25519"], tmp_path / "key")
    protect(path, "-Z", "chacha20-poly1305@openssh.com")
    with pytest.raises(SigningError, match="Unsupported cipher") as caught:
        load_private_key(path, b"secret")
    assert caught.value.hint == f"ssh-add {path}"


def write_key(path: Path, text: str) -> Path:
    path.write_text(text, errors="surrogateescape")
    path.chmod(0o600)
    return path


def write_container(path: Path, blob: bytes) -> Path:
    return write_key(path, f"{BEGIN}{encode_base64(blob)}{END}\n")


def container_of(path: Path) -> bytes:
    return decode_base64("".join(path.read_text().splitlines()[1:-1]))


def test_files_that_hold_no_key(keys: dict[str, Path], tmp_path: Path) -> None:
    for text in ("", "rubbish", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", "\udcff"):
        with pytest.raises(SigningError, match="it is no private key"):
            load_private_key(write_key(tmp_path / "key", text))


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(kind: str, keys: dict[str, Path], tmp_path: Path) -> None:
    """Cut anywhere, or with a field that is not what it must be: one message, no traceback."""
    whole = container_of(keys[kind])
    for size in range(0, len(whole), 37):
        with pytest.raises(SigningError, match="damaged"):
            load_private_key(write_container(tmp_path / "key", whole[:size]))
    for old, new in [
        (b"openssh-key-v1", b"openssh-key-v2"),
        (b"none\0\0\0\4none\0\0\0\0\0\0\0\1", b"none\0\0\0\4none\0\0\0\0\0\0\0\2"),
        (b"\0\0\0\1\0", b"\0\0\0\1\1"),
    ]:
        with pytest.raises(SigningError, match="damaged"):
            load_private_key(write_container(tmp_path / "key", whole.replace(old, new)))


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_files(kind: str, keys: dict[str, Path], tmp_path: Path) -> None:
    """Whatever is flipped, no signature comes out that is not good."""
    whole, chance = container_of(keys[kind]), random.Random(kind)
    for _ in range(100):
        at = chance.randrange(len(whole))
        flipped = bytes([whole[at] ^ 1 << chance.randrange(8)])
        path = write_container(tmp_path / "key", whole[:at] + flipped + whole[at + 1 :])
        try:
            armor = sign(load_private_key(path))
        except SigningError:
            continue
        check_signature(read_signature(armor), MESSAGE, NAMESPACE)


def test_keys_that_are_on_a_security_token(keys: dict[str, Path], tmp_path: Path) -> None:
    """Their files hold what the token needs to sign, and no key."""
    public = make_token(load_private_key(keys["ed25519"])).public
    blob = b"openssh-key-v1\0" + pack("none", "none", "") + (1).to_bytes(4)
    path = write_container(tmp_path / "key", blob + pack(public.blob, b"\0" * 8))
    with pytest.raises(SigningError, match="it is on a security token") as caught:
        load_private_key(path)
    assert caught.value.hint == f"ssh-add {path}"
    assert read_public_half(path) == public


def test_keys_of_types_that_are_not_known_here(tmp_path: Path) -> None:
    blob = b"openssh-key-v1\0" + pack("none", "none", "") + (1).to_bytes(4)
    path = write_container(tmp_path / "key", blob + pack(pack("ssh-dss", b"\1"), b"\0" * 8))
    with pytest.raises(SigningError, match="keys of type 'ssh-dss' cannot be checked here"):
        load_private_key(path)


@pytest.mark.parametrize(
    "private", [x25519.X25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1())]
)
def test_keys_that_are_not_for_ssh(
    private: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(SigningError, match="no key that SSH signs with"):
        load_private_key(write_key(tmp_path / "key", text.decode()))


@pytest.mark.parametrize("passphrase", [None, b"secret"])
def test_a_new_key(passphrase: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "share" / "git-gage" / "id_ed25519"
    before = os.umask(0)
    try:
        made = make_ed25519(path, passphrase)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert load_private_key(path, passphrase).public == made.public
    assert is_good_for_keygen(tmp_path, sign(made))
    code, said = keygen("-y", "-P", (passphrase or b"").decode(), "-f", path)
    assert (code, said.strip()) == (0, made.public.text)


def test_a_new_key_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = make_ed25519(path)
    with pytest.raises(FileExistsError):
        make_ed25519(path)
    assert load_private_key(path).public == made.public
    assert list(tmp_path.iterdir()) == [path]


def test_many_make_the_first_key_at_once(tmp_path: Path) -> None:
    """One wins; a reader sees its key or none, and never a part of one."""
    path = tmp_path / "key"

    def make_or_load(_: int) -> PublicKey:
        try:
            return make_ed25519(path).public
        except FileExistsError:
            return load_private_key(path).public

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(make_or_load, range(32)))) == 1


def test_signing_imports_little(tmp_path: Path) -> None:
    """Nothing of cryptography but Ed25519: a record is signed in a process made for it."""
    make_ed25519(tmp_path / "key")
    code = """
import sys
from pathlib import Path
from git_gage.trust.keys import PublicKey
from git_gage.trust.private import load_private_key
from git_gage.trust.sshsig import make_signature
make_signature(load_private_key(Path(sys.argv[1])), b"x", "gage-record@v1")
print(*sorted(name for name in sys.modules if name.startswith("cryptography.hazmat.primitives.")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "key")],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert "ed25519" in loaded
    assert not loaded & {"ec", "padding", "rsa", "serialization"}
