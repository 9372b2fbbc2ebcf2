"""Envelopes: signed so that a library which is not ours takes them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from git_gage.trust.algorithms import Token
from git_gage.trust.envelope import make_envelope, pre_auth_encoding
from git_gage.trust.errors import SigningError
from git_gage.trust.private import FileKey, load_private_key
from tests.signing import make_key, run

KIND = "application/vnd.in-toto+json"
PAYLOAD = b'{"a":"\xc3\xa9"}'


def test_what_is_signed_is_as_the_specification_says() -> None:
    """The vector of DSSE's protocol.md."""
    assert pre_auth_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def public_key(path: Path, keyid: str) -> SSlibKey:
    public = load_ssh_public_key(path.with_suffix(".pub").read_bytes())
    scheme = "rsa-pkcs1v15-sha512" if "rsa" in path.name else None
    return SSlibKey.from_crypto(public, keyid=keyid, scheme=scheme)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa"])
def test_another_library_verifies_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    name, _, bits = kind.partition("-")
    if bits:
        run("ssh-keygen", "-q", "-t", name, "-b", bits, "-N", "", "-f", path)
    else:
        make_key(path, kind=name)
    key = load_private_key(path)
    envelope = make_envelope(KIND, PAYLOAD, key)
    (signature,) = envelope["signatures"]
    assert signature["keyid"] == key.public.fingerprint
    assert base64.b64decode(envelope["payload"]) == PAYLOAD
    known = public_key(path, signature["keyid"])
    text = json.dumps(envelope)
    assert Envelope.from_dict(json.loads(text)).verify([known], 1)
    forged = json.loads(text) | {"payload": base64.b64encode(b'{"a":"b"}').decode()}
    with pytest.raises(VerificationError):
        Envelope.from_dict(forged).verify([known], 1)
    other = json.loads(text) | {"payloadType": "text/plain"}
    with pytest.raises(VerificationError):
        Envelope.from_dict(other).verify([known], 1)


def test_openssl_verifies_it(tmp_path: Path) -> None:
    """No library at all: the bytes and the numbers."""
    path = tmp_path / "key"
    make_key(path, kind="ecdsa")
    envelope = make_envelope(KIND, PAYLOAD, load_private_key(path))
    pem = run("ssh-keygen", "-e", "-m", "PKCS8", "-f", path.with_suffix(".pub"))
    (tmp_path / "pem").write_bytes(pem)
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    (tmp_path / "data").write_bytes(b"DSSEv1 28 %b %d %b" % (KIND.encode(), len(PAYLOAD), PAYLOAD))
    check = ("openssl", "dgst", "-sha256", "-verify", tmp_path / "pem", "-signature")
    assert run(*check, tmp_path / "sig", tmp_path / "data") == b"Verified OK\n"


def test_without_a_key_nobody_signs() -> None:
    assert make_envelope(KIND, PAYLOAD, None)["signatures"] == []


def test_a_token_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    plain = load_private_key(tmp_path / "key").public

    def touch(_data: bytes) -> bytes:
        raise AssertionError("it was touched")

    numbers = plain.numbers
    assert not isinstance(numbers, Token)
    token = plain._replace(numbers=Token(numbers, b"ssh:"))  # type: ignore[arg-type]
    with pytest.raises(SigningError, match="a key on a security token cannot sign this"):
        make_envelope(KIND, PAYLOAD, FileKey(token, touch))
