"""Public keys: text, blob, fingerprint and certificate are what ssh-keygen says they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.trust.errors import SignatureError, UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.wire import Reader, mpint_bytes, pack
from tests.unit.trust.keygen import KINDS, certify, keygen, make_key


def read(path: Path) -> PublicKey:
    return read_public_key(path.read_text())


def read_pub(key: Path) -> PublicKey:
    return read(key.with_name(f"{key.name}.pub"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_in_all_its_forms(kind: str, keys: dict[str, Path]) -> None:
    text = keys[kind].with_name(f"{kind}.pub").read_text()
    key = read_public_key(text)
    assert key.text == text.strip()
    assert key.certificate is None
    assert key.fingerprint in keygen("-l", "-f", keys[kind])[1]
    assert read_public_key(key.blob) == key
    for form in (f"key::{text}", f"{key.text} sam@laptop of work", f"  {key.text}\r\n"):
        assert read_public_key(form) == key


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_is_of_the_key_that_it_holds(kind: str, keys: dict[str, Path]) -> None:
    plain, certified = read_pub(keys[kind]), read(keys[f"{kind}-cert.pub"])
    assert certified.type != plain.type
    assert (certified.kind, certified.plain) == (plain.kind, plain.blob)
    assert certified.fingerprint == plain.fingerprint
    assert certified.fingerprint in keygen("-l", "-f", keys[f"{kind}-cert.pub"])[1]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_certificate_says(kind: str, keys: dict[str, Path], tmp_path: Path) -> None:
    """Each kind of key as the authority, too."""
    key = make_key(tmp_path / "key")
    path = certify(
        keys[kind],
        key,
        *("-z", "17", "-V", "20260101000000:20270101000000", "-O", "force-command=ls"),
        name="sam@example.com,ana@example.com",
    )
    certificate = read(path).certificate
    assert certificate is not None
    assert (certificate.serial, certificate.key_id, certificate.for_user) == (17, "id", True)
    assert certificate.principals == ("sam@example.com", "ana@example.com")
    assert (certificate.valid_after, certificate.valid_before) == (1767225600, 1798761600)
    assert certificate.authority == read_pub(keys[kind])


def test_certificates_of_hosts_and_of_nobody(keys: dict[str, Path], tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    host = read(certify(keys["authority"], key, "-h")).certificate
    assert host is not None
    assert not host.for_user
    nobody = read(certify(keys["authority"], key, name="")).certificate
    assert nobody is not None
    assert nobody.principals == ()
    assert nobody.valid_before == 2**64 - 1


def test_a_name_in_a_certificate_that_is_not_utf8(keys: dict[str, Path], tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    certificate = read(certify(keys["authority"], key, name="s\udce4m")).certificate
    assert certificate is not None
    assert certificate.principals == ("s\udce4m",)


def test_a_certificate_that_its_authority_did_not_sign(
    keys: dict[str, Path], tmp_path: Path
) -> None:
    honest = read(keys["ed25519-cert.pub"])
    forged = honest.blob.replace(b"sam@example.com", b"ana@example.com")
    with pytest.raises(SignatureError, match="does not fit"):
        read_public_key(forged)


def test_rsa_numbers_spelled_in_another_way_are_the_same_key(keys: dict[str, Path]) -> None:
    """OpenSSH reads leading zeros, too; a revoked key must not come back with one."""
    key = read_pub(keys["rsa"])
    reader = Reader(key.blob)
    name, exponent, modulus = reader.string(), reader.string(), reader.string()
    wide = read_public_key(pack(name, b"\0" + exponent, b"\0" + modulus))
    assert wide.blob != key.blob
    assert (wide.plain, wide.fingerprint) == (key.plain, key.fingerprint)


def rebuilt(certified: PublicKey, **changes: bytes) -> bytes:
    """An Ed25519 certificate with other fields; its signature is not made anew."""
    reader = Reader(certified.blob)
    fields = {
        "start": pack(*(reader.string() for _ in range(3))) + reader.take(8),
        "role": reader.take(4),
        "key_id": pack(reader.string()),
        "principals": pack(reader.string()),
        "times": reader.take(16),
        "critical": pack(reader.string()),
        "extensions": pack(reader.string()),
        "reserved": pack(reader.string()),
        "authority": pack(reader.string()),
        "signature": pack(reader.string()),
    }
    return b"".join({**fields, **changes}.values())


def test_broken_certificates(keys: dict[str, Path]) -> None:
    honest = read(keys["ed25519-cert.pub"])
    assert rebuilt(honest) == honest.blob
    for changes, said in [
        ({"role": b"\0\0\0\3"}, "neither of a user nor of a host"),
        ({"principals": pack(pack(*["sam"] * 257))}, "too many principals"),
        ({"principals": pack(pack("a\0b"))}, "a NUL"),
        ({"critical": pack(pack("force-command"))}, "an option without a value"),
        ({"authority": pack(honest.blob)}, "signed by another certificate"),
        ({"signature": pack(b"")}, "cut short"),
        ({"signature": b""}, "cut short"),
    ]:
        with pytest.raises(SignatureError, match=said):
            read_public_key(rebuilt(honest, **changes))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a type and base64"),
        ("ssh-ed25519", "a type and base64"),
        ("ssh-ed25519 %%%", "not base64"),
        ("ssh-ed25519 AAAA", "cut short"),
        ("ssh-ed25519 ÄÄÄÄ", "not base64"),
        ("x" * 65537, "too long"),
    ],
)
def test_text_that_is_no_key(text: str, said: str) -> None:
    with pytest.raises(SignatureError, match=said):
        read_public_key(text)


def test_text_and_key_of_two_types(keys: dict[str, Path]) -> None:
    text = read_pub(keys["ed25519"]).text.replace("ssh-ed25519", "ssh-rsa")
    with pytest.raises(SignatureError, match="another type than the text says"):
        read_public_key(text)


def test_types_that_are_not_known_here() -> None:
    with pytest.raises(UnsupportedError, match=r"keys of type 'ssh-dss' cannot be checked"):
        read_public_key(pack("ssh-dss", b"\1"))
    with pytest.raises(UnsupportedError, match=r"keys of type '\\x1b\[31m' cannot"):
        read_public_key(pack("\x1b[31m", b"\1"))


def test_numbers_that_no_key_has() -> None:
    with pytest.raises(SignatureError, match="a negative number"):
        read_public_key(pack("ssh-rsa", b"\x80", b"\1"))
    with pytest.raises(SignatureError, match="more than 16,384 bits"):
        read_public_key(pack("ssh-rsa", b"\3", b"\1" * 2050))
    with pytest.raises(SignatureError, match="an RSA key of 1023 bits"):
        read_public_key(pack("ssh-rsa", b"\3", mpint_bytes(2**1023 - 1)))


@given(st.integers(0, 2**600))
def test_numbers_are_written_as_they_are_read(number: int) -> None:
    assert Reader(pack(mpint_bytes(number))).mpint() == number
    assert len(mpint_bytes(number)) <= number.bit_length() // 8 + 1


@given(st.lists(st.binary(max_size=9)))
def test_strings_are_written_as_they_are_read(values: list[bytes]) -> None:
    assert Reader(pack(*values)).strings() == values


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_anything_else_is_refused_in_one_way(rubbish: bytes | str) -> None:
    with pytest.raises((SignatureError, UnsupportedError)):
        read_public_key(rubbish)
