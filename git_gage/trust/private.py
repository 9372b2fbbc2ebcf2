"""Private keys in files: read, and made for who has none.

Files without a passphrase are taken apart by hand: cryptography's way imports twice as much before
a record can be signed, and checks RSA keys for longer than ssh-keygen takes to sign.

Source: OpenSSH's PROTOCOL.key.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import describe_os_error
from git_gage.system import sync_folder
from git_gage.trust.algorithms import Ecdsa, Ed25519, Token, curve_and_hash
from git_gage.trust.errors import PassphraseError, SignatureError, SigningError, UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.wire import MAX_TEXT, Reader, decode_base64, mpint_bytes, pack

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
END = "\n-----END OPENSSH PRIVATE KEY-----"

_MAGIC = b"openssh-key-v1\0"
_BESIDE = ("-cert.pub", ".pub")
_RSA_SIGNATURE = "rsa-sha2-512"


class FileKey(NamedTuple):
    """A key whose private half was read from a file."""

    public: PublicKey
    sign_raw: Callable[[bytes], bytes]


class _Container(NamedTuple):
    """An OpenSSH key file, taken apart; `secret` is encrypted unless `cipher` is `none`."""

    cipher: str
    public: PublicKey
    secret: bytes


def load_private_key(path: Path, passphrase: bytes | None = None) -> FileKey:
    """The key in a file, of each format that ssh-keygen signs with.

    `path` may also name the `.pub` file beside it; if that is a certificate, signatures carry it.

    Raises: PassphraseError if the key is encrypted and this is not its passphrase; SigningError if
    there is no key that can be used.
    """
    wanted, path = _split(path)
    key = _load(path, passphrase)
    if wanted is None:
        return key
    if wanted.plain != key.public.plain:
        raise SigningError(f"read key '{path}': it does not belong to the '.pub' file beside it")
    return key._replace(public=wanted)


def read_public_half(path: Path) -> PublicKey:
    """The public key of a file that `load_private_key` reads, without a passphrase if it can be.

    Raises: PassphraseError for an encrypted file that is not in OpenSSH's format; SigningError.
    """
    wanted, path = _split(path)
    if wanted is not None:
        return wanted
    text = _read_secretly(path)
    if text.startswith(BEGIN):
        return _open_container(path, text).public
    return _load(path, None).public


def make_ed25519(path: Path, passphrase: bytes | None = None) -> FileKey:
    """A new key, in a new file (and, if it is missing, a folder) that only its owner can read.

    The file is there whole or not at all, and never replaces another.

    Raises: OSError if it cannot be written, FileExistsError among them.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase)
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, protection
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_new(path, text)
    return _from_private(path, private)


def _split(path: Path) -> tuple[PublicKey | None, Path]:
    """The key in a `.pub` file, if that was named, and the path of the private half."""
    ending = next((ending for ending in _BESIDE if path.name.endswith(ending)), None)
    if ending is None:
        return None, path
    try:
        public = read_public_key(path.read_bytes()[:MAX_TEXT].decode(errors="replace"))
    except OSError as error:
        raise _unreadable(path, error) from error
    except (SignatureError, UnsupportedError) as error:
        raise SigningError(f"read public key '{path}': {error}") from error
    return public, path.with_name(path.name.removesuffix(ending))


def _load(path: Path, passphrase: bytes | None) -> FileKey:
    text = _read_secretly(path)
    if not text.startswith(BEGIN):
        return _from_private(path, _load_by_library(path, text, passphrase))
    container = _open_container(path, text)
    if isinstance(container.public.numbers, Token):
        raise SigningError(f"read key '{path}': it is on a security token", hint=_ssh_add(path))
    if container.cipher != "none":
        return _with_private(container.public, _load_by_library(path, text, passphrase))
    try:
        private = _read_secret(container)
    except (SignatureError, ValueError, ZeroDivisionError) as error:
        raise SigningError(f"read key '{path}': the file is damaged") from error
    return _with_private(container.public, private)


