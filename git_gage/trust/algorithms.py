"""The mathematics of SSH's plain key types: the numbers of a public key, and a check by them.

Source: RFC 4253 section 6.6, RFC 5656, RFC 8332 (RSA with SHA-2), RFC 8709 (Ed25519),
OpenSSH's PROTOCOL.u2f (keys on security tokens). SHA-1 is refused wherever it comes up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from git_gage.safe import clean
from git_gage.trust.errors import SignatureError, UnsupportedError
from git_gage.trust.wire import MAX_BITS, Reader

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

MIN_RSA_BITS = 1024

_TOKEN_TAIL = 5  # flags, counter


class Ed25519(NamedTuple):
    point: bytes


class Ecdsa(NamedTuple):
    """`curve` is `nistp256`, `nistp384` or `nistp521`; `point` is uncompressed (0x04, x, y)."""

    curve: str
    point: bytes


class Rsa(NamedTuple):
    exponent: int
    modulus: int


class Token(NamedTuple):
    """A key on a security token; `application` is what it was made for, usually `ssh:`."""

    key: Ed25519 | Ecdsa
    application: bytes


Numbers = Ed25519 | Ecdsa | Rsa | Token


def read_numbers(kind: str, reader: Reader) -> Numbers:
    """The numbers of a public key of a plain type.

    Raises: SignatureError if they cannot belong to such a key; UnsupportedError for other types.
    """
    read = _READERS.get(kind)
    if read is None:
        _refuse_type("key", kind)
    return read(kind, reader)


def check_raw(kind: str, numbers: Numbers, data: bytes, signature: bytes) -> None:
    """Make sure that a signature (SSH wire form) of `data` was made with the key.

    Raises: SignatureError if it was not; UnsupportedError if that cannot be found out here.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    reader = Reader(signature)
    name, raw = reader.text(), reader.string()
    if not isinstance(numbers, Rsa):
        _expect_type(name, kind)
    if isinstance(numbers, Token):
        data = _token_data(numbers, reader.take(_TOKEN_TAIL), data)
        numbers = numbers.key
    reader.end()
    try:
        _check_numbers(numbers, data, raw, name)
    except InvalidSignature as error:
        raise SignatureError("does not fit these bytes and this key") from error
    except UnsupportedAlgorithm as error:
        raise UnsupportedError(f"cryptography on this machine: {clean(str(error))}") from error


def curve_and_hash(curve: str) -> tuple[EllipticCurve, HashAlgorithm]:
    """The curve of that SSH name and the hash that goes with it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    if curve == "nistp256":
        return ec.SECP256R1(), hashes.SHA256()
    if curve == "nistp384":
        return ec.SECP384R1(), hashes.SHA384()
    return ec.SECP521R1(), hashes.SHA512()


def _read_ed25519(_: str, reader: Reader) -> Ed25519:
    point = reader.string()
    if len(point) != 32:
        raise SignatureError("a key of a wrong length")
    return Ed25519(point)


def _read_ecdsa(kind: str, reader: Reader) -> Ecdsa:
    curve, point = reader.text(), reader.string()
    if curve not in kind:
        raise SignatureError("a key on another curve than its type says")
    if point[:1] != b"\x04" or len(point) != 1 + 2 * _COORDINATE_BYTES[curve]:
        raise SignatureError("a key that is no point of its curve")
    return Ecdsa(curve, point)


def _read_rsa(_: str, reader: Reader) -> Rsa:
    exponent, modulus = reader.mpint(), reader.mpint()
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_BITS:
        raise SignatureError(f"an RSA key of {modulus.bit_length()} bits")
    return Rsa(exponent, modulus)


def _read_token(kind: str, reader: Reader) -> Token:
    read = _read_ed25519 if "ed25519" in kind else _read_ecdsa
    key = read(kind, reader)
    application = reader.string()
    return Token(key, application)


_COORDINATE_BYTES = {"nistp256": 32, "nistp384": 48, "nistp521": 66}
_READERS: dict[str, Callable[[str, Reader], Numbers]] = {
    "ssh-ed25519": _read_ed25519,
    "ecdsa-sha2-nistp256": _read_ecdsa,
    "ecdsa-sha2-nistp384": _read_ecdsa,
    "ecdsa-sha2-nistp521": _read_ecdsa,
    "ssh-rsa": _read_rsa,
    "sk-ssh-ed25519@openssh.com": _read_token,
    "sk-ecdsa-sha2-nistp256@openssh.com": _read_token,
}


def _expect_type(name: str, kind: str) -> None:
    if name == f"webauthn-{kind}":
        _refuse_type("signature", name)
    if name != kind:
        raise SignatureError(f"a signature of type '{clean(name)}' by a key of type '{kind}'")


def _refuse_type(what: str, name: str) -> NoReturn:
    raise UnsupportedError(f"{what}s of type '{clean(name)[:80]}' cannot be checked here")


def _token_data(token: Token, tail: bytes, data: bytes) -> bytes:
    import hashlib

    application = hashlib.sha256(token.application).digest()
    return application + tail + hashlib.sha256(data).digest()


def _check_numbers(numbers: Ed25519 | Ecdsa | Rsa, data: bytes, raw: bytes, name: str) -> None:
    if isinstance(numbers, Ed25519):
        _check_ed25519(numbers, data, raw)
    elif isinstance(numbers, Ecdsa):
        _check_ecdsa(numbers, data, raw)
    else:
        _check_rsa(numbers, data, raw, name)


def _check_ed25519(numbers: Ed25519, data: bytes, raw: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(numbers.point).verify(raw, data)


def _check_ecdsa(numbers: Ecdsa, data: bytes, raw: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    reader = Reader(raw)
    r, s = reader.mpint(), reader.mpint()
    reader.end()
    curve, hashed = curve_and_hash(numbers.curve)
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(curve, numbers.point)
    except ValueError as error:
        raise SignatureError("a key that is no point of its curve") from error
    public.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(hashed))


def _check_rsa(numbers: Rsa, data: bytes, raw: bytes, name: str) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    hashed: dict[str, hashes.HashAlgorithm] = {
        "rsa-sha2-256": hashes.SHA256(),
        "rsa-sha2-512": hashes.SHA512(),
    }
    if name not in hashed:
        raise SignatureError(f"a signature of type '{clean(name)[:80]}' by an RSA key")
    try:
        public = rsa.RSAPublicNumbers(numbers.exponent, numbers.modulus).public_key()
    except ValueError as error:
        raise SignatureError("an RSA key with wrong numbers") from error
    # Some signers leave leading zeros out, which OpenSSH puts back, too.
    raw = raw.rjust((numbers.modulus.bit_length() + 7) // 8, b"\0")
    public.verify(raw, data, padding.PKCS1v15(), hashed[name])
