"""SSH signatures: ours are good for ssh-keygen, its are good for us, and nothing else is."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from git_gage.trust.errors import SignatureError, SigningError, UnsupportedError
from git_gage.trust.keys import read_public_key
from git_gage.trust.private import load_private_key
from git_gage.trust.sshsig import BEGIN, END, check_signature, read_signature
from git_gage.trust.wire import Reader, decode_base64, encode_base64, mpint_bytes, pack
from tests.unit.trust.keygen import (
    KINDS,
    MESSAGE,
    NAMESPACE,
    certify,
    is_good_for_keygen,
    make_token,
    sign,
    sign_by_keygen,
)

EVERY = [*KINDS, *(f"{kind}-cert.pub" for kind in KINDS)]


def is_good(armor: str, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> bool:
    """Ours; no other exception may come out of it, whatever the armor is."""
    try:
        check_signature(read_signature(armor), message, namespace)
    except (SignatureError, UnsupportedError):
        return False
    return True


def why_not(armor: str, message: bytes = MESSAGE) -> str:
    with pytest.raises(SignatureError) as caught:
        check_signature(read_signature(armor), message, NAMESPACE)
    return str(caught.value)


def blob_of(armor: str) -> bytes:
    return decode_base64(armor.removeprefix(BEGIN).partition(END)[0])


def armored(blob: bytes) -> str:
    return f"{BEGIN}\n{encode_base64(blob)}\n{END}\n"


@pytest.mark.parametrize("name", EVERY)
def test_what_we_sign_is_good_for_ssh_keygen(
    name: str, keys: dict[str, Path], tmp_path: Path
) -> None:
    armor = sign(load_private_key(keys[name]))
    assert is_good_for_keygen(tmp_path, armor)
    assert not is_good_for_keygen(tmp_path, armor, MESSAGE + b" ")
    assert max(map(len, armor.splitlines()[1:-1])) <= 70


@pytest.mark.parametrize("name", EVERY)
def test_what_ssh_keygen_signs_is_good_for_us(name: str, keys: dict[str, Path]) -> None:
    armor = sign_by_keygen(keys[name])
    signature = read_signature(armor)
    assert signature.namespace == NAMESPACE
    assert signature.hash_name == "sha512"
    assert signature.key == load_private_key(keys[name]).public
    assert is_good(armor)
    assert not is_good(armor, MESSAGE + b" ")
    assert not is_good(armor, namespace="git")


@pytest.mark.parametrize("kind", KINDS)
def test_the_shorter_hash(kind: str, keys: dict[str, Path]) -> None:
    """Other programs may choose it."""
    armor = sign_by_keygen(keys[kind], options=("-Ohashalg=sha256",))
    assert read_signature(armor).hash_name == "sha256"
    assert is_good(armor)


def test_both_write_the_same_text(keys: dict[str, Path]) -> None:
    """Ed25519 leaves nothing to chance."""
    assert sign(load_private_key(keys["ed25519"])) == sign_by_keygen(keys["ed25519"])


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_security_tokens(kind: str, keys: dict[str, Path], tmp_path: Path) -> None:
    token = make_token(load_private_key(keys[kind]))
    armor = sign(token)
    assert is_good(armor)
    assert is_good_for_keygen(tmp_path, armor)
    assert not is_good(armor, MESSAGE + b" ")

    (tmp_path / "token.pub").write_text(token.public.text + "\n")
    certificate = certify(keys["authority"], tmp_path / "token")
    certified = token._replace(public=read_public_key(certificate.read_text()))
    assert is_good(sign(certified))
    assert is_good_for_keygen(tmp_path, sign(certified))


def test_what_cannot_be_checked_here_is_not_called_bad(keys: dict[str, Path]) -> None:
    """Newer kinds of keys, and tokens asked by a browser."""
    armor = sign(load_private_key(keys["ed25519"]))
    new_key = Parts.of(armor)._replace(key=pack("ssh-newer@openssh.com", b"x" * 99))
    with pytest.raises(UnsupportedError, match=r"keys of type 'ssh-newer@openssh\.com' cannot"):
        read_signature(new_key.armor)

    token = make_token(load_private_key(keys["p256"]))
    parts = Parts.of(sign(token))
    browser = parts._replace(raw=parts.raw.replace(pack(token.public.kind), WEBAUTHN))
    signature = read_signature(browser.armor)
    with pytest.raises(UnsupportedError, match="signatures of type 'webauthn-sk-ecdsa"):
        check_signature(signature, MESSAGE, NAMESPACE)


def test_a_cryptography_that_lacks_the_algorithm(
    keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL may be built or configured without one."""
    armor = sign(load_private_key(keys["ed25519"]))

    def refuse(point: bytes) -> None:
        raise UnsupportedAlgorithm("ed25519 is not supported")

    monkeypatch.setattr(Ed25519PublicKey, "from_public_bytes", refuse)
    with pytest.raises(UnsupportedError, match="on this machine: ed25519 is not supported"):
        check_signature(read_signature(armor), MESSAGE, NAMESPACE)