def _read_secretly(path: Path) -> str:
    """The text of a file, if nobody else can read it: as ssh-keygen, we take no other."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            text = file.read(MAX_TEXT)
    except OSError as error:
        raise _unreadable(path, error) from error
    # On Windows the mode says nothing of what others can do.
    own = sys.platform != "win32" and status.st_uid == os.getuid()
    if own and stat.S_IMODE(status.st_mode) & 0o077:
        raise SigningError(
            f"read key '{path}': others can read it, too",
            hint=f"chmod 600 {shlex.quote(str(path))}",
        )
    return text.decode(errors="replace").replace("\r\n", "\n")


def _unreadable(path: Path, error: OSError) -> SigningError:
    return SigningError(f"read key '{path}': {describe_os_error(error)[0]}")


def _open_container(path: Path, text: str) -> _Container:
    try:
        reader = Reader(decode_base64(text.removeprefix(BEGIN).partition(END)[0]))
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise SignatureError("no key of OpenSSH")
        cipher, _, _ = reader.text(), reader.string(), reader.string()
        if reader.number(4) != 1:
            raise SignatureError("more than one key")
        return _Container(cipher, read_public_key(reader.string()), reader.string())
    except SignatureError as error:
        raise SigningError(f"read key '{path}': the file is damaged ({error})") from error
    except UnsupportedError as error:
        raise SigningError(f"read key '{path}': {error}") from error


def _read_secret(container: _Container) -> Any:
    """The private key of cryptography's that an unencrypted container holds.

    That it belongs to the public key is not checked: whoever signs checks the signature.
    """
    reader = Reader(container.secret)
    if reader.take(4) != reader.take(4) or reader.text() != container.public.kind:
        raise SignatureError("its halves do not fit")
    match container.public.numbers:
        case Ed25519():
            return _read_ed25519(reader)
        case Ecdsa(curve):
            return _read_ecdsa(reader, curve)
    return _read_rsa(reader)


def _read_ed25519(reader: Reader) -> ed25519.Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    reader.string()
    return Ed25519PrivateKey.from_private_bytes(reader.string()[:32])


def _read_ecdsa(reader: Reader, curve: str) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    reader.string()
    reader.string()
    return ec.derive_private_key(reader.mpint(), curve_and_hash(curve)[0])


def _read_rsa(reader: Reader) -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    modulus, exponent, d, iqmp, p, q = (reader.mpint() for _ in range(6))
    public = rsa.RSAPublicNumbers(exponent, modulus)
    dmp1, dmq1 = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _load_by_library(path: Path, text: str, passphrase: bytes | None) -> Any:
    from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    load: Callable[..., Any] = serialization.load_pem_private_key
    if text.startswith(BEGIN):
        load = serialization.load_ssh_private_key
    try:
        return load(text.encode(), passphrase)
    except UnsupportedAlgorithm as error:
        raise SigningError(f"read key '{path}': {error}", hint=_ssh_add(path)) from error
    except (ValueError, InvalidTag) as error:
        if passphrase is None:
            raise SigningError(f"read key '{path}': it is no private key") from error
        raise PassphraseError(f"read key '{path}': the passphrase is wrong") from error
    except TypeError as error:  # a passphrase where there is none to give, or the other way round
        if passphrase is not None:
            return _load_by_library(path, text, None)
        raise PassphraseError(
            f"read key '{path}': it is protected by a passphrase", hint=_ssh_add(path)
        ) from error


def _ssh_add(path: Path) -> str:
    return f"ssh-add {shlex.quote(str(path))}"


def _from_private(path: Path, private: Any) -> FileKey:
    from cryptography.hazmat.primitives import serialization

    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    try:
        public = read_public_key(private.public_key().public_bytes(encoding, form).decode())
    except (ValueError, SignatureError, UnsupportedError) as error:
        raise SigningError(f"read key '{path}': no key that SSH signs with") from error
    return _with_private(public, private)


def _with_private(public: PublicKey, private: Any) -> FileKey:
    match public.numbers:
        case Ed25519():
            return FileKey(public, lambda data: pack(public.kind, private.sign(data)))
        case Ecdsa(curve):
            return FileKey(
                public, lambda data: pack(public.kind, _sign_ecdsa(private, curve, data))
            )
    return FileKey(public, lambda data: pack(_RSA_SIGNATURE, _sign_rsa(private, data)))


def _sign_ecdsa(private: ec.EllipticCurvePrivateKey, curve: str, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    signature = private.sign(data, ec.ECDSA(curve_and_hash(curve)[1]))
    return pack(*map(mpint_bytes, utils.decode_dss_signature(signature)))


def _sign_rsa(private: rsa.RSAPrivateKey, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return private.sign(data, padding.PKCS1v15(), hashes.SHA512())


def _write_new(path: Path, text: bytes) -> None:
    """Put a file of mode 0600 there, whole; FileExistsError if there is one already."""
    import tempfile

    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)  # a rename would replace what another process put there
    finally:
        os.unlink(fresh)
    sync_folder(path.parent)
