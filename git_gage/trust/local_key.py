"""The key of who has told git of none: made at the first record, kept in the user's own folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from git_gage.trust.errors import PassphraseError, SigningError
from git_gage.trust.passphrase import find_passphrase, forget_passphrase, keep_passphrase
from git_gage.trust.private import FileKey, load_private_key, make_ed25519, read_public_half

if TYPE_CHECKING:
    from git_gage.trust.signer import Person

NAME = Path("git-gage", "id_ed25519")

_NO_CI = ("", "0", "false")
_PASSPHRASE_BYTES = 32


def find_place(environ: Mapping[str, str]) -> Path | None:
    """Where the local key is or would be; None without a home.

    Source: XDG Base Directory Specification.
    """
    data = environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):
        return Path(data) / NAME
    home = environ.get("HOME", "")
    return Path(home, ".local", "share") / NAME if home else None


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is a machine that nobody keeps a key on."""
    return environ.get("CI", "").lower() not in _NO_CI


def make_local_key(path: Path, person: Person) -> FileKey:
    """A new local key, of which the user is told, or the one that another process has just made.

    Raises: OSError where it cannot be written.
    """
    try:
        key = make_ed25519(path)
    except FileExistsError:
        return load_private_key(path)
    person.note(f"made a key to sign with: '{path}' (see 'git gage whoami')")
    return key


def open_local_key(path: Path, environ: Mapping[str, str], person: Person) -> FileKey:
    """The local key that there is; the keyring or the user is asked for its passphrase.

    Raises: SigningError where it cannot be used.
    """
    try:
        return load_private_key(path)
    except PassphraseError as error:
        _require_person(environ, person, error.message)
    return load_private_key(path, _find_passphrase(path, environ, person))


def lock_local_key(path: Path, environ: Mapping[str, str], person: Person) -> None:
    """Put the key under a passphrase that the system's keyring keeps, and nobody knows.

    Raises: SigningError if the keyring does not, or the key has a passphrase already; the key
    stays as it was. OSError where it cannot be written.
    """
    _require_person(environ, person, hint="type it at one: git gage sign --keyring")
    if _is_locked(path):
        raise SigningError(
            f"'{path}' has a passphrase already", hint="take it away: git gage sign --no-keyring"
        )
    account = load_private_key(path).public.fingerprint
    passphrase = os.urandom(_PASSPHRASE_BYTES).hex()
    try:
        keep_passphrase(account, passphrase, environ)
    except SigningError as error:
        error.hint = (
            f"the key is as it was; a passphrase of your own: ssh-keygen -p -f {quote(str(path))}"
        )
        raise
    _rewrite(path, None, passphrase.encode())


def unlock_local_key(path: Path, environ: Mapping[str, str], person: Person) -> None:
    """Let the key be in a file that only its owner can read, without a passphrase.

    Raises: SigningError, where the passphrase is not to be had, or there is none; the key stays as
    it was. OSError where it cannot be written.
    """
    _require_person(environ, person)
    if not _is_locked(path):
        raise SigningError(f"'{path}' has no passphrase", hint="lock it: git gage sign --keyring")
    _rewrite(path, _find_passphrase(path, environ, person), None)
    try:
        forget_passphrase(read_public_half(path).fingerprint, environ)
    except SigningError:
        pass  # what it keeps opens nothing any more


def _is_locked(path: Path) -> bool:
    try:
        load_private_key(path)
    except PassphraseError:
        return True
    return False


def _require_person(
    environ: Mapping[str, str],
    person: Person,
    message: str = "the system's keyring is not asked",
    hint: str = "unlock the key at one: git gage sign --no-keyring",
) -> None:
    """A keyring may have to ask in turn, and where nobody can answer it waits."""
    if is_ci(environ) or not person.terminal:
        raise SigningError(f"{message}: there is nobody at a terminal", hint=hint)


def _find_passphrase(path: Path, environ: Mapping[str, str], person: Person) -> bytes:
    try:
        found = find_passphrase(read_public_half(path).fingerprint, environ)
    except SigningError as error:
        person.warning(error.message)
        found = ""
    return (found or person.ask_secret(f"Passphrase of '{path}': ")).encode()


def _rewrite(path: Path, before: bytes | None, after: bytes | None) -> None:
    """The same key under another passphrase (None: without one); the file is whole at any time."""
    import tempfile

    from cryptography.hazmat.primitives import serialization

    load_private_key(path, before)  # says what is wrong in our words
    private = serialization.load_ssh_private_key(path.read_bytes(), before)
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if after is not None:
        protection = serialization.BestAvailableEncryption(after)
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, protection
    )
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        os.unlink(fresh)
        raise
