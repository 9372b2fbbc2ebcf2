"""Public keys and certificates of SSH.

Source: RFC 4253 section 6.6; OpenSSH's PROTOCOL.certkeys.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from git_gage.trust.algorithms import Numbers, Rsa, check_raw, read_numbers
from git_gage.trust.errors import SignatureError
from git_gage.trust.wire import (
    MAX_TEXT,
    Reader,
    decode_base64,
    decode_text,
    encode_base64,
    mpint_bytes,
    pack,
)

_CERTIFICATE = "-cert-v01@openssh.com"
_TOKEN = "@openssh.com"
_MAX_PRINCIPALS = 256
_USER, _HOST = 1, 2


class Certificate(NamedTuple):
    """What an authority says of a key; its signature was checked when it was read.

    Units: `valid_after` (inclusive) and `valid_before` (exclusive) are Unix seconds.
    """

    serial: int
    key_id: str
    for_user: bool
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    authority: PublicKey


class PublicKey(NamedTuple):
    """A public key, maybe with a certificate.

    `type` and `blob` are those of the certificate where there is one; `plain` is the blob of the
    key itself, always in the same bytes, `kind` its type.
    """

    blob: bytes
    type: str
    plain: bytes
    kind: str
    numbers: Numbers
    certificate: Certificate | None = None

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` as `ssh-keygen -l` shows it: of the key, also where there is a certificate."""
        import hashlib

        return "SHA256:" + encode_base64(hashlib.sha256(self.plain).digest()).rstrip("=")

    @property
    def text(self) -> str:
        """As it stands in a `.pub` file, without a comment."""
        return f"{self.type} {encode_base64(self.blob)}"

    def check(self, data: bytes, signature: bytes) -> None:
        """Make sure that a signature (SSH wire form) of `data` was made with this key.

        Raises: SignatureError if it was not; UnsupportedError if it cannot be found out here.
        """
        check_raw(self.kind, self.numbers, data, signature)


class SigningKey(Protocol):
    """A key that can sign, wherever its private half is."""

    @property
    def public(self) -> PublicKey:
        """With its certificate, if signatures are to carry one."""
        ...

    def sign_raw(self, data: bytes) -> bytes:
        """A signature of `data` in SSH wire form.

        Raises: SigningError.
        """
        ...


def read_public_key(text_or_blob: str | bytes) -> PublicKey:
    """A public key from its blob, or from text: `ssh-… AAAA…`, also after git's `key::`.

    Raises: SignatureError if it is malformed; UnsupportedError for a type not known here.
    """
    if isinstance(text_or_blob, bytes):
        return _read_blob(text_or_blob)
    if len(text_or_blob) > MAX_TEXT:
        raise SignatureError("too long for a key")
    words = re.split("[ \t]+", text_or_blob.removeprefix("key::").strip(" \t\r\n"), maxsplit=2)
    if len(words) < 2:
        raise SignatureError("a key is a type and base64, like 'ssh-ed25519 AAAA…'")
    key = _read_blob(decode_base64(words[1]))
    if key.type != words[0]:
        raise SignatureError("a key of another type than the text says")
    return key


def _read_blob(blob: bytes) -> PublicKey:
    reader = Reader(blob)
    name = reader.text()
    kind = _plain_type(name)
    if kind != name:
        reader.string()  # a nonce
    before = len(reader.taken)
    numbers = read_numbers(kind, reader)
    plain = pack(kind) + reader.taken[before:]
    if isinstance(numbers, Rsa):  # the one key that can be spelled in more than one way
        plain = pack(kind, mpint_bytes(numbers.exponent), mpint_bytes(numbers.modulus))
    key = PublicKey(blob, name, plain, kind, numbers)
    if kind != name:
        key = key._replace(certificate=_read_certificate(reader))
    reader.end()
    return key


def _plain_type(name: str) -> str:
    if not name.endswith(_CERTIFICATE):
        return name
    kind = name.removesuffix(_CERTIFICATE)
    return kind + _TOKEN if kind.startswith("sk-") else kind


def _read_certificate(reader: Reader) -> Certificate:
    serial, role = reader.number(8), reader.number(4)
    key_id, principals = reader.text(), _read_principals(reader.string())
    valid_after, valid_before = reader.number(8), reader.number(8)
    _expect_pairs(reader.string())  # what it restricts: of logins, not of signatures
    _expect_pairs(reader.string())
    reader.string()
    authority = _read_authority(reader.string())
    signed = reader.taken
    if role not in (_USER, _HOST):
        raise SignatureError("a certificate neither of a user nor of a host")
    authority.check(signed, reader.string())
    return Certificate(
        serial, key_id, role == _USER, principals, valid_after, valid_before, authority
    )


def _read_principals(packed: bytes) -> tuple[str, ...]:
    found = tuple(map(decode_text, Reader(packed).strings()))
    if len(found) > _MAX_PRINCIPALS:
        raise SignatureError("a certificate with too many principals")
    return found


def _expect_pairs(packed: bytes) -> None:
    if len(Reader(packed).strings()) % 2:
        raise SignatureError("a certificate with an option without a value")


def _read_authority(blob: bytes) -> PublicKey:
    if _plain_type(name := Reader(blob).text()) != name:
        raise SignatureError("a certificate signed by another certificate")
    return _read_blob(blob)