class Parts(NamedTuple):
    """The fields of a signature, to be put together in other ways."""

    magic: bytes
    version: int
    key: bytes
    namespace: bytes
    reserved: bytes
    hash_name: bytes
    raw: bytes
    rest: bytes = b""

    @classmethod
    def of(cls, armor: str) -> Parts:
        reader = Reader(blob_of(armor))
        return cls(reader.take(6), reader.number(4), *reader.strings())

    @property
    def armor(self) -> str:
        fields = pack(self.key, self.namespace, self.reserved, self.hash_name, self.raw)
        return armored(self.magic + self.version.to_bytes(4) + fields + self.rest)


WEBAUTHN = pack("webauthn-sk-ecdsa-sha2-nistp256@openssh.com")

# What is done to the text, and what we say of it; ssh-keygen refuses all of them, too.
BROKEN_TEXTS: dict[str, tuple[Callable[[str], str], str]] = {
    "nothing": (lambda _: "", "does not begin with"),
    "text before": (lambda armor: "x\n" + armor, "does not begin with"),
    "a space before": (lambda armor: " " + armor, "does not begin with"),
    "another kind": (lambda armor: armor.replace("SSH", "PGP"), "does not begin with"),
    "no line after the head": (lambda armor: armor.replace("-----\n", "-----", 1), "not begin"),
    "no end": (lambda armor: armor.replace(END, ""), "does not end with"),
    "an end in a line": (lambda armor: armor.replace("\n" + END, END), "does not end with"),
    "a strange letter": (lambda armor: armor.replace("U", "!", 1), "not"),
    "a letter of another script": (lambda armor: armor.replace("U1NI", "U1N\u0406"), "not base64"),
    "padding too much": (lambda armor: armor.replace("\n" + END, "=\n" + END), "not base64"),
    "nothing inside": (lambda _: armored(b""), "cut short"),
    "a NUL": (lambda armor: armor.replace("U1NI", "U1N\0I"), "not base64"),
}

