"""Values as SSH writes them: lengths before strings, big-endian numbers, base64.

Source: RFC 4251 section 5; what is refused follows OpenSSH's sshbuf and b64_pton.
"""

from __future__ import annotations

import binascii

from git_gage.trust.errors import SignatureError

# The largest number that OpenSSH reads, in bits; with its sign it takes one byte more.
MAX_BITS = 16384
# No key, certificate or signature that OpenSSH makes comes near it.
MAX_TEXT = 64 * 1024

_SPACE = str.maketrans("", "", " \t\n\v\f\r")


class Reader:
    """Takes values off bytes, front to back.

    Raises: SignatureError, from each method, if the value is not there whole or not well formed.
    """

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def taken(self) -> bytes:
        """All bytes up to the next value."""
        return self._data[: self._at]

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise SignatureError("cut short")
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def number(self, size: int) -> int:
        """An unsigned number of so many bytes."""
        return int.from_bytes(self.take(size))

    def string(self) -> bytes:
        return self.take(self.number(4))

    def text(self) -> str:
        """A string without NUL; see `decode_text`."""
        return decode_text(self.string())

    def mpint(self) -> int:
        """A number >= 0 of at most 16,384 bits."""
        value = self.string()
        if value[:1] >= b"\x80":
            raise SignatureError("a negative number")
        if len(value) > MAX_BITS // 8 + 1:
            raise SignatureError("a number of more than 16,384 bits")
        return int.from_bytes(value)

    def strings(self) -> list[bytes]:
        """All that is left, as strings."""
        found = []
        while self._at < len(self._data):
            found.append(self.string())
        return found

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self._at != len(self._data):
            raise SignatureError("bytes after its end")


def pack(*values: bytes | str) -> bytes:
    """The values as SSH strings, one after the other."""
    encoded = [encode_text(value) if isinstance(value, str) else value for value in values]
    return b"".join(len(value).to_bytes(4) + value for value in encoded)


def decode_text(value: bytes) -> str:
    """Text without NUL; bytes that are not UTF-8 become lone surrogates."""
    if b"\0" in value:
        raise SignatureError("a NUL in a text")
    return value.decode(errors="surrogateescape")


def encode_text(text: str) -> bytes:
    """The bytes that `decode_text` made this of."""
    return text.encode(errors="surrogateescape")


def mpint_bytes(value: int) -> bytes:
    """A number >= 0 as the content of an mpint: no more bytes than needed, sign bit clear."""
    return value.to_bytes(value.bit_length() // 8 + 1) if value else b""


def decode_base64(text: str) -> bytes:
    """Base64 with white space anywhere.

    Raises: SignatureError for what OpenSSH refuses: other characters, wrong padding, stray bits.
    """
    packed = text.translate(_SPACE)
    try:
        data = binascii.a2b_base64(packed, strict_mode=True)
    except ValueError as error:
        raise SignatureError("not base64") from error
    if encode_base64(data) != packed:
        raise SignatureError("base64 with stray bits")
    return data


def encode_base64(data: bytes) -> str:
    """Base64 on one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")
