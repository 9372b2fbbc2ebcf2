"""The SSH key that git's config names: in a file, in ssh-agent, or behind a program.

Source: git-config(1), "user.signingKey", "gpg.ssh.program"; git's gpg-interface.c; ssh-keygen(1).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.trust.errors import (
    PassphraseError,
    SignatureError,
    SigningError,
    UnsupportedError,
)
from git_gage.trust.keys import PublicKey, SigningKey, read_public_key
from git_gage.trust.private import FileKey, load_private_key, read_public_half
from git_gage.trust.programs import (
    SSH_KEYGEN,
    find_program,
    run_program,
    sign_with_ssh_program,
)
from git_gage.trust.settings import SSH, TrustSettings
from git_gage.trust.sshsig import check_signature, make_signature, read_signature

if TYPE_CHECKING:
    from git_gage.trust.signer import Person

_LITERAL, _KEY = "key::", "ssh-"
_TOKEN = "sk-"
_TRIES = 3


class OpenedKey(NamedTuple):
    """A key that can sign: `means` is for people, `sign` gives the text of a signature.

    raw: what signs any bytes; None of a key behind a program.
    """

    public: PublicKey
    means: str
    sign: Callable[[bytes], str]
    raw: SigningKey | None = None


def sign_here(key: SigningKey, payload: bytes, namespace: str) -> str:
    """The text of a signature, which was checked.

    Raises: SigningError if the key cannot sign.
    """
    armor = make_signature(key, payload, namespace)
    return _checked(armor, key.public, payload, namespace)


def open_ssh_key(settings: TrustSettings, text: str, namespace: str, person: Person) -> OpenedKey:
    """The key that git would sign with by this value of `user.signingKey`.

    Raises: SigningError where it cannot be used.
    """
    literal = read_literal(text)
    path = settings.path(text)
    program = find_program(settings, SSH)
    if os.path.basename(program) != SSH_KEYGEN:
        public = literal or _read_public(path)
        return _behind_program(settings, program, public, literal or path, namespace, person)
    if literal is not None:
        held = _find_in_agent(settings, literal)
        if held is None:
            raise SigningError(
                f"ssh-agent does not hold the key {literal.fingerprint}",
                hint="'ssh-add -l' lists the keys that it holds, 'ssh-add <file>' adds one",
            )
        return _here(held, "ssh-agent", namespace, person)
    return _open_file(settings, path, namespace, person)


def is_literal(text: str) -> bool:
    """Whether a value of `user.signingKey` is a key itself, as git takes it."""
    return text.startswith((_LITERAL, _KEY))


def read_literal(text: str) -> PublicKey | None:
    """The public key that a value of `user.signingKey` is; None if it is the path of one.

    Raises: SigningError for what begins as a key and is none.
    """
    if not is_literal(text):
        return None
    try:
        return read_public_key(text)
    except (SignatureError, UnsupportedError) as error:
        raise SigningError(f"read key '{text}': {error}") from error


def ask_key_command(settings: TrustSettings, command: str) -> str:
    """The key that the command, `gpg.ssh.defaultKeyCommand`, prints first.

    Raises: SigningError where it prints none.
    """
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise SigningError(f"read gpg.ssh.defaultKeyCommand '{command}': {error}") from error
    done = run_program(settings, argv, terminal=False)
    first = done.stdout.decode(errors="replace").partition("\n")[0]
    if done.returncode or not is_literal(first):
        raise SigningError(
            f"gpg.ssh.defaultKeyCommand '{command}' gave no key",
            hint=f"it has to print one, as 'ssh-add -L' does: {command}",
        )
    return first


def _open_file(settings: TrustSettings, path: Path, namespace: str, person: Person) -> OpenedKey:
    """A key by its file, where ssh-keygen would find its private half."""
    try:
        return _here(load_private_key(path), f"file '{path}'", namespace, person)
    except SigningError as error:
        failure = error
    public = _read_public(path)
    held = _find_in_agent(settings, public)
    if held is not None:
        return _here(held, "ssh-agent", namespace, person)
    if public.kind.startswith(_TOKEN):
        return _behind_program(settings, SSH_KEYGEN, public, path, namespace, person)
    if not isinstance(failure, PassphraseError) or not person.terminal:
        raise failure
    return _here(_unlock(path, person), f"file '{path}'", namespace, person)


def _read_public(path: Path) -> PublicKey:
    """As ssh-keygen: the private half may be missing, or be locked whole."""
    beside = path.with_name(f"{path.name}.pub")
    return read_public_half(beside if beside.exists() else path)


def _unlock(path: Path, person: Person) -> FileKey:
    for _ in range(_TRIES - 1):
        try:
            return _unlock_once(path, person)
        except PassphraseError:
            person.note("this is not its passphrase")
    return _unlock_once(path, person)


def _unlock_once(path: Path, person: Person) -> FileKey:
    return load_private_key(path, person.ask_secret(f"Passphrase of '{path}': ").encode())


def _find_in_agent(settings: TrustSettings, wanted: PublicKey) -> FileKey | None:
    socket = settings.environ.get("SSH_AUTH_SOCK")
    if not socket:
        return None
    from git_gage.trust.agent import AgentKey, list_agent_keys

    try:
        keys = list_agent_keys(Path(socket))
    except SigningError:
        return None  # nobody answers there: as good as none
    held = [key for key in keys if key.plain == wanted.plain]
    # The agent may hold the key with a certificate and without: asked for by what is to be shown.
    for key in sorted(held, key=lambda key: key.blob != wanted.blob):
        return FileKey(wanted, AgentKey(Path(socket), key).sign_raw)
    return None


def _here(key: FileKey, means: str, namespace: str, person: Person) -> OpenedKey:
    def sign(payload: bytes) -> str:
        _tell_to_touch(key.public, person)
        return sign_here(key, payload, namespace)

    return OpenedKey(key.public, means, sign, key)


def _behind_program(
    settings: TrustSettings,
    program: str,
    public: PublicKey,
    key: PublicKey | Path,
    namespace: str,
    person: Person,
) -> OpenedKey:
    def sign(payload: bytes) -> str:
        _tell_to_touch(public, person)
        armor = sign_with_ssh_program(
            settings, program, key, payload, namespace, terminal=person.terminal
        )
        return _checked(armor, public, payload, namespace)

    return OpenedKey(public, f"program '{program}'", sign)


def _tell_to_touch(key: PublicKey, person: Person) -> None:
    if key.kind.startswith(_TOKEN):
        person.note("touch your security key to sign")


def _checked(armor: str, key: PublicKey, payload: bytes, namespace: str) -> str:
    """The same text, if it is a signature by this key: no record may go out with another."""
    try:
        signature = read_signature(armor)
        if signature.key.plain != key.plain:
            raise SignatureError(f"it was made with {signature.key.fingerprint}")
        check_signature(signature, payload, namespace)
    except (SignatureError, UnsupportedError) as error:
        raise SigningError(
            f"sign with {key.fingerprint}: the signature is wrong: {error}"
        ) from error
    return armor