BROKEN_PARTS: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "another magic": (lambda parts: parts._replace(magic=b"SSHSIh"), "no SSH signature"),
    "a later version": (lambda parts: parts._replace(version=2), "no SSH signature"),
    "no namespace": (lambda parts: parts._replace(namespace=b""), "an empty namespace"),
    "another namespace": (lambda parts: parts._replace(namespace=b"git"), "made for 'git'"),
    "a namespace with NUL": (lambda parts: parts._replace(namespace=b"a\0b"), "a NUL"),
    "sha1": (lambda parts: parts._replace(hash_name=b"sha1"), "a hash of type 'sha1'"),
    "md5": (lambda parts: parts._replace(hash_name=b"md5"), "a hash of type 'md5'"),
    "the other hash": (lambda parts: parts._replace(hash_name=b"sha256"), "does not fit"),
    "bytes after": (lambda parts: parts._replace(rest=b"\0"), "bytes after its end"),
    "bytes after the key": (lambda parts: parts._replace(key=parts.key + b"\0"), "bytes after"),
    "bytes after the raw": (lambda parts: parts._replace(raw=parts.raw + b"\0"), "bytes after"),
    "a short key": (lambda parts: parts._replace(key=parts.key[:-1]), "cut short"),
    "no key": (lambda parts: parts._replace(key=b""), "cut short"),
    "no raw": (lambda parts: parts._replace(raw=b""), "cut short"),
    "a raw of another type": (
        lambda parts: parts._replace(raw=pack("ssh-rsa", b"x" * 64)),
        "a signature of type 'ssh-rsa'",
    ),
    "a long raw": (lambda parts: parts._replace(raw=pack("ssh-ed25519", b"x" * 65)), "not fit"),
    "a point too short": (
        lambda parts: parts._replace(key=pack("ssh-ed25519", b"x" * 31)),
        "a key of a wrong length",
    ),
    "a weak point": (
        lambda parts: parts._replace(key=pack("ssh-ed25519", b"\xff" * 32)),
        "does not fit",
    ),
}


@pytest.mark.parametrize("case", BROKEN_TEXTS)
def test_a_text_that_is_no_signature(case: str, keys: dict[str, Path], tmp_path: Path) -> None:
    change, said = BROKEN_TEXTS[case]
    broken = change(sign(load_private_key(keys["ed25519"])))
    assert said in why_not(broken)
    assert not is_good_for_keygen(tmp_path, broken)


@pytest.mark.parametrize("case", BROKEN_PARTS)
def test_a_signature_with_a_wrong_part(case: str, keys: dict[str, Path], tmp_path: Path) -> None:
    change, said = BROKEN_PARTS[case]
    broken = change(Parts.of(sign(load_private_key(keys["ed25519"])))).armor
    assert said in why_not(broken)
    assert not is_good_for_keygen(tmp_path, broken)


def test_we_refuse_more_than_ssh_keygen(keys: dict[str, Path]) -> None:
    armor = sign(load_private_key(keys["ed25519"]))
    parts = Parts.of(armor)
    assert "does not end with" in why_not(armor + "x")
    assert "too long" in why_not(armor + "\n" * 65536)
    assert "a reserved field" in why_not(parts._replace(reserved=b"x").armor)
    assert "no SSH signature of version 1" in why_not(parts._replace(version=0).armor)
    assert "a NUL" in why_not(parts._replace(namespace=parts.namespace + b"\0").armor)


def test_white_space_says_nothing(keys: dict[str, Path], tmp_path: Path) -> None:
    """CRLF comes from mails and editors; git takes it away before it asks ssh-keygen."""
    armor = sign(load_private_key(keys["ed25519"]))
    assert is_good(armor.replace("\n", "\r\n"))
    one_line = armored(blob_of(armor))
    wide = armor.replace("1", "1 \t\v\f\r\n")
    for text in (one_line, wide, armor.rstrip("\n"), armor + " \n"):
        assert is_good(text)
        assert is_good_for_keygen(tmp_path, text)


def test_stray_bits_in_base64(keys: dict[str, Path], tmp_path: Path) -> None:
    """Two texts of one signature would be two signatures."""
    armor = sign(load_private_key(keys["ed25519"]), namespace="git")
    at = armor.index("=") - 1
    broken = armor[:at] + chr(ord(armor[at]) + 1) + armor[at + 1 :]
    assert "stray bits" in why_not(broken)
    assert not is_good_for_keygen(tmp_path, broken, namespace="git")


def test_rsa_with_sha1(keys: dict[str, Path], tmp_path: Path) -> None:
    parts = Parts.of(sign(load_private_key(keys["rsa"])))
    reader = Reader(parts.raw)
    assert reader.text() == "rsa-sha2-512"
    sha1 = parts._replace(raw=pack("ssh-rsa", reader.string()))
    assert "a signature of type 'ssh-rsa' by an RSA key" in why_not(sha1.armor)
    assert not is_good_for_keygen(tmp_path, sha1.armor)


