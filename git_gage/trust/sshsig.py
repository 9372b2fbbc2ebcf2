"""SSH signatures of bytes: the text form that git and ssh-keygen use, read, checked and made.

Source: OpenSSH's PROTOCOL.sshsig. The reader refuses all that `ssh-keygen -Y verify` refuses, and
text after the end, a reserved field with content, and version 0; CRLF is let through.
"""

from __future__ import annotations

from typing import NamedTuple

from git_gage.safe import clean
from git_gage.trust.errors import SignatureError, SigningError, UnsupportedError
from git_gage.trust.keys import PublicKey, SigningKey, read_public_key
from git_gage.trust.wire import (
    MAX_TEXT,
    Reader,
    decode_base64,
    encode_base64,
    pack,
)

BEGIN = "-----BEGIN SSH SIGNATURE-----"
END = "-----END SSH SIGNATURE-----"
# As ssh-keygen breaks its lines.
COLUMNS = 70

_MAGIC = b"SSHSIG"
_VERSION = 1
_HASHES = ("sha256", "sha512")
_DEFAULT_HASH = "sha512"


class Signature(NamedTuple):
    """What a signature says of itself; `raw` is the key's own signature in SSH wire form."""

    key: PublicKey
    namespace: str
    hash_name: str
    raw: bytes


def read_signature(armor: str) -> Signature:
    """The signature in a text, not checked yet.

    Raises: SignatureError if it is malformed; UnsupportedError for a key type not known here.
    """
    reader = Reader(_open_armor(armor))
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number(4) != _VERSION:
        raise SignatureError("no SSH signature of version 1")
    key, namespace = reader.string(), reader.text()
    reserved, hash_name, raw = reader.string(), reader.text(), reader.string()
    reader.end()
    if not namespace or reserved:
        raise SignatureError("an empty namespace, or a reserved field that is not empty")
    if hash_name not in _HASHES:
        raise SignatureError(f"a hash of type '{clean(hash_name)[:80]}'")
    return Signature(read_public_key(key), namespace, hash_name, raw)


def check_signature(signature: Signature, message: bytes, namespace: str) -> None:
    """Make sure that a signature is of these bytes, for this use, by the key that it names.

    Whose key that is, and whether it is still good, is not looked at.

    Raises: SignatureError if it is not; UnsupportedError if it cannot be found out here.
    """
    if signature.namespace != namespace:
        made_for = clean(signature.namespace)[:80]
        raise SignatureError(f"made for '{made_for}', not for '{namespace}'")
    data = _signed_data(message, namespace, signature.hash_name)
    signature.key.check(data, signature.raw)


def make_signature(key: SigningKey, message: bytes, namespace: str) -> str:
    """The text of a signature, lines of 70 columns, a newline at its end; it was checked.

    Raises: SigningError if the key cannot sign.
    """
    data = _signed_data(message, namespace, _DEFAULT_HASH)
    raw = key.sign_raw(data)
    try:
        key.public.check(data, raw)
    except (SignatureError, UnsupportedError) as error:
        raise SigningError(f"sign: the key made a signature that is not good: {error}") from error
    blob = _MAGIC + _VERSION.to_bytes(4) + pack(key.public.blob, namespace, b"", _DEFAULT_HASH, raw)
    text = encode_base64(blob)
    lines = [text[at : at + COLUMNS] for at in range(0, len(text), COLUMNS)]
    return "\n".join([BEGIN, *lines, END, ""])


def _signed_data(message: bytes, namespace: str, hash_name: str) -> bytes:
    import hashlib

    return _MAGIC + pack(namespace, b"", hash_name, hashlib.new(hash_name, message).digest())


def _open_armor(armor: str) -> bytes:
    if len(armor) > MAX_TEXT:
        raise SignatureError("too long for a signature")
    text = armor.replace("\r\n", "\n")
    if not text.startswith(BEGIN + "\n"):
        raise SignatureError(f"does not begin with '{BEGIN}'")
    body, end, rest = text.removeprefix(BEGIN).partition("\n" + END)
    if not end or rest.strip(" \t\n"):
        raise SignatureError(f"does not end with '{END}'")
    return decode_base64(body)
