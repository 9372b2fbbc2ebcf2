"""DSSE: an envelope whose payload is signed as it is, so that tools that are not ours can check it.

Source: secure-systems-lab/dsse, protocol.md and envelope.md; RFC 8032 (Ed25519), RFC 3279 (ECDSA
signatures in DER).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from git_gage.trust.algorithms import Ecdsa, Token
from git_gage.trust.errors import SigningError
from git_gage.trust.wire import Reader, encode_base64

if TYPE_CHECKING:
    from git_gage.trust.keys import SigningKey


def make_envelope(kind: str, payload: bytes, key: SigningKey | None) -> dict[str, Any]:
    """An envelope around a payload of a media type, signed if there is a key.

    Raises: SigningError if the key cannot sign so.
    """
    signatures = [] if key is None else [_sign(pre_auth_encoding(kind, payload), key)]
    return {"payload": encode_base64(payload), "payloadType": kind, "signatures": signatures}


def pre_auth_encoding(kind: str, payload: bytes) -> bytes:
    """The bytes that are signed: what the payload is, and the payload, with their lengths."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def _sign(data: bytes, key: SigningKey) -> dict[str, str]:
    public = key.public
    if isinstance(public.numbers, Token):
        raise SigningError(
            "a key on a security token cannot sign this: it signs more than was asked for",
            hint="export it with '--no-sign', or with '--sign=<key>' of another kind",
        )
    raw = key.sign_raw(data)
    public.check(data, raw)
    reader = Reader(raw)
    reader.string()  # the name of the algorithm
    signature = reader.string()
    if isinstance(public.numbers, Ecdsa):
        signature = _encode_der(signature)
    return {"keyid": public.fingerprint, "sig": encode_base64(signature)}


def _encode_der(signature: bytes) -> bytes:
    """An ECDSA signature as all the world but SSH writes it."""
    from cryptography.hazmat.primitives.asymmetric import utils

    reader = Reader(signature)
    return utils.encode_dss_signature(reader.mpint(), reader.mpint())