def test_rsa_without_leading_zeros(keys: dict[str, Path], tmp_path: Path) -> None:
    """One signature in 256 has one, which some signers drop."""
    key = load_private_key(keys["rsa"])
    for number in range(10_000):
        message = b"%d" % number
        parts = Parts.of(sign(key, message))
        reader = Reader(parts.raw)
        name, raw = reader.text(), reader.string()
        if raw[0] == 0:
            break
    short = parts._replace(raw=pack(name, raw[1:])).armor
    assert is_good(short, message)
    assert is_good_for_keygen(tmp_path, short, message)


@pytest.mark.parametrize("bits", [512, 16392])
def test_rsa_keys_of_strange_sizes(bits: int, keys: dict[str, Path], tmp_path: Path) -> None:
    parts = Parts.of(sign(load_private_key(keys["rsa"])))
    key = pack("ssh-rsa", mpint_bytes(65537), mpint_bytes(2**bits - 1))
    assert why_not(parts._replace(key=key).armor)
    assert not is_good_for_keygen(tmp_path, parts._replace(key=key).armor)


@pytest.mark.parametrize("exponent", [0, 1, 65536, 2**2047])
def test_rsa_keys_with_strange_exponents(exponent: int, keys: dict[str, Path]) -> None:
    parts = Parts.of(sign(load_private_key(keys["rsa"])))
    key = pack("ssh-rsa", mpint_bytes(exponent), mpint_bytes(2**2047 + 1))
    assert why_not(parts._replace(key=key).armor)


def test_points_off_the_curve(keys: dict[str, Path], tmp_path: Path) -> None:
    parts = Parts.of(sign(load_private_key(keys["p256"])))
    point = parts.key[-65:]
    off = parts._replace(key=parts.key[:-1] + bytes([parts.key[-1] ^ 1]))
    short = pack("ecdsa-sha2-nistp256", "nistp256", b"\x02" + point[1:33])
    other = pack("ecdsa-sha2-nistp256", "nistp384", point)
    for broken, said in [
        (off, "no point of its curve"),
        (parts._replace(key=short), "no point of its curve"),
        (parts._replace(key=other), "another curve"),
    ]:
        assert said in why_not(broken.armor)
        assert not is_good_for_keygen(tmp_path, broken.armor)


def test_a_key_that_signs_wrongly_is_found_out_before_anything_is_written(
    keys: dict[str, Path],
) -> None:
    one, other = load_private_key(keys["ed25519"]), load_private_key(keys["authority"])
    with pytest.raises(SigningError, match="not good: does not fit these bytes and this key"):
        sign(one._replace(public=other.public))


@pytest.mark.parametrize("name", EVERY)
def test_flipped_and_cut_signatures(name: str, keys: dict[str, Path]) -> None:
    flip_and_cut(keys[name], rounds=100)


@pytest.mark.full
@pytest.mark.parametrize("name", EVERY)
def test_flipped_and_cut_signatures_by_the_thousand(name: str, keys: dict[str, Path]) -> None:
    flip_and_cut(keys[name], rounds=3000)


def flip_and_cut(key: Path, rounds: int) -> None:
    """Damage armor, blob or message: never good, unless the same bytes come out of the armor."""
    armor = sign(load_private_key(key))
    blob, chance = blob_of(armor), random.Random(key.name)
    good = 0
    for number in range(rounds):
        match number % 3:
            case 0:
                broken = damage(armor.encode(), chance).decode("latin-1")
                good += is_good(broken)
                assert not is_good(broken) or blob_of(broken.replace("\r\n", "\n")) == blob
            case 1:
                assert not is_good(armored(damage(blob, chance)))
            case _:
                assert not is_good(armor, damage(MESSAGE, chance))
    assert good < rounds / 30  # white space that became other white space


def damage(content: bytes, chance: random.Random) -> bytes:
    """One bit flipped, or some bytes cut out."""
    at = chance.randrange(len(content))
    if chance.random() < 0.7:
        return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
    return content[:at] + content[at + chance.randint(1, 40) :]
